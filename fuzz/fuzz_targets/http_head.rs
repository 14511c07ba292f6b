//! A keep-alive connection that a jailed program opens, as plain HTTP. The first
//! byte says how large the pieces are in which the rest arrives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_gate_network::{BodyTracker, HeadReader, HttpStart, MAX_HEAD, read_http_head};
use ringfence_types::{is_http_method, is_normal_url_path};

fuzz_target!(|data: &[u8]| {
    let Some((&size, mut bytes)) = data.split_first() else {
        return;
    };
    let size = usize::from(size).max(1);
    loop {
        let whole = read_http_head(bytes);
        let mut reader = HeadReader::default();
        let mut end = 0;
        let answer = loop {
            end = (end + size).min(bytes.len());
            let answer = reader.read(&bytes[..end]);
            if answer != HttpStart::NeedMore || end == bytes.len() {
                break answer;
            }
        };
        assert_eq!(answer, whole);
        let HttpStart::Head(head) = answer else {
            return;
        };
        assert!(is_http_method(&head.method) && is_normal_url_path(&head.path));
        assert!(head.length <= MAX_HEAD && bytes[..head.length].ends_with(b"\r\n\r\n"));

        let rest = &bytes[head.length..];
        let mut tracker = BodyTracker::new(head.body);
        let at_once = tracker.feed(rest);
        let mut pieces = BodyTracker::new(head.body);
        let in_pieces: Result<usize, _> = rest.chunks(size).map(|piece| pieces.feed(piece)).sum();
        assert_eq!(at_once, in_pieces);
        match at_once {
            Ok(used) if tracker.is_done() => bytes = &rest[used..],
            _ => return,
        }
    }
});
