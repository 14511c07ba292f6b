//! What becomes known of a part of an installed plugin reaches its next start.

use crate::installed::Owner;
use serde_json::{Value, json};

fn import(owner: &Owner, record: &Value) {
    let lines = format!("{record}\n");
    let done = owner.user.ringfence(["advisories", "import", "-"]).input(lines).run();
    assert_eq!(done.code, Some(0), "{done:?}");
}

fn record(id: &str, name: &str, severity: &str) -> Value {
    let range =
        json!({ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "2.0.0" }] });
    json!({
        "id": id, "modified": "2026-01-01T00:00:00Z",
        "affected": [{ "package": { "ecosystem": "npm", "name": name }, "ranges": [range] }],
        "database_specific": { "severity": severity },
    })
}

/// `tool`, whose lock names two packages of npm.
fn with_lock() -> Owner {
    let owner = Owner::new();
    let lock = json!({ "lockfileVersion": 3, "packages": {
        "node_modules/left": { "version": "1.0.0" }, "node_modules/right": { "version": "1.0.0" },
    } });
    owner.user.write("at/tool/package-lock.json", lock.to_string());
    owner
}

#[test]
fn an_installed_plugin_with_a_critical_part_needs_a_word_and_with_malware_never_runs() {
    let owner = with_lock();
    owner.ends(&["install", "--yes", "at/tool"], 0);
    assert_eq!(owner.runs(), "1.0.0", "nothing is known yet");
    import(&owner, &record("GHSA-0", "left", "MODERATE"));
    assert_eq!(owner.runs(), "1.0.0", "what is known does not block");
    import(&owner, &record("GHSA-1", "left", "CRITICAL"));
    let done = owner.ends(&["run", "tool", "keep", "-i", "1"], 9);
    assert!(done.stdout.is_empty(), "{done:?}");
    for told in ["left 1.0.0 critical (GHSA-1, mended in 2.0.0)", "--despite-findings"] {
        assert!(done.stderr.contains(told), "{done:?}");
    }
    let told = owner.ends(&["run", "--json", "--despite-findings", "tool", "tell"], 0).json();
    assert_eq!(told["result"][1], "1.0.0");
    assert_eq!(told["result"][0], Value::Null, "nothing of it ran when it was refused");
    import(&owner, &record("MAL-2026-1", "right", "HIGH"));
    for words in [&["run"][..], &["run", "--despite-findings"], &["run", "--yes"]] {
        let done = owner.ends(&[words, &["tool", "keep", "-i", "2"]].concat(), 9);
        assert!(
            done.stderr.contains("not run: right 1.0.0 is known malware (MAL-2026-1"),
            "{done:?}"
        );
    }
    let records = owner.user.records();
    let refused = records.iter().filter(|one| one["event"]["kind"] == "refused").count();
    assert_eq!(refused, 4);
    // A version without it runs.
    owner.user.write("at/tool/package-lock.json", "{\"lockfileVersion\":3,\"packages\":{}}");
    owner.version("2.0.0", "permissions:\n  - storage.read\n  - storage.write\n");
    owner.ends(&["update", "tool"], 0);
    assert_eq!(owner.runs(), "2.0.0");
}

#[test]
fn a_packed_plugin_is_looked_up_by_the_lists_in_it() {
    let owner = with_lock();
    owner.ends(&["pack", "at/tool", "-o", "tool.ringfence"], 0);
    owner.ends(&["install", "--yes", "tool.ringfence"], 0);
    import(&owner, &record("MAL-2026-1", "right", "HIGH"));
    let done = owner.ends(&["run", "tool", "tell"], 9);
    assert!(done.stderr.contains("is known malware"), "{done:?}");
}

#[test]
fn advisories_that_cannot_be_read_are_not_taken_for_none() {
    let owner = with_lock();
    owner.ends(&["install", "--yes", "at/tool"], 0);
    import(&owner, &record("GHSA-1", "left", "CRITICAL"));
    let path = owner.user.home().join("advisories.sqlite");
    std::fs::write(&path, vec![0xa5; 10_000]).unwrap();
    let done = owner.run(&["run", "--despite-findings", "tool", "tell"]);
    assert!(done.code != Some(0) && done.stdout.is_empty(), "{done:?}");
}
