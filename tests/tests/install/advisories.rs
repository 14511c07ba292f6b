//! Packages of a registry beside what is publicly known of them.

use crate::npm::Shop;
use crate::registry::Npm;
use serde_json::json;

#[test]
fn a_package_of_a_registry_that_needs_malware_is_told_before_anything_of_it_runs() {
    let shop = Shop::new();
    shop.registry.publish(&Npm::new("evil", "module.exports = 1"));
    let needs = json!({ "evil": "^1.0.0" });
    shop.registry.publish(&Npm::new("honest", "require('evil')").with("dependencies", needs));
    shop.registry.publish(&Npm::new("other", "console.log('works')"));
    let known = |id: &str, name: &str| {
        let package = json!({ "ecosystem": "npm", "name": name });
        let range = json!({ "type": "SEMVER", "events": [{ "introduced": "0" }] });
        let modified = "2026-01-01T00:00:00Z";
        json!({ "id": id, "modified": modified, "affected": [{ "package": package, "ranges": [range] }] })
    };
    let records = format!("{}\n{}\n", known("MAL-2026-1", "evil"), known("GHSA-1", "nobody"));
    let imported = shop.user.ringfence(["advisories", "import", "-"]).input(records).run();
    assert_eq!(imported.code, Some(0), "{imported:?}");

    let check = |source| shop.run(&["advisories", "check", "--max-age", "100000", source]);
    let bad = check("npm:honest");
    assert_eq!(bad.code, Some(9), "{bad:?}");
    assert!(bad.stdout.contains("BLOCKED npm evil 1.2.3"), "{bad:?}");
    let run = |words: &[&str]| shop.run(&[&["run"], words].concat());
    for words in [&["npm:honest"][..], &["--despite-findings", "npm:honest"]] {
        let done = run(words);
        assert!(done.code == Some(9) && done.stdout.is_empty(), "{done:?}");
        assert!(done.stderr.contains("evil 1.2.3 is known malware (MAL-2026-1)"), "{done:?}");
    }
    assert!(shop.is_empty(), "what is refused is not kept");
    let good = check("npm:other");
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.stdout.contains("1 verified, 0 affected, 0 not checkable"), "{good:?}");
    assert!(shop.is_empty(), "what was only checked is not kept");
}

#[test]
fn what_is_known_later_holds_for_what_was_fetched_before() {
    let shop = Shop::new();
    shop.registry.publish(&Npm::new("tool", "console.log('works')"));
    let first = shop.run(&["run", "npm:tool"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stderr.contains("none are here, so nothing is known"), "{first:?}");
    let required = shop.run(&["run", "--require-advisories", "npm:tool"]);
    assert!(required.code == Some(9) && required.stdout.is_empty(), "{required:?}");
    let severity = json!({ "severity": "CRITICAL" });
    let package = json!({ "ecosystem": "npm", "name": "tool" });
    let events = json!([{ "introduced": "0" }, { "fixed": "1.2.4" }]);
    let range = json!({ "type": "SEMVER", "events": events });
    let modified = "2026-01-01T00:00:00Z";
    let record = json!({
        "id": "GHSA-2", "modified": modified, "database_specific": severity,
        "affected": [{ "package": package, "ranges": [range] }],
    });
    let records = format!("{record}\n");
    let imported = shop.user.ringfence(["advisories", "import", "-"]).input(records).run();
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let done = shop.run(&["run", "npm:tool"]);
    assert!(done.code == Some(9) && done.stdout.is_empty(), "{done:?}");
    assert!(done.stderr.contains("tool 1.2.3 critical (GHSA-2, mended in 1.2.4)"), "{done:?}");
    let insists = shop.run(&["run", "-q", "--despite-findings", "npm:tool"]);
    assert_eq!((insists.code, insists.stdout.as_str()), (Some(0), "works\n"), "{insists:?}");
    let kinds = shop.user.kinds();
    assert!(kinds.contains(&"refused".to_owned()), "{kinds:?}");
}
