//! What works when nothing is wrong.

use crate::Bench;
use crate::bench::event;
use ringfence_audit::{
    AuditLog, EntryBody, Filter, KeySource, LogOptions, Reason, VerifyOptions, list, verify,
};
use ringfence_types::{AuditEvent, AuditSink as _, EventKind, InstanceId, Severity};
use std::os::unix::fs::PermissionsExt as _;

fn small_segments() -> LogOptions {
    LogOptions { segment_bytes: 2000, ..LogOptions::default() }
}

#[test]
fn a_log_is_written_closed_reopened_and_verifies_with_every_record() {
    let bench = Bench::with_events(5);
    let first = bench.verify().unwrap();
    assert_eq!(first.records, 6, "a checkpoint and five events");
    assert_eq!((first.signed_through, first.unsigned), (6, 0));
    assert_eq!(first.key_source, KeySource::Beside);
    assert!(!first.restarted);
    bench.add(5, LogOptions::default());
    let second = bench.verify().unwrap();
    assert_eq!((second.records, second.unsigned), (11, 0));
    assert_eq!(second.torn_bytes, 0);
}

#[test]
fn receipts_count_on_over_segments_and_reopening_and_every_segment_verifies() {
    let bench = Bench::new();
    let mut last = 0;
    for _ in 0..3 {
        let log = AuditLog::open(&bench.home(), small_segments()).unwrap();
        for _ in 0..20 {
            let receipt = log.append(event("x")).unwrap();
            assert!(receipt.sequence > last);
            last = receipt.sequence;
        }
    }
    let verified = bench.verify().unwrap();
    assert!(verified.segments > 5, "{verified:?}");
    assert_eq!(verified.last_sequence, last);
    assert_eq!(verified.records, last);
    assert_eq!(verified.unsigned, 0, "drop signs the head");
}

#[test]
fn what_a_handle_says_it_wrote_last_holds_as_a_witness() {
    let bench = Bench::new();
    let log = bench.open();
    let receipt = log.append(event("x")).unwrap();
    let witness = log.last_record();
    assert_eq!(witness.unwrap().sequence, receipt.sequence);
    drop(log);
    bench.add(3, LogOptions::default());
    let options = VerifyOptions { witness, ..VerifyOptions::default() };
    verify(&bench.home(), &options).unwrap();
}

#[test]
fn files_are_for_the_owner_only() {
    let bench = Bench::with_segments(20, small_segments());
    for path in [bench.home(), bench.audit(), bench.home().join("keys")] {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", path.display());
        if path == bench.home() {
            continue;
        }
        for entry in path.read_dir().unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        }
    }
}

#[test]
fn a_list_finds_what_a_person_asks_for_in_both_directions() {
    let bench = Bench::new();
    let log = AuditLog::open(&bench.home(), small_segments()).unwrap();
    let instance: InstanceId = "one".parse().unwrap();
    for number in 0..30 {
        let mut event = event(&number.to_string());
        if number % 3 == 0 {
            event = AuditEvent::new(EventKind::EffectDenied, &number.to_string())
                .severity(Severity::Warning)
                .instance(&instance);
        }
        log.append(event).unwrap();
    }
    drop(log);
    let texts = |filter: Filter| -> Vec<String> {
        list(&bench.home(), filter)
            .unwrap()
            .map(|entry| match entry.unwrap().body {
                EntryBody::Event(event) => event.message,
                EntryBody::Checkpoint { reason, .. } => format!("{reason:?}"),
            })
            .collect()
    };
    let all = texts(Filter::default());
    assert_eq!(all.len(), 30);
    let mut reversed = texts(Filter { reverse: true, ..Filter::default() });
    reversed.reverse();
    assert_eq!(all, reversed);
    let denied = Filter {
        kind: Some(EventKind::EffectDenied),
        severity: Some(Severity::Warning),
        instance: Some(instance),
        limit: Some(3),
        reverse: true,
        ..Filter::default()
    };
    assert_eq!(texts(denied), ["27", "24", "21"]);
    let nothing = Filter { until: Some(1), ..Filter::default() };
    assert!(texts(nothing).is_empty());
    let with_checkpoints = texts(Filter { checkpoints: true, ..Filter::default() });
    assert_eq!(with_checkpoints[0], format!("{:?}", Reason::Created));
    assert!(with_checkpoints.len() > 31);
}

#[test]
fn times_bound_a_list_where_they_should() {
    let bench = Bench::with_events(3);
    let times: Vec<u64> =
        list(&bench.home(), Filter::default()).unwrap().map(|entry| entry.unwrap().time).collect();
    let count = |since, until, reverse| {
        let filter = Filter { since, until, reverse, ..Filter::default() };
        list(&bench.home(), filter).unwrap().count()
    };
    for reverse in [false, true] {
        assert_eq!(count(Some(times[0]), None, reverse), 3);
        assert_eq!(count(Some(times[2] + 1), None, reverse), 0);
        assert_eq!(count(None, Some(times[0]), reverse), 0);
        assert_eq!(count(None, Some(times[2] + 1), reverse), 3);
    }
}

#[test]
fn old_segments_go_after_a_signed_word_and_the_rest_still_verifies() {
    let bench = Bench::with_segments(60, small_segments());
    let before = bench.verify().unwrap();
    let log = bench.open();
    let dropped = log.drop_before(before.last_sequence / 2).unwrap();
    assert!(dropped.segments > 1, "{dropped:?}");
    assert!(dropped.kept_from <= before.last_sequence / 2);
    let again = log.drop_before(before.last_sequence / 2).unwrap();
    assert_eq!((again.segments, again.kept_from), (0, dropped.kept_from));
    log.append(event("after")).unwrap();
    drop(log);
    let after = bench.verify().unwrap();
    assert_eq!(after.dropped_before, Some(dropped.kept_from));
    assert_eq!(after.first_sequence, dropped.kept_from);
    let second = bench.open().drop_before(u64::MAX).unwrap();
    assert!(second.segments > 0);
    assert_eq!(bench.verify().unwrap().dropped_before, Some(second.kept_from));
}

#[test]
fn the_key_given_by_hand_is_the_one_that_counts() {
    let bench = Bench::with_events(2);
    let key = AuditLog::public_key(&bench.home()).unwrap();
    let options = VerifyOptions { public_key: Some(key), ..VerifyOptions::default() };
    let verified = verify(&bench.audit(), &options).unwrap();
    assert_eq!((verified.key, verified.key_source), (key, KeySource::Given));
    std::fs::remove_dir_all(bench.home().join("keys")).unwrap();
    let alone = bench.verify().unwrap();
    assert_eq!((alone.key, alone.key_source), (key, KeySource::Named));
}

#[test]
fn a_thread_flushes_when_asked_to_while_nothing_is_appended() {
    let bench = Bench::new();
    let options = LogOptions {
        background_flush: Some(std::time::Duration::from_millis(20)),
        ..LogOptions::default()
    };
    let log = AuditLog::open(&bench.home(), options).unwrap();
    let sequence = log.append(event("x")).unwrap().sequence;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while bench.verify().unwrap().signed_through < sequence {
        assert!(std::time::Instant::now() < deadline, "never signed");
        std::thread::yield_now();
    }
}
