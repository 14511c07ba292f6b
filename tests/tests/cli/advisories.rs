//! Known vulnerabilities and known malware: what a person is told of a package, what is
//! refused, and what records that lie can do.

use crate::program::{Done, User, soon};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;

/// A user whose advisories were changed a moment ago.
struct Operator {
    user: User,
}

impl Operator {
    fn new() -> Self {
        Self { user: User::new() }
    }

    fn run(&self, words: &[&str]) -> Done {
        self.user.ringfence(words).run()
    }

    fn import(&self, records: &[Value]) -> Done {
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        self.user.ringfence(["advisories", "import", "-"]).input(lines).run()
    }

    fn check(&self, words: &[&str]) -> Done {
        self.run(&[&["advisories", "check"], words].concat())
    }

    /// A folder whose lock names these packages of npm.
    fn locked(&self, packages: &[(&str, &str)]) {
        let place = |name: &str| format!("node_modules/{name}");
        let packages: serde_json::Map<String, Value> = packages
            .iter()
            .map(|(name, version)| (place(name), json!({ "version": version })))
            .collect();
        let lock = json!({ "lockfileVersion": 3, "packages": packages });
        self.user.write("app/package-lock.json", lock.to_string());
    }
}

/// When it is now, as records write it.
fn now() -> String {
    let done = std::process::Command::new("date").args(["-u", "+%FT%TZ"]).output().unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// As GitHub writes of a vulnerability.
fn vulnerability(severity: &str) -> Value {
    json!({
        "schema_version": "1.4.0",
        "id": "GHSA-jf85-cpcp-j695",
        "modified": now(),
        "aliases": ["CVE-2019-10744"],
        "summary": "Prototype Pollution in lodash",
        "affected": [{
            "package": { "ecosystem": "npm", "name": "lodash" },
            "ranges": [{
                "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "4.17.12" }],
            }],
        }],
        "database_specific": { "severity": severity },
    })
}

/// As the database of malicious packages writes.
fn malware() -> Value {
    json!({
        "id": "MAL-2026-1",
        "modified": now(),
        "summary": "Malicious code in loadash (npm)",
        "affected": [{
            "package": { "ecosystem": "npm", "name": "loadash" }, "versions": ["1.0.0"],
        }],
    })
}

#[test]
fn a_critical_vulnerability_is_refused_with_its_fix_and_the_fixed_version_is_verified() {
    let operator = Operator::new();
    let imported = operator.import(&[vulnerability("CRITICAL")]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    operator.locked(&[("lodash", "4.17.11")]);
    let bad = operator.check(&["app"]);
    assert_eq!(bad.code, Some(9), "{bad:?}");
    for told in [
        "BLOCKED npm lodash 4.17.11 (package-lock.json)",
        "critical",
        "CVE-2019-10744",
        "fixed in 4.17.12",
        "1 affected",
    ] {
        assert!(bad.stdout.contains(told), "`{told}` is not in {bad:?}");
    }
    assert!(
        bad.stderr.contains("data on npm: 1 record, 0 of malware, as of")
            && bad.stderr.contains("0 days")
    );
    let json = operator.check(&["app", "--json"]);
    let object = json.json();
    assert_eq!((json.code, &object["ok"]), (Some(9), &json!(false)));
    assert_eq!(object["components"][0]["state"], "affected");
    assert_eq!(object["components"][0]["findings"][0]["fixed"], "4.17.12");
    assert_eq!(object["data"][0]["age_days"], 0);

    operator.locked(&[("lodash", "4.17.12")]);
    let good = operator.check(&["app"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.stdout.contains("1 component: 1 verified, 0 affected, 0 not checkable"));
}

#[test]
fn what_is_less_than_critical_is_told_and_blocks_when_it_is_wanted() {
    let operator = Operator::new();
    operator.import(&[vulnerability("HIGH")]);
    operator.locked(&[("lodash", "4.17.11")]);
    let told = operator.check(&["app"]);
    assert!(told.code == Some(0) && told.stdout.contains("affected npm lodash"), "{told:?}");
    assert_eq!(operator.check(&["app", "--block", "high"]).code, Some(9));
    assert_eq!(operator.check(&["app", "--block", "severe"]).code, Some(2));
}

#[test]
fn malware_is_refused_whatever_is_allowed() {
    let operator = Operator::new();
    operator.import(&[vulnerability("CRITICAL"), malware()]);
    operator.locked(&[("loadash", "1.0.0")]);
    let words = ["app", "--block", "malware", "--allow-unchecked"];
    let done = operator.check(&words);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.stdout.contains("MALWARE  MAL-2026-1"), "{done:?}");
    let ignored = "[[ignore]]\nid = \"MAL-2026-1\"\nreason = \"no\"\nuntil = 2090-01-01\n";
    operator.user.write("ignore.toml", ignored);
    let done = operator.check(&["app", "--ignore", "ignore.toml"]);
    assert!(done.code == Some(2) && done.stderr.contains("cannot be ignored"), "{done:?}");
}

#[test]
fn without_data_or_with_old_data_nothing_is_called_clean() {
    let operator = Operator::new();
    operator.locked(&[("lodash", "4.17.21")]);
    let none = operator.check(&["app"]);
    assert_eq!(none.code, Some(9), "{none:?}");
    assert!(none.stdout.contains("there is no data on its registry"), "{none:?}");
    assert!(none.stderr.contains("ringfence advisories import"), "{none:?}");
    let allowed = operator.check(&["app", "--allow-unchecked"]);
    assert_eq!(allowed.code, Some(0));
    assert!(allowed.stdout.contains("0 verified, 0 affected, 1 not checkable"), "{allowed:?}");

    let mut old = vulnerability("CRITICAL");
    old["modified"] = json!("2024-10-10T00:00:00Z");
    operator.import(&[old]);
    let done = operator.check(&["app"]);
    assert!(done.code == Some(9) && done.stdout.contains("the data is"), "{done:?}");
    assert_eq!(operator.check(&["app", "--max-age", "100000"]).code, Some(0));
}

#[test]
fn an_accepted_advisory_does_not_block_until_its_day_and_a_stale_one_is_told() {
    let operator = Operator::new();
    operator.import(&[vulnerability("CRITICAL")]);
    operator.locked(&[("lodash", "4.17.11")]);
    let ignore = |id: &str, until: &str| {
        let text = format!("[[ignore]]\nid = \"{id}\"\nreason = \"unreached\"\nuntil = {until}\n");
        operator.user.write("ignore.toml", text);
        operator.check(&["app", "--ignore", "ignore.toml"])
    };
    let accepted = ignore("CVE-2019-10744", "2090-01-01");
    assert_eq!(accepted.code, Some(0), "{accepted:?}");
    assert!(accepted.stdout.contains("ignored: unreached"), "{accepted:?}");
    let over = ignore("CVE-2019-10744", "2020-01-01");
    assert!(over.code == Some(9) && over.stderr.contains("counts no more"), "{over:?}");
    let unused = ignore("CVE-1999-1", "2090-01-01");
    assert!(unused.code == Some(9) && unused.stderr.contains("has no effect"), "{unused:?}");
    assert_eq!(ignore("CVE-2019-10744", "never").code, Some(2));
}

#[test]
fn an_import_is_in_the_log_and_one_of_rubbish_changes_nothing() {
    let operator = Operator::new();
    assert_eq!(operator.import(&[vulnerability("CRITICAL"), malware()]).code, Some(0));
    let changes = |operator: &Operator| {
        let kinds = operator.user.kinds();
        kinds.iter().filter(|kind| *kind == "advisories_changed").count()
    };
    assert_eq!(changes(&operator), 1);
    let status = operator.run(&["advisories", "status", "--json"]).json();
    assert_eq!(status["data"][0]["records"], 2);
    let rubbish = operator.import(&[json!({ "id": 1 }), json!([]), vulnerability("LOW")]);
    assert_eq!(rubbish.code, Some(2), "{rubbish:?}");
    assert!(rubbish.stderr.contains("2 of 3 records are malformed"), "{rubbish:?}");
    assert_eq!(operator.run(&["advisories", "status", "--json"]).json(), status);
    assert_eq!(changes(&operator), 1, "what was not changed is not recorded as a change");
    let missing = operator.run(&["advisories", "import", "nowhere"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert_eq!(operator.import(&[]).code, Some(2), "a stream without a record");
}

#[test]
fn an_import_that_is_killed_or_cannot_be_recorded_never_was() {
    let operator = Operator::new();
    operator.import(&[vulnerability("CRITICAL")]);
    operator.locked(&[("loadash", "1.0.0")]);
    let status = || operator.run(&["advisories", "status", "--json"]).json();
    let before = status();
    // Killed in the midst of a stream that does not end.
    let records = format!("{}\n", malware()).repeat(10_000);
    let going = operator.user.ringfence(["advisories", "import", "-"]).input(records).stays();
    let going = going.start();
    let log = operator.user.home().join("advisories.sqlite-wal");
    assert!(soon(|| log.exists()));
    going.signal_group(Signal::KILL);
    going.finish();
    assert_eq!(status(), before);
    // No log, no change.
    let audit = operator.user.home().join("audit");
    let aside = operator.user.home().join("aside");
    fs::rename(&audit, &aside).unwrap();
    fs::write(&audit, "in the way").unwrap();
    let refused = operator.import(&[malware()]);
    assert_eq!(refused.code, Some(8), "{refused:?}");
    assert_eq!(status(), before);
    assert_eq!(operator.check(&["app"]).code, Some(0), "it is not known");
    fs::remove_file(&audit).unwrap();
    fs::rename(&aside, &audit).unwrap();
    assert_eq!(operator.import(&[malware()]).code, Some(0));
    assert_eq!(operator.check(&["app"]).code, Some(9));
}

#[test]
fn records_and_packages_that_lie_move_no_cursor_and_end_nothing() {
    let operator = Operator::new();
    let escape = "\u{1b}[2J\u{202e}\u{9b}31m";
    let record = |id: &str, change: &dyn Fn(&mut Value)| {
        let mut value = vulnerability("CRITICAL");
        value["id"] = json!(id);
        value["aliases"] = json!([format!("CVE{escape}")]);
        value["summary"] = json!(format!("{escape}all is well"));
        value["affected"][0]["package"]["name"] =
            json!(format!("a{escape}").replace(['\u{1b}', '\u{9b}'], ""));
        change(&mut value);
        value
    };
    let many: Vec<Value> = vec![json!({}); 20_000];
    let imported = operator.import(&[
        record("A-1", &|_| {}),
        record("A-2", &|value| {
            value["affected"][0]["ranges"][0]["events"][1] = json!({ "fixed": escape });
        }),
        record("A-3", &|value| {
            value["affected"][0]["ranges"][0]["events"] = json!([{ "introduced": "0" }]);
        }),
        vulnerability("CRITICAL"),
        malware(),
        record(&format!("A{escape}"), &|_| {}),
        record("A-4", &|value| value["affected"] = json!(many)),
        record("A-5", &|value| value["modified"] = json!("9999-12-31T00:00:00Z")),
    ]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(
        imported.stderr.contains("line 6") && imported.stderr.contains("line 8"),
        "{imported:?}"
    );
    operator.locked(&[(&format!("a{escape}").replace(['\u{1b}', '\u{9b}'], ""), "1.0.0")]);
    operator.user.write("app/requirements.txt", format!("x{escape}==1{escape}\n"));
    for words in [&["app"][..], &["app", "--json"]] {
        let done = operator.check(words);
        assert_eq!(done.code, Some(9), "{done:?}");
        let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!done.stdout.contains(acts) && !done.stderr.contains(acts), "{done:?}");
        assert!(done.stdout.contains("A-1") && done.stdout.contains("A-3"), "{done:?}");
    }
    // What is honest beside them is found still.
    operator.locked(&[("lodash", "4.17.11")]);
    assert!(operator.check(&["app"]).stdout.contains("GHSA-jf85-cpcp-j695"));
}

#[test]
fn a_packed_package_is_checked_by_what_is_in_it() {
    let operator = Operator::new();
    operator.import(&[vulnerability("CRITICAL")]);
    operator
        .user
        .write("tool/plugin.yaml", "name: tool\nversion: 1.0.0\nruntime: node\nentry: a.mjs\n");
    operator.user.write("tool/a.mjs", "export const go = () => 1;\n");
    operator.user.write(
        "tool/node_modules/lodash/package.json",
        r#"{ "name": "lodash", "version": "4.17.11" }"#,
    );
    let packed = operator.run(&["pack", "tool", "-o", "tool.ringfence"]);
    assert_eq!(packed.code, Some(0), "{packed:?}");
    for target in ["tool", "tool.ringfence", "tool/node_modules/lodash"] {
        let done = operator.check(&[target]);
        assert_eq!(done.code, Some(9), "{target}: {done:?}");
        assert!(done.stdout.contains("GHSA-jf85-cpcp-j695"), "{target}: {done:?}");
    }
    operator.user.write("notes.md", "no list");
    assert_eq!(operator.check(&["notes.md"]).code, Some(2));
    assert_eq!(operator.check(&["nowhere"]).code, Some(2));
}

#[test]
fn a_file_of_advisories_that_was_damaged_is_told_and_never_taken_for_an_empty_one() {
    let operator = Operator::new();
    operator.import(&[vulnerability("CRITICAL")]);
    operator.locked(&[("lodash", "4.17.11")]);
    let file = operator.user.home().join("advisories.sqlite");
    fs::write(&file, vec![b'x'; 50_000]).unwrap();
    let done = operator.check(&["app", "--allow-unchecked"]);
    assert!(done.code == Some(2) && done.stderr.contains("advisories.sqlite"), "{done:?}");
    fs::remove_file(&file).unwrap();
    assert_eq!(operator.import(&[vulnerability("CRITICAL")]).code, Some(0), "as the help says");
    assert_eq!(operator.check(&["app"]).code, Some(9));
}
