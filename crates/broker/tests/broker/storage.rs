use crate::{Setup, World};
use ringfence_types::{EventKind, WithheldBy};
use serde_json::json;

#[test]
fn values_documents_and_bytes_come_back() {
    let world = World::new(&["storage.read", "storage.write"]);
    for value in [json!({"a": [1, null]}), json!("text"), json!({"base64": "/wA="})] {
        world.ok("storage.set", &json!({"key": "k", "value": value}));
        assert_eq!(world.ok("storage.get", &json!({"key": "k"})), json!({"value": value}));
    }
    assert_eq!(
        world.ok("storage.list", &json!({"prefix": "k", "max": 5})),
        json!({"keys": ["k"], "more": false})
    );
    assert_eq!(world.ok("storage.delete", &json!({"key": "k"})), json!({"deleted": true}));
    assert_eq!(world.err("storage.get", &json!({"key": "k"})).code(), -32003);
}

#[test]
fn without_a_grant_nothing_is_kept_read_or_deleted() {
    let world = World::new(&["storage.write a*", "storage.read a*"]);
    world.ok("storage.set", &json!({"key": "a", "value": 1}));
    for (method, params) in [
        ("storage.set", json!({"key": "b", "value": 1})),
        ("storage.get", json!({"key": "b"})),
        ("storage.delete", json!({"key": "b"})),
        ("storage.list", json!({})),
        ("storage.list", json!({"prefix": ""})),
    ] {
        world.denied(method, &params, WithheldBy::Scope);
    }
    assert_eq!(world.ok("storage.list", &json!({"prefix": "a"}))["keys"], json!(["a"]));
    let other = World::new(&["storage.read"]);
    other.denied("storage.set", &json!({"key": "k", "value": 1}), WithheldBy::Consent);
    other.denied("storage.delete", &json!({"key": "k"}), WithheldBy::Consent);
    assert_eq!(other.ok("storage.list", &json!({}))["keys"], json!([]));
}

#[test]
fn a_full_quota_is_a_budget_denial_and_the_row_is_not_there() {
    let world = World::with(
        &["storage.read", "storage.write"],
        Setup { budget: Some(|budget| budget.storage_bytes = 1000), ..Setup::default() },
    );
    let large = json!({"key": "large", "value": "x".repeat(1000)});
    assert_eq!(world.err("storage.set", &large).code(), -32002);
    assert_eq!(world.log.last().kind, EventKind::EffectDenied);
    assert_eq!(world.err("storage.get", &json!({"key": "large"})).code(), -32003);
}

#[test]
fn hostile_keys_and_prefixes_are_refused() {
    let world = World::new(&["storage.read", "storage.write"]);
    for key in ["", "a\0b", "a\nb", &"k".repeat(513)] {
        assert_eq!(world.err("storage.get", &json!({"key": key})).code(), -32602);
        let params = json!({"key": key, "value": 1});
        assert_eq!(world.err("storage.set", &params).code(), -32602);
    }
    assert_eq!(world.err("storage.list", &json!({"prefix": "a*"})).code(), -32602);
    assert_eq!(world.ok("storage.list", &json!({}))["keys"], json!([]));
}
