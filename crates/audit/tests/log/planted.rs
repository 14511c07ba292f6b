//! What somebody else may have put where the log is to be.

use crate::Bench;
use crate::bench::event;
use ringfence_audit::{AuditLog, AuditOpenError, LogOptions};
use ringfence_types::AuditSink as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

fn refused(home: &Path) -> String {
    let error = AuditLog::open(home, LogOptions::default()).err();
    let error = error.expect("the log was opened");
    assert!(
        matches!(error, AuditOpenError::NotPrivate { .. } | AuditOpenError::Key { .. }),
        "{error:?}"
    );
    error.to_string()
}

#[test]
fn a_link_in_place_of_the_folder_or_a_file_is_refused_and_its_target_untouched() {
    for name in ["audit", "audit/00000001.jsonl", "audit/head.json", "audit/lock"] {
        let bench = Bench::with_events(2);
        let elsewhere = bench.copy();
        let (path, target) = (bench.home().join(name), elsewhere.home().join(name));
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        symlink(&target, &path).unwrap();
        let before = fs::read(elsewhere.segment(1)).unwrap();
        let text = refused(&bench.home());
        assert!(text.contains("is a symbolic link"), "{text}");
        assert_eq!(fs::read(elsewhere.segment(1)).unwrap(), before);
    }
}

#[test]
fn a_link_in_place_of_the_key_is_refused_when_it_is_needed() {
    let bench = Bench::with_events(1);
    let other = Bench::with_events(1);
    for name in ["keys/audit.ed25519", "keys"] {
        let path = bench.home().join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        symlink(other.home().join(name), &path).unwrap();
        let error = AuditLog::public_key(&bench.home()).unwrap_err();
        assert!(error.to_string().contains("is a symbolic link"), "{error}");
    }
}

#[test]
fn a_pipe_in_place_of_a_segment_does_not_hang_the_writer_or_the_verifier() {
    let bench = Bench::with_events(1);
    fs::remove_file(bench.segment(1)).unwrap();
    let made = std::process::Command::new("mkfifo").arg(bench.segment(1)).status().unwrap();
    assert!(made.success());
    assert!(refused(&bench.home()).contains("is not a regular file"));
    assert!(bench.verify().is_err());
}

#[test]
fn a_folder_that_others_can_write_to_is_refused_with_what_mends_it() {
    for name in ["", "audit"] {
        let bench = Bench::with_events(1);
        let path = bench.home().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        let text = refused(&bench.home());
        assert!(text.contains("chmod 700"), "{text}");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let bench = Bench::with_events(1);
    let key = bench.home().join("keys/audit.ed25519");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let error = AuditLog::public_key(&bench.home()).unwrap_err();
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn a_file_of_another_user_is_refused() {
    let bench = Bench::with_events(1);
    if std::os::unix::fs::chown(bench.segment(1), Some(65_534), None).is_err() {
        println!("only root can give a file away: not tried");
        return;
    }
    let text = refused(&bench.home());
    assert!(text.contains("belongs to another user"), "{text}");
}

#[test]
fn when_the_head_cannot_be_signed_appends_stop_before_records_pile_up() {
    let bench = Bench::new();
    let options = LogOptions { sign_after_records: 10, ..LogOptions::default() };
    let log = AuditLog::open(&bench.home(), options).unwrap();
    fs::remove_file(bench.head()).unwrap();
    fs::create_dir(bench.head()).unwrap();
    let taken = (0..50).take_while(|_| log.append(event("x")).is_ok()).count();
    assert_eq!(taken, 9, "with the checkpoint, ten records are uncovered");
    let error = log.append(event("x")).unwrap_err();
    assert!(error.reason.contains("head.json"), "{error}");
    fs::remove_dir(bench.head()).unwrap();
    log.append(event("x")).unwrap();
}

#[test]
fn so_many_records_are_uncovered_and_not_one_more() {
    let bench = Bench::new();
    let options = LogOptions {
        sign_after_records: 10,
        sign_after: std::time::Duration::MAX,
        ..LogOptions::default()
    };
    let log = AuditLog::open(&bench.home(), options).unwrap();
    for _ in 0..35 {
        log.append(event("x")).unwrap();
        assert!(bench.verify().unwrap().unsigned < 10);
    }
}

#[test]
fn an_old_uncovered_record_is_covered_by_the_next_append() {
    let bench = Bench::new();
    let options = LogOptions { sign_after: std::time::Duration::ZERO, ..LogOptions::default() };
    let log = AuditLog::open(&bench.home(), options).unwrap();
    for _ in 0..3 {
        log.append(event("x")).unwrap();
        assert_eq!(bench.verify().unwrap().unsigned, 0);
    }
}
