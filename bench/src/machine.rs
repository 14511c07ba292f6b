//! What it was measured on.

use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Facts that a reader needs to compare figures.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) kernel: String,
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) root: bool,
    pub(crate) versions: Vec<String>,
    load_before: String,
    load_after: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        let processor = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or("unknown", |(_, name)| name.trim())
            .to_owned();
        let versions = [
            ("bwrap", "--version"),
            ("nsjail", "--version"),
            ("crun", "--version"),
            ("runc", "--version"),
            ("node", "--version"),
            ("python3", "--version"),
        ]
        .iter()
        .filter_map(|(program, word)| version(program, word))
        .collect();
        Self {
            kernel: read("/proc/sys/kernel/osrelease"),
            processor,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            root: rustix::process::geteuid().is_root(),
            versions,
            load_before: load(),
            load_after: String::new(),
        }
    }

    /// Called when everything has been measured.
    pub(crate) fn look_again(&mut self) {
        self.load_after = load();
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        vec![
            format!("{} x {}, Linux {}", self.processors, self.processor, self.kernel),
            format!("as {}", if self.root { "root" } else { "an ordinary user" }),
            self.versions.join(", "),
            format!("load average before {}, after {}", self.load_before, self.load_after),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "kernel": self.kernel,
            "processor": self.processor,
            "processors": self.processors,
            "root": self.root,
            "versions": self.versions,
            "load_before": self.load_before,
            "load_after": self.load_after,
        })
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// Over one, five and fifteen minutes.
fn load() -> String {
    read("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn version(program: &str, word: &str) -> Option<String> {
    let path = crate::rivals::find(program).ok()?;
    let output = Command::new(path).arg(word).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line: String = text.lines().next()?.chars().filter(|c| !c.is_control()).collect();
    Some(if line.to_lowercase().contains(program) { line } else { format!("{program} {line}") })
}
