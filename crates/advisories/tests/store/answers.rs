//! What is said of a component, and what blocks.

use crate::{Home, NOW, malware, vulnerability};
use ringfence_advisories::{
    Advisories, Component, Ecosystem, Known, Policy, Severity, State, Unsure, read_lists,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;

fn npm(name: &str, version: &str) -> Component {
    Component::new(Known::Npm, name, version)
}

fn block(severity: Severity) -> Policy {
    Policy { block: Some(severity), ..Policy::default() }
}

#[test]
fn a_version_is_affected_until_the_fix_and_told_which_one_that_is() {
    let home = Home::new();
    home.import(&[vulnerability("A-1", "lodash", "4.17.12", "CRITICAL")]).unwrap();
    let bad = home.one(Known::Npm, "lodash", "4.17.11");
    assert!(bad.state == State::Affected && bad.blocks, "{bad:?}");
    assert_eq!(bad.findings[0].fixed.as_deref(), Some("4.17.12"));
    let good = home.one(Known::Npm, "lodash", "4.17.12");
    assert!(good.state == State::Verified && !good.blocks && good.unsure.is_none());
    assert_eq!(home.one(Known::PyPi, "lodash", "4.17.11").state, State::NotCheckable);
}

#[test]
fn without_data_nothing_is_verified_and_everything_blocks_unless_the_policy_says_otherwise() {
    let home = Home::new();
    let checked = home.check(&[npm("lodash", "4.17.11")], &Policy::default());
    assert!(checked.blocks && checked.data.is_empty());
    assert_eq!(checked.components[0].unsure, Some(Unsure::NoData));
    let lenient = Policy { demand_data: false, ..Policy::default() };
    let checked = home.check(&[npm("lodash", "4.17.11")], &lenient);
    assert!(!checked.blocks && checked.components[0].state == State::NotCheckable);
}

#[test]
fn old_data_verifies_nothing_but_what_it_knows_is_still_told() {
    let home = Home::new();
    home.import(&[vulnerability("A-1", "tool", "2.0.0", "LOW")]).unwrap();
    let strict = Policy { max_age_days: Some(1), ..Policy::default() };
    let checked = home.check(&[npm("other", "1.0.0"), npm("tool", "1.0.0")], &strict);
    let [other, tool] = checked.components.as_slice() else { panic!("{checked:?}") };
    assert_eq!(other.state, State::NotCheckable);
    assert_eq!(other.unsure, Some(Unsure::TooOld { days: 2 }));
    assert!(tool.state == State::Affected && tool.blocks, "there may be worse: {tool:?}");
    let enough = Policy { max_age_days: Some(2), ..Policy::default() };
    assert!(!home.check(&[npm("other", "1.0.0"), npm("tool", "1.0.0")], &enough).blocks);
}

#[test]
fn what_cannot_be_read_is_not_checkable_and_never_verified() {
    let home = Home::new();
    let mut unread = vulnerability("A-1", "odd", "soon", "LOW");
    unread["affected"][0]["ranges"][0]["events"][1]["fixed"] = json!("\u{1b}[2Jsoon");
    home.import(&[unread, vulnerability("A-2", "tool", "2.0.0", "LOW")]).unwrap();
    let odd = home.one(Known::Npm, "odd", "1.0.0");
    let ids = vec!["A-1".to_owned()];
    assert_eq!(
        (odd.state, odd.unsure),
        (State::NotCheckable, Some(Unsure::UnreadAdvisories { ids }))
    );
    let version = home.one(Known::Npm, "tool", "latest");
    assert_eq!((version.state, version.unsure), (State::NotCheckable, Some(Unsure::UnreadVersion)));
    let ranged = Component { version: None, ..npm("tool", "") };
    let other = Component { ecosystem: Ecosystem::Other("golang".to_owned()), ..npm("x", "1") };
    let checked = home.check(&[ranged, other], &Policy::default());
    assert!(checked.components.iter().all(|one| one.state == State::NotCheckable && one.blocks));
}

#[test]
fn a_list_that_was_not_read_blocks_unless_the_policy_says_otherwise() {
    let home = Home::new();
    home.import(&[vulnerability("A-1", "tool", "2.0.0", "LOW")]).unwrap();
    let folder = home.path("target");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("yarn.lock"), "").unwrap();
    let check = |policy: &Policy| {
        let found = read_lists(&folder).unwrap();
        Advisories::open(&home.home()).unwrap().check(&found, policy, NOW).unwrap()
    };
    let checked = check(&Policy::default());
    assert!(checked.blocks && checked.unread[0].place == "yarn.lock", "{checked:?}");
    assert!(!check(&Policy { demand_data: false, ..Policy::default() }).blocks);
}

#[test]
fn a_pipe_a_link_or_a_file_without_end_is_told_and_not_waited_for() {
    let home = Home::new();
    let folder = home.path("target");
    fs::create_dir(&folder).unwrap();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, folder.join("package-lock.json"), FileType::Fifo, mode, 0).unwrap();
    symlink("/etc/passwd", folder.join("requirements.txt")).unwrap();
    let large = fs::File::create(folder.join("uv.lock")).unwrap();
    large.set_len(1 << 40).unwrap();
    let found = read_lists(&folder).unwrap();
    assert_eq!((found.components().len(), found.unread_parts().len()), (0, 3), "{found:?}");
    for name in ["package-lock.json", "uv.lock"] {
        assert!(read_lists(&folder.join(name)).is_err(), "{name}");
    }
    // A folder of records is read in the same way.
    fs::rename(folder.join("package-lock.json"), folder.join("a.json")).unwrap();
    fs::rename(folder.join("uv.lock"), folder.join("b.json")).unwrap();
    assert!(home.import_path(&folder).is_err());
}

#[test]
fn malware_blocks_whatever_is_ignored_and_whatever_the_version_is_where_all_are() {
    let home = Home::new();
    let mut all = malware("worst", "1.0.0");
    all["affected"][0]["versions"] = json!([]);
    let mut known_elsewhere = malware("evil", "1.0.0");
    known_elsewhere["aliases"] = json!(["CVE-2026-1"]);
    home.import(&[known_elsewhere, all]).unwrap();
    let ignored = "[[ignore]]\nid = \"CVE-2026-1\"\nreason = \"x\"\nuntil = 2030-01-01\n";
    let policy = Policy {
        block: None,
        demand_data: false,
        ignored: Policy::read_ignored(ignored).unwrap(),
        ..Policy::default()
    };
    let unknown = Component { version: None, ..npm("worst", "") };
    let checked = home.check(&[npm("evil", "1.0.0"), npm("evil", "2.0.0"), unknown], &policy);
    let blocks: Vec<bool> = checked.components.iter().map(|one| one.blocks).collect();
    assert_eq!(blocks, [true, false, true]);
    assert!(checked.components[0].findings[0].malware);
    assert!(checked.stale_ignores[0].unused, "it is told to be without effect");
}

#[test]
fn severities_block_from_the_policys_on_and_an_unknown_one_counts_as_high() {
    let home = Home::new();
    let rate =
        |severity: &str| vulnerability(&format!("A-{severity}"), severity, "2.0.0", severity);
    home.import(&[rate("LOW"), rate("MODERATE"), rate("HIGH"), rate("CRITICAL"), rate("unheard")])
        .unwrap();
    let blocked = |policy: &Policy| {
        let names = ["LOW", "MODERATE", "HIGH", "CRITICAL", "unheard"];
        let checked = home.check(&names.map(|name| npm(name, "1.0.0")), policy);
        let blocking = checked.components.into_iter().filter(|one| one.blocks);
        blocking.map(|one| one.component.name).collect::<Vec<_>>()
    };
    assert_eq!(blocked(&Policy::default()), ["CRITICAL"]);
    assert_eq!(blocked(&block(Severity::High)), ["CRITICAL", "HIGH", "unheard"]);
    assert_eq!(blocked(&block(Severity::Low)).len(), 5);
    assert_eq!(blocked(&Policy { block: None, ..Policy::default() }).len(), 0);
    let unknown = home.one(Known::Npm, "unheard", "1.0.0");
    assert_eq!(unknown.findings[0].severity, None, "it is told as unknown");
}

#[test]
fn an_ignored_advisory_does_not_block_until_its_day_is_over_and_a_stale_one_is_told() {
    let home = Home::new();
    let mut record = vulnerability("A-1", "tool", "2.0.0", "CRITICAL");
    record["aliases"] = json!(["CVE-2026-1"]);
    home.import(&[record]).unwrap();
    let check = |id: &str, until: &str| {
        let text = format!("[[ignore]]\nid = \"{id}\"\nreason = \"unreached\"\nuntil = {until}\n");
        let ignored = Policy::read_ignored(&text).unwrap();
        home.check(&[npm("tool", "1.0.0")], &Policy { ignored, ..Policy::default() })
    };
    for id in ["A-1", "CVE-2026-1"] {
        let checked = check(id, "2026-01-15");
        assert!(!checked.blocks && checked.stale_ignores.is_empty(), "{checked:?}");
        let finding = &checked.components[0].findings[0];
        assert_eq!(finding.ignored.as_deref(), Some("unreached"), "it is told still");
        assert_eq!(checked.components[0].state, State::Affected);
    }
    let over = check("A-1", "2026-01-14");
    assert!(over.blocks && over.stale_ignores[0].over && !over.stale_ignores[0].unused);
    let unused = check("CVE-2026-2", "2027-01-01");
    assert!(unused.blocks && unused.stale_ignores[0].unused && !unused.stale_ignores[0].over);
}

#[test]
fn two_databases_that_speak_of_one_thing_are_one_finding_with_the_worst_of_both() {
    let home = Home::new();
    let mut silent = vulnerability("PYSEC-1", "tool", "2.0.0", "");
    let mut rated = vulnerability("GHSA-1", "tool", "2.0.0", "CRITICAL");
    silent["aliases"] = json!(["CVE-2026-1"]);
    rated["aliases"] = json!(["CVE-2026-1"]);
    home.import(&[silent, rated, vulnerability("A-2", "tool", "3.0.0", "LOW")]).unwrap();
    let tool = home.one(Known::Npm, "tool", "1.0.0");
    let [one, other] = tool.findings.as_slice() else { panic!("{tool:?}") };
    assert_eq!((one.id.as_str(), one.severity), ("GHSA-1", Some(Severity::Critical)));
    assert_eq!(one.aliases, ["CVE-2026-1", "PYSEC-1"]);
    assert_eq!(other.id, "A-2");
}

#[test]
fn the_age_is_that_of_the_newest_record_and_not_of_the_import() {
    let home = Home::new();
    let mut old = vulnerability("A-1", "tool", "2.0.0", "LOW");
    old["modified"] = json!("2024-10-10T00:00:00Z");
    home.import(&[old]).unwrap();
    let checked = home.check(&[npm("other", "1.0.0")], &Policy::default());
    assert_eq!(checked.data[0].age_days, 462);
    assert!(checked.blocks, "{checked:?}");
}
