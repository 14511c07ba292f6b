//! What is limited stays within its limit, and the figures say so.

use crate::alone;
use ringfence_limits::MIB;
use ringfence_sandbox::{Backend, End, Exposed, Plan, Runtime};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use ringfence_tests::{
    Outcome, as_ordinary_user, backend, hostile_folder, is_ordinary_user, run, system_program,
};
use std::time::Duration;

fn python(code: &str) -> Plan {
    Plan { runtime: Runtime::Python, ..system_program("/usr/bin/python3", &["-c", code]) }
}

fn hostile(name: &str) -> Plan {
    let folder = hostile_folder();
    let mut plan = python("");
    plan.arguments = vec![folder.join(name).into_os_string()];
    plan.exposed = vec![Exposed {
        source: folder.clone(),
        target: folder,
        writable: false,
        removable: false,
        executable: false,
    }];
    plan
}

fn outcome(plan: &Plan, milliseconds: u64) -> Outcome {
    run(&backend(), plan, Duration::from_millis(milliseconds)).unwrap()
}

#[test]
fn memory_ends_at_its_limit_and_the_kill_is_counted() {
    let _alone = alone();
    for name in ["memory-bomb.py", "memory-shared.py", "memory-by-many.py"] {
        let outcome = outcome(&hostile(name), 8000);
        assert!(outcome.usage.out_of_memory > 0, "{name}: {outcome:?}");
        assert!(outcome.usage.peak_memory <= 64 * MIB, "{name}: {outcome:?}");
        assert!(outcome.usage.peak_memory > 48 * MIB, "{name}: {outcome:?}");
    }
}

#[test]
fn tmp_counts_as_memory_and_has_a_limit_of_its_own() {
    let _alone = alone();
    let mut plan = hostile("tmp-bomb.py");
    plan.environment = vec![("TMPDIR".into(), "/tmp".into())];
    let small = outcome(&plan, 8000);
    assert!(small.printed.contains(&format!("{} bytes", 16 * MIB)), "{}", small.printed);
    assert!(small.usage.peak_memory > 16 * MIB || is_ordinary_user(), "{small:?}");
    plan.budget.tmp_bytes = 512 * MIB;
    let large = outcome(&plan, 8000);
    assert!(large.usage.peak_memory <= 64 * MIB, "{large:?}");
}

#[test]
fn cached_pages_of_files_stay_within_the_memory_limit() {
    let _alone = alone();
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let mut plan = hostile("page-cache.py");
    plan.exposed.push(Exposed {
        source: folder.path().to_owned(),
        target: "/granted".into(),
        writable: true,
        removable: true,
        executable: false,
    });
    plan.environment = vec![("BAIT_GRANTED".into(), "/granted".into())];
    let outcome = outcome(&plan, 15_000);
    assert!(outcome.printed.contains("written"), "{outcome:?}");
    assert_eq!(outcome.usage.out_of_memory, 0, "a program that only writes files was killed");
    assert!(outcome.usage.peak_memory <= 64 * MIB, "{outcome:?}");
}

#[test]
fn processes_end_at_their_limit_and_refusals_are_counted() {
    let _alone = alone();
    let outcome = outcome(&hostile("fork-bomb.py"), 8000);
    // The budget is 32: the program itself and 31 more.
    assert!(outcome.printed.contains("31: "), "{}", outcome.printed);
    assert!(outcome.usage.forks_refused > 0 || is_ordinary_user(), "{outcome:?}");
}

#[test]
fn open_files_file_sizes_and_cores_have_their_limits() {
    let _alone = alone();
    let code = "import os, resource as r, signal
print([r.getrlimit(n) for n in (r.RLIMIT_NOFILE, r.RLIMIT_FSIZE, r.RLIMIT_CORE)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = os.open('/tmp/f', os.O_CREAT | os.O_RDWR)
try: os.pwrite(file, b'x', 2 << 20)
except OSError as error: print(error)
os.pwrite(file, b'x', (1 << 20) - 1)
print(os.fstat(file).st_size)
print(os.open('/dev/null', os.O_RDONLY) < 64)";
    let mut plan = python(code);
    plan.budget.file_bytes = MIB;
    let outcome = outcome(&plan, 5000);
    let expected =
        format!("[(64, 64), ({MIB}, {MIB}), (1, 1)]\n[Errno 27] File too large\n{MIB}\nTrue\n");
    assert_eq!(outcome.printed, expected);
}

#[test]
fn half_of_a_processor_is_half_of_a_processor_for_all_processes_together() {
    let _alone = alone();
    let mut plan = hostile("spin.py");
    plan.budget.cpu_percent = 50;
    let outcome = outcome(&plan, 1600);
    let share = outcome.usage.cpu.as_secs_f64() / outcome.usage.wall.as_secs_f64();
    println!("two busy processes had {:.0} % of a processor", share * 100.0);
    assert!((0.3..0.65).contains(&share), "{share}: {outcome:?}");
}

#[test]
fn a_program_that_nobody_watches_ends_when_its_processor_time_is_used_up() {
    let _alone = alone();
    let mut plan = python("while True: pass");
    plan.budget.cpu_time = Duration::from_secs(1);
    let outcome = outcome(&plan, 25_000);
    assert!(!outcome.stopped, "{outcome:?}");
    // SIGXCPU at the soft limit or SIGKILL at the hard one, which are the same.
    assert!(matches!(outcome.end, End::Signalled(24 | 9)), "{outcome:?}");
}

#[test]
fn limits_over_the_whole_jail_are_had_or_refused_never_weakened() {
    let strict = ProcessBackend::new(Limits::WholeJail);
    let counts = strict.machine().counts_whole_jail();
    let started = run(&strict, &system_program("/bin/true", &[]), Duration::from_secs(5));
    assert_eq!(started.is_ok(), counts, "{started:?}");
    let wall = strict.level().walls.iter().any(|wall| wall.name == "cgroup" && wall.stands);
    assert_eq!(wall, counts);
}

#[test]
fn without_a_cgroup_each_process_still_has_limits() {
    if !is_ordinary_user() {
        as_ordinary_user("limits::without_a_cgroup_each_process_still_has_limits");
        return;
    }
    if backend().machine().counts_whole_jail() {
        println!("not run: this user has a cgroup");
        return;
    }
    let bomb = outcome(&hostile("memory-bomb.py"), 8000);
    assert!(bomb.printed.contains("no more"), "{bomb:?}");
    let code =
        "import resource as r; print(r.getrlimit(r.RLIMIT_AS)[1], r.getrlimit(r.RLIMIT_DATA)[1])";
    let limits = outcome(&python(code), 5000);
    assert_eq!(limits.printed, format!("{} {}\n", 2 * 64 * MIB + (1 << 30), 64 * MIB));
}

#[test]
fn limits_hold_for_an_ordinary_user() {
    for test in [
        "processes_end_at_their_limit_and_refusals_are_counted",
        "open_files_file_sizes_and_cores_have_their_limits",
        "a_program_that_nobody_watches_ends_when_its_processor_time_is_used_up",
        "limits_over_the_whole_jail_are_had_or_refused_never_weakened",
    ] {
        as_ordinary_user(&format!("limits::{test}"));
    }
}
