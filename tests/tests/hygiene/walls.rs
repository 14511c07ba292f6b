//! Walls that stand behind others, each looked at by itself: an attack cannot
//! show that one is missing while the one before it holds.

use ringfence_tests::{as_ordinary_user, backend, run, system_program};
use std::collections::BTreeMap;
use std::time::Duration;

/// `name target` of every namespace and the interesting lines of `status`.
const LOOK: &str = "cd /proc/self/ns
for name in *; do echo \"$name $(readlink $name)\"; done
grep -E '^(Cap|NoNewPrivs|Seccomp:|Uid|Groups)' /proc/self/status | tr '\\t' ' '
cat /proc/self/mountinfo | cut -d' ' -f5,6
cat /proc/net/dev /proc/self/net/dev 2>/dev/null";

#[test]
fn every_wall_stands_by_itself() {
    let outcome =
        run(&backend(), &system_program("/bin/sh", &["-c", LOOK]), Duration::from_secs(5)).unwrap();
    let lines: BTreeMap<&str, &str> =
        outcome.printed.lines().filter_map(|line| line.split_once(' ')).collect();
    for name in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
        let host = std::fs::read_link(format!("/proc/self/ns/{name}")).unwrap();
        let inside = lines.get(name).copied().unwrap_or_else(|| panic!("{}", outcome.printed));
        assert!(inside.starts_with(name), "{inside}");
        assert_ne!(inside, host.to_str().unwrap(), "the namespace {name} is the host's");
    }
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(lines.get(set).copied(), Some("0000000000000000"), "{set}");
    }
    assert_eq!(lines.get("NoNewPrivs:").copied(), Some("1"));
    assert_eq!(lines.get("Seccomp:").copied(), Some("2"));
    // No interface but the loopback, and every mount without set-user-id.
    assert!(!outcome.printed.lines().any(|line| line.contains("eth") && line.contains(':')));
    let mounts: Vec<(&str, &str)> = outcome
        .printed
        .lines()
        .filter(|line| line.starts_with('/'))
        .filter_map(|line| line.split_once(' '))
        .collect();
    assert!(mounts.len() > 10, "{}", outcome.printed);
    for (path, options) in mounts {
        let has = |option| options.split(',').any(|found| found == option);
        assert!(has("nosuid"), "{path} {options}");
        assert!(has("ro") || path == "/tmp", "{path} {options}");
        assert!(has("nodev") || path.starts_with("/dev/"), "{path} {options}");
        let programs = path.starts_with("/usr");
        assert!(has("noexec") || programs, "{path} {options}");
    }
}

#[test]
fn every_wall_stands_for_an_ordinary_user() {
    as_ordinary_user("walls::every_wall_stands_by_itself");
}
