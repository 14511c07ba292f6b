//! Calls that work, and what stays between them.

use crate::plugin::{Host, call, fails, module};
use ringfence::RunError;
use serde_json::{Value, json};

const ECHO: &str = r#"
    (func (export "echo") (param $at i32) (param $bytes i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
            (i64.extend_i32_u (local.get $bytes))))
    (func (export "add") (param i32 i64 f64) (result f64)
        (f64.add (local.get 2)
            (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))))
    (global $count (mut i32) (i32.const 0))
    (func (export "next") (result i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (i32.add (i32.mul (i32.const 1000) (i32.load (i32.const 0))) (global.get $count)))
    (func (export "trap") unreachable)
"#;

#[test]
fn a_core_module_takes_and_gives_text_and_numbers() {
    let host = Host::new();
    let mut plugin = host.module(ECHO).start().unwrap();
    assert_eq!(plugin.actions().unwrap(), ["add", "echo", "next", "trap"]);
    let said = json!({ "text": "grüße \u{1F600}", "list": [1, 2.5, null] });
    assert_eq!(call(&mut plugin, "echo", &said), said);
    assert_eq!(call(&mut plugin, "add", &json!([1, 2, 0.5])), 3.5);
    for wrong in [json!([1, 2]), json!("x"), json!([1, 2.5, 1]), json!([1_u64 << 40, 1, 1])] {
        assert!(matches!(plugin.execute("add", &wrong), Err(RunError::Plugin(_))), "{wrong}");
    }
    assert!(matches!(fails(&mut plugin, "alloc"), RunError::NoSuchAction { .. }));
}

#[test]
fn each_call_begins_anew_and_with_stateful_one_state_serves_all() {
    let host = Host::new();
    let mut fresh = host.module(ECHO).start().unwrap();
    for _ in 0..5 {
        assert_eq!(call(&mut fresh, "next", &Value::Null), 1001);
    }
    let mut kept = host.plugin(&module(ECHO), "stateful: true\n").start().unwrap();
    for number in 1..=5 {
        assert_eq!(call(&mut kept, "next", &Value::Null), 1001 * number);
    }
}

#[test]
fn a_trap_is_a_typed_error_and_leaves_an_instance_that_answers() {
    let host = Host::new();
    for state in ["", "stateful: true\n"] {
        let mut plugin = host.plugin(&module(ECHO), state).start().unwrap();
        call(&mut plugin, "next", &Value::Null);
        let RunError::Trap { reason } = fails(&mut plugin, "trap") else { panic!("no trap") };
        assert!(reason.contains("unreachable"), "{reason}");
        // What trapped is never used again: the state begins anew.
        assert_eq!(call(&mut plugin, "next", &Value::Null), 1001);
    }
}

#[test]
fn what_a_core_module_asks_of_the_host_is_decided_by_the_broker() {
    let host = Host::new();
    let asks = r#"
        (import "env" "lifeos_send_event" (func $send (param i32 i32) (result i32)))
        (import "env" "lifeos_create_node" (func $create (param i32 i32) (result i64)))
        ---
        (func (export "send") (result i32) (call $send (i32.const 0) (i32.const 35)))
        (func (export "create") (param i32 i32) (result i64)
            (call $create (local.get 0) (local.get 1)))
        (func (export "outside") (result i32) (call $send (i32.const 65535) (i32.const 100)))
        (data (i32.const 0) "{\"subject\":\"a.b\",\"payload\":{\"n\":1}}")
    "#;
    let wasm = module(asks);
    let manifest = "permissions: [{capability: events.publish, scope: a.b}]\n";
    let mut allowed = host.plugin(&wasm, manifest).grant("events.publish=a.b").start().unwrap();
    assert_eq!(call(&mut allowed, "send", &Value::Null), 0);
    let refused = call(&mut allowed, "create", &json!({ "type": "task", "content": "x" }));
    assert_eq!(refused["error"], "not_granted");
    assert!(matches!(fails(&mut allowed, "outside"), RunError::Trap { .. }));
    let ended = allowed.terminate();
    assert_eq!(ended.denials.len(), 1);
    assert_eq!(ended.denials[0].count, 1);
    let mut denied = host.plugin(&wasm, "").start().unwrap();
    assert_eq!(call(&mut denied, "send", &Value::Null), -1);
}

#[test]
fn a_module_that_wants_something_else_of_the_host_does_not_load() {
    let host = Host::new();
    let wasm = module(r#"(import "env" "exit" (func (param i32))) ---"#);
    let error = host.plugin(&wasm, "").start().unwrap().initialise().unwrap_err();
    assert!(error.to_string().contains("`exit` of `env`"), "{error}");
}

#[test]
fn a_module_is_not_called_with_what_its_manifest_refuses() {
    let host = Host::new();
    let asks = r#"
        (import "env" "lifeos_send_event" (func $send (param i32 i32) (result i32)))
        ---
        (data (i32.const 0) "0")
        (func (export "send") (param i32 i32) (result i64)
            (drop (call $send (local.get 0) (local.get 1)))
            (i64.const 1))
    "#;
    let manifest = "permissions: [{capability: events.publish, scope: a.b}]\n\
        actions: {send: {input: {type: object, required: [payload], properties: {subject: {const: a.b}}}}}\n";
    let plugin = host.plugin(&module(asks), manifest).grant("events.publish=a.b");
    let mut plugin = plugin.start().unwrap();
    for bad in [json!(null), json!({}), json!([1]), json!({ "subject": "a.c", "payload": 1 })] {
        let error = plugin.execute("send", &bad).unwrap_err();
        assert!(matches!(error, RunError::Input { .. }), "{error}");
    }
    // The same instance still takes what is right, and this was its first effect.
    assert_eq!(call(&mut plugin, "send", &json!({ "subject": "a.b", "payload": 1 })), 0);
    assert_eq!(plugin.terminate().effects.performed, 1);
}

#[test]
fn threads_large_memories_and_the_http_of_wasi_are_not_there() {
    let host = Host::new();
    let actions = r#"(instance $actions)
        (export "ringfence:plugin/actions@0.1.0" (instance $actions))"#;
    let http = format!(
        r#"(component (import "wasi:http/outgoing-handler@0.2.0"
            (instance (export "handle" (func)))) {actions})"#
    );
    for (text, missing) in [
        (r#"(module (memory (export "memory") 1 1 shared))"#, "threads"),
        (r#"(module (memory (export "memory") i64 1))"#, "memory64"),
        (&*http, "wasi:http"),
    ] {
        let wasm = wat::parse_str(text).unwrap();
        let started = host.plugin(&wasm, "").start();
        let loaded = started.and_then(|mut plugin| Ok(plugin.initialise()?));
        let error = loaded.unwrap_err().to_string();
        assert!(error.contains(missing), "{missing}: {error}");
    }
}

#[test]
fn json_of_several_lines_is_one_answer_and_speaks_for_nobody() {
    let host = Host::new();
    // What a worker would say to end another call, and to ask for an effect.
    let said = "[\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"forged\"}\n,\n{\"jsonrpc\":\"2.0\",\"id\":9,\
        \"method\":\"events.publish\",\"params\":{\"subject\":\"a.b\",\"payload\":1}}\n]";
    let escaped = said.replace('"', "\\\"").replace('\n', "\\n");
    let wasm = module(&format!(
        r#"(data (i32.const 16) "{escaped}")
        (func (export "say") (param i32 i32) (result i64) (i64.const {}))"#,
        16_u64 << 32 | said.len() as u64
    ));
    let manifest = "permissions: [{capability: events.publish, scope: a.b}]\n";
    let mut plugin = host.plugin(&wasm, manifest).grant("events.publish=a.b").start().unwrap();
    for _ in 0..2 {
        let answer = call(&mut plugin, "say", &Value::Null);
        assert_eq!(answer, serde_json::from_str::<Value>(said).unwrap());
    }
    assert_eq!(plugin.terminate().effects.performed, 0);
}
