use crate::World;
use ringfence_types::EventKind;
use serde_json::json;
use std::sync::atomic::Ordering;

const ALL: &[&str] = &[
    "files.read FOLDER/**",
    "files.write FOLDER/**",
    "files.delete FOLDER/**",
    "storage.read",
    "storage.write",
    "events.publish",
    "events.subscribe",
    "config.read",
    "config.write",
    "environment.read",
    "process.execute",
    "host.call",
];

#[test]
fn an_effect_is_in_the_log_before_and_after_it_happens() {
    let world = World::new(ALL);
    let path = world.path("a");
    world.ok("files.write", &json!({"path": path, "content": "x"}));
    assert_eq!(world.log.kinds(), [EventKind::EffectAllowed, EventKind::EffectPerformed]);
    assert_eq!(world.log.last().metadata["outcome"], "done");
    assert_eq!(world.log.last().metadata["object"], path);
    world.log.clear();
    world.ok("files.read", &json!({"path": path}));
    assert_eq!(world.log.kinds(), [EventKind::EffectAllowed]);
}

#[test]
fn what_cannot_be_recorded_does_not_happen_by_any_method() {
    let world = World::new(ALL);
    let path = world.path("a");
    std::fs::write(&path, "old").unwrap();
    let id = world.ok("events.subscribe", &json!({"subject": ">"}))["subscription"].clone();
    world.log.break_at(EventKind::EffectAllowed);
    for (method, params) in [
        ("files.read", json!({"path": path})),
        ("files.write", json!({"path": path, "content": "new"})),
        ("files.write", json!({"path": path, "content": "new", "mode": "append"})),
        ("files.mkdir", json!({"path": world.path("d")})),
        ("files.delete", json!({"path": path})),
        ("storage.set", json!({"key": "k", "value": 1})),
        ("storage.delete", json!({"key": "k"})),
        ("events.publish", json!({"subject": "a"})),
        ("events.subscribe", json!({"subject": "a"})),
        ("config.set", json!({"key": "k", "value": 1})),
        ("environment.get", json!({"name": "TOKEN"})),
        ("process.execute", json!({"program": "git"})),
        ("host.call", json!({"service": "mail", "method": "send"})),
    ] {
        let error = world.err(method, &params);
        assert_eq!(error.code(), -32001, "{method}");
        assert_eq!(error.to_json()["data"]["code"], "not_recorded", "{method}");
    }
    world.log.break_at(EventKind::Log);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert!(!world.folder.join("d").exists());
    assert_eq!(world.err("storage.get", &json!({"key": "k"})).code(), -32003);
    assert_eq!(world.err("config.get", &json!({"key": "k"})).code(), -32003);
    let batch = world.ok("events.poll", &json!({"subscription": id}));
    assert_eq!(batch["events"], json!([]));
    assert_eq!(world.bus.subscriptions(), 1);
    assert_eq!(world.reached.program.load(Ordering::SeqCst), 0);
    assert_eq!(world.reached.service.load(Ordering::SeqCst), 0);
}

#[test]
fn an_outcome_that_cannot_be_recorded_is_told_and_its_result_is_withheld() {
    let world = World::new(ALL);
    world.log.break_at(EventKind::EffectPerformed);
    let error = world.err("host.call", &json!({"service": "mail", "method": "send"}));
    assert_eq!(error.to_json()["data"]["code"], "not_recorded");
    assert!(error.to_string().contains("its outcome is not recorded"));
    // The log still shows that it was allowed.
    assert_eq!(world.log.of(EventKind::EffectAllowed).len(), 1);
}

#[test]
fn a_denial_stays_a_denial_when_the_log_is_broken() {
    let world = World::new(&[]);
    world.log.break_at(EventKind::EffectDenied);
    let path = world.path("a");
    let error = world.err("files.write", &json!({"path": path, "content": "x"}));
    assert_eq!(error.to_json()["data"]["code"], "not_granted");
    assert!(!world.folder.join("a").exists());
}

#[test]
fn a_service_that_panics_takes_nobody_with_it_and_is_recorded() {
    let world = World::new(ALL);
    world.reached.panics.store(true, Ordering::SeqCst);
    let call = json!({"service": "mail", "method": "send"});
    let error = world.err("host.call", &call);
    assert_eq!(error.code(), -32000);
    assert!(!error.to_string().contains("a broken service"));
    let performed = world.log.of(EventKind::EffectPerformed);
    assert_eq!(performed[0].metadata["outcome"], "panicked");
    world.reached.panics.store(false, Ordering::SeqCst);
    world.ok("host.call", &call);
    assert_eq!(world.broker.usage().failed, 1);
    assert_eq!(world.broker.usage().performed, 1);
}
