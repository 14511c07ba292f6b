//! A real MCP server that speaks over HTTP, reached through a published port by a
//! client that knows nothing of the jail.

use crate::cache::npm;
use crate::program::User;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::process::Command;

/// One request to the server, in the session if there is one: the head of the
/// answer, and the message in it.
fn post(url: &str, session: Option<&str>, message: &Value) -> (String, Value) {
    let session = session.map(|id| format!("mcp-session-id: {id}"));
    let headers = ["content-type: application/json", "accept: application/json, text/event-stream"];
    let mut command = Command::new("curl");
    command.args(["-sS", "-i", "-m", "20", "-d", &message.to_string(), url]);
    for header in headers.into_iter().chain(session.as_deref()) {
        command.args(["-H", header]);
    }
    let output = command.output().expect("curl: apt-get install curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let message = body.lines().find_map(|line| line.strip_prefix("data: "));
    let message = message.map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
    (head.to_owned(), message)
}

#[test]
fn a_server_that_speaks_http_is_used_by_a_client_outside_and_reaches_nothing_itself() {
    let user = User::new();
    let server = npm("server-everything", "@modelcontextprotocol/server-everything");
    let program = server.join("dist/index.js");
    let words = ["run", "-p", "development", "--publish", "3001=127.0.0.1:0", "--", "node"];
    let words = [&words[..], &[program.to_str().unwrap(), "streamableHttp"]].concat();
    let started = user.ringfence(words).start();
    let shown = started.stderr.wait_for("listening on port 3001");
    let line = shown.lines().find(|line| line.contains("published port 3001 at ")).unwrap();
    let url = format!("http://{}/mcp", line.rsplit(' ').next().unwrap());

    let client = json!({ "name": "test", "version": "1" });
    let params =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let (head, answer) = post(
        &url,
        None,
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }),
    );
    assert!(answer["result"]["serverInfo"]["name"].is_string(), "{head} {answer}");
    let session = head.lines().find_map(|line| {
        line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id"))
    });
    let (_, session) = session.unwrap();
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    post(&url, Some(session), &ready);
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let (_, answer) = post(&url, Some(session), &list);
    let tools = answer["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "echo"), "{answer}");
    let call = json!({ "name": "echo", "arguments": { "message": "from outside" } });
    let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call });
    let (_, answer) = post(&url, Some(session), &call);
    assert!(answer["result"].to_string().contains("from outside"), "{answer}");

    started.signal_group(Signal::INT);
    let done = started.finish();
    assert_eq!(done.code, Some(130), "{done:?}");
    assert!(done.stderr.contains("4 visits, 0 network requests"), "{done:?}");
}
