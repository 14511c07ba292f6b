//! `cargo xtask vm`: the jail's tests under a stock Debian 6.12 kernel.
//!
//! The development machines have one kernel; a user's has another. Here it is
//! Debian's, unchanged, with cgroup v2, AppArmor and Yama, and the tests run
//! twice: as an ordinary user with a delegated cgroup, and as root. Emulated,
//! since nested virtualisation is often missing; that costs minutes, not hours.

mod image;
mod machine;
mod parts;

use crate::Result;
use crate::run::{cache, cargo, read};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Whose tests run inside, and which of their targets: what touches the kernel.
/// Journeys with real servers stay outside, where those are installed.
const TESTED: [(&str, &[&str]); 5] = [
    ("ringfence-jailer", &["--lib"]),
    ("ringfence-sandbox-process", &["--lib", "--tests"]),
    ("ringfence-probe", &["--lib", "--tests"]),
    ("ringfence-gate-files", &["--tests"]),
    ("ringfence-tests", &["--test", "hostile", "--test", "hygiene"]),
];
/// The longest that the whole machine may run.
const TIME_LIMIT: Duration = Duration::from_secs(45 * 60);

/// One program that the machine runs.
pub(crate) struct Program {
    /// Short name for the report.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// A test program is asked for its tests; others are there to be called.
    pub(crate) is_test: bool,
}

/// Builds, boots, counts. An argument is a part of the names of the tests to run.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let start = Instant::now();
    let filter = match arguments {
        [] => "",
        [filter] => filter,
        _ => return Err("usage: cargo xtask vm [part of a test's name]".into()),
    };
    let programs = programs()?;
    let folder = cache()?.join("ringfence-vm");
    let parts = parts::get(&folder)?;
    let image = image::build(&folder, &parts, &programs, filter)?;
    println!("vm: ready after {} s, booting {}", start.elapsed().as_secs(), parts.version);
    let outcome = machine::boot(&parts, &image, TIME_LIMIT)?;
    report(&outcome, start)
}

fn report(outcome: &machine::Outcome, start: Instant) -> Result<()> {
    for (who, name) in &outcome.failed {
        println!("vm: FAILED as {who}: {name}");
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (who, _) in &outcome.passed {
        *counts.entry(who).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(who, n)| format!("{n} as {who}")).collect();
    println!(
        "vm: {}; {} passed, {} failed; {} s",
        outcome.kernel.as_deref().unwrap_or("no kernel"),
        if counts.is_empty() { "none".to_owned() } else { counts.join(", ") },
        outcome.failed.len(),
        start.elapsed().as_secs()
    );
    match (outcome.ended, outcome.failed.is_empty(), outcome.passed.is_empty()) {
        (true, true, false) => Ok(()),
        (false, ..) => Err("the machine did not reach its end".into()),
        (_, false, _) => Err(format!("{} failed", outcome.failed.len()).into()),
        (.., true) => Err("nothing ran".into()),
    }
}

/// Builds what runs inside and says where it is.
fn programs() -> Result<Vec<Program>> {
    let inside = ["build", "--package", "ringfence-sandbox-process", "--example", "inside"];
    let mut programs = built(&inside)?;
    programs.extend(built(&["build", "--package", "ringfence-cli", "--bin", "ringfence"])?);
    for (package, targets) in TESTED {
        let test = ["test", "--no-run", "--package", package];
        programs.extend(built(&[&test, targets].concat())?);
    }
    Ok(programs)
}

/// Runs Cargo and reads from its messages which programs it made.
fn built(arguments: &[&str]) -> Result<Vec<Program>> {
    println!("+ cargo {}", arguments.join(" "));
    let messages = read(
        cargo()?.args(arguments).args(["--locked", "--message-format=json-render-diagnostics"]),
    )?;
    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        let path = message.get("executable").and_then(serde_json::Value::as_str);
        let name = message.pointer("/target/name").and_then(serde_json::Value::as_str);
        let (Some(path), Some(name)) = (path, name) else { continue };
        let is_test = message.pointer("/profile/test").and_then(serde_json::Value::as_bool);
        programs.push(Program {
            name: name.to_owned(),
            path: path.into(),
            is_test: is_test == Some(true),
        });
    }
    if programs.is_empty() { Err("Cargo made no program".into()) } else { Ok(programs) }
}
