//! Our MCP client against servers of every version, and against liars.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: to panic is to fail"
)]

use proptest::prelude::*;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::mcp::{
    Client, ClientConfig, ClientError, ClientEvent, HandshakeError, Root, Version,
};
use ringfence_protocol::{LogLevel, Violation};
use serde_json::{Value, json};

fn new(roots: Option<Vec<Root>>) -> Client {
    let mut client = Client::new(ClientConfig {
        limits: FrameLimits::with_bytes(1 << 20),
        name: "ringfence".to_owned(),
        version: "0.1.0".to_owned(),
        roots,
    });
    client.start().unwrap();
    client
}

fn tell(client: &mut Client, message: &Value) -> Vec<ClientEvent> {
    let mut message = message.clone();
    message["jsonrpc"] = json!("2.0");
    client.receive(format!("{message}\n").as_bytes())
}

fn sent(client: &mut Client) -> Vec<Value> {
    let output = String::from_utf8(client.take_output()).unwrap();
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn initialized(version: &str) -> Value {
    json!({"id": 1, "result": {
        "protocolVersion": version,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "s", "version": "1"},
    }})
}

fn ready(roots: Option<Vec<Root>>) -> Client {
    let mut client = new(roots);
    tell(&mut client, &initialized("2025-11-25"));
    let _ = client.take_output();
    client
}

/// A client that had to fall back to 2026-07-28; its next request has id 3.
fn modern(roots: Option<Vec<Root>>) -> Client {
    let mut client = new(roots);
    tell(&mut client, &json!({"id": 1, "error": {"code": -32601, "message": "no initialize"}}));
    let asked = sent(&mut client);
    assert_eq!(asked[1]["method"], "server/discover");
    let events = tell(
        &mut client,
        &json!({"id": 2, "result": {
            "resultType": "complete",
            "supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}},
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "new", "version": "2"}},
        }}),
    );
    match events.as_slice() {
        [ClientEvent::Ready(info)] => {
            assert_eq!((info.name.as_str(), info.protocol), ("new", "2026-07-28"));
        }
        other => panic!("{other:?}"),
    }
    client
}

#[test]
fn every_version_with_a_handshake_is_accepted_and_confirmed() {
    for version in Version::ALL.iter().filter(|version| version.has_handshake()) {
        let mut client = new(None);
        assert_eq!(client.list_tools(), Err(ClientError::NotReady));
        let hello = sent(&mut client).remove(0);
        assert_eq!(hello["params"]["protocolVersion"], "2025-11-25");
        assert_eq!(hello["params"]["capabilities"], json!({}));
        let events = tell(&mut client, &initialized(version.date()));
        let [ClientEvent::Ready(info)] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(info.protocol, version.date());
        assert!(info.has_tools);
        assert_eq!(sent(&mut client)[0]["method"], "notifications/initialized");
    }
}

#[test]
fn other_versions_are_refused_by_name() {
    let mut client = new(None);
    let events = tell(&mut client, &initialized("2030-01-01"));
    let [ClientEvent::Failed(error)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(error.to_string().contains("2030-01-01"), "{error}");
    assert!(error.to_string().contains("2025-11-25"), "{error}");
    assert_eq!(client.list_tools(), Err(ClientError::NotReady));
    assert_eq!(tell(&mut client, &initialized("2025-11-25")), []);
}

#[test]
fn a_server_without_a_handshake_is_asked_in_its_own_way() {
    let mut client = modern(Some(vec![Root::from_path("/data")]));
    client.call_tool("echo", &json!({"a": 1})).unwrap();
    let call = sent(&mut client).remove(0);
    let meta = &call["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert_eq!(meta["io.modelcontextprotocol/clientInfo"]["name"], "ringfence");
    assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], json!({"roots": {}}));
    assert_eq!(call["params"]["arguments"], json!({"a": 1}));
}

#[test]
fn a_server_that_refuses_both_ways_fails_with_its_own_words() {
    let mut client = new(None);
    tell(&mut client, &json!({"id": 1, "error": {"code": -32600, "message": "bad licence"}}));
    let events = tell(&mut client, &json!({"id": 2, "error": {"code": -32601, "message": "?"}}));
    let refused = HandshakeError::Refused { message: "bad licence".to_owned() };
    assert_eq!(events, [ClientEvent::Failed(refused)]);

    let mut client = new(None);
    tell(&mut client, &json!({"id": 1, "error": {"code": -32600, "message": "?"}}));
    let error = json!({"code": -32022, "message": "?", "data": {"supported": ["2027-01-01"]}});
    let events = tell(&mut client, &json!({"id": 2, "error": error}));
    let version = HandshakeError::Version { versions: "2027-01-01".to_owned() };
    assert_eq!(events, [ClientEvent::Failed(version)]);
}

#[test]
fn a_list_of_tools_is_read_page_by_page() {
    let mut client = ready(None);
    client.list_tools().unwrap();
    let page = |id: i64, name: &str, next: Value| json!({"id": id, "result": {"tools": [{"name": name, "inputSchema": {}}], "nextCursor": next}});
    assert_eq!(tell(&mut client, &page(2, "a", json!("more"))), []);
    assert_eq!(sent(&mut client)[1]["params"]["cursor"], "more");
    let events = tell(&mut client, &page(3, "b", Value::Null));
    let [ClientEvent::Tools(tools)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_list_of_tools_without_end_is_given_up() {
    for (tools, most) in [(json!([]), 64), (json!([{"name": "x".repeat(300_000)}]), 30)] {
        let mut client = ready(None);
        client.list_tools().unwrap();
        let mut asked = 0;
        let failed = loop {
            let request = sent(&mut client).pop().unwrap();
            asked += 1;
            assert!(asked <= most);
            let result = json!({"tools": tools, "nextCursor": "again"});
            let events = tell(&mut client, &json!({"id": request["id"], "result": result}));
            if let [event] = events.as_slice() {
                break event.clone();
            }
        };
        assert!(matches!(failed, ClientEvent::ToolsFailed(_)), "{failed:?}");
    }
}

#[test]
fn results_errors_and_progress_reach_their_call() {
    let mut client = ready(None);
    let first = client.call_tool("a", &json!({})).unwrap();
    let second = client.call_tool("b", &json!({})).unwrap();
    let token = sent(&mut client)[1]["params"]["_meta"]["progressToken"].clone();
    let progress = json!({"progressToken": token, "progress": 1, "total": 4, "message": "m"});
    let events =
        tell(&mut client, &json!({"method": "notifications/progress", "params": progress}));
    assert_eq!(
        events,
        [ClientEvent::Progress {
            call: second,
            progress: 1.0,
            total: Some(4.0),
            message: Some("m".to_owned())
        }]
    );
    let result = json!({"content": [{"type": "text", "text": "x"}, {"type": "image"}, {"type": "text", "text": "y"}], "structuredContent": {"n": 1}, "isError": true});
    let events = tell(&mut client, &json!({"id": 3, "result": result}));
    let [ClientEvent::CallEnded { call, outcome: Ok(result) }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(*call, second);
    assert!(result.is_error);
    assert_eq!(result.text(), "x\ny");
    assert_eq!(result.structured(), Some(&json!({"n": 1})));
    let events = tell(&mut client, &json!({"id": 2, "error": {"code": -32602, "message": "no"}}));
    let [ClientEvent::CallEnded { call, outcome: Err(error) }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((*call, error.code), (first, -32602));
}

#[test]
fn a_cancelled_call_is_told_to_the_server_and_its_late_answer_dropped() {
    let mut client = ready(None);
    let call = client.call_tool("slow", &json!({})).unwrap();
    let _ = client.take_output();
    client.cancel(call, "time-out");
    let told = sent(&mut client).remove(0);
    assert_eq!(told["method"], "notifications/cancelled");
    assert_eq!(told["params"], json!({"requestId": 2, "reason": "time-out"}));
    assert_eq!(tell(&mut client, &json!({"id": 2, "result": {}})), []);
    client.cancel(call, "again");
    assert_eq!(sent(&mut client), Vec::<Value>::new());
}

#[test]
fn what_a_server_asks_for_is_answered_or_refused() {
    let mut client = ready(Some(vec![Root::from_path("/data")]));
    assert_eq!(tell(&mut client, &json!({"id": "p", "method": "ping"})), []);
    assert_eq!(tell(&mut client, &json!({"id": 1, "method": "roots/list"})), []);
    for method in ["sampling/createMessage", "elicitation/create", "anything"] {
        let events = tell(&mut client, &json!({"id": 2, "method": method, "params": {}}));
        let refused = ClientEvent::ServerRequestRefused { method: method.to_owned() };
        assert_eq!(events, [refused]);
    }
    let answers = sent(&mut client);
    assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
    assert_eq!(answers[1]["result"], json!({"roots": [{"uri": "file:///data"}]}));
    assert_eq!(answers[2]["error"]["code"], -32601);
    let mut client = ready(None);
    let events = tell(&mut client, &json!({"id": 1, "method": "roots/list"}));
    assert!(matches!(events.as_slice(), [ClientEvent::ServerRequestRefused { .. }]));
}

#[test]
fn a_server_without_a_handshake_gets_the_roots_inside_a_call_and_nothing_else() {
    let wants = |method: &str| {
        json!({"resultType": "input_required", "requestState": "s",
               "inputRequests": {"q": {"method": method, "params": {}}}})
    };
    let mut client = modern(Some(vec![Root::from_path("/data")]));
    let call = client.call_tool("t", &json!({"a": 1})).unwrap();
    let _ = client.take_output();
    for id in 3..7 {
        assert_eq!(tell(&mut client, &json!({"id": id, "result": wants("roots/list")})), []);
        let again = sent(&mut client).remove(0);
        assert_eq!(again["id"], id + 1);
        assert_eq!(again["params"]["arguments"], json!({"a": 1}));
        assert_eq!(again["params"]["requestState"], "s");
        assert_eq!(again["params"]["inputResponses"]["q"]["roots"][0]["uri"], "file:///data");
    }
    let events = tell(&mut client, &json!({"id": 7, "result": wants("roots/list")}));
    assert!(
        matches!(events.as_slice(), [ClientEvent::CallEnded { call: ended, outcome: Err(_) }] if *ended == call)
    );
    client.call_tool("t", &json!({})).unwrap();
    let events = tell(&mut client, &json!({"id": 8, "result": wants("sampling/createMessage")}));
    let [ClientEvent::CallEnded { outcome: Err(error), .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(error.message.contains("sampling/createMessage"), "{error}");
}

#[test]
fn noise_and_logs_are_handed_out_and_disturb_nothing() {
    let mut client = new(None);
    let mut bytes = b"Starting...\n\n\xff\xfe\n[info] ready\n{ a: 1 }\n".to_vec();
    bytes.extend(
        format!(
            "{}\n",
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "?"}})
        )
        .as_bytes(),
    );
    let mut hello = initialized("2024-11-05");
    hello["jsonrpc"] = json!("2.0");
    bytes.extend(format!("{hello}\r\n").as_bytes());
    let events = client.receive(&bytes);
    let noise = events.iter().filter(|event| matches!(event, ClientEvent::Noise(_))).count();
    assert_eq!(noise, 4);
    assert_eq!(client.noise().lines, 4);
    assert!(matches!(events[4], ClientEvent::Log { level: LogLevel::Error, .. }));
    assert!(matches!(events[5], ClientEvent::Ready(_)));
    let log = json!({"level": "warning", "data": {"a": 1}});
    let events = tell(&mut client, &json!({"method": "notifications/message", "params": log}));
    assert_eq!(
        events,
        [ClientEvent::Log { level: LogLevel::Warning, message: "{\"a\":1}".to_owned() }]
    );
    assert_eq!(tell(&mut client, &json!({"method": "notifications/unheard/of"})), []);
}

#[test]
fn forged_repeated_and_oversized_answers_are_violations() {
    let mut client = ready(None);
    client.call_tool("t", &json!({})).unwrap();
    for id in [json!(3), json!(0), json!("2")] {
        let events = tell(&mut client, &json!({"id": id, "result": {}}));
        assert!(matches!(
            events.as_slice(),
            [ClientEvent::Violation(Violation::ForgedReply { .. })]
        ));
    }
    assert_eq!(tell(&mut client, &json!({"id": 2, "result": {}})).len(), 1);
    let events = tell(&mut client, &json!({"id": 2, "result": {}}));
    assert!(matches!(events.as_slice(), [ClientEvent::Violation(Violation::RepeatedReply { .. })]));
    let events = client.receive(&vec![b'x'; (1 << 20) + 1]);
    assert!(
        matches!(events.as_slice(), [ClientEvent::Violation(violation)] if violation.is_fatal())
    );
}

#[test]
fn a_call_never_waits_for_a_server_that_is_gone() {
    let mut client = ready(None);
    let call = client.call_tool("t", &json!({})).unwrap();
    client.list_tools().unwrap();
    assert_eq!(client.end(), [call]);
    assert_eq!(client.call_tool("t", &json!({})), Err(ClientError::NotReady));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_server_makes_it_panic(
        lines in prop::collection::vec(
            prop_oneof![
                "\\PC{0,60}",
                (-1_i64..8, prop::sample::select(vec![
                    "{}", "null", "[]", "{\"protocolVersion\":\"2025-06-18\"}", "{\"tools\":[{}],\"nextCursor\":\"x\"}",
                    "{\"tools\":[{\"name\":\"a\"}],\"nextCursor\":\"x\"}", "{\"resultType\":\"input_required\",\"inputRequests\":7}",
                    "{\"supportedVersions\":[\"2026-07-28\"]}", "1e999",
                ])).prop_map(|(id, result)| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")),
                prop::sample::select(vec!["ping", "roots/list", "notifications/progress", "notifications/message", "x"])
                    .prop_map(|method| format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":{{\"progressToken\":2,\"data\":null}}}}")),
            ],
            0..40,
        ),
    ) {
        let mut client = new(Some(Vec::new()));
        for line in lines {
            let _ = client.receive(format!("{line}\n").as_bytes());
            let _ = client.list_tools();
            if let Ok(call) = client.call_tool("t", &json!({})) {
                client.cancel(call, "");
            }
            let _ = client.take_output();
        }
        let _ = client.end();
    }
}
