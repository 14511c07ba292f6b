//! What the network of an idle jail takes.

use crate::memory::{kernel_kib, own_private_kib};
use crate::ours::Ours;
use crate::scratch::Scratch;
use ringfence::{Instance, Package, Silent, Terms};
use serde_json::{Value, json};

/// Jails of each kind that stand idle while it is measured.
const JAILS: u32 = 20;
const ROUNDS: usize = 5;

const PLUGIN: &str = "def go(input): return 1\n";
const MANIFEST: &str = "name: idle\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n\
    permissions:\n  - capability: network.request\n    scope: bench.example\n    optional: true\n";

/// For one jail, in KiB: of this process, and of the kernel.
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

fn sorted(figures: &[[f64; 2]], at: usize) -> Vec<f64> {
    let mut all: Vec<f64> = figures.iter().filter_map(|both| both.get(at).copied()).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// Threads of this process that are the gate of a jail.
fn gates() -> std::io::Result<usize> {
    let mut gates = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // The kernel keeps fifteen letters.
        let name = std::fs::read_to_string(task?.path().join("comm")).unwrap_or_default();
        gates += usize::from(name.starts_with("ringfence-netw"));
    }
    Ok(gates)
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
        let gates = gates().map_err(said)?;
        if gates != if network { jails.len() } else { 0 } {
            return Err(format!("{gates} gates for {JAILS} jails"));
        }
        drop(jails);
        let [own, kernel] = [0, 1].map(|at| {
            let of = |all: [f64; 2]| all.get(at).copied().unwrap_or_default();
            (of(after) - of(before)) / f64::from(JAILS)
        });
        Ok([own, kernel])
    };
    let mut both = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (network, figures) in [false, true].into_iter().zip(&mut both) {
            figures.push(kind(network)?);
        }
    }
    // What ended before is used again here, so the most; others' work is in the
    // kernel's totals, so the middle.
    let [without, with] = both.map(|figures| {
        let own = sorted(&figures, 0);
        let kernel = sorted(&figures, 1);
        [own.last(), kernel.get(kernel.len() / 2)].map(|kib| kib.copied().unwrap_or_default())
    });
    Ok(Idle { without, with })
}
