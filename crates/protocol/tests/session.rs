//! The host's side of a session, against a plugin that lies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: to panic is to fail"
)]

use proptest::prelude::*;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::worker::{Inspect, REPORT_PART_BYTES, ReportKind};
use ringfence_protocol::{
    CallId, Event, Initialize, LogLevel, ReplyError, Session, SessionError, SessionLimits,
    Violation,
};
use serde_json::{Value, json};

fn new() -> Session {
    let mut session = Session::new(SessionLimits::default());
    session
        .initialize(&Initialize {
            entry: "/plugin/index.mjs".to_owned(),
            module: None,
            class: None,
            plugin: "p".to_owned(),
            actions: vec!["greet".to_owned()],
            search_paths: Vec::new(),
            config: json!({}),
        })
        .unwrap();
    session
}

fn ready() -> Session {
    let mut session = new();
    let events =
        tell(&mut session, &json!({"id": 1, "result": {"protocol": 1, "actions": ["greet"]}}));
    assert_eq!(events, [Event::Ready { actions: vec!["greet".to_owned()] }]);
    let _ = session.take_output();
    session
}

fn tell(session: &mut Session, message: &Value) -> Vec<Event> {
    let mut message = message.clone();
    message["jsonrpc"] = json!("2.0");
    session.receive(format!("{message}\n").as_bytes())
}

fn sent(session: &mut Session) -> Vec<Value> {
    let output = String::from_utf8(session.take_output()).unwrap();
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn violation(events: &[Event]) -> &Violation {
    match events {
        [Event::Violation(violation)] => violation,
        other => panic!("{other:?}"),
    }
}

fn call(session: &mut Session) -> CallId {
    session.call("greet", &json!({})).unwrap()
}

#[test]
fn the_handshake_says_all_that_a_runner_needs() {
    let mut session = new();
    let sent = sent(&mut session);
    assert_eq!(sent[0]["method"], "initialize");
    assert_eq!(sent[0]["params"]["protocol"], 1);
    assert_eq!(sent[0]["params"]["entry"], "/plugin/index.mjs");
    assert_eq!(session.call("greet", &json!({})), Err(SessionError::NotReady));
}

#[test]
fn a_call_is_answered_once_and_a_second_answer_is_a_violation() {
    let mut session = ready();
    let id = call(&mut session);
    assert_eq!(sent(&mut session)[0]["params"], json!({"action": "greet", "input": {}}));
    let reply = json!({"id": 2, "result": "hello"});
    assert_eq!(
        tell(&mut session, &reply),
        [Event::CallEnded { call: id, outcome: Ok(json!("hello")) }]
    );
    let events = tell(&mut session, &reply);
    assert!(matches!(violation(&events), Violation::RepeatedReply { .. }));
}

#[test]
fn answers_to_what_was_never_asked_are_forgeries_whatever_their_id() {
    for id in
        [json!(3), json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN), json!("2"), json!("")]
    {
        let mut session = ready();
        call(&mut session);
        let events = tell(&mut session, &json!({"id": id, "result": 1}));
        assert!(matches!(violation(&events), Violation::ForgedReply { .. }), "{id}");
        assert_eq!(session.calls_in_flight(), 1, "the call still waits");
    }
}

fn part(kind: &str, data: &str) -> Value {
    json!({"method": "report", "params": {"kind": kind, "data": data, "left_out": 0}})
}

#[test]
fn a_report_that_nobody_asked_for_is_a_violation_and_no_report() {
    let unasked = Violation::OutOfOrder { what: "a report that nobody asked for" };
    let mut session = ready();
    // Between calls, in one that was not asked about, of another kind, and afterwards.
    assert_eq!(*violation(&tell(&mut session, &part("profile", "AAAA"))), unasked);
    call(&mut session);
    assert_eq!(*violation(&tell(&mut session, &part("profile", "AAAA"))), unasked);
    tell(&mut session, &json!({"id": 2, "result": null}));
    let inspect = Inspect { profile: true, core_dump: false };
    session.inspect("greet", &json!({}), inspect).unwrap();
    assert_eq!(*violation(&tell(&mut session, &part("core_dump", "AAAA"))), unasked);
    let events = tell(&mut session, &part("profile", "AAAA"));
    let [Event::Report(report)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((report.kind, report.data.as_str()), (ReportKind::Profile, "AAAA"));
    tell(&mut session, &json!({"id": 3, "result": null}));
    assert_eq!(*violation(&tell(&mut session, &part("profile", "AAAA"))), unasked);
}

#[test]
fn a_report_ends_where_it_may_be_no_longer_however_it_is_cut() {
    let mut session = ready();
    let inspect = Inspect { profile: false, core_dump: true };
    session.inspect("greet", &json!({}), inspect).unwrap();
    let too_long = part("core_dump", &"A".repeat(REPORT_PART_BYTES * 2));
    let none = Violation::OutOfOrder { what: "a report that is none" };
    assert_eq!(*violation(&tell(&mut session, &too_long)), none);
    let most = ReportKind::CoreDump.most_bytes() / REPORT_PART_BYTES + 1;
    for data in ["", "AAAA"].into_iter().cycle().take(most) {
        assert!(matches!(*tell(&mut session, &part("core_dump", data)), [Event::Report(_)]));
    }
    violation(&tell(&mut session, &part("core_dump", "")));
}

#[test]
fn a_late_answer_to_an_abandoned_call_is_dropped_in_silence() {
    let mut session = ready();
    let id = call(&mut session);
    session.abandon(id);
    assert_eq!(session.calls_in_flight(), 1);
    assert_eq!(tell(&mut session, &json!({"id": 2, "result": 1})), []);
    assert_eq!(session.calls_in_flight(), 0);
    let events = tell(&mut session, &json!({"id": 2, "result": 1}));
    assert!(matches!(violation(&events), Violation::RepeatedReply { .. }));
}

#[test]
fn no_more_calls_than_allowed_are_in_flight() {
    let mut session = ready();
    for _ in 0..64 {
        call(&mut session);
    }
    assert_eq!(session.call("greet", &json!({})), Err(SessionError::TooManyInFlight));
    tell(&mut session, &json!({"id": 30, "result": 1}));
    assert!(session.call("greet", &json!({})).is_ok());
}

#[test]
fn requests_of_the_plugin_are_passed_on_counted_and_answered_once() {
    let mut session = ready();
    let get = |id: Value| json!({"id": id, "method": "storage.get", "params": {"key": "k"}});
    let events = tell(&mut session, &get(json!("a")));
    let [Event::Request { id, method, params }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((method.as_str(), params), ("storage.get", &json!({"key": "k"})));
    let events = tell(&mut session, &get(json!("a")));
    assert!(matches!(violation(&events), Violation::ReusedId { .. }));
    session.reply(id, Ok(json!(5))).unwrap();
    assert_eq!(sent(&mut session), [json!({"jsonrpc": "2.0", "id": "a", "result": 5})]);
    assert_eq!(session.reply(id, Ok(json!(5))), Err(SessionError::UnknownRequest));
    assert!(matches!(tell(&mut session, &get(json!("a"))).as_slice(), [Event::Request { .. }]));
}

#[test]
fn a_plugin_cannot_have_more_requests_open_than_allowed() {
    let mut session = ready();
    for id in 0..64 {
        let request = json!({"id": id, "method": "storage.get", "params": {"key": "k"}});
        assert!(matches!(tell(&mut session, &request).as_slice(), [Event::Request { .. }]));
    }
    let one_more = json!({"id": 64, "method": "storage.get", "params": {"key": "k"}});
    let events = tell(&mut session, &one_more);
    assert_eq!(*violation(&events), Violation::TooManyInFlight { maximum: 64 });
    assert!(violation(&events).is_fatal());
}

#[test]
fn what_a_request_asks_is_not_judged_here() {
    let mut session = ready();
    let odd = [
        (json!({"method": "storage.drop"}), Value::Null),
        (json!({"method": "storage.get", "params": ["k"]}), json!(["k"])),
        (json!({"method": "storage.get", "params": {"kye": 1}}), json!({"kye": 1})),
    ];
    for (number, (mut request, expected)) in odd.into_iter().enumerate() {
        request["id"] = json!(number);
        match tell(&mut session, &request).as_slice() {
            [Event::Request { method, params, .. }] => {
                assert_eq!((json!(method), params), (request["method"].clone(), &expected));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent(&mut session), [] as [Value; 0]);
    let events = tell(&mut session, &json!({"method": "exit"}));
    assert!(matches!(violation(&events), Violation::UnknownMethod { .. }));
}

#[test]
fn a_value_that_cannot_be_read_does_not_count_as_left_out() {
    let mut session = ready();
    let line =
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"storage.list\",\"params\":{\"max\":1e999}}\n";
    match session.receive(line).as_slice() {
        [Event::Request { params, .. }] => assert!(params.is_string(), "{params}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_of_the_broker_is_told_as_it_is() {
    let mut session = ready();
    let request = json!({"id": 9, "method": "storage.get", "params": {"key": "k"}});
    let events = tell(&mut session, &request);
    let [Event::Request { id, .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    let data = json!({"code": "not_granted", "kind": "storage.read", "object": "k",
                      "withheldBy": "consent", "repair": "--grant storage.read=k"});
    session.reply(id, Err(ReplyError::new(-32001, "no", &data))).unwrap();
    let error = json!({"code": -32001, "message": "no", "data": data});
    assert_eq!(sent(&mut session)[0]["error"], error);
}

#[test]
fn a_plugin_that_does_not_load_or_lies_about_it_is_never_called() {
    for reply in [
        json!({"id": 1, "error": {"code": -32000, "message": "SyntaxError"}}),
        json!({"id": 1, "result": {"protocol": 2, "actions": []}}),
        json!({"id": 1, "result": {"actions": []}}),
        json!({"id": 1, "result": null}),
        json!({"id": 1, "result": {"protocol": 1, "actions": ["x".repeat(129)]}}),
        json!({"id": 1, "result": {"protocol": 1, "actions": vec!["x"; 257]}}),
    ] {
        let mut session = new();
        let events = tell(&mut session, &reply);
        assert!(
            matches!(
                events.as_slice(),
                [Event::NotReady(_) | Event::Violation(Violation::OutOfOrder { .. })]
            ),
            "{events:?}"
        );
        assert_eq!(session.call("greet", &json!({})), Err(SessionError::NotReady));
        let late = tell(&mut session, &json!({"id": 1, "result": {"protocol": 1, "actions": []}}));
        assert!(matches!(violation(&late), Violation::RepeatedReply { .. }));
    }
}

#[test]
fn texts_of_the_plugin_are_cut() {
    let mut session = ready();
    call(&mut session);
    let long = "é".repeat(100_000);
    let error = json!({"code": -32000, "message": long, "data": {"name": long, "stack": long, "code": long}});
    let events = tell(&mut session, &json!({"id": 2, "error": error}));
    let [Event::CallEnded { outcome: Err(error), .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(error.message.len() <= 8192);
    assert!(error.name.as_ref().unwrap().len() <= 256);
    assert!(error.stack.as_ref().unwrap().len() <= 16384);
    assert!(error.caused_by.as_ref().unwrap().len() <= 256);
    let events =
        tell(&mut session, &json!({"method": "log", "params": {"level": "info", "message": long}}));
    let [Event::Log { level: LogLevel::Info, message }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(message.len() <= 16384);
}

#[test]
fn a_shown_error_cannot_move_the_cursor() {
    let mut session = ready();
    call(&mut session);
    let error = json!({"code": 1, "message": "\u{1b}[2J", "data": {"name": "\u{202e}x"}});
    let events = tell(&mut session, &json!({"id": 2, "error": error}));
    let [Event::CallEnded { outcome: Err(error), .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(error.to_string(), "\\u{202e}x: \\u{1b}[2J");
}

#[test]
fn after_too_many_violations_nothing_more_is_read() {
    let mut session = ready();
    call(&mut session);
    let bytes = b"\n".repeat(100_000);
    let events = session.receive(&bytes);
    assert_eq!(events.len(), 17);
    assert_eq!(events[16], Event::Violation(Violation::TooMany { maximum: 16 }));
    assert_eq!(tell(&mut session, &json!({"id": 2, "result": 1})), []);
    assert_eq!(session.call("greet", &json!({})), Err(SessionError::Ended));
}

#[test]
fn a_result_out_of_the_range_of_numbers_ends_its_call_with_an_error() {
    let mut session = ready();
    let id = call(&mut session);
    let events = session.receive(b"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":1e999}\n");
    let [Event::CallEnded { call, outcome: Err(error) }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(*call, id);
    assert!(error.message.contains("range"));
}

#[test]
fn the_end_of_the_stream_names_the_calls_that_nobody_answers() {
    let mut session = ready();
    let first = call(&mut session);
    let second = call(&mut session);
    let third = call(&mut session);
    tell(&mut session, &json!({"id": 3, "result": 1}));
    session.abandon(third);
    let _ = session.receive(b"{\"half");
    let (open, violation) = session.end();
    assert_eq!(open, [first]);
    assert_ne!(first, second);
    assert_eq!(violation.map(|violation| violation.word()), Some("frame"));
    assert_eq!(session.call("greet", &json!({})), Err(SessionError::Ended));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_stream_panics_or_makes_more_open_requests_than_allowed(
        lines in prop::collection::vec(
            prop_oneof![
                "\\PC{0,40}",
                (any::<i8>(), "[a-z.]{0,20}", "[\\[{]?[0-9e\"k:,]{0,9}[\\]}]?").prop_map(
                    |(id, method, params)| format!(
                        r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#
                    ),
                ),
                (any::<i8>(), any::<f64>()).prop_map(|(id, number)| json!({
                    "jsonrpc": "2.0", "id": id, "method": "files.read", "params": {"max": number},
                }).to_string()),
                (-2_i64..6).prop_map(|id| json!({"jsonrpc": "2.0", "id": id, "result": {}}).to_string()),
            ],
            0..120,
        ),
        frames in 1_usize..300,
    ) {
        let limits = SessionLimits { frames: FrameLimits::with_bytes(frames), in_flight: 4, violations: 8 };
        let mut session = Session::new(limits);
        session.initialize(&Initialize {
            entry: String::new(), module: None, class: None, plugin: String::new(),
            actions: Vec::new(), search_paths: Vec::new(), config: Value::Null,
        }).unwrap();
        let mut open = 0;
        let mut violations = 0;
        for line in lines {
            for event in session.receive(format!("{line}\n").as_bytes()) {
                match event {
                    Event::Request { .. } => open += 1,
                    Event::Violation(_) => violations += 1,
                    _ => {}
                }
            }
        }
        prop_assert!(open <= 4);
        prop_assert!(violations <= 9);
    }
}
