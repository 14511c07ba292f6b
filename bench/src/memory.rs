//! What an idle jail takes beside its plugin.

use crate::jobs::Job;
use crate::ours::{Ours, plan};
use ringfence_sandbox::{Backend, Running};
use serde_json::{Value, json};
use std::path::Path;

/// Jails that stand idle while it is measured.
const JAILS: usize = 20;

/// KiB of one process, as the kernel adds them up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rollup {
    rss: f64,
    /// Shared pages divided among those who share them.
    pub(crate) pss: f64,
}

/// Means over all jails, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    init: Rollup,
    jailer: Rollup,
    /// Kernel memory for namespaces, mounts, sockets and page tables, from the
    /// machine's totals; others' work is in it.
    kernel: f64,
}

impl Memory {
    /// Everything that one more jail takes, apart from its plugin: its first
    /// process and an equal share of the jailer that serves all of them.
    pub(crate) fn proportional_kib(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let jails = JAILS as f64;
        self.init.pss + self.jailer.pss / jails
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "first process of the jail       RSS {:6.0} KiB   PSS {:6.0} KiB",
                self.init.rss, self.init.pss
            ),
            format!(
                "jailer, one for all {JAILS} jails    RSS {:6.0} KiB   PSS {:6.0} KiB",
                self.jailer.rss, self.jailer.pss
            ),
            format!(
                "one jail with its share of the jailer        PSS {:6.0} KiB",
                self.proportional_kib()
            ),
            format!(
                "kernel objects of one jail, from the machine's totals {:6.0} KiB",
                self.kernel
            ),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "jails": JAILS,
            "init": { "rss_kib": self.init.rss, "pss_kib": self.init.pss },
            "jailer": { "rss_kib": self.jailer.rss, "pss_kib": self.jailer.pss },
            "jail_with_share_pss_kib": self.proportional_kib(),
            "kernel_kib": self.kernel,
        })
    }
}

/// Starts idle jails, looks, ends them.
pub(crate) fn measure(ours: &Ours) -> Result<Memory, String> {
    let sleep = crate::rivals::find("sleep")?;
    let plan = plan(&Job::new(&sleep, &["60"]));
    let start = || ours.backend.start(&plan).map_err(|error| error.to_string());
    // The first one's costs are not the next one's.
    drop(start()?);
    let before = kernel_kib()?;
    let jails: Vec<Box<dyn Running>> = (0..JAILS).map(|_| start()).collect::<Result<_, _>>()?;
    let after = kernel_kib()?;
    let mut total = Rollup::default();
    let mut jailer = 0;
    for jail in &jails {
        let one = rollup(jail.host_pid())?;
        total.rss += one.rss;
        total.pss += one.pss;
        jailer = parent(jail.host_pid())?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let count = JAILS as f64;
    Ok(Memory {
        init: Rollup { rss: total.rss / count, pss: total.pss / count },
        jailer: rollup(jailer)?,
        kernel: (after - before) / count,
    })
}

fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let path = path.as_ref();
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The number behind `key`, in KiB.
fn field(text: &str, key: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

pub(crate) fn rollup(pid: u32) -> Result<Rollup, String> {
    let text = read(format!("/proc/{pid}/smaps_rollup"))?;
    let number = |key| field(&text, key).ok_or_else(|| format!("no {key} in smaps_rollup"));
    Ok(Rollup { rss: number("Rss")?, pss: number("Pss")? })
}

pub(crate) fn parent(pid: u32) -> Result<u32, String> {
    let text = read(format!("/proc/{pid}/status"))?;
    field_text(&text, "PPid").and_then(|text| text.parse().ok()).ok_or("no PPid".to_owned())
}

fn field_text<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}

/// What the kernel holds for everybody.
pub(crate) fn kernel_kib() -> Result<f64, String> {
    let text = read("/proc/meminfo")?;
    let keys = ["SUnreclaim", "KernelStack", "PageTables", "Percpu"];
    let numbers: Option<Vec<f64>> = keys.iter().map(|key| field(&text, key)).collect();
    numbers.map(|numbers| numbers.iter().sum()).ok_or("no kernel totals".to_owned())
}

/// What this process alone holds.
pub(crate) fn own_private_kib() -> Result<f64, String> {
    let text = read("/proc/self/smaps_rollup")?;
    let numbers = ["Private_Clean", "Private_Dirty"].map(|key| field(&text, key));
    let numbers: Option<Vec<f64>> = numbers.into_iter().collect();
    numbers.map(|numbers| numbers.iter().sum()).ok_or("no private pages".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "Rss:                1200 kB\nPss:  300 kB\nPss_Dirty: 7 kB\n";
        assert_eq!(field(text, "Pss"), Some(300.0));
        assert_eq!(field(text, "Rs"), None);
    }

    #[test]
    fn this_process_has_memory_and_a_parent() {
        let own = rollup(std::process::id()).unwrap();
        assert!(own.rss >= own.pss && own.pss > 0.0);
        assert_eq!(parent(std::process::id()).unwrap(), std::os::unix::process::parent_id());
    }
}
