//! Cutting bytes of a stranger into frames, and frames into messages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: to panic is to fail"
)]

use proptest::prelude::*;
use ringfence_protocol::frames::{
    FrameDecoder, FrameError, FrameLimits, LineDecoder, check, encode,
};
use ringfence_protocol::jsonrpc::{Id, Message, MessageError, Strictness};

fn limits(bytes: usize) -> FrameLimits {
    FrameLimits::with_bytes(bytes)
}

fn frames(decoder: &mut FrameDecoder, bytes: &[u8]) -> Vec<Result<String, FrameError>> {
    decoder.feed(bytes).collect()
}

fn parse(text: &str) -> Result<Message, MessageError> {
    Message::parse(text, Strictness::Strict)
}

#[test]
fn frames_are_cut_at_newlines_however_the_bytes_arrive() {
    let mut decoder = FrameDecoder::new(limits(100));
    assert_eq!(frames(&mut decoder, b"{\"a\":"), []);
    assert_eq!(decoder.held(), 5);
    assert_eq!(
        frames(&mut decoder, b"1}\n[2]\n3"),
        [Ok("{\"a\":1}".to_owned()), Ok("[2]".to_owned())]
    );
    assert_eq!(decoder.finish(), Err(FrameError::Unfinished));
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn what_is_no_frame_is_named_and_the_next_frame_is_read() {
    let mut decoder = FrameDecoder::new(limits(20));
    let bytes = b"\n \t\r\n\xff\n\"a\0b\"\n0123456789012345678901234567890\n01234567890123456789\n";
    assert_eq!(
        frames(&mut decoder, bytes),
        [
            Err(FrameError::Empty),
            Err(FrameError::Empty),
            Err(FrameError::NotUtf8),
            Err(FrameError::Nul),
            Err(FrameError::TooLarge { maximum: 20 }),
            Ok("01234567890123456789".to_owned()),
        ]
    );
}

#[test]
fn a_frame_without_end_is_reported_at_once_and_once_and_nothing_of_it_is_held() {
    let mut decoder = LineDecoder::new(1000);
    let chunk = [b'x'; 300];
    let mut reports = 0;
    for _ in 0..1000 {
        let mut input = &chunk[..];
        while let Some(line) = decoder.next_line(&mut input) {
            assert_eq!(line, Err(FrameError::TooLarge { maximum: 1000 }));
            reports += 1;
        }
        assert!(decoder.held() <= 1000);
    }
    assert_eq!(reports, 1);
    let mut input = &b"\nok\n"[..];
    assert_eq!(decoder.next_line(&mut input), Some(Ok(b"ok".to_vec())));
}

#[test]
fn depth_is_refused_before_a_parser_sees_it_and_brackets_in_texts_do_not_count() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(check(&deep(64), &limits(1000)), Ok(()));
    assert_eq!(check(&deep(65), &limits(1000)), Err(FrameError::TooDeep { maximum: 64 }));
    let text = format!(r#"{{"a":"\"{}","b\\":1}}"#, "[{".repeat(200));
    assert_eq!(check(&text, &limits(1000)), Ok(()));
    assert!(check(&"{\"a\":".repeat(100_000), &limits(1000)).is_err());
}

#[test]
fn a_small_frame_of_very_many_values_is_refused() {
    let limits = FrameLimits { values: 1000, ..limits(1 << 20) };
    let array = |n: usize| format!("[{}0]", "0,".repeat(n));
    assert_eq!(check(&array(990), &limits), Ok(()));
    assert_eq!(check(&array(1000), &limits), Err(FrameError::TooManyValues { maximum: 1000 }));
    let empties = format!("[{}]", vec!["[]"; 700].join(","));
    assert!(check(&empties, &limits).is_err());
}

#[test]
fn an_encoded_frame_is_one_line() {
    assert_eq!(encode("{\n\"a\":\n1}".to_owned()), b"{ \"a\": 1}\n");
}

#[test]
fn messages_of_every_kind_are_read() {
    let request = r#"{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":1}}"#;
    assert!(matches!(parse(request), Ok(Message::Request { id: Id::Number(7), .. })));
    let request = r#"{"jsonrpc":"2.0","id":"x","method":"m"}"#;
    assert!(matches!(parse(request), Ok(Message::Request { params: None, .. })));
    let notification = r#"{"jsonrpc":"2.0","method":"m","params":[1]}"#;
    assert!(matches!(parse(notification), Ok(Message::Notification { .. })));
    let null = r#"{"jsonrpc":"2.0","id":1,"result":null}"#;
    match parse(null) {
        Ok(Message::Response { outcome: Ok(result), .. }) => assert_eq!(result.get(), "null"),
        other => panic!("{other:?}"),
    }
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m","data":[]}}"#;
    assert!(matches!(parse(error), Ok(Message::Response { outcome: Err(_), .. })));
}

#[test]
fn what_json_rpc_leaves_open_is_closed() {
    let long = "i".repeat(129);
    let cases = [
        (r#"{"id":1,"result":1}"#.to_owned(), "lacks"),
        (r#"{"jsonrpc":"1.0","id":1,"result":1}"#.to_owned(), "lacks"),
        (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#.to_owned(), "null"),
        (r#"{"jsonrpc":"2.0","id":1.0,"method":"m"}"#.to_owned(), "whole number"),
        (r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"m"}"#.to_owned(), "whole number"),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#.to_owned(), "whole number"),
        (format!(r#"{{"jsonrpc":"2.0","id":"{long}","method":"m"}}"#), "128"),
        (format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{long}"}}"#), "128"),
        (r#"{"jsonrpc":"2.0","id":1,"method":""}"#.to_owned(), "128"),
        (r#"{"jsonrpc":"2.0","id":1,"method":1}"#.to_owned(), "not a text"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":1}"#.to_owned(), "neither object"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#.to_owned(), "neither object"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"m","result":1}"#.to_owned(), "has a result"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":null}"#.to_owned(), "either"),
        (r#"{"jsonrpc":"2.0","id":1}"#.to_owned(), "either"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1}}"#.to_owned(), "lacks its code"),
        (r#"{"jsonrpc":"2.0","id":1,"params":{},"result":1}"#.to_owned(), "without a method"),
        (r#"{"jsonrpc":"2.0","result":1}"#.to_owned(), "neither a method nor an id"),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"result":1}"#.to_owned(), "twice"),
        (r#"{"jsonrpc":"2.0","id":1,"\u0069d":2,"result":1}"#.to_owned(), "twice"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"extra":1}"#.to_owned(), "unknown"),
        (r#"[{"jsonrpc":"2.0","id":1,"result":1}]"#.to_owned(), "batch"),
        (r#"["2.0",1,"m",{},null,null]"#.to_owned(), "batch"),
        ("[]".to_owned(), "batch"),
        ("7".to_owned(), "not a JSON object"),
        ("{".to_owned(), "not JSON"),
        ("[{]".to_owned(), "not JSON"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1} x"#.to_owned(), "not JSON"),
    ];
    for (text, reason) in cases {
        let error = parse(&text).expect_err(&text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn foreign_programs_may_be_a_little_wrong() {
    let lenient = |text| Message::parse(text, Strictness::Lenient);
    for text in [
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":null,"trace":"x"}"#,
    ] {
        let message = lenient(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        // What is passed on is right.
        let frame = String::from_utf8(message.encode()).unwrap();
        assert!(parse(frame.trim_end()).is_ok(), "{frame}");
    }
    assert!(
        lenient(r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#).is_err()
    );
}

#[test]
fn parameters_pass_with_every_digit() {
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"n":12345678901234567890.123456789e400}}"#;
    let frame = parse(text).unwrap().encode();
    assert_eq!(String::from_utf8(frame).unwrap(), format!("{text}\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_and_no_more_than_the_maximum_is_held(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20),
        maximum in 1_usize..50,
    ) {
        let mut decoder = FrameDecoder::new(limits(maximum));
        for chunk in &chunks {
            for frame in decoder.feed(chunk).flatten() {
                prop_assert!(frame.len() <= maximum);
                let _ = parse(&frame);
            }
            prop_assert!(decoder.held() <= maximum);
        }
    }

    #[test]
    fn nothing_that_looks_like_json_panics(text in r#"[\[\]{}",:0-9a-e\\u .-]{0,200}"#) {
        let _ = check(&text, &FrameLimits::default());
        let _ = parse(&text);
        let _ = Message::parse(&text, Strictness::Lenient);
    }

    #[test]
    fn a_stream_split_anywhere_gives_the_same_frames(
        lines in prop::collection::vec(r#"[ -~é]{0,30}"#, 1..10),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream = lines.join("\n").into_bytes();
        let mut whole = FrameDecoder::new(limits(25));
        let expected = frames(&mut whole, &stream);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let mut split = FrameDecoder::new(limits(25));
        let got: Vec<_> = at
            .windows(2)
            .flat_map(|pair| frames(&mut split, &stream[pair[0]..pair[1]]))
            .collect();
        prop_assert_eq!(got, expected);
        prop_assert_eq!(split.held(), whole.held());
    }

    #[test]
    fn the_depth_that_is_counted_is_never_less_than_a_parser_sees(
        text in r#"[\[\]{}",:1\\]{0,40}"#,
    ) {
        fn depth(value: &serde_json::Value) -> usize {
            match value {
                serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
                serde_json::Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
                _ => 0,
            }
        }
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            let levels = depth(&value);
            let exact = FrameLimits { depth: levels, ..FrameLimits::default() };
            prop_assert_eq!(check(&text, &exact), Ok(()));
            if levels > 0 {
                let less = FrameLimits { depth: levels - 1, ..FrameLimits::default() };
                prop_assert!(check(&text, &less).is_err());
            }
        }
    }

    #[test]
    fn a_message_survives_the_way_out_and_in(id in any::<i64>(), text in "\\PC{0,20}", method in "[a-z/]{1,20}") {
        let params = serde_json::json!({ "text": text, "nested": [[{}]] });
        let message = Message::request(Id::Number(id), &method, &params);
        let mut decoder = FrameDecoder::new(FrameLimits::default());
        let got = frames(&mut decoder, &message.encode());
        prop_assert_eq!(got.len(), 1);
        let again = parse(got[0].as_ref().unwrap()).unwrap();
        prop_assert_eq!(again.encode(), message.encode());
    }
}

#[test]
fn what_is_one_message_here_is_one_to_whoever_ends_lines_at_a_carriage_return() {
    let inner = r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#;
    for text in [
        format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{{\"data\":[\r{inner}\r]}}}}"
        ),
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"x\":\r{inner}\r,\"said\":\"a\\rb\"}}}}"
        ),
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{{\"code\":1,\"message\":\"m\",\"data\":[\r{inner}\r]}}}}"
        ),
    ] {
        let sent = parse(&text).unwrap().encode();
        let sent = String::from_utf8(sent).unwrap();
        assert!(!sent.contains('\r'), "{sent:?}");
        assert_eq!(sent.trim_end().lines().count(), 1);
        // What a string holds is written with letters, and stays.
        assert_eq!(text.contains("a\\rb"), sent.contains("a\\rb"), "{sent:?}");
    }
}
