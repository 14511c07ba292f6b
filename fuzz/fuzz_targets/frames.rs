//! Bytes of a plugin: frames, messages and the session. The first byte says how
//! large the chunks are in which the rest arrives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_protocol::frames::{FrameDecoder, FrameLimits};
use ringfence_protocol::jsonrpc::{Message, Strictness};
use ringfence_protocol::{Event, Initialize, Session, SessionLimits};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((&size, bytes)) = data.split_first() else {
        return;
    };
    let limits = FrameLimits { values: 1000, ..FrameLimits::with_bytes(4096) };

    let mut whole = FrameDecoder::new(limits);
    let expected: Vec<_> = whole.feed(bytes).collect();
    let mut split = FrameDecoder::new(limits);
    let mut got = Vec::new();
    for chunk in bytes.chunks(usize::from(size).max(1)) {
        got.extend(split.feed(chunk));
        assert!(split.held() <= limits.bytes);
    }
    assert_eq!(got, expected);

    for frame in expected.into_iter().flatten() {
        for strictness in [Strictness::Strict, Strictness::Lenient] {
            // What is read and written again is read as the same.
            if let Ok(message) = Message::parse(&frame, strictness) {
                let again = String::from_utf8(message.encode()).unwrap();
                let again = Message::parse(again.trim_end(), Strictness::Strict).unwrap();
                assert_eq!(again.encode(), message.encode());
            }
        }
    }

    let mut session = Session::new(SessionLimits { frames: limits, in_flight: 4, violations: 8 });
    session
        .initialize(&Initialize {
            entry: String::new(),
            module: None,
            class: None,
            plugin: String::new(),
            actions: Vec::new(),
            search_paths: Vec::new(),
            config: Value::Null,
        })
        .unwrap();
    for chunk in bytes.chunks(usize::from(size).max(1)) {
        for event in session.receive(chunk) {
            if let Event::Request { id, .. } = event {
                session.reply(&id, Ok(Value::Null)).unwrap();
            }
        }
        let _ = session.call("a", &Value::Null);
    }
    let _ = session.end();
});
