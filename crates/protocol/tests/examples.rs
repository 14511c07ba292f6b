//! The example plugins run as they are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: to panic is to fail"
)]

mod support;

use ringfence_package::Package;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::mcp::{Client, ClientConfig, ClientEvent, Proxy, ProxyConfig, ProxyEvent};
use ringfence_protocol::{ReplyError, SessionLimits};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use support::{Language, Runner};

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/examples").join(name)
}

fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    for entry in std::fs::read_dir(example(name)).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    folder
}

/// A copy of the top of an example. Where its entry is a component, which is built
/// and not kept, an empty one that exports actions stands for it.
fn with_its_component(path: &Path) -> tempfile::TempDir {
    let folder = copy(path.to_str().unwrap());
    let text = std::fs::read_to_string(path.join("plugin.yaml")).unwrap();
    let entry = text.lines().find_map(|line| line.strip_prefix("entry: ")).unwrap();
    if entry.ends_with(".wasm") && !path.join(entry).exists() {
        let actions = r#"(component (instance $actions)
            (export "ringfence:plugin/actions@0.1.0" (instance $actions)))"#;
        std::fs::write(folder.path().join(entry), wat::parse_str(actions).unwrap()).unwrap();
    }
    folder
}

#[test]
fn every_example_has_a_manifest_that_parses_and_an_entry_that_exists() {
    let mut seen = 0;
    for entry in std::fs::read_dir(example(".")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let folder = with_its_component(&path);
            let package = Package::open(folder.path());
            assert!(package.is_ok(), "{}: {:?}", path.display(), package.err());
            assert!(path.join("README.md").exists(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 6);
}

#[test]
fn the_hello_plugins_greet() {
    for (language, name, entry) in [
        (Language::Node, "hello-node", "index.mjs"),
        (Language::Python, "hello-python", "plugin.py"),
    ] {
        let limits = SessionLimits::default();
        let mut runner = Runner::start_in(language, copy(name), entry, None, limits);
        assert_eq!(runner.ready(), ["greet"]);
        let answer = runner.answer("greet", &json!({"name": "Ada"})).unwrap();
        assert_eq!(answer["greeting"], "Hello, Ada!");
        let answer = runner.answer("greet", &Value::Null).unwrap();
        assert_eq!(answer["greeting"], "Hello, world!");
    }
}

#[test]
fn the_notes_plugin_keeps_finds_and_loads_notes() {
    let limits = SessionLimits::default();
    let folder = copy("notes-python");
    let mut runner = Runner::start_in(Language::Python, folder, "notes.py", Some("Notes"), limits);
    assert_eq!(runner.ready(), ["add", "find", "list", "load"]);
    let mut stored = None;
    let mut answer = |action: &str, input: Value| {
        runner
            .answer_with(action, &input, |method, params| {
                match (method, params["key"].as_str(), params["path"].as_str()) {
                    ("storage.get", Some("notes"), _) => match &stored {
                        Some(value) => Ok(json!({ "value": value })),
                        None => Err(ReplyError::new(-32003, "none", &json!({"code": "not_found"}))),
                    },
                    ("storage.set", Some("notes"), _) => {
                        stored = Some(params["value"].clone());
                        Ok(json!({}))
                    }
                    ("files.read", _, Some("/notes/a")) => {
                        Ok(json!({"content": "one\n\ntwo\n", "size": 9, "end": true}))
                    }
                    other => panic!("{other:?}"),
                }
            })
            .unwrap()
    };
    assert_eq!(answer("add", json!({"text": "Buy milk"})), json!({"number": 1}));
    assert_eq!(answer("load", json!({"path": "/notes/a"})), json!({"loaded": 2}));
    assert_eq!(answer("find", json!({"text": "MILK"})), json!([{"number": 1, "text": "Buy milk"}]));
    assert_eq!(answer("list", json!({})).as_array().unwrap().len(), 3);
}

#[test]
fn the_word_counter_counts() {
    let mut child = start(&example("word-count").join("word-count"), &[]);
    child.stdin.take().unwrap().write_all(b"a b\nc\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts, json!({"lines": 2, "words": 3, "bytes": 6}));
}

fn start(program: &Path, arguments: &[&Path]) -> Child {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn mcp_echo() -> Child {
    start(Path::new("node"), &[&example("mcp-echo").join("server.mjs")])
}

/// Writes what a state machine wants written and feeds it what comes back.
fn exchange<T>(child: &mut Child, output: &[u8], mut feed: impl FnMut(&[u8]) -> Vec<T>) -> Vec<T> {
    child.stdin.as_mut().unwrap().write_all(output).unwrap();
    let mut buffer = [0; 65536];
    let read = child.stdout.as_mut().unwrap().read(&mut buffer).unwrap();
    feed(&buffer[..read])
}

#[test]
fn our_client_lists_and_calls_the_tools_of_the_mcp_example() {
    let mut child = mcp_echo();
    let mut client = Client::new(ClientConfig {
        limits: FrameLimits::default(),
        name: "test".to_owned(),
        version: "0".to_owned(),
        roots: None,
    });
    client.start().unwrap();
    let mut turn = |client: &mut Client| {
        let output = client.take_output();
        exchange(&mut child, &output, |bytes| client.receive(bytes))
    };
    match turn(&mut client).as_slice() {
        [ClientEvent::Ready(info)] => {
            assert_eq!((info.name.as_str(), info.protocol), ("mcp-echo", "2025-11-25"));
        }
        other => panic!("{other:?}"),
    }
    client.list_tools().unwrap();
    match turn(&mut client).as_slice() {
        [ClientEvent::Tools(tools)] => {
            let names: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
            assert_eq!(names, ["echo", "sum"]);
        }
        other => panic!("{other:?}"),
    }
    for (tool, arguments, expected) in [
        ("echo", json!({"text": "hé"}), Ok("hé")),
        ("sum", json!({"numbers": [1, 2.5]}), Ok("3.5")),
        ("sum", json!({}), Err(())),
        ("toString", json!({}), Err(())),
    ] {
        client.call_tool(tool, &arguments).unwrap();
        match turn(&mut client).as_slice() {
            [ClientEvent::CallEnded { outcome: Ok(result), .. }] => {
                assert_eq!(result.is_error, expected.is_err());
                if let Ok(text) = expected {
                    assert_eq!(result.text(), text);
                }
            }
            [ClientEvent::CallEnded { outcome: Err(_), .. }] => assert!(expected.is_err()),
            other => panic!("{other:?}"),
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success(), "it ends with its input");
}

#[test]
fn a_foreign_client_reaches_the_mcp_example_through_the_proxy_in_both_eras() {
    let mut child = mcp_echo();
    let mut proxy = Proxy::new(ProxyConfig {
        server_limits: FrameLimits::default(),
        client_limits: FrameLimits::default(),
        roots: None,
        forward_server_requests: false,
    });
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    for (request, member, events) in [
        (
            json!({"method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}}}),
            "protocolVersion",
            0,
        ),
        (
            json!({"method": "tools/call", "params": {"name": "echo", "arguments": {"text": "x"}}}),
            "content",
            2,
        ),
        (json!({"method": "server/discover", "params": {"_meta": meta}}), "supportedVersions", 0),
        (
            json!({"method": "tools/call", "params": {"_meta": meta, "name": "echo", "arguments": {"text": "x"}}}),
            "resultType",
            2,
        ),
    ] {
        let mut request = request;
        request["jsonrpc"] = json!("2.0");
        request["id"] = json!("a");
        let mut seen = proxy.receive_from_client(format!("{request}\n").as_bytes());
        let output = proxy.take_to_server();
        seen.extend(exchange(&mut child, &output, |bytes| proxy.receive_from_server(bytes)));
        let answer: Value = serde_json::from_slice(&proxy.take_to_client()).unwrap();
        assert!(answer["result"].get(member).is_some(), "{answer}");
        assert_eq!(answer["id"], "a");
        assert_eq!(seen.len(), events, "{seen:?}");
        assert!(!seen.iter().any(|event| matches!(event, ProxyEvent::Violation(_))));
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}
