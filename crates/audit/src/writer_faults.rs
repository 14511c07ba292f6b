//! The writer on a disk that fails in the middle of a write.

use crate::segment::faults;
use crate::{AuditLog, Durability, LogOptions, Verified, VerifyOptions, verify};
use ringfence_types::{AuditEvent, AuditSink as _, EventKind};
use std::path::Path;

fn event() -> AuditEvent {
    AuditEvent::new(EventKind::EffectAllowed, "x").with("path", "/tmp/x")
}

fn verified(home: &Path) -> Verified {
    verify(home, &VerifyOptions::default()).unwrap()
}

#[test]
fn a_write_that_stops_at_any_byte_leaves_no_trace_and_the_next_append_works() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let log = AuditLog::open(&home, LogOptions::default()).unwrap();
    log.append(event()).unwrap();
    let segment = home.join("audit/00000001.jsonl");
    let before = std::fs::read(&segment).unwrap();
    for part in 0..400 {
        faults::WRITE_STOPS_AFTER.set(Some(part));
        log.append(event()).unwrap_err();
        faults::WRITE_STOPS_AFTER.set(None);
        assert_eq!(std::fs::read(&segment).unwrap(), before, "after {part} bytes");
    }
    assert_eq!(log.append(event()).unwrap().sequence, 3);
    drop(log);
    assert_eq!(verified(&home).records, 3);
}

#[test]
fn when_the_part_cannot_be_cut_off_either_the_next_append_cuts_it_off_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let log = AuditLog::open(&home, LogOptions::default()).unwrap();
    log.append(event()).unwrap();
    for part in [1, 100, 300] {
        faults::WRITE_STOPS_AFTER.set(Some(part));
        faults::TRUNCATE_FAILS.set(true);
        log.append(event()).unwrap_err();
        log.append(event()).unwrap_err();
        faults::WRITE_STOPS_AFTER.set(None);
        log.append(event()).unwrap_err();
        faults::TRUNCATE_FAILS.set(false);
        log.append(event()).unwrap();
    }
    drop(log);
    // A checkpoint, four events, and three notes.
    let verified = verified(&home);
    assert_eq!((verified.records, verified.torn_bytes), (8, 0));
}

#[test]
fn a_record_that_cannot_be_brought_to_the_disk_is_not_reported_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let options = LogOptions { durability: Durability::Disk, ..LogOptions::default() };
    let log = AuditLog::open(&home, options).unwrap();
    log.append(event()).unwrap();
    faults::SYNC_FAILS.set(true);
    log.append(event()).unwrap_err();
    log.flush().unwrap_err();
    faults::SYNC_FAILS.set(false);
    assert_eq!(log.append(event()).unwrap().sequence, 3);
    drop(log);
    assert_eq!(verified(&home).records, 3);
}

#[test]
fn one_bad_event_does_not_take_the_others_of_its_batch_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let mut writer = crate::writer::Writer::open(&home, LogOptions::default()).unwrap();
    let bad = event().with("long", "x".repeat(crate::MAX_LINE_BYTES));
    let answers = writer.commit(&[event(), bad, event()]);
    let told: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().ok().map(|receipt| receipt.sequence)).collect();
    assert_eq!(told, [Some(2), None, Some(3)]);
    writer.flush(false).unwrap();
    assert_eq!(verified(&home).records, 3);
}

#[test]
fn a_checkpoint_is_in_the_chain_every_thousand_records() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let log = AuditLog::open(&home, LogOptions::default()).unwrap();
    for _ in 0..2100 {
        log.append(event()).unwrap();
    }
    drop(log);
    let verified = verified(&home);
    assert_eq!((verified.records, verified.checkpoints), (2103, 3));
}
