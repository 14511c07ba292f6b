//! Signed lists of what is recalled: what they reach, and what does not move them.

use crate::installed::Owner;
use crate::program::{Done, Started, pause, soon, wait_at_most};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const TWO_SECONDS: Duration = Duration::from_secs(2);

/// Somebody who follows the feed `acme` of two signers, both of whom have to sign, and who
/// installed `tool`.
pub(crate) struct Follower {
    pub(crate) owner: Owner,
}

impl Follower {
    pub(crate) fn new() -> Self {
        let owner = Owner::installed();
        for name in ["one", "two", "other"] {
            owner.ends(&["keygen", &format!("{name}.key")], 0);
        }
        let follower = Self { owner };
        follower.publish(1, &json!([]), &["one", "two"]);
        follower
    }

    fn following() -> Self {
        let follower = Self::new();
        follower.follow(&[]);
        follower
    }

    fn follow(&self, more: &[&str]) {
        let words = ["feed", "add", "acme", "feed.json", "--signer", "one.key.pub", "--signer"];
        let words = [&words[..], &["two.key.pub", "--threshold", "2"], more].concat();
        self.owner.ends(&words, 0);
    }

    pub(crate) fn feed(&self) -> PathBuf {
        self.owner.user.path("feed.json")
    }

    /// Puts a feed where it is fetched from.
    pub(crate) fn publish(&self, sequence: u32, facts: &Value, signers: &[&str]) {
        self.publish_as("acme", sequence, facts, signers);
    }

    fn publish_as(&self, name: &str, sequence: u32, facts: &Value, signers: &[&str]) {
        self.owner.user.write("facts.json", facts.to_string());
        let new = self.owner.user.path("new.json");
        let _ = fs::remove_file(&new);
        let sequence = sequence.to_string();
        let words = ["feed", "new", "facts.json", "--name", name, "--sequence", &sequence];
        self.owner.ends(&[&words[..], &["-o", "new.json"]].concat(), 0);
        for signer in signers {
            self.owner.ends(&["feed", "sign", "new.json", "--key", &format!("{signer}.key")], 0);
        }
        fs::rename(new, self.feed()).unwrap();
    }

    /// The digest by which `tool` is installed.
    fn digest(&self) -> String {
        let info = self.owner.ends(&["info", "--json", "tool"], 0).json();
        info["info"]["plugin"]["current"]["package"].as_str().unwrap().to_owned()
    }

    pub(crate) fn about_tool(&self) -> Value {
        json!({ "id": "A-1", "date": "2026-11-21", "reason": "it mines", "about": "package",
                "digest": self.digest() })
    }

    pub(crate) fn update(&self, code: i32) -> Done {
        self.owner.ends(&["feed", "update", "acme"], code)
    }

    pub(crate) fn state(&self) -> String {
        let info = self.owner.ends(&["info", "--json", "tool"], 0).json();
        info["info"]["plugin"]["state"].as_str().unwrap().to_owned()
    }

    /// The number that counts.
    pub(crate) fn sequence(&self) -> u64 {
        let list = self.owner.ends(&["feed", "list", "--json"], 0).json();
        list["feeds"][0]["accepted"]["sequence"].as_u64().unwrap()
    }
}

#[test]
fn a_fact_about_a_package_quarantines_it_under_every_name_and_an_appeal_lets_it_out() {
    let follower = Follower::following();
    let owner = &follower.owner;
    follower.publish(2, &json!([follower.about_tool()]), &["one", "two"]);
    let done = follower.update(0);
    assert!(done.stderr.contains("tool is in quarantine by acme (A-1)"), "{done:?}");
    assert_eq!(follower.state(), "quarantined");
    let info = owner.ends(&["info", "--json", "tool"], 0).json();
    let incident = &info["info"]["incidents"][0];
    assert_eq!((&incident["feed"], &incident["fact"]), (&json!("acme"), &json!("A-1")));
    for words in [&["run", "tool", "tell"][..], &["run", "--yes", "./at/tool", "tell"]] {
        let done = owner.ends(words, 9);
        assert!(done.stderr.contains("it mines"), "{done:?}");
    }
    owner.ends(&["pack", "at/tool", "-o", "tool.ringfence"], 0);
    owner.ends(&["run", "--yes", "./tool.ringfence", "tell"], 9);
    // A person put it there, too: that is not the feed's to end.
    owner.ends(&["quarantine", "tool", "--reason", "mine"], 0);
    let mut appeal = follower.about_tool();
    appeal["revoked"] = json!(true);
    follower.publish(3, &json!([appeal]), &["one", "two"]);
    follower.update(0);
    assert_eq!(follower.state(), "quarantined", "a person's reason stands");
    owner.ends(&["quarantine", "--release", "tool"], 0);
    assert_eq!(follower.state(), "disabled");
    owner.ends(&["enable", "tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    // Recalled anew under another id, and let out by the appeal alone: switched off.
    let mut again = follower.about_tool();
    again["id"] = json!("A-2");
    follower.publish(4, &json!([again]), &["one", "two"]);
    follower.update(0);
    assert_eq!(follower.state(), "quarantined");
    again["revoked"] = json!(true);
    follower.publish(5, &json!([again]), &["one", "two"]);
    let done = follower.update(0);
    assert!(done.stderr.contains("let out"), "{done:?}");
    assert_eq!(follower.state(), "disabled");
    owner.ends(&["audit", "verify"], 0);
}

#[test]
fn what_runs_is_ended_within_two_seconds_of_the_update() {
    let follower = Follower::following();
    let owner = &follower.owner;
    let marker = owner.user.path("data").canonicalize().unwrap_or_else(|_| {
        fs::create_dir(owner.user.path("data")).unwrap();
        owner.user.path("data").canonicalize().unwrap()
    });
    let folder = marker.display();
    let code = format!(
        "import sys, time
def spin(input, ringfence):
    number = 0
    while True:
        number += 1
        with open('{folder}/marker', 'w') as file: file.write(str(number))
        if number == 3: print('is up', file=sys.stderr, flush=True)
        time.sleep(0.02)
"
    );
    let permissions = format!(
        "permissions:\n  - files.read: {folder}/**\n  - files.write: {folder}/**\n  \
         - files.delete: {folder}/**\n"
    );
    owner.plugin("tool", "tool", "1.0.0", &code, &permissions);
    owner.ends(&["install", "--yes", "--allow-downgrade", "--despite-findings", "at/tool"], 0);
    let grants: Vec<String> = ["read", "write", "delete"]
        .iter()
        .map(|k| format!("--grant=files.{k}={folder}/**"))
        .collect();
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    let mut sequence = 1;
    for target in ["tool", "./at/tool"] {
        let words = match target {
            "tool" => vec!["run", "tool", "spin"],
            _ => [&["run", "--yes"], &grants[..], &[target, "spin"]].concat(),
        };
        let started: Started = owner.user.ringfence(words).start();
        started.stderr.wait_for("is up");
        sequence += 1;
        let mut fact = follower.about_tool();
        fact["id"] = json!(format!("A-{sequence}"));
        follower.publish(sequence, &json!([fact]), &["one", "two"]);
        follower.update(0);
        let begin = Instant::now();
        assert!(wait_at_most(started.pid(), TWO_SECONDS), "{target} runs on");
        let took = begin.elapsed();
        let before = fs::read(marker.join("marker")).unwrap();
        let done = started.finish();
        assert_eq!(done.code, Some(10), "{done:?}");
        assert!(done.stderr.contains("feed acme") && done.stderr.contains("it mines"), "{done:?}");
        pause(Duration::from_millis(300));
        assert_eq!(fs::read(marker.join("marker")).unwrap(), before, "after {took:?}");
        fact["revoked"] = json!(true);
        sequence += 1;
        follower.publish(sequence, &json!([fact]), &["one", "two"]);
        follower.update(0);
        owner.ends(&["enable", "tool"], 0);
    }
}

#[test]
fn a_feed_that_does_not_count_changes_nothing_and_that_is_told_and_written_down() {
    let follower = Follower::following();
    let owner = &follower.owner;
    let facts = json!([follower.about_tool()]);
    follower.publish(5, &json!([]), &["one", "two"]);
    follower.update(0);
    let good = fs::read(follower.feed()).unwrap();
    let refused = |what: &str, says: &str| {
        let done = owner.run(&["feed", "update", "acme"]);
        assert!(matches!(done.code, Some(2 | 9)), "{what}: {done:?}");
        assert!(done.stderr.contains(says), "{what}: {done:?}");
        assert_eq!(follower.sequence(), 5, "{what}");
        assert_eq!(follower.state(), "enabled", "{what}");
        let list = owner.ends(&["feed", "list"], 0);
        assert!(list.stdout.contains("the last attempt failed"), "{what}: {list:?}");
    };
    follower.publish(6, &facts, &["one"]);
    refused("signed by one of two", "signed by 1 of the keys");
    follower.publish(6, &facts, &["one", "one"]);
    refused("by the same twice", "signed by 1 of the keys");
    follower.publish(6, &facts, &["one", "other"]);
    refused("by a stranger", "signed by 1 of the keys");
    follower.publish(4, &facts, &["one", "two"]);
    refused("older", "number 5 was accepted before");
    follower.publish(5, &facts, &["one", "two"]);
    refused("the same number", "says something else than before");
    follower.publish_as("other", 6, &facts, &["one", "two"]);
    refused("another feed of the same signers", "`other`");
    follower.publish(6, &facts, &["one", "two"]);
    let whole = fs::read(follower.feed()).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let twice = text.replacen("\"payloadType\"", "\"payloadType\": \"x\", \"payloadType\"", 1);
    let more = text.replacen("\"payloadType\"", "\"more\": 1, \"payloadType\"", 1);
    for (what, bytes) in [
        ("half", whole[..whole.len() / 2].to_vec()),
        ("bytes behind it", [&whole[..], b"{}"].concat()),
        ("a name twice", twice.into_bytes()),
        ("a name that nobody knows", more.into_bytes()),
        ("nothing", Vec::new()),
        ("noise", vec![0xff; 1 << 16]),
        ("deep", vec![b'['; 1 << 20]),
    ] {
        fs::write(follower.feed(), bytes).unwrap();
        refused(what, "it is no feed");
    }
    fs::write(follower.feed(), vec![b' '; 64 << 20]).unwrap();
    refused("enormous", "larger than");
    fs::remove_file(follower.feed()).unwrap();
    refused("gone", "cannot be fetched");
    let failed = owner
        .user
        .records()
        .iter()
        .filter(|record| record["event"]["message"] == "a feed was not accepted")
        .count();
    assert_eq!(failed, 15);
    fs::write(follower.feed(), good).unwrap();
    assert!(follower.update(0).stdout.contains("nothing new"));
}

#[test]
fn the_operator_is_above_every_feed() {
    let follower = Follower::following();
    let owner = &follower.owner;
    let recalled = |sequence: u32, id: &str| {
        let mut fact = follower.about_tool();
        fact["id"] = json!(id);
        follower.publish(sequence, &json!([fact]), &["one", "two"]);
        follower.update(0);
    };
    recalled(2, "A-1");
    owner.ends(&["run", "tool", "tell"], 9);
    // Let out by name, it is not held by the same fact again.
    owner.ends(&["quarantine", "--release", "tool"], 0);
    owner.ends(&["enable", "tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    recalled(3, "A-1");
    assert_eq!(owner.runs(), "1.0.0");
    // By another one it is, until that is ignored.
    recalled(4, "B-1");
    owner.ends(&["run", "tool", "tell"], 9);
    let done = owner.ends(&["feed", "ignore", "acme", "B-1"], 0);
    assert!(done.stderr.contains("tool is let out"), "{done:?}");
    owner.ends(&["enable", "tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    owner.ends(&["feed", "ignore", "--undo", "acme", "B-1"], 0);
    owner.ends(&["run", "tool", "tell"], 9);
    recalled(5, "C-1");
    assert_eq!(follower.state(), "quarantined");
    owner.ends(&["feed", "remove", "acme"], 0);
    owner.ends(&["enable", "tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    let kinds = owner.user.kinds();
    assert!(kinds.iter().filter(|kind| *kind == "feed_changed").count() >= 9, "{kinds:?}");
}

#[test]
fn facts_about_keys_and_publishers_hold_what_they_signed_and_nothing_else() {
    let follower = Follower::following();
    let owner = &follower.owner;
    let name = owner.ends(&["keygen", "maker.key"], 0).stdout.trim().to_owned();
    owner.ends(&["trust", "add", "Maker", "maker.key.pub", "--scope", "*"], 0);
    owner.ends(&["pack", "at/tool", "--key", "maker.key", "-o", "signed.ringfence"], 0);
    owner.plugin("mine", "mine", "1.0.0", "def tell(input, ringfence): return [1, 'mine']\n", "");
    owner.ends(&["pack", "at/mine", "--key", "maker.key", "-o", "mine.ringfence"], 0);
    owner.ends(&["install", "--yes", "mine.ringfence"], 0);
    for (sequence, fact) in [
        (
            2,
            json!({ "id": "K", "date": "2026-11-21", "reason": "stolen", "about": "key", "key": name }),
        ),
        (
            3,
            json!({ "id": "P", "date": "2026-11-21", "reason": "sold", "about": "publisher",
                    "name": "Maker" }),
        ),
    ] {
        follower.publish(sequence, &json!([fact]), &["one", "two"]);
        follower.update(0);
        owner.ends(&["run", "mine", "tell"], 9);
        owner.ends(&["run", "--yes", "./signed.ringfence", "tell"], 9);
        assert_eq!(owner.runs(), "1.0.0", "it is signed by nobody");
        owner.ends(&["remove", "mine"], 0);
        let done = owner.ends(&["install", "--yes", "mine.ringfence"], 9);
        assert!(done.stderr.contains("acme") || done.stderr.contains("quarantine"), "{done:?}");
        follower.owner.ends(&["feed", "remove", "acme"], 0);
        follower.publish(1, &json!([]), &["one", "two"]);
        follower.follow(&[]);
        owner.ends(&["install", "--yes", "mine.ringfence"], 0);
    }
}

#[test]
fn a_feed_that_only_warns_stops_nothing() {
    let follower = Follower::new();
    follower.follow(&["--warn"]);
    follower.publish(2, &json!([follower.about_tool()]), &["one", "two"]);
    let done = follower.update(0);
    assert!(done.stderr.contains("acme warns of tool (A-1)"), "{done:?}");
    assert_eq!(follower.owner.runs(), "1.0.0");
}

#[test]
fn an_update_that_is_killed_at_any_moment_leaves_all_of_the_old_or_all_of_the_new() {
    let follower = Follower::following();
    let owner = &follower.owner;
    let digest = |at: usize| format!("sha256:{at:064x}");
    let mut killed = 0;
    for round in 0..40_u32 {
        let sequence = round + 2;
        let facts: Vec<Value> = (0..2_000)
            .map(|at| {
                json!({ "id": format!("{sequence}-{at}"), "date": "2026-11-21",
                        "reason": sequence.to_string(), "about": "package", "digest": digest(at) })
            })
            .collect();
        follower.publish(sequence, &Value::Array(facts), &["one", "two"]);
        let started = owner.user.ringfence(["feed", "update", "acme"]).start();
        pause(Duration::from_millis(u64::from(round) * 7 % 150));
        let _ = rustix::process::kill_process(started.pid(), Signal::KILL);
        killed += usize::from(started.finish().signal == Some(9));
        let shown = owner.ends(&["feed", "show", "--json", "acme"], 0).json();
        let accepted = shown["feed"]["accepted"]["sequence"].as_u64().unwrap();
        let facts = shown["facts"].as_array().unwrap();
        let reason = accepted.to_string();
        assert!(accepted <= u64::from(sequence));
        assert_eq!(facts.len(), if accepted == 1 { 0 } else { 2_000 });
        assert!(facts.iter().all(|fact| fact["reason"] == reason.as_str()), "{accepted}");
    }
    assert!(killed > 10, "only {killed} were killed at their work");
    assert!(soon(|| owner.run(&["feed", "update", "acme"]).code == Some(0)));
    assert_eq!(follower.sequence(), 41);
    owner.ends(&["audit", "verify"], 0);
}
