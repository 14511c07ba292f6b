//! What is taken from a source, and what leaves everything as it was.

use crate::{Home, NOW, lines, malware, vulnerability};
use ringfence_advisories::{
    Advisories, AdvisoriesError, Covers, FILE, Import, Known, Origin, State,
};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

#[test]
fn the_same_source_twice_changes_nothing_and_a_newer_record_takes_the_place_of_an_older() {
    let home = Home::new();
    let records = [vulnerability("A-1", "tool", "2.0.0", "HIGH"), malware("evil", "1.0.0")];
    let first = home.import(&records).unwrap();
    assert_eq!((first.read, first.new, first.unchanged), (2, 2, 0));
    let again = home.import(&records).unwrap();
    assert_eq!((again.read, again.new, again.updated, again.unchanged), (2, 0, 0, 2));

    let mut newer = vulnerability("A-1", "renamed", "3.0.0", "HIGH");
    newer["modified"] = json!("2026-01-14T00:00:00Z");
    assert_eq!(home.import(&[newer]).unwrap().updated, 1);
    assert_eq!(home.one(Known::Npm, "tool", "1.0.0").state, State::Verified);
    assert_eq!(home.one(Known::Npm, "renamed", "2.5.0").state, State::Affected);
    // The older one again, from another mirror.
    assert_eq!(home.import(&records).unwrap().updated, 0);
    assert_eq!(home.one(Known::Npm, "renamed", "2.5.0").state, State::Affected);
}

#[test]
fn a_record_that_was_taken_back_is_about_nothing_and_an_older_source_does_not_bring_it_back() {
    let home = Home::new();
    let record = vulnerability("A-1", "tool", "2.0.0", "CRITICAL");
    home.import(std::slice::from_ref(&record)).unwrap();
    let mut withdrawn = record.clone();
    withdrawn["modified"] = json!("2026-01-14T00:00:00Z");
    withdrawn["withdrawn"] = json!("2026-01-14T00:00:00Z");
    assert_eq!(home.import(&[withdrawn]).unwrap().withdrawn, 1);
    home.import(&[record]).unwrap();
    assert_eq!(home.one(Known::Npm, "tool", "1.0.0").state, State::Verified);
}

#[test]
fn malformed_records_are_counted_and_named_and_a_source_of_them_is_refused() {
    let home = Home::new();
    let good = lines(&[vulnerability("A-1", "tool", "2.0.0", "HIGH"), malware("evil", "1.0.0")]);
    let imported = home.import_lines(&format!("{good}{{\"id\": \"B\"}}\n")).unwrap();
    assert_eq!((imported.read, imported.new, imported.malformed), (3, 2, 1));
    assert_eq!(imported.first_malformed[0].0, "line 3");

    let refused = home.import_lines(&format!(
        "{}not json\nnor this\n",
        lines(&[vulnerability("A-2", "other", "2.0.0", "HIGH")])
    ));
    let Err(AdvisoriesError::MostlyMalformed { malformed: 2, read: 3, first }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(first[0].0, "line 2");
    assert_eq!(home.one(Known::Npm, "other", "1.0.0").state, State::Verified, "not taken");
    assert!(matches!(home.import_lines("\n\n"), Err(AdvisoriesError::Empty)));
    assert_eq!(home.one(Known::Npm, "evil", "1.0.0").state, State::Affected, "the last good one");
}

#[test]
fn an_import_that_does_not_come_to_its_end_never_was() {
    let home = Home::new();
    home.import(&[vulnerability("A-1", "tool", "2.0.0", "HIGH")]).unwrap();
    let text = lines(&[vulnerability("A-2", "other", "2.0.0", "HIGH")]);
    let mut import = Import::begin(&home.home(), NOW).unwrap();
    import.read(Origin::Lines(&mut text.as_bytes()), |_| {}).unwrap();
    let ready = import.finish("test", &Covers::Most).unwrap();
    // Whoever checks meanwhile sees the old data.
    assert_eq!(home.one(Known::Npm, "other", "1.0.0").state, State::Verified);
    drop(ready);
    assert_eq!(home.one(Known::Npm, "other", "1.0.0").state, State::Verified);
    assert_eq!(Advisories::open(&home.home()).unwrap().sources().unwrap().len(), 1);
}

#[test]
fn a_folder_is_read_whole_and_no_link_out_of_it_is_followed() {
    let home = Home::new();
    let folder = home.path("records");
    fs::create_dir_all(folder.join("npm/2026")).unwrap();
    fs::create_dir_all(folder.join(".git")).unwrap();
    let record = vulnerability("A-1", "tool", "2.0.0", "HIGH").to_string();
    fs::write(folder.join("npm/2026/A-1.json"), record).unwrap();
    let pretty = serde_json::to_string_pretty(&malware("evil", "1.0.0")).unwrap();
    fs::write(folder.join("npm/MAL.json"), pretty).unwrap();
    fs::write(folder.join(".git/packed.json"), "not a record").unwrap();
    fs::write(folder.join("README.md"), "not a record").unwrap();
    let outside = home.path("outside.json");
    fs::write(&outside, vulnerability("A-2", "outside", "2.0.0", "HIGH").to_string()).unwrap();
    symlink(&outside, folder.join("npm/linked.json")).unwrap();
    let imported = home.import_path(&folder).unwrap();
    assert_eq!((imported.read, imported.new, imported.malformed), (3, 2, 1));
    assert_eq!(imported.first_malformed[0].0, "npm/linked.json");
    assert_eq!(home.one(Known::Npm, "outside", "1.0.0").state, State::Verified);
    // One record, or a file of lines.
    assert_eq!(home.import_path(&outside).unwrap().new, 1);
    fs::write(home.path("a.jsonl"), lines(&[malware("worse", "1.0.0")])).unwrap();
    assert_eq!(home.import_path(&home.path("a.jsonl")).unwrap().new, 1);
}

#[test]
fn a_line_without_end_is_one_malformed_record() {
    let home = Home::new();
    let record = lines(&[vulnerability("A-1", "tool", "2.0.0", "HIGH")]);
    let text = format!("{record}{}\n{record}", "x".repeat(40 << 20));
    let imported = home.import_lines(&text).unwrap();
    assert_eq!((imported.read, imported.new, imported.unchanged, imported.malformed), (3, 1, 1, 1));
}

#[test]
fn a_few_records_about_another_registry_are_no_data_on_it() {
    let home = Home::new();
    let record = |number: usize, ecosystem: &str| {
        json!({
            "id": format!("A-{number}"), "modified": "2026-01-13T00:00:00Z",
            "affected": [{
                "package": { "ecosystem": ecosystem, "name": "tool" },
                "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }],
            }],
        })
    };
    let mut records: Vec<_> = (0..100).map(|number| record(number, "PyPI")).collect();
    records.push(record(1000, "npm"));
    records.push(record(1001, "Debian:12"));
    let imported = home.import(&records).unwrap();
    assert_eq!((imported.covers, imported.foreign), (vec![Known::PyPi], 1));
    assert_eq!(home.one(Known::Npm, "innocent", "1.0.0").state, State::NotCheckable);
    assert_eq!(home.one(Known::Npm, "tool", "1.0.0").state, State::Affected, "it is known still");
    assert_eq!(home.one(Known::PyPi, "innocent", "1.0.0").state, State::Verified);

    let added = lines(&[record(2000, "npm")]);
    let none = Covers::These(Vec::new());
    home.import_from(Origin::Lines(&mut added.as_bytes()), &none).unwrap();
    assert_eq!(home.one(Known::Npm, "innocent", "1.0.0").state, State::NotCheckable);
    let npm = Covers::These(vec![Known::Npm]);
    home.import_from(Origin::Lines(&mut added.as_bytes()), &npm).unwrap();
    assert_eq!(home.one(Known::Npm, "innocent", "1.0.0").state, State::Verified);
}

#[test]
fn a_list_of_malware_alone_does_not_make_a_package_free_of_vulnerabilities() {
    let home = Home::new();
    let malware: Vec<_> = (0..50).map(|number| malware(&format!("evil-{number}"), "1")).collect();
    assert!(home.import(&malware).unwrap().covers.is_empty());
    assert_eq!(home.one(Known::Npm, "innocent", "1.0.0").state, State::NotCheckable);
    let imported = home.import(&[vulnerability("A-1", "tool", "2.0.0", "HIGH")]).unwrap();
    assert_eq!(imported.covers, [Known::Npm]);
    let data = Advisories::open(&home.home()).unwrap().data(NOW).unwrap();
    assert_eq!((data[0].records, data[0].malware), (51, 50));
}

#[test]
fn a_file_that_was_damaged_or_planted_is_an_error_and_never_an_empty_one() {
    let home = Home::new();
    home.import(&[vulnerability("A-1", "tool", "2.0.0", "HIGH")]).unwrap();
    let file = home.home().join(FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "x".repeat(100_000)).unwrap();
    assert!(matches!(Advisories::open(&home.home()), Err(AdvisoriesError::Damaged { .. })));
    fs::remove_file(&file).unwrap();
    symlink(home.path("elsewhere"), &file).unwrap();
    assert!(matches!(Advisories::open(&home.home()), Err(AdvisoriesError::Private(_))));
    assert!(matches!(Import::begin(&home.home(), NOW), Err(AdvisoriesError::Private(_))));
    assert!(!home.path("elsewhere").exists());
}
