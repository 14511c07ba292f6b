//! Runs the probe program outside any jail, where most doors are open.
//!
//! This shows that a probe can find its door open at all: a set of probes
//! that always says "shut" would make every jail look good.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use ringfence_probe::{Bait, Class, Report, Touch, Verdict, catalog};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ringfence-probe");

fn run(arguments: &[String], environment: &[(&str, &str)]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn only(id: &str, more: &[String], environment: &[(&str, &str)]) -> (Verdict, String) {
    let mut arguments = vec![format!("only={id}")];
    arguments.extend_from_slice(more);
    let output = run(&arguments, environment);
    let report = Report::parse(&output.stdout).unwrap();
    let [finding] = report.findings() else { panic!("{report:?}") };
    assert_eq!(finding.probe.id, id);
    (finding.verdict, finding.detail.clone())
}

/// What a person would notice of a machine that was meddled with.
fn state_of_machine() -> Vec<String> {
    let files = [
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/domainname",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/randomize_va_space",
        "/proc/sys/vm/overcommit_memory",
        "/proc/swaps",
        "/proc/1/oom_score_adj",
        "/proc/1/limits",
    ];
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let of_interest = ["/", "/proc", "/dev", "/tmp", "/usr", "/sys"];
    let mounts = mounts
        .lines()
        // Others on this machine mount elsewhere meanwhile.
        .filter(|line| line.split(' ').nth(1).is_some_and(|place| of_interest.contains(&place)))
        .map(ToOwned::to_owned);
    let files = files.iter().map(|path| std::fs::read_to_string(path).unwrap_or_default());
    mounts.chain(files).collect()
}

fn left_behind() -> Vec<String> {
    let places =
        ["/tmp", "/dev/shm", "/var/tmp", "/run", "/home", ".", "/", "/usr", "/etc", "/var"];
    let mut found = Vec::new();
    for place in places {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(".ringfence-") {
                found.push(format!("{place}/{name}"));
            }
        }
    }
    found
}

#[test]
fn every_probe_answers_once_and_the_machine_is_as_it_was() {
    let mut bait = Bait::set_up(&std::env::temp_dir()).unwrap();
    let before = state_of_machine();
    let start = Instant::now();
    let output = run(&bait.arguments(), &[bait.environment_secret()]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(output.status.success(), "{output:?}");

    let report = Report::parse(&output.stdout).unwrap();
    assert!(report.finished());
    let ids: BTreeSet<&str> = report.findings().iter().map(|finding| finding.probe.id).collect();
    assert_eq!(ids.len(), catalog().len());
    let order: Vec<&str> = report.findings().iter().map(|finding| finding.probe.id).collect();
    let listed: Vec<&str> = catalog().iter().map(|info| info.id).collect();
    assert_eq!(order, listed);

    // Out here the bait is in reach, and the host sees it being touched
    // whatever the report says.
    let touched = bait.touched(&output.stdout);
    for touch in [
        Touch::Loopback,
        Touch::Datagram,
        Touch::AbstractSocket,
        Touch::PathSocket,
        Touch::SecretFile,
        Touch::Environment,
    ] {
        assert!(touched.contains(&touch), "{touch:?} not in {touched:?}");
    }
    assert!(!touched.contains(&Touch::Process), "the bait was really killed");

    // Doors that are open to anybody on any Linux.
    for id in [
        "host-secret-read",
        "host-secret-by-symlink",
        "host-process-visible",
        "host-process-group",
        "environment-secret",
        "tcp-host-loopback",
        "abstract-socket",
        "path-socket",
        "share-network",
        "share-mounts",
        "share-processes",
        "socketpair-unix",
        "memory-write-then-execute",
    ] {
        let finding = report.findings().iter().find(|one| one.probe.id == id).unwrap();
        assert_eq!(finding.verdict, Verdict::Open, "{id}: {}", finding.detail);
    }
    for class in Class::ALL {
        let open = report.findings().iter().filter(|one| one.probe.class == class);
        assert!(open.into_iter().any(|one| one.verdict == Verdict::Open), "{class:?}");
    }
    assert_eq!(state_of_machine(), before);
    // The other tests in here have files of their own for a moment.
    while !left_behind().is_empty() && start.elapsed() < Duration::from_secs(60) {
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert_eq!(left_behind(), Vec::<String>::new());
}

#[test]
fn an_environment_secret_is_found_only_when_it_came_along() {
    let key = vec!["env=PLANTED".to_owned()];
    let open = only("environment-secret", &key, &[("PLANTED", "found-me")]);
    assert_eq!(open, (Verdict::Open, "found-me".to_owned()));
    assert_eq!(only("environment-secret", &key, &[]).0, Verdict::Shut);
    assert_eq!(only("environment-secret", &[], &[]).0, Verdict::NotTried);
}

#[test]
fn an_environment_beyond_the_usual_is_named() {
    let (verdict, detail) = only("environment-beyond-list", &[], &[("AWS_PROFILE", "x")]);
    assert_eq!((verdict, detail.as_str()), (Verdict::Open, "AWS_PROFILE"));
    assert_eq!(only("environment-beyond-list", &[], &[("PATH", "/bin")]).0, Verdict::Shut);
}

#[test]
fn a_descriptor_left_open_is_found_unless_it_is_the_agreed_one() {
    // The shell opens descriptor 3 and the program inherits it.
    let through_shell = |agreed: &str| {
        let script = format!("exec {PROGRAM} only=inherited-descriptors {agreed} 3</dev/null");
        let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        Report::parse(&output.stdout).unwrap().findings()[0].clone()
    };
    let found = through_shell("");
    assert_eq!(found.verdict, Verdict::Open);
    assert!(found.detail.contains("3=/dev/null"), "{}", found.detail);
    assert!(!through_shell("given=3").detail.contains("3=/dev/null"));
}

#[test]
fn a_limit_that_is_set_is_seen() {
    let with_limit = |limit: &str, id: &str| {
        let script = format!("ulimit {limit} && exec {PROGRAM} only={id}");
        let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        Report::parse(&output.stdout).unwrap().findings()[0].verdict
    };
    assert_eq!(with_limit("-c 0", "limit-core-size"), Verdict::Shut);
    assert_eq!(with_limit("-t 100", "limit-processor-time"), Verdict::Shut);
    assert_eq!(with_limit("-n 64", "take-descriptors"), Verdict::Shut);
    // In 512-byte blocks: one mebibyte.
    assert_eq!(with_limit("-f 2048", "take-tmp-space"), Verdict::Shut);
    assert_eq!(with_limit("-v 400000", "take-memory"), Verdict::Shut);
}

#[test]
fn strange_arguments_do_not_stop_the_program() {
    for strange in ["", "=", "hostpid=-1", "tcp=99999999", "shm=\u{1b}[2J", "no-such=1", "abs="] {
        let output = run(&["only=socketpair-unix".to_owned(), strange.to_owned()], &[]);
        assert!(Report::parse(&output.stdout).unwrap().finished(), "{strange:?}");
    }
}

#[test]
fn an_unknown_probe_is_an_empty_report() {
    let output = run(&["only=no-such-probe".to_owned()], &[]);
    let report = Report::parse(&output.stdout).unwrap();
    assert!(report.finished() && report.findings().is_empty());
    assert!(Path::new(PROGRAM).exists());
}
