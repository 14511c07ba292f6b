//! Bytes of a stranger: never a panic, never more memory than a line.

use crate::Bench;
use crate::bench::bad;
use proptest::prelude::*;
use ringfence_audit::{
    AuditLog, Filter, LogOptions, MAX_LINE_BYTES, Problem, VerifyOptions, list, verify_export,
};
use std::fs;

/// Reads the log in every way there is; whether each succeeds is not the question.
fn read_in_every_way(bench: &Bench) {
    let _ = bench.verify();
    for reverse in [false, true] {
        let filter = Filter { reverse, checkpoints: true, ..Filter::default() };
        if let Ok(entries) = list(&bench.home(), filter) {
            assert!(entries.take(10_000).count() < 10_000);
        }
    }
    let _ = AuditLog::open(&bench.home(), LogOptions::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_bytes_as_segment_and_head_panic_nobody(
        segment in proptest::collection::vec(any::<u8>(), 0..3000),
        head in proptest::collection::vec(any::<u8>(), 0..2100),
    ) {
        let bench = Bench::new();
        fs::create_dir_all(bench.audit()).unwrap();
        for path in [bench.home(), bench.audit()] {
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        }
        fs::write(bench.segment(1), &segment).unwrap();
        fs::write(bench.head(), &head).unwrap();
        read_in_every_way(&bench);
        let _ = verify_export(&mut &segment[..], &VerifyOptions::default());
    }

    #[test]
    fn pieces_of_real_records_in_any_order_panic_nobody_and_do_not_verify(
        pieces in proptest::collection::vec((0_usize..1800, 0_usize..400), 0..8),
    ) {
        let bench = Bench::with_events(3);
        let whole = fs::read(bench.segment(1)).unwrap();
        let mixed: Vec<u8> = pieces
            .iter()
            .flat_map(|(from, length)| {
                let from = (*from).min(whole.len());
                whole[from..(from + length).min(whole.len())].to_vec()
            })
            .collect();
        fs::write(bench.segment(1), &mixed).unwrap();
        prop_assert!(bench.verify().is_err() || mixed == whole);
        read_in_every_way(&bench);
    }
}

#[test]
fn a_line_without_end_is_named_and_not_held_in_memory() {
    let bench = Bench::with_events(1);
    let mut bytes = fs::read(bench.segment(1)).unwrap();
    bytes.extend(std::iter::repeat_n(b'a', 3 * MAX_LINE_BYTES));
    bytes.push(b'\n');
    fs::write(bench.segment(1), &bytes).unwrap();
    let bad = bench.bad();
    assert_eq!((bad.sequence, bad.problem), (3, Problem::LineTooLong));
    let error = AuditLog::open(&bench.home(), LogOptions::default()).err().unwrap();
    assert!(error.to_string().contains("too long"), "{error}");
    read_in_every_way(&bench);
}

#[test]
fn deep_json_with_a_right_hash_is_refused_without_recursion() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let bench = Bench::with_events(2);
        let mut lines = bench.lines(1);
        let depth = 40_000 / open.len();
        let deep = format!("\"path\":{}1{}", open.repeat(depth), close.repeat(depth));
        crate::bench::rechain(&mut lines, 2, "\"path\":\"/tmp/x\"", &deep);
        bench.put_lines(1, &lines);
        assert_eq!(bench.bad().sequence, 3);
        read_in_every_way(&bench);
    }
}

#[test]
fn a_sequence_number_at_the_end_of_all_numbers_overflows_nothing() {
    for huge in [u64::MAX, u64::MAX - 1, u64::MAX / 2] {
        let bench = Bench::with_events(2);
        let mut lines = bench.lines(1);
        crate::bench::rechain(&mut lines, 2, "\"seq\":3", &format!("\"seq\":{huge}"));
        bench.put_lines(1, &lines);
        assert_eq!(bench.bad().sequence, 3);
        read_in_every_way(&bench);
    }
}

#[test]
fn an_export_that_never_ends_a_line_or_is_empty_is_refused() {
    let options = VerifyOptions::default();
    for bytes in [Vec::new(), b"\n".to_vec(), vec![b'x'; 3 * MAX_LINE_BYTES]] {
        let bad = bad(verify_export(&mut &bytes[..], &options));
        assert!(matches!(bad.problem, Problem::Header(_)), "{bad}");
    }
}
