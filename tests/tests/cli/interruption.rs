//! Ctrl-C, a closed terminal, a kill: nothing of the jail is left, whatever it
//! does about it.

use crate::program::{Started, User, soon};
use crate::terminal::Terminal;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Ignores every signal that can be ignored and leaves daemons behind that have
/// sessions of their own; `token` marks all of them.
const STUBBORN: &str = "
import os, signal, sys, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(1)
        os._exit(0)
print('all are up', flush=True)
while True: time.sleep(1)
";

/// Processes on the host whose command line holds `token`, apart from
/// Ringfence's own.
fn processes(token: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        let first = line.split('\0').next().unwrap_or_default();
        if line.contains(token) && !first.ends_with("ringfence") && !first.ends_with("setsid") {
            found.insert(pid);
        }
    }
    found
}

/// cgroups of the jail in which `pid` is.
fn cgroups(pid: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push(entry.path());
            }
        }
        let members = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        let ours =
            folder.file_name().is_some_and(|name| name.to_string_lossy().contains("ringfence-"));
        if ours && members.lines().any(|line| line.parse() == Ok(pid)) {
            found.push(folder);
        }
    }
    found
}

struct Jail {
    token: String,
    cgroups: Vec<PathBuf>,
}

impl Jail {
    /// Looks at a jail whose stubborn program is up.
    fn look(token: &str) -> Self {
        let up = soon(|| processes(token).len() >= 4);
        let inside = processes(token);
        assert!(up, "the program and its daemons: {inside:?}");
        let cgroups: Vec<PathBuf> = inside.iter().flat_map(|pid| cgroups(*pid)).collect();
        Self { token: token.to_owned(), cgroups }
    }

    fn is_gone(&self) {
        assert!(soon(|| processes(&self.token).is_empty()), "left: {:?}", processes(&self.token));
        assert!(
            soon(|| !self.cgroups.iter().any(|folder| folder.exists())),
            "left: {:?}",
            self.cgroups
        );
    }
}

fn token(user: &User) -> String {
    user.write("stubborn.py", STUBBORN).to_str().unwrap().to_owned()
}

fn start(user: &User, token: &str) -> (Started, Jail) {
    let started = user.ringfence(["run", "--timeout", "60", "--", "python3", token]).start();
    started.stdout.wait_for("all are up");
    let jail = Jail::look(token);
    if rustix::process::geteuid().is_root() {
        assert!(!jail.cgroups.is_empty(), "as root a jail has cgroups of its own");
    }
    (started, jail)
}

#[test]
fn ctrl_c_ends_a_program_that_ignores_it_and_every_daemon_it_left() {
    let user = User::new();
    let token = token(&user);
    let (started, jail) = start(&user, &token);
    let pressed = Instant::now();
    started.signal_group(Signal::INT);
    let done = started.finish();
    assert!(pressed.elapsed() < Duration::from_secs(3), "{done:?}");
    assert_eq!(done.code, Some(130), "{done:?}");
    jail.is_gone();
    assert_eq!(user.kinds().last().map(String::as_str), Some("sandbox_ended"));
    let verified = user.ringfence(["audit", "verify"]).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn ctrl_c_at_a_terminal_does_the_same() {
    let user = User::new();
    let token = token(&user);
    let invocation = user.ringfence(["run", "--timeout", "60", "--", "python3", &token]);
    let mut terminal = Terminal::start(invocation);
    terminal.screen.wait_for("all are up");
    let jail = Jail::look(&token);
    terminal.types("\x03");
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(130), "{shown}");
    jail.is_gone();
}

#[test]
fn a_request_to_end_or_a_closed_terminal_leaves_nothing_either() {
    for signal in [Signal::TERM, Signal::HUP] {
        let user = User::new();
        let token = token(&user);
        let (started, jail) = start(&user, &token);
        rustix::process::kill_process(started.pid(), signal).unwrap();
        let done = started.finish();
        assert_eq!(done.code, Some(130), "{signal:?}: {done:?}");
        jail.is_gone();
    }
}

#[test]
fn a_killed_ringfence_takes_its_jail_with_it() {
    let user = User::new();
    let token = token(&user);
    let (started, jail) = start(&user, &token);
    // Only the program itself: what it started must find out by itself.
    rustix::process::kill_process(started.pid(), Signal::KILL).unwrap();
    let done = started.finish();
    assert_eq!(done.signal, Some(9), "{done:?}");
    jail.is_gone();
    // And no record was lost: the log is whole and goes on.
    assert_eq!(user.ringfence(["run", "--", "true"]).run().code, Some(0));
    let verified = user.ringfence(["audit", "verify"]).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(user.kinds().iter().filter(|kind| *kind == "sandbox_started").count() == 2);
}

#[test]
fn a_killed_jailer_takes_its_jail_with_it_and_loses_no_record() {
    let user = User::new();
    let token = token(&user);
    let (started, jail) = start(&user, &token);
    let pid = started.child.id();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let jailers: Vec<i32> = children.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert!(!jailers.is_empty());
    for jailer in jailers {
        let jailer = rustix::process::Pid::from_raw(jailer).unwrap();
        rustix::process::kill_process(jailer, Signal::KILL).unwrap();
    }
    let done = started.finish();
    assert_eq!(done.code, Some(6), "{done:?}");
    assert!(done.stderr.contains("the jailer failed: it died while the plugin ran"), "{done:?}");
    jail.is_gone();
    assert_eq!(user.kinds().last().map(String::as_str), Some("sandbox_ended"));
    assert_eq!(user.ringfence(["run", "--", "true"]).run().code, Some(0));
    let verified = user.ringfence(["audit", "verify"]).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn an_interrupted_run_is_one_json_object_too() {
    let user = User::new();
    let token = token(&user);
    let started = user.ringfence(["run", "--json", "--", "python3", &token]).start();
    assert!(soon(|| processes(&token).len() >= 4));
    started.signal_group(Signal::INT);
    let done = started.finish();
    assert_eq!(done.code, Some(130), "{done:?}");
    assert_eq!(done.json()["error"]["code"], "interrupted", "{done:?}");
}

#[test]
fn every_way_to_end_leaves_no_folder_behind() {
    let user = User::new();
    let before = temporary_folders();
    for arguments in [
        &["run", "--", "true"][..],
        &["run", "--", "sh", "-c", "exit 3"],
        &["run", "--", "sh", "-c", "kill -9 $$"],
        &["run", "--timeout", "1", "--", "sleep", "9"],
        &["run", "--", "./nothing"],
    ] {
        user.ringfence(arguments).env("TMPDIR", user.path(".")).run();
    }
    let left: Vec<PathBuf> = temporary_folders().difference(&before).cloned().collect();
    assert!(left.is_empty(), "{left:?}");
    let here = fs::read_dir(user.path(".")).unwrap().count();
    assert_eq!(here, 0, "nothing in the working folder or TMPDIR");
    for entry in fs::read_dir(user.home()).unwrap().flatten() {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} is private", entry.path());
    }
}

fn temporary_folders() -> BTreeSet<PathBuf> {
    ["/run", "/dev/shm", "/var/tmp"]
        .iter()
        .flat_map(|folder| fs::read_dir(Path::new(folder)).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("ringfence"))
        .collect()
}
