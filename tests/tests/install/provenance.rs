//! From which repository a package was built, attested through Sigstore, and a registry that
//! lies about it. The instance of Sigstore is one of the test, which the operator trusts.

use crate::instance::{Ask, GITHUB, Instance, REPOSITORY, WORKFLOW, hex, statement};
use crate::npm::Shop;
use crate::registry::{Answer, Npm, Registry, tarball};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

const SLSA: &str = "https://slsa.dev/provenance/v1";
const ELSEWHERE: &str = "https://github.com/mallory/tool";

fn tool(version: &str) -> Npm {
    Npm {
        version: version.to_owned(),
        ..Npm::new("tool", &format!("console.log('ran {version}')"))
    }
}

/// A user who trusts this instance of Sigstore.
fn shop(instance: &Instance) -> Shop {
    let shop = Shop::new();
    let root = shop.user.write("root.json", instance.root_json().to_string());
    let done = shop.run(&["trust", "root", root.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{done:?}");
    shop
}

/// Whoever asks for a certificate for builds of this repository.
fn of(repository: &str) -> Ask {
    let identity = WORKFLOW.replace(REPOSITORY, repository);
    Ask { identity, issuer: GITHUB.to_owned(), repository: repository.to_owned(), ..Ask::default() }
}

/// Attests this package, as `whom`, with the digest of these bytes.
fn attest(registry: &Registry, instance: &Instance, package: &Npm, whom: &Ask, bytes: &[u8]) {
    let subjects = json!([{
        "name": format!("pkg:npm/{}@{}", package.name, package.version),
        "digest": { "sha512": hex(Sha512::digest(bytes)) },
    }]);
    let text = statement(&subjects).to_string().replace(REPOSITORY, &whom.repository);
    let bundle = instance.attest_text(whom, &text);
    let document = json!({ "attestations": [{ "predicateType": SLSA, "bundle": bundle }] });
    answer(registry, package, &document);
}

fn answer(registry: &Registry, package: &Npm, document: &Value) {
    let path = format!("/-/npm/v1/attestations/{}@{}", package.name, package.version);
    registry.answer(&path, Answer::Body(document.to_string().into_bytes()));
}

fn publish(shop: &Shop, instance: &Instance, version: &str, whom: &Ask) {
    let package = tool(version);
    shop.registry.publish(&package);
    attest(&shop.registry, instance, &package, whom, &tarball(&package.files()));
}

#[test]
fn who_built_it_is_told_everywhere_and_is_enough_for_who_demands_it() {
    let instance = Instance::new();
    let shop = shop(&instance);
    publish(&shop, &instance, "1.0.0", &of(REPOSITORY));
    let done = shop.run(&["run", "--require-provenance", "npm:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran 1.0.0\n"), "{done:?}");
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = format!("built from {REPOSITORY} by release.yml@refs/tags/v1.0.0");
    assert!(said.contains(&line), "{done:?}");
    let installed = shop.run(&["install", "--yes", "--json", "npm:tool"]).json();
    let info = shop.run(&["info", "--json", "tool"]).json();
    let scan = shop.run(&["scan", "--format", "json", "npm:tool"]).json();
    for registry in [&installed["registry"], &info["registry"], &scan["registry"]] {
        let provenance = &registry["provenance"];
        assert_eq!(provenance["level"], "unknown", "{registry}");
        assert_eq!(provenance["by"]["repository"], REPOSITORY, "{registry}");
    }
    assert_eq!(info["info"]["signature"]["keys"], json!([REPOSITORY]));
    let text = shop.run(&["info", "tool"]);
    assert!(text.stdout.contains(&format!("a build of {REPOSITORY}")), "{text:?}");
}

#[test]
fn attestations_that_are_there_and_wrong_are_refused() {
    let instance = Instance::new();
    let package = tool("1.0.0");
    let bytes = tarball(&package.files());
    let other = tool("1.0.1");
    for (why, lie) in [
        ("another archive by this name", 0),
        ("it is about `pkg:npm/tool@1.0.1`", 1),
        ("it names the repository", 3),
        ("cannot be read", 4),
        ("more than one provenance", 5),
    ] {
        let shop = shop(&instance);
        shop.registry.publish(&package);
        let honest = |registry: &Registry| {
            attest(registry, &instance, &package, &of(REPOSITORY), &bytes);
        };
        match lie {
            0 => attest(&shop.registry, &instance, &package, &of(REPOSITORY), b"other"),
            1 => {
                // What another version really has.
                let subjects = json!([{
                    "name": "pkg:npm/tool@1.0.1",
                    "digest": { "sha512": hex(Sha512::digest(tarball(&other.files()))) },
                }]);
                let bundle = instance.attest(&of(REPOSITORY), &statement(&subjects));
                let one = json!({ "predicateType": SLSA, "bundle": bundle });
                answer(&shop.registry, &package, &json!({ "attestations": [one] }));
            }
            // The certificate is of one repository, and the statement of another.
            3 => {
                let subjects = json!([{
                    "name": "pkg:npm/tool@1.0.0",
                    "digest": { "sha512": hex(Sha512::digest(&bytes)) },
                }]);
                let bundle = instance.attest(&of(ELSEWHERE), &statement(&subjects));
                let one = json!({ "predicateType": SLSA, "bundle": bundle });
                answer(&shop.registry, &package, &json!({ "attestations": [one] }));
            }
            4 => answer(&shop.registry, &package, &json!({ "attestations": 7 })),
            _ => {
                honest(&shop.registry);
                let subjects = json!([{
                    "name": "pkg:npm/tool@1.0.0",
                    "digest": { "sha512": hex(Sha512::digest(&bytes)) },
                }]);
                let bundle = instance.attest(&of(REPOSITORY), &statement(&subjects));
                let one = json!({ "predicateType": SLSA, "bundle": bundle });
                answer(&shop.registry, &package, &json!({ "attestations": [one, one] }));
            }
        }
        let done = shop.run(&["run", "--despite-findings", "npm:tool"]);
        assert_eq!(done.code, Some(9), "{why}: {done:?}");
        assert!(done.stderr.contains(why), "{why}: {done:?}");
        assert!(done.stdout.is_empty() && shop.is_empty(), "{why}: {done:?}");
    }
}

#[test]
fn a_version_of_another_repository_or_of_none_is_another_publishers_until_a_person_says_yes() {
    for elsewhere in [Some(ELSEWHERE), None] {
        let instance = Instance::new();
        let shop = shop(&instance);
        publish(&shop, &instance, "1.0.0", &of(REPOSITORY));
        assert_eq!(shop.run(&["install", "--yes", "npm:tool"]).code, Some(0));
        match elsewhere {
            Some(repository) => publish(&shop, &instance, "1.1.0", &of(repository)),
            None => shop.registry.publish(&tool("1.1.0")),
        }
        let runs = || shop.run(&["run", "-q", "tool"]).stdout;
        // Again and again: that it was seen once is no yes.
        for _ in 0..2 {
            let done = shop.run(&["update", "--yes", "tool"]);
            assert_eq!(done.code, Some(3), "{done:?}");
            assert!(done.stderr.contains(REPOSITORY), "{done:?}");
            assert!(done.stderr.contains("--allow-publisher-change"), "{done:?}");
            assert_eq!(runs(), "ran 1.0.0\n");
        }
        let card = shop.run(&["run", "--fresh", "npm:tool"]);
        assert!(card.stderr.contains("ANOTHER PUBLISHER"), "{card:?}");
        let later = shop.run(&["run", "npm:tool"]);
        assert!(later.stderr.contains("ANOTHER PUBLISHER"), "{later:?}");
        let done = shop.run(&["update", "--yes", "--allow-publisher-change", "tool"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(runs(), "ran 1.1.0\n");
        let card = shop.run(&["run", "npm:tool"]);
        assert!(!card.stderr.contains("ANOTHER PUBLISHER"), "{card:?}");
    }
}

#[test]
fn the_same_repository_is_the_same_publisher_and_one_that_was_only_run_counts_too() {
    let instance = Instance::new();
    let shop = shop(&instance);
    publish(&shop, &instance, "1.0.0", &of(REPOSITORY));
    assert_eq!(shop.run(&["run", "-q", "npm:tool"]).code, Some(0));
    publish(&shop, &instance, "1.1.0", &of(REPOSITORY));
    let done = shop.run(&["run", "--fresh", "npm:tool"]);
    assert!(done.code == Some(0) && !done.stderr.contains("ANOTHER"), "{done:?}");
    publish(&shop, &instance, "1.2.0", &of(ELSEWHERE));
    let done = shop.run(&["install", "--yes", "npm:tool@1.2.0"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.stderr.contains(ELSEWHERE), "{done:?}");
    assert_eq!(shop.run(&["list", "--json"]).json()["plugins"], json!([]));
}

#[test]
fn what_cannot_be_asked_or_has_no_known_root_is_not_clean_and_not_refused() {
    let instance = Instance::new();
    let shop = shop(&instance);
    shop.registry.publish(&tool("1.0.0"));
    let path = "/-/npm/v1/attestations/tool@1.0.0";
    shop.registry.answer(path, Answer::Status("500 No"));
    let demand = ["run", "--require-provenance", "npm:tool"];
    let done = shop.run(&demand);
    assert!(done.code == Some(9) && done.stdout.is_empty(), "{done:?}");
    assert!(done.stderr.contains("answers with status 500"), "{done:?}");
    assert!(shop.is_empty());
    let done = shop.run(&["run", "npm:tool"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("provenance cannot be checked"), "{done:?}");

    // An authority and logs of somebody's own, who writes the right names into all of it.
    let shop = self::shop(&instance);
    publish(&shop, &Instance::new(), "1.0.0", &of(REPOSITORY));
    let done = shop.run(&demand);
    assert!(done.code == Some(9) && done.stdout.is_empty(), "{done:?}");
    let done = shop.run(&["run", "npm:tool"]);
    assert!(!done.stderr.contains("built from"), "{done:?}");
    assert!(done.stderr.contains("provenance cannot be checked"), "{done:?}");
}
