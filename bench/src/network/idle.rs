//! What the network of an idle jail takes.

use crate::memory::{kernel_kib, own_private_kib};
use crate::ours::Ours;
use crate::scratch::Scratch;
use ringfence::{Instance, Package, Silent, Terms};
use serde_json::{Value, json};

/// Jails of each kind that stand idle while it is measured.
const JAILS: u32 = 20;

const PLUGIN: &str = "def go(input): return 1\n";
const MANIFEST: &str = "name: idle\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n\
    permissions:\n  - capability: network.request\n    scope: bench.example\n    optional: true\n";

/// Means over all jails, in KiB: of this process, and of the kernel.
pub(super) struct Idle {
    without: [f64; 2],
    with: [f64; 2],
}

impl Idle {
    /// What a network adds to one jail.
    pub(super) fn kib(&self) -> f64 {
        self.with.iter().sum::<f64>() - self.without.iter().sum::<f64>()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let line = |what: &str, [own, kernel]: [f64; 2]| {
            format!("{what:<40} host's process {own:6.0} KiB   kernel {kernel:6.0} KiB")
        };
        vec![
            line("a jail without a network", self.without),
            line("a jail with a network", self.with),
            format!("one network: {:.0} KiB (the kernel's from the machine's totals)", self.kib()),
        ]
    }

    pub(super) fn json(&self) -> Value {
        let both = |[own, kernel]: [f64; 2]| json!({ "host_kib": own, "kernel_kib": kernel });
        json!({ "jails": JAILS, "without": both(self.without), "with": both(self.with) })
    }
}

pub(super) fn measure(ours: &Ours, scratch: &Scratch) -> Result<Idle, String> {
    let said = |error: std::io::Error| error.to_string();
    let folder = scratch.public("idle").map_err(|error| error.to_string())?;
    std::fs::write(folder.join("plugin.py"), PLUGIN).map_err(said)?;
    std::fs::write(folder.join("plugin.yaml"), MANIFEST).map_err(said)?;
    let start = |network: bool| -> Result<Instance, String> {
        let package = Package::open(&folder).map_err(|error| error.to_string())?;
        let terms = Terms { by: "bench".to_owned(), accept_declared: network, ..Terms::default() };
        let review = ours.engine.review(package, terms).map_err(|error| error.to_string())?;
        let mut instance =
            ours.engine.start(review, None, Box::new(Silent)).map_err(|error| error.to_string())?;
        instance.execute("go", &Value::Null).map_err(|error| error.to_string())?;
        Ok(instance)
    };
    let kind = |network: bool| -> Result<[f64; 2], String> {
        // The first one's costs are not the next one's.
        drop(start(network)?);
        let before = [own_private_kib()?, kernel_kib()?];
        let jails: Vec<Instance> = (0..JAILS).map(|_| start(network)).collect::<Result<_, _>>()?;
        let after = [own_private_kib()?, kernel_kib()?];
        drop(jails);
        let [own, kernel] = [0, 1].map(|at| {
            let of = |all: [f64; 2]| all.get(at).copied().unwrap_or_default();
            (of(after) - of(before)) / f64::from(JAILS)
        });
        Ok([own, kernel])
    };
    Ok(Idle { without: kind(false)?, with: kind(true)? })
}
