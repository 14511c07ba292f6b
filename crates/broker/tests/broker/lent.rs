use crate::{START, Setup, World};
use ringfence_broker::CallError;
use ringfence_types::{EventKind, WithheldBy};
use serde_json::json;
use std::sync::atomic::Ordering;

#[test]
fn a_lent_variable_is_read_and_no_other() {
    let world = World::new(&["environment.read APP_*"]);
    assert_eq!(world.ok("environment.get", &json!({"name": "APP_MODE"})), json!({"value": "test"}));
    world.denied("environment.get", &json!({"name": "TOKEN"}), WithheldBy::Scope);
    assert_eq!(world.err("environment.get", &json!({"name": "APP_NONE"})).code(), -32003);
    assert_eq!(world.err("environment.get", &json!({"name": "A=B"})).code(), -32602);
    let everything = World::new(&["environment.read"]);
    // This process has one; the plugin does not.
    assert!(std::env::var("PATH").is_ok());
    assert_eq!(everything.err("environment.get", &json!({"name": "PATH"})).code(), -32003);
}

#[test]
fn the_value_of_a_variable_is_not_in_the_log() {
    let world = World::new(&["environment.read"]);
    world.ok("environment.get", &json!({"name": "TOKEN"}));
    let log = format!("{:?}", world.log.of(EventKind::EffectAllowed));
    assert!(log.contains("TOKEN") && !log.contains("hunter2"));
}

#[test]
fn a_setting_is_changed_only_with_the_grant_to_change() {
    let world = World::new(&["config.read", "config.write theme"]);
    world.ok("config.set", &json!({"key": "theme", "value": "dark"}));
    assert_eq!(world.ok("config.get", &json!({"key": "theme"})), json!({"value": "dark"}));
    world.denied("config.set", &json!({"key": "other", "value": 1}), WithheldBy::Scope);
    assert_eq!(world.err("config.get", &json!({"key": "other"})).code(), -32003);
    let reader = World::new(&["config.write"]);
    reader.denied("config.get", &json!({"key": "theme"}), WithheldBy::Consent);
    let large = json!({"key": "theme", "value": "x".repeat(70_000)});
    assert_eq!(reader.err("config.set", &large).code(), -32002);
}

#[test]
fn a_host_service_is_reached_only_with_a_grant() {
    let world = World::new(&["host.call mail/send", "host.call mail/fail", "ai.complete small"]);
    let send = json!({"service": "mail", "method": "send", "params": {"to": "ada"}});
    assert_eq!(
        world.ok("host.call", &send),
        json!({"object": "mail/send", "params": {"to": "ada"}})
    );
    assert_eq!(
        world.ok("ai.complete", &json!({"object": "small", "params": 1})),
        json!({"object": "small", "params": 1})
    );
    let before = world.reached.service.load(Ordering::SeqCst);
    for (method, params, by) in [
        ("host.call", json!({"service": "mail", "method": "delete"}), WithheldBy::Scope),
        ("ai.complete", json!({"object": "large"}), WithheldBy::Scope),
        ("user.profile", json!({}), WithheldBy::Consent),
        ("nodes.read", json!({"object": "task"}), WithheldBy::Unavailable),
        ("secrets.use", json!({"object": "key"}), WithheldBy::Consent),
        ("plugin.call", json!({"object": "other/run"}), WithheldBy::Unavailable),
    ] {
        world.denied(method, &params, by);
    }
    assert_eq!(world.reached.service.load(Ordering::SeqCst), before);
    let fail = json!({"service": "mail", "method": "fail"});
    let error = world.err("host.call", &fail);
    assert!(error.to_string().contains("the mail server is down"));
    assert_eq!(world.log.last().metadata["outcome"], "failed");
}

#[test]
fn hostile_names_of_services_reach_nobody() {
    let world = World::new(&["host.call", "user.profile"]);
    for params in [
        json!({"service": "mail/send", "method": "x"}),
        json!({"service": "", "method": "x"}),
        json!({"service": "mail", "method": ""}),
        json!({"service": "mail", "method": "a\u{0}b"}),
        json!({"service": 1, "method": "x"}),
    ] {
        assert_eq!(world.err("host.call", &params).code(), -32602, "{params}");
    }
    assert_eq!(world.err("user.profile", &json!({"object": "eve"})).code(), -32602);
    let none = json!({"service": "nobody", "method": "x"});
    assert_eq!(world.err("host.call", &none).code(), -32003);
    assert_eq!(world.reached.service.load(Ordering::SeqCst), 0);
}

#[test]
fn an_answer_over_the_output_limit_does_not_reach_the_plugin() {
    let world = World::new(&["host.call"]);
    let error = world.err("host.call", &json!({"service": "mail", "method": "huge"}));
    assert!(matches!(error, CallError::Failed { .. }));
    assert!(error.to_string().contains("larger than 1000000 bytes"));
}

#[test]
fn a_grant_that_expires_while_the_plugin_runs_ends_at_the_next_call() {
    let world =
        World::with(&["config.read"], Setup { expires_ms: Some(START + 1000), ..Setup::default() });
    assert_eq!(world.err("config.get", &json!({"key": "a"})).code(), -32003);
    world.clock.advance(1000);
    world.denied("config.get", &json!({"key": "a"}), WithheldBy::Revoked);
}
