//! The host or the jailer dies at any moment.

use crate::{alone, signal};
use ringfence_sandbox::Backend;
use ringfence_tests::{
    Leftovers, as_ordinary_user, backend, children_of, eventually, is_ordinary_user, run,
    system_program,
};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

const CHILD: &str = "RINGFENCE_TESTS_CHILD";

/// Not a test by itself: the host that the next test kills.
#[test]
fn a_host_that_starts_jails_until_it_is_killed() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let plan = system_program("/bin/sh", &["-c", "sleep 60 & sleep 60"]);
    println!("begin");
    let backend = backend();
    let mut kept = Vec::new();
    loop {
        kept.push(backend.start(&plan).unwrap());
        if kept.len() > 5 {
            kept.remove(0);
        }
    }
}

/// Makes orphans of our descendants our own children, so that they are seen.
fn adopt_orphans() {
    // SAFETY: needed because std cannot make a subreaper. Sound: plain numbers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }, 0);
}

/// Collects children that have ended.
fn collect_dead() {
    // SAFETY: needed because std waits only for its own children. Sound: a null
    // status is allowed.
    while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {}
}

/// A number that differs from run to run, for moments to kill at.
fn odd(below: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() % below
}

#[test]
fn a_host_that_is_killed_at_any_moment_leaves_nothing() {
    let _alone = alone();
    adopt_orphans();
    let untouched = Leftovers::look();
    for round in 0..40 {
        let mut host = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::a_host_that_starts_jails_until_it_is_killed", "--nocapture"])
            .env(CHILD, "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = host.stdout.take().unwrap();
        let mut text = String::new();
        while !text.contains("begin") {
            let mut bytes = [0; 256];
            let length = output.read(&mut bytes).unwrap();
            assert!(length > 0, "the host did not start: {text}");
            text.push_str(&String::from_utf8_lossy(bytes.get(..length).unwrap()));
        }
        let moment = Duration::from_micros(odd(60_000));
        std::thread::sleep(moment);
        host.kill().unwrap();
        host.wait().unwrap();
        drop(output);
        let clean = eventually(Duration::from_secs(1), || {
            collect_dead();
            Leftovers::look() == untouched
        });
        let now = Leftovers::look();
        assert!(
            clean,
            "round {round}, killed after {moment:?}: {:?} {:?} {:?} instead of {:?}; mounts are the same: {}",
            now.processes,
            now.cgroups,
            now.descriptors,
            untouched.descriptors,
            now.mounts == untouched.mounts,
        );
    }
}

#[test]
fn a_jailer_that_is_killed_at_any_moment_leaves_no_jail_and_the_next_start_works() {
    let _alone = alone();
    adopt_orphans();
    let untouched = Leftovers::look();
    let backend = backend();
    let plan = system_program("/bin/sh", &["-c", "sleep 60 & sleep 60"]);
    let quick = system_program("/bin/echo", &["fine"]);
    for round in 0..25 {
        run(&backend, &quick, Duration::from_secs(5)).unwrap();
        let jailer = match children_of(std::process::id()).as_slice() {
            [(jailer, _)] => *jailer,
            others => panic!("round {round}: {others:?}"),
        };
        let moment = Duration::from_micros(odd(15_000));
        let jails = std::thread::scope(|scope| {
            let starts = scope.spawn(|| (0..6).map(|_| backend.start(&plan)).collect::<Vec<_>>());
            std::thread::sleep(moment);
            signal(jailer, libc::SIGKILL);
            starts.join().unwrap()
        });
        for mut jail in jails.into_iter().flatten() {
            jail.finish();
        }
        // The next start may find out that the jailer is gone; the one after works.
        let recovered = (0..2).any(|_| {
            run(&backend, &quick, Duration::from_secs(5)).is_ok_and(|o| o.printed == "fine\n")
        });
        assert!(recovered, "round {round}: no start works any more");
        let clean = eventually(Duration::from_secs(1), || {
            collect_dead();
            Leftovers::look().processes.len() == 1
        });
        assert!(
            clean,
            "round {round}, killed after {moment:?}: {:#?}",
            Leftovers::look().processes
        );
    }
    drop(backend);
    let clean = eventually(Duration::from_secs(1), || Leftovers::look() == untouched);
    assert!(clean, "{:#?}\n{untouched:#?}", Leftovers::look());
}

#[test]
fn the_first_start_after_the_jailer_died_tells_it_or_works() {
    let _alone = alone();
    let backend = backend();
    let quick = system_program("/bin/echo", &["fine"]);
    run(&backend, &quick, Duration::from_secs(5)).unwrap();
    let mut running = backend.start(&system_program("/bin/sleep", &["60"])).unwrap();
    let (jailer, _) = children_of(std::process::id()).first().cloned().unwrap();
    signal(jailer, libc::SIGKILL);
    // Whoever waits for the plugin hears of its end.
    assert!(eventually(Duration::from_secs(1), || !matches!(running.poll_end(), Ok(None))));
    running.finish();
    let outcome = run(&backend, &quick, Duration::from_secs(5));
    println!("as an ordinary user: {}; {outcome:?}", is_ordinary_user());
    assert!(outcome.is_ok() || run(&backend, &quick, Duration::from_secs(5)).is_ok());
}

#[test]
fn killing_leaves_nothing_when_an_ordinary_user_runs_it_either() {
    as_ordinary_user("killed::a_host_that_is_killed_at_any_moment_leaves_nothing");
    as_ordinary_user(
        "killed::a_jailer_that_is_killed_at_any_moment_leaves_no_jail_and_the_next_start_works",
    );
}
