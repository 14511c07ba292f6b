use crate::World;
use ringfence_types::{EventKind, WithheldBy};
use serde_json::json;
use std::sync::atomic::Ordering;

#[test]
fn a_granted_program_runs_and_what_it_was_given_is_in_the_log() {
    let world = World::new(&["process.execute git"]);
    let params = json!({"program": "git", "args": ["log", "-1"], "stdin": "!"});
    assert_eq!(
        world.ok("process.execute", &params),
        json!({
            "exitCode": 3,
            "stdout": "git log -1!",
            "stderr": {"base64": "/w=="},
            "truncated": false,
        })
    );
    let allowed = world.log.of(EventKind::EffectAllowed);
    assert_eq!(allowed[0].metadata["arguments"], "log -1");
}

#[test]
fn a_program_that_is_not_granted_is_not_started() {
    let world = World::new(&["process.execute git", "process.execute /usr/bin/*"]);
    world.denied("process.execute", &json!({"program": "sh"}), WithheldBy::Scope);
    world.denied("process.execute", &json!({"program": "/bin/sh"}), WithheldBy::Scope);
    for params in [
        json!({"program": "/usr/bin/../../bin/sh"}),
        json!({"program": "./git"}),
        json!({"program": ""}),
        json!({"program": "git", "args": ["a\u{0}b"]}),
        json!({"program": "git", "args": "log"}),
        json!({"program": "git", "args": [1]}),
        json!({"program": "git", "args": vec!["a"; 300]}),
        json!({"program": "git", "env": {}}),
    ] {
        assert_eq!(world.err("process.execute", &params).code(), -32602, "{params}");
    }
    assert_eq!(world.reached.program.load(Ordering::SeqCst), 0);
}

#[test]
fn a_flood_of_output_is_cut_and_a_missing_program_is_not_found() {
    let world = World::new(&["process.execute"]);
    let output = world.ok("process.execute", &json!({"program": "flood"}));
    assert_eq!(output["truncated"], true);
    assert!(output["stdout"].as_str().unwrap().len() < 100_000);
    assert_eq!(world.err("process.execute", &json!({"program": "missing"})).code(), -32003);
}
