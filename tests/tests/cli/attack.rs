//! `ringfence doctor --attack` on this machine.

use crate::program::User;
use serde_json::Value;

#[test]
fn no_door_is_open_that_is_not_explained_with_a_network_or_without() {
    let done = User::new().ringfence(["doctor", "--attack", "--json"]).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    let report = done.json();
    let profiles = report["profiles"].as_array().unwrap();
    let names: Vec<&Value> = profiles.iter().map(|profile| &profile["profile"]).collect();
    assert_eq!(names, ["python, command", "node", "with a network", "webassembly"]);
    for profile in profiles {
        assert_eq!(profile["touched"], Value::Array(Vec::new()), "{profile}");
        assert_eq!(profile["finished"], true, "{profile}");
        for class in profile["classes"].as_array().unwrap() {
            let most = if class["class"] == "kernel" { 8 } else { 0 };
            assert!(class["open"].as_u64().unwrap() <= most, "{profile}");
            assert!(class["tried"].as_u64().unwrap() > 10, "{profile}");
            let at_gate = class["at_gate"].as_u64().unwrap();
            assert!(at_gate == 0 || profile["profile"] == "with a network", "{profile}");
        }
    }
}
