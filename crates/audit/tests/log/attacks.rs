//! Somebody who can write the files but has not the key.

use crate::Bench;
use crate::bench::{bad, copy_folder, event, rechain};
use ringfence_audit::{
    AuditLog, EntryBody, Filter, GapCause, LogOptions, Problem, VerifyOptions, Witness, list,
    verify,
};
use ringfence_types::AuditSink as _;
use std::fs;

fn small_segments() -> LogOptions {
    LogOptions { segment_bytes: 1000, ..LogOptions::default() }
}

#[test]
fn a_flipped_bit_anywhere_in_a_segment_is_found_in_the_record_that_holds_it() {
    let bench = Bench::with_events(3);
    let path = bench.segment(1);
    let whole = fs::read(&path).unwrap();
    let mut record = 1;
    for at in 0..whole.len() {
        // All newlines and each 13th byte; the unit test of the chain takes all bits.
        if at % 13 == 0 || whole[at] == b'\n' {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            let bad = bench.bad();
            assert_eq!(bad.sequence, record, "byte {at}: {bad}");
            if at + 1 < whole.len() {
                assert_eq!((bad.segment, bad.line), (Some(1), record), "{bad}");
            }
        }
        record += u64::from(whole[at] == b'\n');
    }
    fs::write(&path, &whole).unwrap();
    bench.verify().unwrap();
}

#[test]
fn a_flipped_bit_of_the_head_or_the_public_key_is_found() {
    let bench = Bench::with_events(2);
    for (path, step) in [(bench.head(), 9), (bench.home().join("keys/audit.ed25519.pub"), 1)] {
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            assert!(bench.verify().is_err(), "{} byte {at}", path.display());
        }
        fs::write(&path, &whole).unwrap();
    }
    bench.verify().unwrap();
}

#[test]
fn a_dropped_record_is_named_by_the_one_that_is_expected() {
    let bench = Bench::with_events(5);
    let lines = bench.lines(1);
    for gone in 0..lines.len() - 1 {
        let mut fewer = lines.clone();
        fewer.remove(gone);
        bench.put_lines(1, &fewer);
        let (expected, found) = (gone as u64 + 1, gone as u64 + 2);
        let bad = bench.bad();
        assert_eq!(bad.sequence, expected);
        assert_eq!(bad.problem, Problem::SequenceGap { expected, found });
    }
}

#[test]
fn swapped_and_repeated_records_are_named() {
    let bench = Bench::with_events(5);
    let lines = bench.lines(1);
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    bench.put_lines(1, &swapped);
    let (expected, found) = (3, 4);
    assert_eq!(bench.bad().problem, Problem::SequenceGap { expected, found });
    let mut repeated = lines.clone();
    repeated.insert(3, lines[2].clone());
    bench.put_lines(1, &repeated);
    let (expected, found) = (4, 3);
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.line), (4, 4));
    assert_eq!(bad.problem, Problem::OutOfOrder { expected, found });
}

#[test]
fn a_record_of_another_log_put_in_its_place_breaks_the_link() {
    let bench = Bench::with_events(5);
    let other = Bench::with_events(5);
    let mut lines = bench.lines(1);
    lines[3] = other.lines(1)[3].clone();
    bench.put_lines(1, &lines);
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.problem), (4, Problem::BrokenLink));
}

#[test]
fn a_change_with_every_hash_after_it_made_right_again_is_held_by_the_head() {
    let bench = Bench::with_events(5);
    let mut lines = bench.lines(1);
    rechain(&mut lines, 3, "event 2", "event X");
    bench.put_lines(1, &lines);
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.problem), (6, Problem::HeadDiffers));
}

#[test]
fn a_change_with_every_hash_after_it_made_right_again_is_held_by_the_next_checkpoint() {
    let bench = Bench::with_segments(10, small_segments());
    let mut lines = bench.lines(1);
    let closing = lines.len() as u64;
    rechain(&mut lines, 1, "event 0", "event X");
    bench.put_lines(1, &lines);
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.problem), (closing, Problem::BadSignature));
}

#[test]
fn a_record_dated_before_the_one_before_it_is_named() {
    let bench = Bench::with_events(5);
    let mut lines = bench.lines(1);
    rechain(&mut lines, 3, "\"time\":1", "\"time\":");
    bench.put_lines(1, &lines);
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.problem), (4, Problem::TimeBackwards));
}

#[test]
fn a_cut_end_is_found_and_stays_found_after_the_log_was_used_again() {
    let bench = Bench::with_events(5);
    let lines = bench.lines(1);
    for kept in 1..lines.len() {
        let cut = bench.copy();
        cut.put_lines(1, &lines[..kept]);
        let last = kept as u64;
        let bad_before = cut.bad();
        assert_eq!(bad_before.sequence, last + 1);
        assert_eq!(bad_before.problem, Problem::Truncated { head: 6, last });
        cut.add(8, LogOptions::default());
        let problem = cut.bad().problem;
        let Problem::RecordedGap(gap) = problem else {
            panic!("the cut was signed over: {problem}")
        };
        assert_eq!((gap.cause, gap.sequence), (GapCause::RecordMissing, 6));
        let options = VerifyOptions { accept_recorded_gaps: true, ..VerifyOptions::default() };
        assert_eq!(verify(&cut.home(), &options).unwrap().gaps, [gap]);
    }
}

#[test]
fn a_deleted_segment_directory_entry_or_everything_but_the_head_is_a_cut_too() {
    let bench = Bench::with_events(5);
    fs::remove_file(bench.segment(1)).unwrap();
    assert_eq!(bench.bad().problem, Problem::Truncated { head: 6, last: 0 });
    bench.add(9, LogOptions::default());
    assert!(matches!(bench.bad().problem, Problem::RecordedGap(_)));
}

#[test]
fn a_log_begun_anew_with_the_old_key_says_so() {
    let bench = Bench::with_events(5);
    fs::remove_dir_all(bench.audit()).unwrap();
    bench.add(5, LogOptions::default());
    assert!(bench.verify().unwrap().restarted);
}

#[test]
fn a_missing_or_forged_head_is_not_replaced_in_silence() {
    let other = Bench::with_events(9);
    let forged = fs::read(other.head()).unwrap();
    let mut garbled = fs::read(Bench::with_events(1).head()).unwrap();
    garbled.truncate(700);
    for (head, cause) in [
        (None, GapCause::HeadMissing),
        (Some(forged), GapCause::HeadUnreadable),
        (Some(garbled), GapCause::HeadUnreadable),
        (Some(Vec::new()), GapCause::HeadUnreadable),
    ] {
        let bench = Bench::with_events(5);
        bench.put_lines(1, &bench.lines(1)[..3]);
        match head {
            Some(bytes) => fs::write(bench.head(), bytes).unwrap(),
            None => fs::remove_file(bench.head()).unwrap(),
        }
        assert!(bench.verify().is_err());
        bench.add(3, LogOptions::default());
        let problem = bench.bad().problem;
        let Problem::RecordedGap(gap) = problem else { panic!("signed over: {problem}") };
        assert_eq!(gap.cause, cause);
    }
}

#[test]
fn an_old_head_with_the_log_cut_to_it_is_found_by_a_witness_and_by_nothing_else() {
    let bench = Bench::with_events(3);
    let old = bench.copy();
    bench.add(3, LogOptions::default());
    let seen = bench.verify().unwrap();
    let witness = VerifyOptions {
        witness: Some(Witness { sequence: seen.last_sequence, hash: seen.last_hash }),
        ..VerifyOptions::default()
    };
    verify(&bench.home(), &witness).unwrap();

    // Only the head is older: what it does not cover is counted.
    fs::copy(old.head(), bench.head()).unwrap();
    assert_eq!(bench.verify().unwrap().unsigned, 3);

    // The limit of what files alone can show.
    fs::copy(old.segment(1), bench.segment(1)).unwrap();
    bench.verify().unwrap();
    let problem = bad(verify(&bench.home(), &witness)).problem;
    assert_eq!(problem, Problem::WitnessMissing(seen.last_sequence));
    bench.add(3, LogOptions::default());
    let problem = bad(verify(&bench.home(), &witness)).problem;
    assert_eq!(problem, Problem::WitnessDiffers);
}

#[test]
fn a_log_of_another_key_in_its_place_is_refused_when_the_key_is_known() {
    let bench = Bench::with_events(3);
    let key = AuditLog::public_key(&bench.home()).unwrap();
    let other = Bench::with_events(3);
    let found = AuditLog::public_key(&other.home()).unwrap();
    fs::remove_dir_all(bench.audit()).unwrap();
    copy_folder(&other.audit(), &bench.audit());
    let problem = Problem::OtherKey { expected: key, found };
    let named = bench.bad();
    assert_eq!((named.sequence, named.problem), (1, problem.clone()));
    // The key beside it replaced too: only a key from elsewhere helps.
    fs::remove_dir_all(bench.home().join("keys")).unwrap();
    copy_folder(&other.home().join("keys"), &bench.home().join("keys"));
    bench.verify().unwrap();
    let options = VerifyOptions { public_key: Some(key), ..VerifyOptions::default() };
    assert_eq!(bad(verify(&bench.home(), &options)).problem, problem);
}

#[test]
fn a_segment_that_is_missing_old_or_foreign_is_named() {
    let bench = Bench::with_segments(12, small_segments());
    let segments = bench.verify().unwrap().segments;
    assert!(segments >= 4);
    let middle = 2;
    let first_of_middle = bench.lines(1).len() as u64 + 1;
    for number in 1..=segments {
        let hurt = bench.copy();
        fs::remove_file(hurt.segment(number)).unwrap();
        let bad = hurt.bad();
        if number < segments {
            assert_eq!(bad.segment, Some(number), "{bad}");
            assert_eq!(bad.problem, Problem::MissingSegment);
        } else {
            assert!(matches!(bad.problem, Problem::Truncated { .. }), "{bad}");
        }
    }

    let hurt = bench.copy();
    let lines = hurt.lines(middle);
    hurt.put_lines(middle, &lines[..lines.len() - 1]);
    let bad = hurt.bad();
    assert_eq!((bad.segment, bad.problem), (Some(middle), Problem::UnclosedSegment));

    let hurt = bench.copy();
    let other = Bench::with_segments(12, small_segments());
    fs::copy(other.segment(middle), hurt.segment(middle)).unwrap();
    let bad = hurt.bad();
    assert_eq!((bad.sequence, bad.problem), (first_of_middle, Problem::BrokenLink));

    let hurt = bench.copy();
    fs::copy(hurt.segment(1), hurt.segment(middle)).unwrap();
    let bad = hurt.bad();
    assert_eq!(bad.sequence, first_of_middle);
    assert!(matches!(bad.problem, Problem::OutOfOrder { .. }), "{bad}");
}

#[test]
fn a_record_after_the_one_that_closes_a_segment_is_named() {
    let bench = Bench::with_segments(12, small_segments());
    let mut lines = bench.lines(1);
    let closing = lines.len();
    lines.push(bench.lines(2)[0].clone());
    bench.put_lines(1, &lines);
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.line), (closing as u64 + 1, closing as u64 + 1));
    assert_eq!(bad.problem, Problem::AfterClose);
}

#[test]
fn a_crash_before_the_old_segments_were_deleted_is_no_fault() {
    let bench = Bench::with_segments(20, small_segments());
    let before = bench.copy();
    let kept = bench.open().drop_before(16).unwrap();
    assert!(kept.segments >= 2, "{kept:?}");
    for left in 1..=kept.segments {
        let crashed = bench.copy();
        for number in left..=kept.segments {
            fs::copy(before.segment(number), crashed.segment(number)).unwrap();
        }
        crashed.verify().unwrap();
        let again = crashed.open().drop_before(16).unwrap();
        assert_eq!(again.kept_from, kept.kept_from);
        assert_eq!(crashed.verify().unwrap().first_sequence, kept.kept_from);
    }
}

#[test]
fn more_segments_gone_than_retention_said_is_named() {
    let bench = Bench::with_segments(20, small_segments());
    bench.open().drop_before(6).unwrap();
    bench.verify().unwrap();
    let first = (1..).find(|number| bench.segment(*number).exists()).unwrap();
    let kept = bench.verify().unwrap().dropped_before;
    fs::remove_file(bench.segment(first)).unwrap();
    let bad = bench.bad();
    assert_eq!((bad.segment, bad.problem), (Some(first), Problem::MissingSegment));
    assert_eq!(Some(bad.sequence), kept);
}

#[test]
fn a_forged_head_cannot_make_deleted_segments_look_like_retention() {
    let bench = Bench::with_segments(20, small_segments());
    let second = bench.lines(2);
    let text = String::from_utf8(second[0].clone()).unwrap();
    let at = text.find("\"prev\":\"").unwrap() + 8;
    let prev = text.get(at..at + 64).unwrap();
    let sequence = bench.lines(1).len() + 1;
    let head = fs::read_to_string(bench.head()).unwrap();
    let old = format!("{{\"segment\":1,\"sequence\":1,\"prev\":\"{:064}\"}}", 0);
    let new = format!("{{\"segment\":2,\"sequence\":{sequence},\"prev\":\"{prev}\"}}");
    assert!(head.contains(&old), "{head}");
    let grown = " ".repeat(new.len() - old.len());
    let forged = head.replace(&old, &new).replace(&format!("{grown}\n"), "\n");
    assert_eq!(forged.len(), head.len());
    fs::write(bench.head(), forged).unwrap();
    fs::remove_file(bench.segment(1)).unwrap();
    assert!(bench.verify().is_err());
    bench.add(3, LogOptions::default());
    let options = VerifyOptions { accept_recorded_gaps: true, ..VerifyOptions::default() };
    let problem = bad(verify(&bench.home(), &options)).problem;
    assert_eq!(problem, Problem::MissingSegment);
}

#[test]
fn a_cut_while_the_log_is_open_is_recorded() {
    let bench = Bench::new();
    let log = bench.open();
    for _ in 0..5 {
        log.append(event("x")).unwrap();
    }
    bench.put_lines(1, &bench.lines(1)[..3]);
    log.append(event("y")).unwrap();
    drop(log);
    let problem = bench.bad().problem;
    let Problem::RecordedGap(gap) = problem else { panic!("signed over: {problem}") };
    assert_eq!((gap.cause, gap.sequence), (GapCause::CutWhileOpen, 6));
}

#[test]
fn a_damaged_last_record_refuses_new_ones_instead_of_hiding_it() {
    let bench = Bench::with_events(3);
    let mut lines = bench.lines(1);
    lines[3][40] ^= 1;
    bench.put_lines(1, &lines);
    let error = AuditLog::open(&bench.home(), LogOptions::default()).err().unwrap();
    assert!(error.to_string().contains("is damaged"), "{error}");
    assert_eq!(bench.lines(1), lines, "nothing was changed");
}

#[test]
fn a_plugin_cannot_write_a_line_of_its_own() {
    let bench = Bench::new();
    let log = bench.open();
    let forged = String::from_utf8(Bench::with_events(1).lines(1)[1].clone()).unwrap();
    let hostile = format!("x\"}}}}\n{forged}\n\u{202e}\u{1b}[2J");
    log.append(event(&hostile).with(&hostile, hostile.as_str())).unwrap();
    drop(log);
    assert_eq!(bench.verify().unwrap().records, 2);
    let bytes = fs::read(bench.segment(1)).unwrap();
    assert!(bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
    let entry = list(&bench.home(), Filter::default()).unwrap().next().unwrap().unwrap();
    let EntryBody::Event(event) = entry.body else { panic!("a checkpoint passed") };
    assert_eq!(event.metadata[&hostile], hostile);
}

#[test]
fn the_secret_key_is_neither_in_the_log_nor_in_an_error() {
    let bench = Bench::with_events(3);
    let path = bench.home().join("keys/audit.ed25519");
    let secret = fs::read_to_string(&path).unwrap();
    let log = fs::read_to_string(bench.segment(1)).unwrap();
    assert!(!log.contains(secret.trim()));
    fs::write(&path, format!("{}0\n", secret.trim())).unwrap();
    let error = AuditLog::public_key(&bench.home()).unwrap_err();
    let start = secret.get(..16).unwrap();
    assert!(!format!("{error} {error:?}").contains(start), "the secret is in it");
}
