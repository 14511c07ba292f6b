//! A part of the log for somebody else.

use crate::Bench;
use crate::bench::{bad, rechain};
use ringfence_audit::{
    AuditLog, ExportError, KeySource, LogOptions, Problem, PublicKey, VerifiedExport,
    VerifyOptions, Witness, export, verify_export,
};
use std::ops::RangeInclusive;

fn exported(bench: &Bench, range: RangeInclusive<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    export(&bench.home(), &range, &mut out).unwrap();
    out
}

fn check(
    bytes: &[u8],
    key: Option<PublicKey>,
) -> Result<VerifiedExport, ringfence_audit::VerifyError> {
    let options = VerifyOptions { public_key: key, ..VerifyOptions::default() };
    verify_export(&mut &bytes[..], &options)
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn small() -> Bench {
    let options = LogOptions { segment_bytes: 1000, ..LogOptions::default() };
    Bench::with_segments(12, options)
}

#[test]
fn any_range_over_segments_verifies_alone_with_the_key_known_or_not() {
    let bench = small();
    let key = AuditLog::public_key(&bench.home()).unwrap();
    let last = bench.verify().unwrap().last_sequence;
    for (from, to) in [(1, u64::MAX), (1, 1), (2, 7), (5, last), (last, last)] {
        let bytes = exported(&bench, from..=to);
        let known = check(&bytes, Some(key)).unwrap();
        assert_eq!(known.first_sequence, from);
        assert_eq!(known.last_sequence, to.min(last));
        assert_eq!(known.records, to.min(last) - from + 1);
        assert_eq!(known.key_source, KeySource::Given);
        assert_eq!(check(&bytes, None).unwrap().key_source, KeySource::Named);
    }
}

#[test]
fn a_range_that_the_log_does_not_hold_is_an_error_and_not_an_empty_export() {
    let bench = small();
    let last = bench.verify().unwrap().last_sequence;
    for range in [last + 1..=u64::MAX, 0..=0] {
        let mut out = Vec::new();
        let error = export(&bench.home(), &range, &mut out).unwrap_err();
        assert!(matches!(error, ExportError::Empty { .. }), "{error}");
    }
}

#[test]
fn every_line_dropped_repeated_swapped_or_flipped_in_an_export_is_found() {
    let bench = small();
    let bytes = exported(&bench, 3..=8);
    let whole = lines(&bytes);
    assert_eq!(whole.len(), 8);
    for at in 0..whole.len() {
        let mut fewer = whole.clone();
        fewer.remove(at);
        assert!(check(&fewer.concat(), None).is_err(), "line {at} dropped");
        let mut more = whole.clone();
        more.insert(at, whole[at].clone());
        assert!(check(&more.concat(), None).is_err(), "line {at} repeated");
        if at > 0 {
            let mut swapped = whole.clone();
            swapped.swap(at - 1, at);
            assert!(check(&swapped.concat(), None).is_err(), "line {at} swapped");
        }
    }
    for at in (0..bytes.len()).step_by(31) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(check(&changed, None).is_err(), "byte {at}");
        assert!(check(&bytes[..at], None).is_err(), "cut at {at}");
    }
}

#[test]
fn a_bad_record_in_an_export_is_named() {
    let bench = small();
    let mut whole = lines(&exported(&bench, 3..=8));
    whole.remove(3);
    let bad = bad(check(&whole.concat(), None));
    assert_eq!((bad.sequence, bad.line, bad.segment), (5, 4, None));
}

#[test]
fn hashes_made_right_again_do_not_help_against_the_trailer() {
    let bench = Bench::with_events(6);
    let bytes = exported(&bench, 2..=6);
    let mut changed = lines(&bytes);
    let trailer = changed.pop().unwrap();
    rechain(&mut changed[1..], 1, "event 1", "event X");
    changed.push(trailer);
    let problem = bad(check(&changed.concat(), None)).problem;
    assert!(matches!(problem, Problem::Trailer(_)), "{problem}");
}

#[test]
fn a_header_written_otherwise_is_not_the_one_that_was_signed() {
    let bench = Bench::with_events(2);
    let text = String::from_utf8(exported(&bench, 1..=3)).unwrap();
    let changed = text.replacen(",\"version\"", ", \"version\"", 1);
    let problem = bad(check(changed.as_bytes(), None)).problem;
    assert!(matches!(problem, Problem::Trailer(_)), "{problem}");
}

#[test]
fn an_export_of_another_key_or_not_of_what_was_seen_is_refused() {
    let bench = Bench::with_events(6);
    let other = Bench::with_events(6);
    let key = AuditLog::public_key(&other.home()).unwrap();
    let bytes = exported(&bench, 1..=7);
    let named = bad(check(&bytes, Some(key)));
    assert!(matches!(named.problem, Problem::OtherKey { .. }), "{named}");
    assert_eq!(named.line, 1);

    let seen = other.verify().unwrap();
    let options = VerifyOptions {
        witness: Some(Witness { sequence: seen.last_sequence, hash: seen.last_hash }),
        ..VerifyOptions::default()
    };
    let problem = bad(verify_export(&mut &bytes[..], &options)).problem;
    assert_eq!(problem, Problem::WitnessDiffers);
    verify_export(&mut &exported(&other, 1..=7)[..], &options).unwrap();
}

#[test]
fn a_log_that_is_not_whole_is_not_signed_into_an_export() {
    let bench = Bench::with_events(6);
    let mut changed = bench.lines(1);
    changed[3][50] ^= 1;
    bench.put_lines(1, &changed);
    let mut out = Vec::new();
    let error = export(&bench.home(), &(1..=7), &mut out).unwrap_err();
    assert!(matches!(error, ExportError::Log(_)), "{error}");
    assert!(check(&out, None).is_err());
}

#[test]
fn a_copy_without_the_key_is_not_exported_with_a_new_one() {
    let bench = Bench::with_events(3);
    let keys = bench.home().join("keys");
    let public = std::fs::read(keys.join("audit.ed25519.pub")).unwrap();
    std::fs::remove_dir_all(&keys).unwrap();
    for put_back in [false, true] {
        if put_back {
            std::fs::create_dir(&keys).unwrap();
            std::fs::write(keys.join("audit.ed25519.pub"), &public).unwrap();
        }
        let error = export(&bench.home(), &(1..=4), &mut Vec::new()).unwrap_err();
        assert!(matches!(error, ExportError::Key(_)), "{error}");
        assert!(!keys.join("audit.ed25519").exists());
    }
}
