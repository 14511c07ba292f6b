//! Several processes with one log, and processes that are killed.
//!
//! A child is this test program, run again for one test with [`ROLE`] set.

use crate::Bench;
use crate::bench::event;
use ringfence_audit::{AuditLog, Durability, EntryBody, Filter, LogOptions, list};
use ringfence_types::{AuditSink as _, EventKind};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const ROLE: &str = "RINGFENCE_TEST_AUDIT_CHILD";
const HOME: &str = "RINGFENCE_TEST_AUDIT_HOME";

/// Starts this program again, to run the test `name` alone as a child.
pub(crate) fn child(name: &str, role: &str, bench: &Bench) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(HOME, bench.home())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

/// The role and the home of a child; none in the parent.
pub(crate) fn role() -> Option<(String, std::path::PathBuf)> {
    Some((std::env::var(ROLE).ok()?, std::env::var_os(HOME).unwrap().into()))
}

fn many_segments() -> LogOptions {
    LogOptions { segment_bytes: 60_000, ..LogOptions::default() }
}

#[test]
fn two_processes_append_a_thousand_records_each_and_none_is_lost_or_written_twice() {
    if let Some((role, home)) = role() {
        let log = AuditLog::open(&home, many_segments()).unwrap();
        for number in 0..1000 {
            log.append(event(&format!("{role} {number}"))).unwrap();
        }
        return;
    }
    let bench = Bench::new();
    let name =
        "processes::two_processes_append_a_thousand_records_each_and_none_is_lost_or_written_twice";
    let children: Vec<Child> = ["a", "b"]
        .into_iter()
        .map(|role| child(name, role, &bench).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let verified = bench.verify().unwrap();
    assert_eq!((verified.unsigned, verified.torn_bytes), (0, 0));
    assert!(verified.segments > 5);
    let texts: Vec<String> = list(&bench.home(), Filter::default())
        .unwrap()
        .map(|entry| match entry.unwrap().body {
            EntryBody::Event(event) => event.message,
            EntryBody::Checkpoint { .. } => panic!("not asked for"),
        })
        .collect();
    assert_eq!(texts.len(), 2000);
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 2000);
    for role in ["a ", "b "] {
        let own: Vec<_> = texts.iter().filter(|text| text.starts_with(role)).collect();
        let order: Vec<_> = (0..1000).map(|number| format!("{role}{number}")).collect();
        assert!(own.into_iter().eq(order.iter()), "each one's order is kept");
    }
}

#[test]
fn killed_at_any_moment_a_process_loses_no_record_that_it_has_reported() {
    if let Some((_, home)) = role() {
        // Rotated and signed often, so that kills meet both.
        let options =
            LogOptions { segment_bytes: 12_000, sign_after_records: 20, ..LogOptions::default() };
        let log = AuditLog::open(&home, options).unwrap();
        let mut out = std::io::stdout().lock();
        loop {
            let receipt = log.append(event("x")).unwrap();
            writeln!(out, "reported {}", receipt.sequence).unwrap();
        }
    }
    let bench = Bench::new();
    let name = "processes::killed_at_any_moment_a_process_loses_no_record_that_it_has_reported";
    let mut torn = 0;
    for round in 0..12_usize {
        let mut child = child(name, "append", &bench).spawn().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut reported = 0;
        let mut line = String::new();
        let mut lines = 0;
        while reader.read_line(&mut line).unwrap() > 0 {
            // Not a whole line: the kill came while it was printed.
            if let Some(number) =
                line.strip_suffix('\n').and_then(|line| line.strip_prefix("reported "))
            {
                reported = number.parse().unwrap();
                lines += 1;
            }
            if lines == 1 + round * 9 {
                child.kill().unwrap();
            }
            line.clear();
        }
        child.wait().unwrap();
        let verified = bench.verify().unwrap();
        assert!(reported > 0 && verified.last_sequence >= reported);
        torn += u32::from(verified.torn_bytes > 0);
    }
    drop(bench.open());
    let verified = bench.verify().unwrap();
    assert_eq!((verified.torn_bytes, verified.gaps.len()), (0, 0));
    let notes = list(&bench.home(), Filter { kind: Some(EventKind::Log), ..Filter::default() })
        .unwrap()
        .count();
    assert_eq!(notes, torn as usize);
}

#[test]
fn threads_with_handles_of_their_own_or_one_in_common_make_one_chain() {
    for durability in [Durability::Process, Durability::Disk] {
        let options = LogOptions { durability, ..many_segments() };
        let bench = Bench::new();
        let common = AuditLog::open(&bench.home(), options).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let common = common.clone();
                let bench = &bench;
                scope.spawn(move || {
                    let own = AuditLog::open(&bench.home(), options).unwrap();
                    let log = if thread % 2 == 0 { &common } else { &own };
                    let mut last = 0;
                    for _ in 0..100 {
                        let sequence = log.append(event("x")).unwrap().sequence;
                        assert!(sequence > last);
                        last = sequence;
                    }
                });
            }
        });
        drop(common);
        bench.verify().unwrap();
        let events = list(&bench.home(), Filter::default()).unwrap().count();
        assert_eq!(events, 600);
    }
}

#[test]
fn a_first_opening_by_many_at_once_makes_one_log_and_one_key() {
    for _ in 0..10 {
        let bench = Bench::new();
        let start = Arc::new(std::sync::Barrier::new(6));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                let start = Arc::clone(&start);
                let home = bench.home();
                scope.spawn(move || {
                    start.wait();
                    let log = AuditLog::open(&home, LogOptions::default()).unwrap();
                    log.append(event("x")).unwrap();
                });
            }
        });
        let verified = bench.verify().unwrap();
        assert_eq!((verified.records, verified.restarted), (7, false));
        let files = std::fs::read_dir(bench.home().join("keys")).unwrap().count();
        assert_eq!(files, 2, "no draft of a key is left");
    }
}
