use crate::World;
use proptest::prelude::*;
use ringfence_types::EventKind;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const METHODS: &[&str] = &[
    "files.read",
    "files.list",
    "files.stat",
    "files.write",
    "files.mkdir",
    "files.delete",
    "storage.get",
    "storage.set",
    "storage.delete",
    "storage.list",
    "events.publish",
    "events.subscribe",
    "events.poll",
    "events.unsubscribe",
    "environment.get",
    "config.get",
    "config.set",
    "process.execute",
    "host.call",
    "ai.complete",
    "user.profile",
];

#[test]
fn every_method_refuses_unknown_parameters_and_wrong_shapes() {
    let world = World::new(&[]);
    for method in METHODS {
        for params in [json!({"surprise": 1}), json!([1]), json!("text"), json!(1)] {
            let error = world.err(method, &params);
            assert_eq!(error.code(), -32602, "{method} {params}");
            assert_eq!(world.log.last().kind, EventKind::Violation);
        }
    }
}

#[test]
fn a_method_that_does_not_exist_is_answered_recorded_and_not_repeated_at_length() {
    let world = World::new(&[]);
    let long = "m".repeat(100_000);
    for method in ["files.chmod", "", "Files.Read", "files", "../etc", "\u{1b}[2J", &long] {
        let error = world.err(method, &json!({}));
        assert_eq!(error.code(), -32601, "{method}");
        assert!(error.to_string().len() < 400);
        assert!(!error.to_string().contains('\u{1b}'));
        let event = world.log.last();
        assert_eq!(event.kind, EventKind::Violation);
        assert!(event.metadata["method"].as_str().unwrap().len() < 400);
    }
}

#[test]
fn parameters_over_the_input_limit_are_refused() {
    let world = World::new(&["files.write FOLDER/**"]);
    let params = json!({"path": world.path("a"), "content": "x".repeat(100_001)});
    assert_eq!(world.err("files.write", &params).code(), -32602);
    assert!(!world.folder.join("a").exists());
}

#[test]
fn text_that_acts_on_a_terminal_is_neutralised_in_the_log_and_the_answer() {
    let world = World::new(&["storage.read a"]);
    let key = "\u{202e}\u{200b}evil";
    let error = world.err("storage.get", &json!({"key": key}));
    assert!(!error.to_string().contains('\u{202e}'));
    let event = world.log.last();
    assert!(!event.metadata["object"].as_str().unwrap().contains('\u{202e}'));
    assert!(!event.message.contains('\u{202e}'));
    assert!(!event.metadata["repair"].as_str().unwrap().contains('\u{202e}'));
}

#[test]
fn the_list_of_denials_does_not_grow_with_the_plugins_imagination() {
    let world = World::new(&[]);
    for number in 0..500 {
        world.err("storage.get", &json!({"key": format!("k{number}")}));
    }
    assert_eq!(world.broker.denials().len(), ringfence_broker::MAX_KEPT_DENIALS);
    assert_eq!(world.broker.usage().denials, 500);
}

#[test]
fn an_answer_to_a_denial_has_the_promised_form() {
    let world = World::new(&[]);
    let error = world.err("storage.get", &json!({"key": "k"}));
    assert_eq!(
        error.to_json(),
        json!({
            "code": -32001,
            "message": "storage.read denied for `k`: nobody has consented to it",
            "data": {
                "code": "not_granted",
                "kind": "storage.read",
                "object": "k",
                "withheldBy": "consent",
                "repair": "--grant storage.read=k",
            },
        })
    );
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("/etc/passwd")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(
                prop::sample::select(vec![
                    "path", "content", "mode", "key", "value", "subject", "payload", "program",
                    "args", "base64", "service", "method", "name", "max", "offset", "x",
                ]),
                inner,
                0..4
            )
            .prop_map(|map| json!(map)),
        ]
    })
}

#[test]
fn no_call_whatsoever_panics_or_has_an_effect_without_a_grant() {
    let world = World::new(&[]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1000)
    });
    runner
        .run(&(prop::sample::select(METHODS), json_value()), |(method, params)| {
            let answer = world.broker.call(method, &params);
            // Giving up a subscription that is not there is no effect.
            prop_assert!(answer.is_err() || method == "events.unsubscribe");
            Ok(())
        })
        .unwrap();
    assert_eq!(std::fs::read_dir(&world.folder).unwrap().count(), 0);
    assert_eq!(std::fs::read(world.dir.path().join("secret")).unwrap(), b"SECRET");
    assert_eq!(world.reached.program.load(Ordering::SeqCst), 0);
    assert_eq!(world.reached.service.load(Ordering::SeqCst), 0);
    assert_eq!(world.bus.subscriptions(), 0);
    // Nothing but `events.unsubscribe` was ever allowed.
    for event in world.log.of(EventKind::EffectAllowed) {
        assert_eq!(event.metadata["method"], "events.unsubscribe");
    }
}
