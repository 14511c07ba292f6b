//! Starts that fail half-way.

use crate::alone;
use ringfence_sandbox::{Exposed, Plan, StartError};
use ringfence_tests::{Leftovers, as_ordinary_user, backend, run, system_program};
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

type Break = fn(&mut Plan);

/// What is wrong with the plan, and the change that makes it so.
const WRONG: &[(&str, Break)] = &[
    ("the program does not exist", |plan| plan.program = "/usr/bin/no-such-program".into()),
    ("the program is a folder", |plan| plan.program = "/usr/bin".into()),
    ("the program is not executable", |plan| plan.program = "/etc/passwd".into()),
    ("the working folder does not exist", |plan| plan.folder = Some("/nowhere".into())),
    ("the working folder is a file", |plan| plan.folder = Some("/etc/passwd".into())),
    ("a granted folder does not exist", |plan| plan.exposed.push(grant("/nowhere", "/nowhere"))),
    ("a granted folder is not plain", |plan| plan.exposed.push(grant("/usr/../etc", "/x"))),
    ("a target is not plain", |plan| plan.exposed.push(grant("/usr/share", "/../x"))),
    ("a target is the root", |plan| plan.exposed.push(grant("/usr/share", "/"))),
    ("a target is in /proc", |plan| plan.exposed.push(grant("/usr/share", "/proc/self"))),
    ("the host's /proc is asked for", |plan| plan.exposed.push(grant("/proc", "/p"))),
    ("the host's /etc is asked for", |plan| plan.exposed.push(grant("/etc", "/e"))),
    ("the host's root is asked for", |plan| plan.exposed.push(grant("/", "/host"))),
    ("a target is below a file", |plan| {
        plan.exposed.push(grant("/usr/share", "/etc/passwd/below"));
    }),
    ("a file is too large for the root", |plan| {
        plan.files.push(("/large".into(), vec![b'x'; 3 << 20]));
    }),
    ("a file exists already", |plan| plan.files.push(("/etc/passwd".into(), b"x".to_vec()))),
    ("a file lies in a folder of the host", |plan| {
        plan.files.push(("/usr/share/owned".into(), b"x".to_vec()));
    }),
    ("the arguments are too large", |plan| plan.arguments = vec!["x".repeat(4 << 20).into()]),
    ("a variable's name holds =", |plan| plan.environment.push(("A=B".into(), "c".into()))),
    ("a variable holds a zero byte", |plan| plan.environment.push(("A".into(), "b\0c".into()))),
    ("the memory is too small to live in", |plan| plan.budget.memory_bytes = 4096),
];

fn grant(source: &str, target: &str) -> Exposed {
    Exposed {
        source: source.into(),
        target: target.into(),
        writable: false,
        removable: false,
        executable: false,
    }
}

#[test]
fn a_program_that_is_just_being_written_starts_once_nobody_writes_any_more() {
    let backend = backend();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("echo");
    fs::copy("/bin/echo", &program).unwrap();
    let plan = system_program(program.to_str().unwrap(), &["fine"]);
    let writer = OpenOptions::new().append(true).open(&program).unwrap();
    // For good: an ordinary error.
    let error = run(&backend, &plan, Duration::from_secs(5)).unwrap_err();
    assert!(error.to_string().contains("Text file busy"), "{error}");
    // For a moment: a start that takes that moment longer.
    let (begin, began) = std::sync::mpsc::channel();
    let closes = std::thread::spawn(move || {
        began.recv().unwrap();
        let _ = began.recv_timeout(Duration::from_millis(20));
        drop(writer);
    });
    begin.send(()).unwrap();
    let outcome = run(&backend, &plan, Duration::from_secs(5)).unwrap();
    closes.join().unwrap();
    assert_eq!(outcome.printed.trim(), "fine");
}

#[test]
fn a_start_that_fails_at_any_step_leaves_nothing_and_the_next_one_works() {
    let _alone = alone();
    let untouched = Leftovers::look();
    let backend = backend();
    let good = system_program("/bin/echo", &["fine"]);
    run(&backend, &good, Duration::from_secs(5)).unwrap();
    let before = Leftovers::look();
    for (what, change) in WRONG {
        let mut plan = good.clone();
        change(&mut plan);
        let outcome = run(&backend, &plan, Duration::from_secs(5));
        let harmless = match &outcome {
            Err(error) => !matches!(error, StartError::Jailer(_)) || what.contains("memory"),
            Ok(outcome) => what.contains("memory") && outcome.printed.is_empty(),
        };
        assert!(harmless, "{what}: {outcome:?}");
        println!(
            "{what}: {}",
            outcome.map_or_else(|error| error.to_string(), |o| format!("{:?}", o.end))
        );
        assert_eq!(Leftovers::look(), before, "{what}");
        assert_eq!(
            run(&backend, &good, Duration::from_secs(5)).unwrap().printed,
            "fine\n",
            "{what}"
        );
    }
    drop(backend);
    assert_eq!(Leftovers::look(), untouched);
}

#[test]
fn failing_starts_of_an_ordinary_user_leave_nothing_either() {
    as_ordinary_user(
        "failing::a_start_that_fails_at_any_step_leaves_nothing_and_the_next_one_works",
    );
}
