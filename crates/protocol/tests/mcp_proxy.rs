//! The proxy between a foreign client and a server that is not trusted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: to panic is to fail"
)]

use proptest::prelude::*;
use ringfence_protocol::Violation;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::mcp::{Proxy, ProxyConfig, ProxyEvent, Root, ToolCheck, ToolOutcome};
use serde_json::{Value, json};

fn proxy(roots: Option<&str>, forward: bool) -> Proxy {
    Proxy::new(ProxyConfig {
        server_limits: FrameLimits::with_bytes(1 << 16),
        client_limits: FrameLimits::with_bytes(1 << 16),
        roots: roots.map(|path| vec![Root::from_path(path)]),
        forward_server_requests: forward,
    })
}

fn line(message: &Value) -> Vec<u8> {
    let mut message = message.clone();
    message["jsonrpc"] = json!("2.0");
    format!("{message}\n").into_bytes()
}

fn client(proxy: &mut Proxy, message: &Value) -> Vec<ProxyEvent> {
    proxy.receive_from_client(&line(message))
}

fn server(proxy: &mut Proxy, message: &Value) -> Vec<ProxyEvent> {
    proxy.receive_from_server(&line(message))
}

fn messages(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn to_client(proxy: &mut Proxy) -> Vec<Value> {
    messages(&proxy.take_to_client())
}

fn to_server(proxy: &mut Proxy) -> Vec<Value> {
    messages(&proxy.take_to_server())
}

#[test]
fn requests_and_answers_pass_unchanged_whatever_the_method() {
    let mut proxy = proxy(None, false);
    let request =
        json!({"id": "a", "method": "resources/unheard-of", "params": {"x": [1.50, "é"]}});
    assert_eq!(client(&mut proxy, &request), []);
    assert_eq!(proxy.take_to_server(), b"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"resources/unheard-of\",\"params\":{\"x\":[1.5,\"\xc3\xa9\"]}}\n");
    assert_eq!(server(&mut proxy, &json!({"id": "a", "result": {"n": 1}})), []);
    assert_eq!(to_client(&mut proxy), [json!({"jsonrpc": "2.0", "id": "a", "result": {"n": 1}})]);
    assert_eq!(proxy.requests_in_flight(), 0);
}

#[test]
fn calls_of_tools_are_reported_with_name_and_outcome() {
    let mut proxy = proxy(None, false);
    let call = |id: i64| json!({"id": id, "method": "tools/call", "params": {"name": "rm", "arguments": {}}});
    for (id, answer, expected) in [
        (1, json!({"id": 1, "result": {"content": []}}), ToolOutcome::Result),
        (2, json!({"id": 2, "result": {"content": [], "isError": true}}), ToolOutcome::ToolError),
        (
            3,
            json!({"id": 3, "error": {"code": -32602, "message": "no"}}),
            ToolOutcome::Error { code: -32602, message: "no".to_owned() },
        ),
    ] {
        let events = client(&mut proxy, &call(id));
        let [ProxyEvent::ToolCallStarted(started)] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!((started.tool.as_str(), started.number), ("rm", u64::try_from(id).unwrap()));
        let events = server(&mut proxy, &answer);
        assert_eq!(
            events,
            [ProxyEvent::ToolCallEnded { call: started.clone(), outcome: expected }]
        );
    }
    let unnamed = json!({"id": 4, "method": "tools/call", "params": {"name": 7}});
    let events = client(&mut proxy, &unnamed);
    assert!(
        matches!(events.as_slice(), [ProxyEvent::ToolCallStarted(call)] if call.tool.is_empty())
    );
}

#[test]
fn a_name_given_twice_is_not_believed() {
    let mut proxy = proxy(None, false);
    let text =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"good","name":"bad"}}"#;
    let events = proxy.receive_from_client(format!("{text}\n").as_bytes());
    assert!(
        matches!(events.as_slice(), [ProxyEvent::ToolCallStarted(call)] if call.tool.is_empty())
    );
}

#[test]
fn forged_and_repeated_answers_never_reach_the_client() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    for id in [json!("1"), json!(2), json!(-1)] {
        let events = server(&mut proxy, &json!({"id": id, "result": {}}));
        assert!(matches!(
            events.as_slice(),
            [ProxyEvent::Violation(Violation::ForgedReply { .. })]
        ));
    }
    assert!(to_client(&mut proxy).is_empty());
    server(&mut proxy, &json!({"id": 1, "result": {}}));
    let events = server(&mut proxy, &json!({"id": 1, "result": {"second": true}}));
    assert!(matches!(events.as_slice(), [ProxyEvent::Violation(Violation::RepeatedReply { .. })]));
    assert_eq!(to_client(&mut proxy).len(), 1);
}

#[test]
fn one_line_cannot_mean_two_things_to_two_readers() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    client(&mut proxy, &json!({"id": 2, "method": "tools/list"}));
    let twice = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"result\":{}}\n";
    let events = proxy.receive_from_server(twice);
    assert!(matches!(events.as_slice(), [ProxyEvent::Violation(Violation::Message(_))]));
    let batch = b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]\n";
    let events = proxy.receive_from_server(batch);
    assert!(matches!(events.as_slice(), [ProxyEvent::Violation(Violation::Message(_))]));
    assert!(to_client(&mut proxy).is_empty());
}

#[test]
fn unknown_members_of_an_envelope_are_not_passed_on() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    server(&mut proxy, &json!({"id": 1, "result": {}, "method2": "x"}));
    assert_eq!(to_client(&mut proxy), [json!({"jsonrpc": "2.0", "id": 1, "result": {}})]);
}

#[test]
fn a_server_learns_the_granted_roots_and_never_those_of_the_client() {
    let mut proxy = proxy(Some("/data"), true);
    client(
        &mut proxy,
        &json!({"id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {"roots": {"listChanged": true}, "sampling": {}, "elicitation": {}},
        }}),
    );
    let hello = to_server(&mut proxy).remove(0);
    assert_eq!(
        hello["params"]["capabilities"],
        json!({"roots": {}, "sampling": {}, "elicitation": {}})
    );
    assert_eq!(hello["params"]["protocolVersion"], "2025-06-18");
    server(&mut proxy, &json!({"id": 1, "method": "roots/list"}));
    server(&mut proxy, &json!({"id": 2, "method": "ping"}));
    let answers = to_server(&mut proxy);
    assert_eq!(answers[0]["result"]["roots"][0]["uri"], "file:///data");
    assert_eq!(answers[1]["result"], json!({}));
    assert!(to_client(&mut proxy).is_empty());
    client(&mut proxy, &json!({"method": "notifications/roots/list_changed"}));
    assert!(to_server(&mut proxy).is_empty());

    let mut proxy = self::proxy(None, true);
    let events = server(&mut proxy, &json!({"id": 1, "method": "roots/list"}));
    assert!(matches!(events.as_slice(), [ProxyEvent::ServerRequestRefused { .. }]));
    assert!(to_client(&mut proxy).is_empty());
}

#[test]
fn without_the_policy_a_server_cannot_ask_the_client_for_anything() {
    let mut proxy = proxy(None, false);
    client(
        &mut proxy,
        &json!({"id": 0, "method": "initialize", "params": {
            "capabilities": {"roots": {}, "sampling": {}, "elicitation": {}, "experimental": {"x": {}}},
        }}),
    );
    let hello = to_server(&mut proxy).remove(0);
    assert_eq!(hello["params"]["capabilities"], json!({"experimental": {"x": {}}}));
    for method in ["sampling/createMessage", "elicitation/create", "tasks/get"] {
        let events = server(&mut proxy, &json!({"id": method, "method": method, "params": {}}));
        assert_eq!(events, [ProxyEvent::ServerRequestRefused { method: method.to_owned() }]);
        assert_eq!(to_server(&mut proxy)[0]["error"]["code"], -32601);
    }
    assert!(to_client(&mut proxy).is_empty());
}

#[test]
fn nor_can_it_ask_inside_a_result() {
    let modern = json!({"id": 1, "method": "tools/call", "params": {"name": "t", "_meta": {
        "io.modelcontextprotocol/clientCapabilities": {"sampling": {}, "roots": {}, "extensions": {}},
    }}});
    let asks = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input\u005frequired","inputRequests":{"q":{"method":"sampling/createMessage"}}}}"#;
    let twice = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","resultType":"input_required"}}"#;
    for answer in [asks, twice] {
        let mut proxy = proxy(None, false);
        client(&mut proxy, &modern);
        let sent = to_server(&mut proxy).remove(0);
        let capabilities = &sent["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
        assert_eq!(*capabilities, json!({"extensions": {}}));
        let events = proxy.receive_from_server(format!("{answer}\n").as_bytes());
        assert!(matches!(events[0], ProxyEvent::ServerRequestRefused { .. }));
        assert_eq!(to_client(&mut proxy)[0]["error"]["code"], -32601);
    }
    let mut proxy = proxy(None, true);
    client(&mut proxy, &modern);
    proxy.receive_from_server(format!("{asks}\n").as_bytes());
    assert!(to_client(&mut proxy)[0]["result"]["inputRequests"].is_object());
}

#[test]
fn arguments_keep_every_digit_even_where_capabilities_are_taken_back() {
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"sampling":{}}},"arguments":{"n":123456789012345678901234567890},"name":"t"}}"#;
    let mut proxy = proxy(None, false);
    proxy.receive_from_client(format!("{text}\n").as_bytes());
    let sent = String::from_utf8(proxy.take_to_server()).unwrap();
    let expected = text.replace(r#"{"sampling":{}}"#, "{}");
    assert_eq!(sent, format!("{expected}\n"));
}

#[test]
fn forwarded_requests_get_ids_that_cannot_collide_with_the_clients_own() {
    let mut proxy = proxy(None, true);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    let ask = json!({"id": 1, "method": "sampling/createMessage", "params": {"m": 1}});
    let events = server(&mut proxy, &ask);
    assert!(matches!(events.as_slice(), [ProxyEvent::ServerRequestForwarded { .. }]));
    let asked = to_client(&mut proxy).remove(0);
    assert_eq!(asked["id"], "ringfence-server-request-1");
    assert_eq!(asked["params"], json!({"m": 1}));
    let events = server(&mut proxy, &ask);
    assert!(matches!(events.as_slice(), [ProxyEvent::Violation(Violation::ReusedId { .. })]));
    let _ = proxy.take_to_server();
    client(&mut proxy, &json!({"id": "ringfence-server-request-1", "result": {"ok": true}}));
    assert_eq!(to_server(&mut proxy), [json!({"jsonrpc": "2.0", "id": 1, "result": {"ok": true}})]);
    let events = client(&mut proxy, &json!({"id": "ringfence-server-request-1", "result": {}}));
    assert!(matches!(events.as_slice(), [ProxyEvent::ClientFault(Violation::ForgedReply { .. })]));
    // The server's own request 1 had nothing to do with the client's.
    server(&mut proxy, &json!({"id": 1, "result": {}}));
    assert_eq!(to_client(&mut proxy).last().unwrap()["id"], 1);
}

#[test]
fn a_server_takes_back_a_forwarded_request_by_its_own_id() {
    let mut proxy = proxy(None, true);
    server(&mut proxy, &json!({"id": "e", "method": "elicitation/create", "params": {}}));
    server(
        &mut proxy,
        &json!({"method": "notifications/cancelled", "params": {"requestId": "other"}}),
    );
    server(&mut proxy, &json!({"method": "notifications/cancelled", "params": {"requestId": "e"}}));
    let seen = to_client(&mut proxy);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1]["params"], json!({"requestId": "ringfence-server-request-1"}));
}

#[test]
fn a_server_cannot_have_more_questions_open_than_allowed() {
    let mut proxy = proxy(None, true);
    for id in 0..64 {
        server(&mut proxy, &json!({"id": id, "method": "sampling/createMessage"}));
    }
    let events = server(&mut proxy, &json!({"id": 64, "method": "sampling/createMessage"}));
    assert_eq!(events, [ProxyEvent::Violation(Violation::TooManyInFlight { maximum: 64 })]);
    assert_eq!(to_client(&mut proxy).len(), 64);
}

#[test]
fn notifications_pass_and_other_one_way_messages_do_not() {
    let mut proxy = proxy(None, false);
    server(&mut proxy, &json!({"method": "notifications/of/the/future", "params": {"a": 1}}));
    assert_eq!(to_client(&mut proxy)[0]["params"], json!({"a": 1}));
    let events = server(&mut proxy, &json!({"method": "tools/call", "params": {"name": "x"}}));
    assert!(matches!(events.as_slice(), [ProxyEvent::Violation(Violation::UnknownMethod { .. })]));
    assert!(to_client(&mut proxy).is_empty());
    client(&mut proxy, &json!({"method": "notifications/initialized"}));
    assert_eq!(to_server(&mut proxy)[0]["method"], "notifications/initialized");
}

#[test]
fn noise_stays_out_of_the_clients_stream() {
    let mut proxy = proxy(None, false);
    let noise = b"Server started\n{ \"level\": 30 }\n[warn] x\n\xff\n\x1b[2J\n";
    let events = proxy.receive_from_server(noise);
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| matches!(event, ProxyEvent::Noise(_))));
    assert!(to_client(&mut proxy).is_empty());
    assert_eq!(proxy.noise().lines, 5);
}

#[test]
fn a_call_that_the_client_cancels_ends_and_its_late_answer_is_dropped() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 5, "method": "tools/call", "params": {"name": "t"}}));
    let events = client(
        &mut proxy,
        &json!({"method": "notifications/cancelled", "params": {"requestId": 5}}),
    );
    assert!(matches!(
        events.as_slice(),
        [ProxyEvent::ToolCallEnded { outcome: ToolOutcome::Cancelled, .. }]
    ));
    assert_eq!(to_server(&mut proxy)[1]["method"], "notifications/cancelled");
    assert_eq!(server(&mut proxy, &json!({"id": 5, "result": {}})), []);
    assert!(to_client(&mut proxy).is_empty());
}

#[test]
fn a_second_answer_is_a_violation_even_when_the_id_was_cancelled_before() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 5, "method": "tools/list"}));
    client(&mut proxy, &json!({"method": "notifications/cancelled", "params": {"requestId": 5}}));
    client(&mut proxy, &json!({"id": 5, "method": "tools/list"}));
    assert_eq!(server(&mut proxy, &json!({"id": 5, "result": {}})), []);
    let events = server(&mut proxy, &json!({"id": 5, "result": {}}));
    assert!(matches!(events.as_slice(), [ProxyEvent::Violation(Violation::RepeatedReply { .. })]));
}

#[test]
fn a_call_that_takes_too_long_is_ended_towards_both_sides() {
    let mut proxy = proxy(None, false);
    let events =
        client(&mut proxy, &json!({"id": 5, "method": "tools/call", "params": {"name": "t"}}));
    let [ProxyEvent::ToolCallStarted(call)] = events.as_slice() else {
        panic!("{events:?}");
    };
    let _ = proxy.take_to_server();
    assert_eq!(proxy.expire(99, "time-out"), None);
    let ended = proxy.expire(call.number, "time-out").unwrap();
    assert_eq!(
        ended,
        ProxyEvent::ToolCallEnded { call: call.clone(), outcome: ToolOutcome::Ended }
    );
    assert_eq!(to_server(&mut proxy)[0]["params"]["requestId"], 5);
    assert_eq!(to_client(&mut proxy)[0]["error"]["message"], "time-out");
    assert_eq!(proxy.expire(call.number, "time-out"), None);
}

#[test]
fn nobody_waits_for_a_server_that_is_gone() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    client(&mut proxy, &json!({"id": 2, "method": "tools/call", "params": {"name": "t"}}));
    let events = proxy.server_ended("the server ended with signal 9");
    assert!(matches!(
        events.as_slice(),
        [ProxyEvent::ToolCallEnded { outcome: ToolOutcome::Ended, .. }]
    ));
    let answers = to_client(&mut proxy);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["error"]["message"], "the server ended with signal 9");
}

#[test]
fn a_client_that_breaks_the_rules_is_told_and_the_server_never_sees_it() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    let _ = proxy.take_to_server();
    let mut told = 0;
    let reused = line(&json!({"id": 1, "method": "tools/list"}));
    let huge = vec![b'x'; (1 << 16) + 1];
    for bytes in [
        b"{\n".as_slice(),
        b"[]\n",
        &reused,
        &huge,
        b"\n{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"m\"}\n",
    ] {
        let events = proxy.receive_from_client(bytes);
        assert!(matches!(events.as_slice(), [ProxyEvent::ClientFault(_)]), "{events:?}");
        told += 1;
    }
    let answers = to_client(&mut proxy);
    assert_eq!(answers.len(), told);
    assert!(
        answers.iter().all(|answer| answer["id"].is_null() && answer["error"]["code"].is_number())
    );
    assert!(to_server(&mut proxy).is_empty());
}

#[test]
fn a_client_may_use_an_id_again_once_it_is_answered() {
    let mut proxy = proxy(None, false);
    for _ in 0..3 {
        assert_eq!(client(&mut proxy, &json!({"id": 1, "method": "tools/list"})), []);
        assert_eq!(server(&mut proxy, &json!({"id": 1, "result": {}})), []);
    }
    assert_eq!(to_client(&mut proxy).len(), 3);
}

#[test]
fn a_client_that_floods_is_told_to_wait() {
    let mut proxy = proxy(None, false);
    for id in 0..300 {
        client(&mut proxy, &json!({"id": id, "method": "tools/list"}));
    }
    assert_eq!(proxy.requests_in_flight(), 256);
    assert_eq!(to_client(&mut proxy).len(), 44);
}

#[test]
fn after_too_many_violations_the_server_is_no_longer_read() {
    let mut proxy = proxy(None, false);
    client(&mut proxy, &json!({"id": 1, "method": "tools/list"}));
    let forged = line(&json!({"id": 7, "result": {}})).repeat(1000);
    let events = proxy.receive_from_server(&forged);
    assert_eq!(events.len(), 17);
    assert_eq!(events[16], ProxyEvent::Violation(Violation::TooMany { maximum: 16 }));
    assert_eq!(server(&mut proxy, &json!({"id": 1, "result": {}})), []);
    assert!(to_client(&mut proxy).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_writes_the_client_reads_only_messages_it_can_expect(
        lines in prop::collection::vec(
            prop_oneof![
                "\\PC{0,60}".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..40),
                (0_i64..6, prop::sample::select(vec![
                    "\"result\":{}", "\"result\":7", "\"error\":{\"code\":1,\"message\":\"m\"}", "\"method\":\"ping\"",
                    "\"method\":\"roots/list\"", "\"method\":\"sampling/createMessage\"", "\"result\":{},\"error\":null",
                ])).prop_map(|(id, rest)| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{rest}}}").into_bytes()),
            ],
            0..30,
        ),
        forward in any::<bool>(),
    ) {
        let mut proxy = proxy(Some("/data"), forward);
        for id in 0..3 {
            client(&mut proxy, &json!({"id": id, "method": "tools/call", "params": {"name": "t"}}));
        }
        let mut open: Vec<Value> = vec![json!(0), json!(1), json!(2)];
        for mut line in lines {
            line.push(b'\n');
            proxy.receive_from_server(&line);
            for message in to_client(&mut proxy) {
                prop_assert_eq!(&message["jsonrpc"], "2.0");
                if let Some(method) = message["method"].as_str() {
                    let asks = message.get("id").is_some();
                    let expected = if asks {
                        forward
                    } else {
                        method.starts_with("notifications/")
                    };
                    prop_assert!(expected);
                } else {
                    let at = open.iter().position(|id| *id == message["id"]);
                    prop_assert!(at.is_some());
                    open.remove(at.unwrap());
                }
            }
        }
    }
}

/// Takes `{"n": 1}` for `add`, knows nothing of other tools.
fn checking() -> Proxy {
    proxy(None, false).with_tool_check(ToolCheck::new(|tool, arguments| {
        if tool != "add" {
            return Ok(None);
        }
        match arguments {
            Value::Null => Ok(Some(json!({ "n": 1 }))),
            arguments if arguments["n"] == 1 => Ok(Some(arguments.clone())),
            _ => Err("`/n` must be 1".to_owned()),
        }
    }))
}

#[test]
fn a_call_that_the_check_refuses_never_reaches_the_server() {
    for params in [
        json!({ "name": "add", "arguments": { "n": 2 } }),
        json!({ "name": "add", "arguments": [] }),
        json!(["add", { "n": 1 }]),
        json!({ "name": 1, "arguments": { "n": 1 } }),
        json!({}),
    ] {
        let mut proxy = checking();
        let events =
            client(&mut proxy, &json!({ "id": 7, "method": "tools/call", "params": params }));
        assert!(matches!(&events[..], [ProxyEvent::ToolCallRefused { .. }]), "{events:?}");
        assert_eq!(proxy.take_to_server(), b"", "{params}");
        let told = to_client(&mut proxy);
        assert_eq!((&told[0]["id"], &told[0]["error"]["code"]), (&json!(7), &json!(-32602)));
        // The id is free again, and the server can still be called.
        let good = json!({ "name": "add", "arguments": { "n": 1 } });
        client(&mut proxy, &json!({ "id": 7, "method": "tools/call", "params": good }));
        assert_eq!(to_server(&mut proxy)[0]["params"], good);
    }
    let mut proxy = checking();
    let events = client(&mut proxy, &json!({ "id": 1, "method": "tools/call" }));
    assert!(matches!(&events[..], [ProxyEvent::ToolCallRefused { .. }]), "{events:?}");
    assert_eq!(proxy.take_to_server(), b"");
}

#[test]
fn what_was_checked_is_what_the_server_gets() {
    let twice_inside = r#"{"name":"add","arguments":{"n":2,"n":1}}"#;
    let twice_outside = r#"{"name":"add","arguments":{"n":1},"arguments":{"n":2}}"#;
    let other_name = r#"{"name":"add","name":"other","arguments":{"n":2}}"#;
    let escaped = r#"{"n\u0061me":"add","arg\u0075ments":{"n":2}}"#;
    for (params, passes) in
        [(twice_inside, true), (twice_outside, false), (other_name, false), (escaped, false)]
    {
        let mut proxy = checking();
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{params}}}\n"
        );
        proxy.receive_from_client(line.as_bytes());
        let sent = String::from_utf8(proxy.take_to_server()).unwrap();
        assert!(!sent.contains("\"n\":2"), "{sent}");
        assert_eq!(!sent.is_empty(), passes, "{sent}");
    }
    let mut proxy = checking();
    client(&mut proxy, &json!({ "id": 1, "method": "tools/call", "params": { "name": "add" } }));
    assert_eq!(to_server(&mut proxy)[0]["params"]["arguments"], json!({ "n": 1 }));
    // Without a rule every byte stays.
    let call = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":{\"n\":1.50}}}\n";
    proxy.receive_from_client(call.as_bytes());
    assert!(String::from_utf8(proxy.take_to_server()).unwrap().contains("{\"n\":1.50}"));
}

#[test]
fn a_call_without_an_id_is_no_way_past_check_and_record() {
    for mut proxy in [checking(), proxy(None, false)] {
        let params = json!({ "name": "add", "arguments": { "n": 2 } });
        let events = client(&mut proxy, &json!({ "method": "tools/call", "params": params }));
        assert!(matches!(&events[..], [ProxyEvent::ClientFault(_)]), "{events:?}");
        assert_eq!(proxy.take_to_server(), b"");
    }
}
