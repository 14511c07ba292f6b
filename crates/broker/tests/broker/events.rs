use crate::{Setup, World};
use ringfence_gate_events::Bus;
use ringfence_types::{EventKind, WithheldBy};
use serde_json::{Value, json};

/// Two instances on one bus: the first publishes, the second listens.
fn pair(publish: &[&str], subscribe: &[&str]) -> (World, World) {
    let bus = Bus::new();
    let of = |consent, instance| {
        World::with(
            consent,
            Setup { bus: Some(bus.clone()), instance: Some(instance), ..Setup::default() },
        )
    };
    (of(publish, "demo"), of(subscribe, "demo"))
}

fn subscribe(world: &World, subject: &str) -> Value {
    world.ok("events.subscribe", &json!({"subject": subject}))["subscription"].clone()
}

#[test]
fn an_event_goes_from_one_plugin_to_another() {
    let (ada, eve) = pair(&["events.publish chat.>"], &["events.subscribe chat.>"]);
    let id = subscribe(&eve, "chat.*");
    ada.ok("events.publish", &json!({"subject": "chat.a", "payload": {"text": "hi"}}));
    assert_eq!(
        eve.ok("events.poll", &json!({"subscription": id})),
        json!({
            "events": [{"subject": "chat.a", "publisher": "demo", "payload": {"text": "hi"}}],
            "dropped": 0,
            "more": false,
        })
    );
    assert_eq!(eve.ok("events.unsubscribe", &json!({"subscription": id})), json!({"ended": true}));
    assert_eq!(eve.bus.subscriptions(), 0);
    assert_eq!(eve.err("events.poll", &json!({"subscription": id})).code(), -32602);
}

#[test]
fn what_is_not_granted_is_neither_delivered_nor_listened_to() {
    let (ada, eve) = pair(&["events.publish chat.>"], &["events.subscribe chat.>"]);
    let id = subscribe(&eve, "chat.>");
    ada.denied("events.publish", &json!({"subject": "build.done"}), WithheldBy::Scope);
    eve.denied("events.publish", &json!({"subject": "chat.a"}), WithheldBy::Consent);
    eve.denied("events.subscribe", &json!({"subject": ">"}), WithheldBy::Scope);
    ada.denied("events.subscribe", &json!({"subject": "chat.a"}), WithheldBy::Consent);
    let batch = eve.ok("events.poll", &json!({"subscription": id}));
    assert_eq!(batch["events"], json!([]));
    assert_eq!(eve.bus.subscriptions(), 1);
}

#[test]
fn a_revoke_stops_the_next_message_and_the_next_poll() {
    let (ada, eve) = pair(&["events.publish"], &["events.subscribe"]);
    let id = subscribe(&eve, ">");
    ada.ok("events.publish", &json!({"subject": "a", "payload": 1}));
    eve.broker.grants().revoke_all();
    eve.denied("events.poll", &json!({"subscription": id}), WithheldBy::Revoked);
    ada.broker.grants().revoke_all();
    ada.denied("events.publish", &json!({"subject": "a"}), WithheldBy::Revoked);
}

#[test]
fn nobody_polls_or_ends_the_subscription_of_another_instance() {
    let (ada, eve) = pair(&["events.publish", "events.subscribe"], &["events.subscribe"]);
    let id = subscribe(&eve, ">");
    assert_eq!(ada.err("events.poll", &json!({"subscription": id})).code(), -32602);
    assert_eq!(ada.ok("events.unsubscribe", &json!({"subscription": id})), json!({"ended": false}));
    assert_eq!(eve.bus.subscriptions(), 1);
}

#[test]
fn wildcards_and_large_payloads_are_not_published() {
    let (ada, eve) = pair(&["events.publish"], &["events.subscribe"]);
    let id = subscribe(&eve, ">");
    for subject in ["*", ">", "a..b", "", "a b"] {
        assert_eq!(ada.err("events.publish", &json!({"subject": subject})).code(), -32602);
        assert_eq!(ada.log.last().kind, EventKind::EffectDenied);
    }
    let large = json!({"subject": "a", "payload": "x".repeat(70_000)});
    assert_eq!(ada.err("events.publish", &large).code(), -32002);
    let batch = eve.ok("events.poll", &json!({"subscription": id}));
    assert_eq!(batch["events"], json!([]));
}
