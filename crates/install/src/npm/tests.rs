use super::lock::Lock;
use crate::error::InstallError;
use proptest::prelude::*;
use serde_json::{Value, json};

fn hash(byte: u8) -> String {
    use base64::Engine as _;
    format!("sha512-{}", base64::engine::general_purpose::STANDARD.encode([byte; 64]))
}

fn lock(packages: &Value) -> Result<Lock, InstallError> {
    let lock = json!({ "name": "plugin", "lockfileVersion": 3, "packages": packages });
    Lock::parse(lock.to_string().into_bytes())
}

fn one(place: &str, more: &Value) -> Result<Lock, InstallError> {
    let mut entry = json!({ "version": "1.0.0", "integrity": hash(1) });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    lock(&json!({ place: entry }))
}

#[test]
fn each_package_has_its_place_below_node_modules_and_no_other() {
    for good in ["node_modules/a", "node_modules/@a/b", "node_modules/a/node_modules/@b/c"] {
        assert!(one(good, &json!({})).is_ok(), "{good}");
    }
    for bad in [
        "a",
        "../node_modules/a",
        "node_modules/../a",
        "node_modules/a/../b",
        "/node_modules/a",
        "node_modules/",
        "node_modules/a/",
        "node_modules/.bin",
        "node_modules/@a",
        "node_modules/@a/b/c",
        "node_modules/a/node_modules",
        "node_modules/a/node_modules/",
        "node_modules//a",
        "node_modules/a\\..\\b",
        "node_modules/node_modules/a",
        "packages/a",
    ] {
        assert!(one(bad, &json!({})).is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_archive_of_a_registry_with_a_strong_hash_is_refused() {
    for more in [
        json!({ "link": true }),
        json!({ "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=" }),
        json!({ "integrity": "sha512-" }),
        json!({ "integrity": "sha512-AAAA" }),
        json!({ "version": "../../x" }),
        json!({ "version": "git+ssh://x" }),
        json!({ "version": "1.0.0 || --registry=http://x" }),
        json!({ "name": "../x" }),
        json!({ "name": "--registry" }),
    ] {
        assert!(one("node_modules/a", &more).is_err(), "{more}");
    }
    assert!(Lock::parse(br#"{"lockfileVersion":1,"packages":{}}"#.to_vec()).is_err());
    assert!(Lock::parse(vec![b'['; 100_000]).is_err(), "nesting is bounded");
}

#[test]
fn what_was_asked_for_is_no_alias_of_another_package() {
    let look = |more: Value| super::look_at("a", &one("node_modules/a", &more).unwrap(), |_| true);
    assert_eq!(look(json!({ "name": "a" })).unwrap(), "1.0.0");
    let error = look(json!({ "name": "b" })).unwrap_err();
    assert!(error.to_string().contains("`b` in its place"), "{error}");
}

#[test]
fn of_several_hashes_the_strong_one_counts() {
    let lock = one("node_modules/a", &json!({ "integrity": format!("sha1-x {}?opt", hash(7)) }));
    assert_eq!(lock.unwrap().entry("a").unwrap().sha512, [7; 64]);
}

#[test]
fn what_authors_need_other_machines_need_or_another_archive_brings_is_not_fetched() {
    let entry = |more: Value| {
        let mut entry = json!({ "version": "1.0.0", "integrity": hash(1) });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let lock = lock(&json!({
        "": { "dependencies": { "a": "1" } },
        "node_modules/a": entry(json!({})),
        "node_modules/b": entry(json!({ "dev": true })),
        "node_modules/c": entry(json!({ "inBundle": true })),
        "node_modules/d": entry(json!({ "optional": true, "os": ["win32"] })),
        "node_modules/e": entry(json!({ "os": ["win32"] })),
    }));
    let lock = lock.unwrap();
    let wanted: Vec<&str> = lock.wanted().map(|(place, _)| place).collect();
    // What cannot be done without is fetched even if it says that it is for others.
    assert_eq!(wanted, ["node_modules/a", "node_modules/e"]);
}

proptest! {
    #[test]
    fn no_lock_whatever_it_is_leads_out_of_node_modules(
        place in "(node_modules|[@./a-z\\\\]{0,6}|/){0,6}",
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = Lock::parse(bytes);
        if let Ok(lock) = one(&place, &json!({})) {
            for (place, _) in lock.wanted() {
                prop_assert!(place.starts_with("node_modules/"));
                prop_assert!(place.split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
            }
        }
    }
}
