//! A node that is written is of its type, whole and of bounded size; else nobody
//! who keeps nodes hears of it.

use crate::{Setup, World};
use ringfence_broker::MAX_NODE_BYTES;
use ringfence_types::WithheldBy;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

fn world() -> World {
    let roomy = |budget: &mut ringfence_limits::Budget| budget.input_bytes = 1_000_000;
    World::with(&["nodes.write task"], Setup { budget: Some(roomy), ..Setup::default() })
}

fn of_task(node: &Value) -> Value {
    json!({ "object": "task", "params": node })
}

/// A node whose JSON takes this many bytes.
fn sized(bytes: u64) -> Value {
    let empty = json!({ "type": "task", "content": "" }).to_string().len();
    json!({ "type": "task", "content": "x".repeat(usize::try_from(bytes).unwrap() - empty) })
}

#[test]
fn a_whole_node_of_the_granted_type_is_written() {
    let world = world();
    let mut written = 0;
    for node in [
        json!({ "type": "task", "content": "buy milk", "tags": ["home"] }),
        json!({ "type": "task", "content": { "title": "a" } }),
        json!({ "type": "task", "content": [] }),
        sized(MAX_NODE_BYTES),
    ] {
        let answer = world.ok("nodes.write", &of_task(&node));
        assert_eq!(answer, json!({ "object": "task", "params": node }));
        written += 1;
        assert_eq!(world.reached.service.load(Ordering::SeqCst), written);
    }
}

#[test]
fn a_node_of_a_type_that_is_not_granted_is_denied() {
    let world = world();
    let node = json!({ "type": "note", "content": "x" });
    let call = json!({ "object": "note", "params": node });
    world.denied("nodes.write", &call, WithheldBy::Scope);
    assert_eq!(world.reached.service.load(Ordering::SeqCst), 0);
}

#[test]
fn a_node_that_lacks_what_it_needs_or_is_too_large_reaches_nobody() {
    let world = world();
    for (node, told) in [
        (json!({ "content": "x" }), "`type` of a node"),
        (json!({ "type": "", "content": "x" }), "`type` of a node"),
        (json!({ "type": 1, "content": "x" }), "`type` of a node"),
        (json!({ "type": ["task"], "content": "x" }), "`type` of a node"),
        (json!({ "type": "task" }), "`content` of a node"),
        (json!({ "type": "task", "content": null }), "`content` of a node"),
        (json!({ "type": "task", "content": "" }), "`content` of a node"),
        (json!({ "type": "task", "content": 0 }), "`content` of a node"),
        (json!({ "type": "task", "content": false }), "`content` of a node"),
        (json!([{ "type": "task", "content": "x" }]), "an object"),
        (json!("task"), "an object"),
        (json!(null), "an object"),
        (sized(MAX_NODE_BYTES + 1), "larger than 102400 bytes"),
        // 60,000 characters, each of two bytes.
        (json!({ "type": "task", "content": "ä".repeat(60_000) }), "larger than 102400 bytes"),
        // Large in what is neither.
        (
            json!({ "type": "task", "content": "x", "more": "x".repeat(103_000) }),
            "larger than 102400 bytes",
        ),
    ] {
        let error = world.err("nodes.write", &of_task(&node));
        assert_eq!(error.code(), -32602);
        assert!(error.to_string().contains(told), "{error}");
    }
    let missing = world.err("nodes.write", &json!({ "object": "task" }));
    assert_eq!(missing.code(), -32602);
    assert_eq!(world.reached.service.load(Ordering::SeqCst), 0);
}

#[test]
fn a_permit_for_one_type_writes_no_node_that_calls_itself_another() {
    let world = world();
    for name in ["secret", "Task", "task ", "task\u{0}", "*"] {
        let error = world.err("nodes.write", &of_task(&json!({ "type": name, "content": "x" })));
        assert_eq!(error.code(), -32602);
        assert!(error.to_string().contains("must be the `object`"), "{error}");
    }
    assert_eq!(world.reached.service.load(Ordering::SeqCst), 0);
}
