use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000_000_000;

/// As GitHub's database writes a vulnerability.
fn lodash() -> Value {
    json!({
        "schema_version": "1.4.0",
        "id": "GHSA-jf85-cpcp-j695",
        "modified": "2023-09-05T22:24:55.123456Z",
        "published": "2019-07-10T19:45:23Z",
        "aliases": ["CVE-2019-10744"],
        "summary": "Prototype Pollution in lodash",
        "severity": [
            { "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H" },
        ],
        "affected": [
            {
                "package": { "ecosystem": "npm", "name": "lodash" },
                "ranges": [{
                    "type": "ECOSYSTEM",
                    "events": [{ "introduced": "0" }, { "fixed": "4.17.12" }],
                }],
                "database_specific": { "last_known_affected_version_range": "<= 4.17.11" },
            },
            { "package": { "ecosystem": "Packagist", "name": "a/b" }, "ranges": [] },
            { "ranges": [{ "type": "GIT", "repo": "https://example.com", "events": [] }] },
        ],
        "references": [{ "type": "WEB", "url": "https://example.com" }],
        "database_specific": { "severity": "HIGH", "cwe_ids": ["CWE-1321"] },
        "something_new": { "of": [1, 2, 3] },
    })
}

/// As the database of malicious packages writes one.
fn malware() -> Value {
    json!({
        "schema_version": "1.5.0",
        "id": "MAL-2025-46974",
        "modified": "2025-09-16T12:00:00Z",
        "summary": "Malicious code in evil (npm)",
        "affected": [{
            "package": { "ecosystem": "npm", "name": "evil" },
            "versions": ["4.1.1", "4.1.2"],
        }],
        "database_specific": { "malicious-packages-origins": [{ "sha256": "00" }] },
    })
}

fn parse(value: &Value) -> Result<Record, Malformed> {
    Record::parse(value.to_string().as_bytes(), NOW)
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Record, Malformed> {
    let mut value = lodash();
    change(&mut value);
    parse(&value)
}

#[test]
fn a_record_is_read_as_far_as_it_is_understood() {
    let record = parse(&lodash()).unwrap();
    assert_eq!(record.id, "GHSA-jf85-cpcp-j695");
    assert_eq!(record.modified, 1_693_952_695_123_456);
    assert_eq!(record.severity, Some(Severity::Critical), "the vector says more than the word");
    assert_eq!(record.aliases, ["CVE-2019-10744"]);
    let [(Known::Npm, name, versions)] = record.affected.as_slice() else { panic!("{record:?}") };
    assert_eq!(name, "lodash");
    assert!(!versions.unread && versions.ranges.len() == 1);
    assert!(!record.malware && !record.withdrawn);
}

#[test]
fn malware_is_known_by_its_name_its_origin_its_other_names_or_its_weakness() {
    assert!(parse(&malware()).unwrap().malware);
    let origin = changed(|v| v["database_specific"] = json!({ "malicious-packages-origins": [] }));
    assert!(origin.unwrap().malware);
    assert!(changed(|v| v["aliases"] = json!(["MAL-2024-1"])).unwrap().malware);
    assert!(changed(|v| v["database_specific"]["cwe_ids"] = json!(["CWE-506"])).unwrap().malware);
    let mut nothing = malware();
    nothing["affected"][0]["versions"] = json!([]);
    let versions = &parse(&nothing).unwrap().affected[0].2;
    assert!(versions.is_all(), "a package that is malware without versions is so in all of them");
}

#[test]
fn what_is_said_in_a_way_that_is_not_read_is_not_nothing() {
    let git = json!([{ "type": "GIT", "events": [{ "introduced": "0" }] }]);
    assert!(changed(|v| v["affected"][0]["ranges"] = git).unwrap().affected[0].2.unread);
    let new = json!([{ "type": "LUNAR", "events": [{ "introduced": "0" }] }]);
    assert!(changed(|v| v["affected"][0]["ranges"] = new).unwrap().affected[0].2.unread);
    let event = json!([{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "waned": "1" }] }]);
    assert!(changed(|v| v["affected"][0]["ranges"] = event).unwrap().affected[0].2.unread);
}

#[test]
fn a_record_that_says_what_cannot_be_is_malformed_and_says_why() {
    let cases: [(Result<Record, Malformed>, Malformed); 7] = [
        (changed(|v| v["schema_version"] = json!("2.0.0")), Malformed::Schema),
        (changed(|v| v["id"] = json!("GHSA\u{1b}[2J")), Malformed::Id),
        (changed(|v| v["id"] = json!("")), Malformed::Id),
        (changed(|v| v["modified"] = json!("yesterday")), Malformed::Date("modified")),
        (changed(|v| v["modified"] = json!("9999-01-01T00:00:00Z")), Malformed::Future),
        (changed(|v| v["withdrawn"] = json!("perhaps")), Malformed::Date("withdrawn")),
        (changed(|v| v["affected"][0]["package"]["name"] = json!("a\u{7}")), Malformed::Name),
    ];
    for (found, malformed) in cases {
        assert_eq!(found, Err(malformed));
    }
    for bytes in [&b"{}"[..], b"[]", b"", b"\xff", b"{\"id\":1}", b"nul"] {
        assert!(matches!(Record::parse(bytes, NOW), Err(Malformed::Shape(_))), "{bytes:?}");
    }
    let large = vec![b' '; MAX_RECORD_BYTES + 1];
    assert_eq!(Record::parse(&large, NOW), Err(Malformed::TooLarge));
}

#[test]
fn a_million_packages_in_one_record_and_endless_depth_are_refused_before_they_are_memory() {
    let many = format!(
        r#"{{"id":"A-1","modified":"2020-01-01T00:00:00Z","affected":[{}{{}}]}}"#,
        "{},".repeat(1_000_000)
    );
    let refused = Record::parse(many.as_bytes(), NOW).unwrap_err();
    assert!(refused.to_string().contains("more than 10000 values"), "{refused}");
    let deep =
        format!(r#"{{"id":"A-1","modified":"2020-01-01T00:00:00Z","x":{}"#, "[".repeat(1_000_000));
    assert!(matches!(Record::parse(deep.as_bytes(), NOW), Err(Malformed::Shape(_))));
}

#[test]
fn other_shapes_in_what_databases_add_of_their_own_do_no_harm() {
    for odd in [json!(null), json!([[], {}]), json!("text"), json!(5), json!({ "severity": [1] })] {
        let record = changed(|v| {
            v["database_specific"] = odd.clone();
            v["affected"][0]["ecosystem_specific"] = odd;
            v["severity"] = Value::Null;
        });
        assert_eq!(record.unwrap().severity, None);
    }
}

#[test]
fn a_summary_is_one_line_of_bounded_length() {
    let record = changed(|v| v["summary"] = json!(format!("\n\n  {}\nmore", "ä".repeat(500))));
    let summary = record.unwrap().summary;
    assert!(summary.len() <= 300 && summary.chars().all(|c| c == 'ä'));
}

proptest! {
    #[test]
    fn no_bytes_end_the_reader(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let _ = Record::parse(&bytes, NOW);
        for value in [lodash(), malware()] {
            let mut changed = value.to_string().into_bytes();
            let place = at.index(changed.len());
            changed[place] = byte;
            let _ = Record::parse(&changed, NOW);
            changed.truncate(place);
            let _ = Record::parse(&changed, NOW);
        }
    }
}
