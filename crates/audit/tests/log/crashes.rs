//! A crash leaves an image of the disk: any prefix of what was being written.

use crate::Bench;
use crate::bench::event;
use ringfence_audit::{AuditLog, EntryBody, Filter, LogOptions, list};
use ringfence_types::{AuditSink as _, EventKind};
use std::fs;

/// A log whose head covers two events and that had four more written when the
/// machine died.
fn with_unsigned_records() -> Bench {
    let bench = Bench::with_events(2);
    let log = bench.open();
    for number in 0..4 {
        log.append(event(&format!("later {number}"))).unwrap();
    }
    let image = bench.copy();
    drop(log);
    image
}

fn torn_notes(bench: &Bench) -> Vec<u64> {
    list(&bench.home(), Filter::default())
        .unwrap()
        .filter_map(|entry| match entry.unwrap().body {
            EntryBody::Event(event) if event.kind == EventKind::Log => {
                event.metadata["torn_bytes"].as_u64()
            }
            _ => None,
        })
        .collect()
}

#[test]
fn cut_at_every_byte_the_log_opens_keeps_every_whole_record_and_tells_of_the_rest() {
    let image = with_unsigned_records();
    let whole = fs::read(image.segment(1)).unwrap();
    let head = fs::read(image.head()).unwrap();
    let key_path = image.home().join("keys/audit.ed25519");
    let key = fs::read(&key_path).unwrap();
    let covered: usize = image.lines(1)[..3].iter().map(Vec::len).sum();
    for length in covered..=whole.len() {
        let cut = &whole[..length];
        fs::write(image.segment(1), cut).unwrap();
        fs::write(image.head(), &head).unwrap();
        let kept = cut.iter().filter(|byte| **byte == b'\n').count();
        let torn = cut.split(|byte| *byte == b'\n').next_back().unwrap().len();

        // Curve arithmetic is slow in a debug build: the key is there, and
        // signatures are made and checked, at each 64th byte and each whole record.
        let thorough = length % 64 == 0 || torn == 0;
        fs::write(&key_path, if thorough { &key[..] } else { b"none" }).unwrap();
        let log = image.open();
        let now = fs::read(image.segment(1)).unwrap();
        let after = now.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(after, kept + usize::from(torn > 0), "cut at {length}");
        assert!(now.starts_with(&cut[..length - torn]), "cut at {length}");
        let notes = torn_notes(&image);
        assert_eq!(notes, if torn > 0 { vec![torn as u64] } else { vec![] });
        if thorough {
            let receipt = log.append(event("and on")).unwrap();
            drop(log);
            let verified = image.verify().unwrap();
            assert_eq!(verified.records, after as u64 + 1, "cut at {length}");
            assert_eq!(verified.last_sequence, receipt.sequence);
            assert_eq!((verified.torn_bytes, verified.unsigned), (0, 0));
        }
    }
}

#[test]
fn a_torn_tail_does_not_fail_the_verifier_and_is_counted() {
    let image = with_unsigned_records();
    let mut whole = fs::read(image.segment(1)).unwrap();
    whole.truncate(whole.len() - 10);
    fs::write(image.segment(1), &whole).unwrap();
    let verified = image.verify().unwrap();
    assert_eq!(verified.records, 6);
    assert!(verified.torn_bytes > 100);
}

#[test]
fn a_tail_of_zeros_as_a_power_cut_leaves_it_is_cut_off() {
    let image = with_unsigned_records();
    let mut whole = fs::read(image.segment(1)).unwrap();
    whole.extend_from_slice(&[0; 300_000]);
    fs::write(image.segment(1), &whole).unwrap();
    assert_eq!(image.verify().unwrap().torn_bytes, 300_000);
    drop(image.open());
    assert_eq!(torn_notes(&image), [300_000]);
    assert_eq!(image.verify().unwrap().torn_bytes, 0);
}

#[test]
fn a_crash_at_any_moment_of_the_first_opening_leaves_a_log_that_opens() {
    let bench = Bench::new();
    let log = bench.open();
    let image = bench.copy();
    drop(log);
    let first = fs::read(image.segment(1)).unwrap();
    for length in (0..first.len()).step_by(37).chain([first.len()]) {
        let crashed = image.copy();
        fs::write(crashed.segment(1), &first[..length]).unwrap();
        drop(crashed.open());
        let verified = crashed.verify().unwrap();
        assert_eq!(verified.unsigned, 0, "cut at {length}");
        assert_eq!(verified.restarted, length < first.len());
    }
    // Before the segment, before the head, before the folder, with only a draft.
    fs::remove_file(image.segment(1)).unwrap();
    for gone in [None, Some(image.head()), Some(image.audit())] {
        if let Some(path) = gone {
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::rename(&path, image.audit().join("head.json.new")).unwrap();
            }
        }
        let crashed = image.copy();
        drop(crashed.open());
        assert!(crashed.verify().unwrap().restarted);
    }
}

#[test]
fn a_crash_at_any_byte_of_a_rotation_loses_nothing() {
    let options = LogOptions { segment_bytes: 1500, ..LogOptions::default() };
    let bench = Bench::new();
    let log = AuditLog::open(&bench.home(), options).unwrap();
    while !bench.segment(2).exists() {
        log.append(event("x")).unwrap();
    }
    let image = bench.copy();
    drop(log);
    let first = fs::read(image.segment(1)).unwrap();
    let second = fs::read(image.segment(2)).unwrap();
    let closing = image.lines(1).pop().unwrap().len();
    let mut cuts = Vec::new();
    for length in (first.len() - closing..=first.len()).step_by(83) {
        cuts.push((&first[..length], None));
    }
    cuts.push((&first[..], None));
    for length in (0..=second.len()).step_by(97) {
        cuts.push((&first[..], Some(&second[..length])));
    }
    for (one, two) in cuts {
        for goes_on in [false, true] {
            let crashed = image.copy();
            fs::write(crashed.segment(1), one).unwrap();
            fs::remove_file(crashed.segment(2)).unwrap();
            if let Some(two) = two {
                fs::write(crashed.segment(2), two).unwrap();
            }
            let log = AuditLog::open(&crashed.home(), options).unwrap();
            if goes_on {
                log.append(event("and on")).unwrap();
            }
            log.close().unwrap();
            let place = (one.len(), two.map(<[u8]>::len), goes_on);
            let verified = crashed.verify().unwrap();
            let kept = one.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert!(verified.records >= kept + u64::from(goes_on), "{place:?}");
            assert_eq!((verified.torn_bytes, verified.unsigned), (0, 0), "{place:?}");
            // The head names a record in the segment before when the new one is empty.
            crashed.add(1, options);
            assert_eq!(crashed.verify().unwrap().unsigned, 0, "{place:?}");
        }
    }
}

#[test]
fn a_head_of_which_one_copy_was_half_written_is_healed() {
    let bench = Bench::with_events(2);
    let old = fs::read(bench.head()).unwrap();
    bench.add(2, LogOptions::default());
    let new = fs::read(bench.head()).unwrap();
    for length in (0..=new.len()).step_by(101) {
        let mixed = [&new[..length], &old[length..]].concat();
        fs::write(bench.head(), mixed).unwrap();
        bench.add(1, LogOptions::default());
        let verified = bench.verify().unwrap();
        assert_eq!(verified.unsigned, 0, "half-written at {length}");
    }
}

#[test]
fn a_head_ahead_of_records_that_a_power_cut_took_is_told_and_can_be_accepted() {
    let bench = Bench::with_events(4);
    let lines = bench.lines(1);
    bench.put_lines(1, &lines[..4]);
    bench.add(1, LogOptions::default());
    assert!(bench.verify().is_err());
    let options =
        ringfence_audit::VerifyOptions { accept_recorded_gaps: true, ..Default::default() };
    let verified = ringfence_audit::verify(&bench.home(), &options).unwrap();
    assert_eq!(verified.gaps.len(), 1);
}
