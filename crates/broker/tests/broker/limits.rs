use crate::{Setup, World};
use ringfence_limits::Budget;
use ringfence_types::EventKind;
use serde_json::json;

fn world(consent: &[&str], budget: fn(&mut Budget)) -> World {
    World::with(consent, Setup { budget: Some(budget), ..Setup::default() })
}

#[test]
fn calls_per_second_are_held_and_come_back_with_time() {
    let world = world(&["config.read"], |budget| budget.broker_calls_per_second = 3);
    let get = json!({"key": "a"});
    for _ in 0..3 {
        assert_eq!(world.err("config.get", &get).code(), -32003);
    }
    assert_eq!(world.err("config.get", &get).code(), -32002);
    world.clock.advance(334);
    assert_eq!(world.err("config.get", &get).code(), -32003);
}

#[test]
fn a_refused_flood_does_not_flood_the_log_and_nothing_is_lost_from_the_count() {
    let world = world(&["config.read"], |budget| budget.broker_calls_per_second = 3);
    for _ in 0..1003 {
        world.err("config.get", &json!({"key": "a"}));
    }
    assert_eq!(world.log.of(EventKind::EffectDenied).len(), 1);
    world.clock.advance(1000);
    for _ in 0..4 {
        world.err("config.get", &json!({"key": "a"}));
    }
    let denied = world.log.of(EventKind::EffectDenied);
    assert_eq!(denied.len(), 2);
    assert_eq!(denied[1].metadata["unrecorded_before"], 999);
    assert_eq!(world.broker.usage().over_budget, 1001);
    assert_eq!(world.broker.denials()[0].count, 1001);
}

#[test]
fn denied_and_malformed_calls_cost_as_much_as_good_ones() {
    let world = world(&[], |budget| budget.broker_calls_per_second = 3);
    world.err("config.get", &json!({"key": "a"}));
    world.err("no.such", &json!({}));
    world.err("config.get", &json!({"kei": "a"}));
    assert_eq!(world.err("config.get", &json!({"key": "a"})).code(), -32002);
    assert_eq!(world.broker.usage().malformed, 2);
}

#[test]
fn calls_per_action_are_held_until_the_next_action() {
    let world = world(&["config.read"], |budget| budget.broker_calls = 2);
    let get = json!({"key": "a"});
    world.err("config.get", &get);
    world.err("config.get", &get);
    assert_eq!(world.err("config.get", &get).code(), -32002);
    world.broker.begin_action();
    assert_eq!(world.err("config.get", &get).code(), -32003);
    assert_eq!(world.broker.usage().calls_this_action, 1);
    assert_eq!(world.broker.usage().calls, 4);
}

#[test]
fn file_operations_are_counted_over_the_run_and_warned_of_once() {
    let world = world(&["files.write FOLDER/**"], |budget| budget.file_operations = 5);
    for number in 0..5 {
        let path = world.path(&format!("f{number}"));
        world.ok("files.write", &json!({"path": path, "content": "x"}));
        world.broker.begin_action();
    }
    let path = world.path("f5");
    let error = world.err("files.write", &json!({"path": path, "content": "x"}));
    assert_eq!(error.code(), -32002);
    assert!(!world.folder.join("f5").exists());
    assert_eq!(world.log.last().kind, EventKind::EffectDenied);
    assert_eq!(world.log.of(EventKind::Limit).len(), 1);
    assert_eq!(world.broker.usage().file_operations, 5);
}

#[test]
fn messages_and_queries_have_rates_of_their_own() {
    let world = world(&["events.publish", "storage.write"], |budget| {
        budget.messages_per_second = 1;
        budget.queries_per_second = 1;
    });
    let publish = json!({"subject": "a"});
    let set = json!({"key": "a", "value": 1});
    world.ok("events.publish", &publish);
    world.ok("storage.set", &set);
    assert_eq!(world.err("events.publish", &publish).code(), -32002);
    assert_eq!(world.err("storage.set", &set).code(), -32002);
    world.clock.advance(1000);
    world.ok("events.publish", &publish);
    world.ok("storage.set", &set);
}

#[test]
fn a_file_over_the_size_limit_is_not_written() {
    let world = world(&["files.write FOLDER/**"], |budget| budget.file_bytes = 10);
    let params = json!({"path": world.path("a"), "content": "12345678901"});
    assert_eq!(world.err("files.write", &params).code(), -32002);
    assert!(!world.folder.join("a").exists());
}

#[test]
fn calls_from_many_threads_cannot_pass_a_count_together() {
    let world = world(&["files.write FOLDER/**"], |budget| budget.file_operations = 50);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let world = &world;
            scope.spawn(move || {
                for number in 0..25 {
                    let path = world.path(&format!("{worker}-{number}"));
                    let _ = world.broker.call("files.mkdir", &json!({"path": path}));
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(&world.folder).unwrap().count(), 50);
}
