//! Bytes of an MCP server and of a client: our client and the proxy. Lines that
//! begin with `>` come from the client's side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::mcp::{
    Client, ClientConfig, Pins, Proxy, ProxyConfig, Root, canonical, in_lines,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fuzz_target!(|data: &[u8]| {
    let limits = FrameLimits::with_bytes(4096);
    let forward = data.first().is_some_and(|byte| byte % 2 == 1);

    let mut client = Client::new(ClientConfig {
        limits,
        name: "n".to_owned(),
        version: "v".to_owned(),
        roots: Some(vec![Root::from_path("/data")]),
    });
    // Every other input with definitions that are held against pins.
    let pinned = data.get(1).is_some_and(|byte| byte % 2 == 1);
    if pinned {
        client = client.with_pins(Pins::default());
    }
    client.start().unwrap();
    let mut proxy = Proxy::new(ProxyConfig {
        server_limits: limits,
        client_limits: limits,
        roots: None,
        forward_server_requests: forward,
    });
    if pinned {
        proxy = proxy.with_pins(Pins::default());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(form) = canonical(text) {
            // One form of one form, and shown whatever it holds.
            assert_eq!(canonical(&form).as_deref(), Ok(form.as_str()));
            in_lines(&form).unwrap();
        }
    }
    let mut asked = BTreeSet::new();
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        if let Some(line) = line.strip_prefix(b">") {
            proxy.receive_from_client(line);
            for message in messages(&proxy.take_to_server()) {
                if message.get("method").is_some() && message.get("id").is_some() {
                    asked.insert(message["id"].to_string());
                }
            }
            continue;
        }
        proxy.receive_from_server(line);
        for message in messages(&proxy.take_to_client()) {
            if message["method"].is_null() && !message["id"].is_null() {
                // Every answer that the client sees answers something it asked.
                assert!(asked.contains(&message["id"].to_string()));
            } else if message.get("id").is_some() && !message["id"].is_null() {
                assert!(forward);
            }
        }
        client.receive(line);
        let _ = client.list_tools();
        if let Ok(call) = client.call_tool("t", &json!({})) {
            if line.len() % 3 == 0 {
                client.cancel(call, "");
            }
        }
        messages(&client.take_output());
    }
    let _ = client.end();
    let _ = proxy.server_ended("");
    messages(&proxy.take_to_client());
});

/// What is sent is always one message per line.
fn messages(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .filter_map(|line| match serde_json::from_str(line) {
            Ok(value) => Some(value),
            // Numbers outside the range of a double pass as they are.
            Err(error) => {
                assert!(error.to_string().contains("number out of range"), "{error}");
                None
            }
        })
        .collect()
}
