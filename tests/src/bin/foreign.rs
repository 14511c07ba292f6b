//! Runs a foreign collection of attacks, `syd-test-do` of the crate `syd`, in
//! the jail and writes what became of each into `docs/foreign-attacks.md`.
//!
//! The collection is an external program under the GPL: it is neither linked
//! nor shipped. Install it with `cargo install syd --bin syd-test-do` (needs
//! clang and libseccomp-dev) and give its path:
//!
//! `cargo run -p ringfence-tests --bin foreign -- ~/.cargo/bin/syd-test-do`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people who test the jail: it fails where it stands"
)]

use ringfence_sandbox::{End, Exposed, Programs};
use ringfence_tests::{Outcome, Scene, backend, run, system_program};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Longest time for one action.
const LIMIT: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let program: PathBuf = std::env::args_os().nth(1).ok_or("where is syd-test-do?")?.into();
    let program = program.canonicalize()?;
    let actions = actions_of(&program)?;
    println!("{} actions", actions.len());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::<String, Vec<String>>::new());
    let effects = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let backend = backend();
                while let Some((name, what)) = actions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut scene = Scene::set(1 << 40);
                    let outcome = one(&backend, &program, name, what, &scene);
                    let seen = scene.effects(outcome.as_ref().map_or("", |o| o.printed.as_str()));
                    if !seen.is_empty() {
                        effects.lock().unwrap().push(format!("{name}: {seen:?}"));
                    }
                    results.lock().unwrap().entry(group(outcome)).or_default().push(name.clone());
                }
            });
        }
    });
    let effects = effects.into_inner()?;
    let page = page(&results.into_inner()?, &effects, &version_of(&program));
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/foreign-attacks.md"), page)?;
    println!("effects on the host: {effects:?}");
    if effects.is_empty() { Ok(()) } else { Err("an action had an effect on the host".into()) }
}

/// Names and what they say they do, from the program's own help.
fn actions_of(program: &Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let output = Command::new(program).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let actions: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.trim().split_once(": ")?;
            number.parse::<u32>().ok()?;
            let (name, what) = rest.trim().split_once(char::is_whitespace)?;
            Some((name.to_owned(), what.trim().to_owned()))
        })
        .collect();
    if actions.is_empty() { Err("it lists no actions".into()) } else { Ok(actions) }
}

fn version_of(program: &Path) -> String {
    // `cargo install` keeps a list beside the folder of programs.
    let list = program.ancestors().nth(2).map(|folder| folder.join(".crates.toml"));
    let text = list.and_then(|list| std::fs::read_to_string(list).ok()).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("\"syd ")?.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "of an unknown version".to_owned())
}

/// Arguments that point at the bait of the scene.
fn arguments(name: &str, what: &str, scene: &Scene) -> Vec<String> {
    let bait = scene.bait();
    let value = |wanted: &str| {
        let found = bait.iter().find(|(name, _)| *name == *wanted);
        found.map(|(_, value)| value.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let what = what.to_lowercase();
    let words: Vec<String> = if name.contains("unix_abstract") {
        vec![value("BAIT_ABSTRACT")]
    } else if name.contains("unix") && what.contains("given") {
        vec![value("BAIT_UNIX")]
    } else if what.contains("ipv6") || name.contains('6') && what.contains("port") {
        vec!["::1".to_owned(), value("BAIT_TCP"), "1".to_owned()]
    } else if what.contains("ipv4") || name.contains('4') && what.contains("port") {
        let port = if name.contains("udp") { "BAIT_UDP" } else { "BAIT_TCP" };
        vec!["127.0.0.1".to_owned(), value(port)]
    } else if what.contains("given port") {
        vec![value("BAIT_TCP")]
    } else if what.contains("pid and signal") || what.contains("tid and signal") {
        vec![value("BAIT_PID"), "9".to_owned()]
    } else if what.contains("tid") {
        vec![value("BAIT_PID"), value("BAIT_PID"), "9".to_owned()]
    } else if what.contains("user id") || what.contains("group id") {
        vec!["0".to_owned(); 3]
    } else if what.contains("oldpath") {
        vec![value("BAIT_SECRET"), value("BAIT_DROP")]
    } else if what.contains("library") {
        vec!["/usr/lib/x86_64-linux-gnu/libz.so.1".to_owned()]
    } else if what.contains("write") || what.contains("create") {
        vec![value("BAIT_DROP")]
    } else if what.contains("given") || what.contains("requires") {
        vec![value("BAIT_SECRET"), "0".to_owned(), "0".to_owned()]
    } else {
        Vec::new()
    };
    words
}

fn one(
    backend: &ringfence_sandbox_process::ProcessBackend,
    program: &Path,
    name: &str,
    what: &str,
    scene: &Scene,
) -> Option<Outcome> {
    let mut plan = system_program("/bin/true", &[]);
    plan.program = program.to_owned();
    plan.arguments = arguments(name, what, scene).into_iter().map(Into::into).collect();
    plan.environment = scene.bait();
    plan.environment.push(("SYD_TEST_DO".into(), name.into()));
    plan.programs = Programs::All;
    plan.budget.memory_bytes = 256 << 20;
    let show = |source: PathBuf, writable| Exposed {
        target: source.clone(),
        source,
        writable,
        removable: writable,
        executable: false,
    };
    plan.exposed = vec![show(scene.at("granted"), true), show(scene.at("shared"), false)];
    run(backend, &plan, LIMIT).ok()
}

/// The heading under which an outcome stands.
fn group(outcome: Option<Outcome>) -> String {
    let Some(outcome) = outcome else { return "The jail was not started".to_owned() };
    if outcome.stopped {
        return format!("Ended from outside, after {} s or a mebibyte of output", LIMIT.as_secs());
    }
    match outcome.end {
        End::Exited(0) => "Performed inside, no effect on the host".to_owned(),
        End::Exited(127) => "Asked for a program or an argument that it was not given".to_owned(),
        // What a Rust program ends with when it panics.
        End::Exited(101) => "Gave up, since something that it needs was refused".to_owned(),
        End::Exited(status) if (1..=100).contains(&status) => {
            let error = std::io::Error::from_raw_os_error(status).to_string();
            let plain = error.split(" (os").next().unwrap_or_default().to_owned();
            format!("Refused with error {status}, {}", plain.to_lowercase())
        }
        End::Exited(status) => format!("Failed with status {status}"),
        End::Signalled(31) => "Killed by the system call filter".to_owned(),
        End::Signalled(signal) => format!("Ended by signal {signal}"),
        End::Killed => "Ended with its jail, by a limit".to_owned(),
    }
}

fn page(results: &BTreeMap<String, Vec<String>>, effects: &[String], version: &str) -> String {
    let total: usize = results.values().map(Vec::len).sum();
    let mut page = format!(
        "# A foreign collection of attacks

`syd-test-do` of the crate `syd` ({version}) holds {total} small actions that its
authors use to attack their own sandbox. Each was started once in a Ringfence
jail with the arguments that point at bait on the host (a secret file, a file to
create, listening sockets, a process), for at most {} seconds, and the host was
looked at afterwards.

It is an external program under the GPL, neither linked nor shipped; the list
holds its names only. `tests/src/bin/foreign.rs` says how to install it and
writes this page.

Effects on the host: {}.

An action that is performed inside is not a hole: most check that ordinary work
is possible, and what they touch is the jail's own. Many judge by the files that
their own sandbox hides, such as the `/etc/passwd` of the host, where the jail
has one of its own.
",
        LIMIT.as_secs(),
        if effects.is_empty() { "none".to_owned() } else { effects.join("; ") }
    );
    let mut groups: Vec<_> = results.iter().collect();
    groups.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    for (group, names) in groups {
        let mut names = names.clone();
        names.sort();
        let _ = write!(page, "\n## {group}: {}\n\n", names.len());
        for chunk in names.chunks(4) {
            let _ = writeln!(page, "`{}`", chunk.join("` `"));
        }
    }
    page
}
