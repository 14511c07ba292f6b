//! What plugins take that are loaded and idle: each is a worker of its own in a
//! jail of its own.

use super::guests::Guest;
use super::whole::Host;
use crate::memory::{kernel_kib, own_private_kib};
use ringfence::Instance;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// KiB that one more loaded plugin takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) count: u32,
    /// Of the worker, its jail's first process and the jailers.
    jail: f64,
    /// Of the host's process.
    host: f64,
    /// Of the kernel, from the machine's totals.
    kernel: f64,
}

impl Standing {
    /// Processes' memory, without the kernel's.
    pub(crate) fn each_kib(&self) -> f64 {
        self.jail + self.host
    }

    /// For a thousand, in MB.
    pub(crate) fn thousand_mb(&self) -> f64 {
        self.each_kib() * 1024.0 * 1000.0 / 1e6
    }

    pub(crate) fn line(&self, name: &str) -> String {
        let measured = if self.count >= 1000 { "measured" } else { "extrapolated" };
        format!(
            "{name:<30} {:>5} loaded: each {:6.0} KiB ({:.0} jail and worker, {:.0} host) and {:.0} of the kernel's; 1,000 are {:.0} MB ({measured})",
            self.count,
            self.each_kib(),
            self.jail,
            self.host,
            self.kernel,
            self.thousand_mb()
        )
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "count": self.count, "jail_kib": self.jail, "host_kib": self.host,
            "kernel_kib": self.kernel, "thousand_mb": self.thousand_mb(),
        })
    }
}

/// Loads so many instances of one guest, looks, ends them.
pub(crate) fn measure(host: &Host<'_>, guest: Guest, count: u32) -> Result<Standing, String> {
    // The first one's costs are not the next one's.
    let first = host.start(guest, false, None)?;
    let before = [below_kib()?, own_private_kib()?, kernel_kib()?];
    let mut loaded: Vec<Instance> = Vec::new();
    for number in 0..count {
        let instance = host.start(guest, false, None);
        loaded.push(instance.map_err(|error| format!("number {number}: {error}"))?);
    }
    let after = [below_kib()?, own_private_kib()?, kernel_kib()?];
    drop((loaded, first));
    let each = |at: usize| {
        let of = |all: &[f64; 3]| all.get(at).copied().unwrap_or_default();
        (of(&after) - of(&before)) / f64::from(count)
    };
    Ok(Standing { count, jail: each(0), host: each(1), kernel: each(2) })
}

/// Proportional memory of all processes below this one.
fn below_kib() -> Result<f64, String> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let processes = std::fs::read_dir("/proc").map_err(|error| error.to_string())?;
    for process in processes.flatten() {
        let number = process.file_name().to_string_lossy().parse::<u32>();
        let Ok(number) = number else { continue };
        // One that ended meanwhile has no parent.
        if let Ok(parent) = crate::memory::parent(number) {
            children.entry(parent).or_default().push(number);
        }
    }
    let mut open = vec![std::process::id()];
    let mut below = BTreeSet::new();
    while let Some(process) = open.pop() {
        let next = children.get(&process).map(Vec::as_slice).unwrap_or_default();
        open.extend(next.iter().copied().filter(|number| below.insert(*number)));
    }
    below.into_iter().map(|number| Ok(crate::memory::rollup(number)?.pss)).sum()
}
