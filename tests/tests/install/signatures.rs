//! What a registry of npm's kind signs, with keys that the operator trusts, and a registry
//! that lies about it. Refused is only what is neither run nor kept.

use crate::instance::{b64, key};
use crate::npm::Shop;
use crate::program::Done;
use crate::registry::{Answer, Npm, integrity, tarball};
use ringfence_signing::{RegistryKeys, Scheme, SigningKey};
use serde_json::{Value, json};

/// Who signs for a registry.
pub(crate) struct Signs {
    key: SigningKey,
    pub(crate) id: String,
}

impl Signs {
    pub(crate) fn new() -> Self {
        let key = key();
        let document = RegistryKeys::document(key.public()).unwrap();
        let keys = RegistryKeys::parse("test", document.as_bytes()).unwrap();
        let id = keys.ids().next().unwrap().to_owned();
        Self { key, id }
    }

    fn document(&self, expires: Option<&str>) -> Value {
        let mut document: Value =
            serde_json::from_str(&RegistryKeys::document(self.key.public()).unwrap()).unwrap();
        document["keys"][0]["expires"] = json!(expires);
        document
    }

    /// The signature over these words.
    fn signature(&self, message: &str) -> Value {
        let sig = self.key.sign(Scheme::EcdsaP256, message.as_bytes()).unwrap();
        json!([{ "keyid": self.id, "sig": b64(sig) }])
    }

    /// The signature that this package has when all is well.
    pub(crate) fn of(&self, package: &Npm) -> Value {
        let integrity = integrity(&tarball(&package.files()));
        self.signature(&format!("{}@{}:{integrity}", package.name, package.version))
    }
}

impl Shop {
    /// Trusts the keys of its registry, as an operator does who got them elsewhere.
    pub(crate) fn trust(&self, signs: &Signs, expires: Option<&str>) {
        let file = self.user.write("keys.json", signs.document(expires).to_string());
        let url = self.registry.url("");
        let done = self.run(&["trust", "registry", &url, file.to_str().unwrap()]);
        assert_eq!((done.code, done.stdout.trim()), (Some(0), signs.id.as_str()), "{done:?}");
    }

    fn refused(&self, words: &[&str], why: &str) -> Done {
        let done = self.run(words);
        assert_eq!(done.code, Some(9), "{done:?}");
        assert!(done.stderr.contains(why), "{why}: {done:?}");
        assert!(!done.stdout.contains("ran"), "{done:?}");
        assert!(self.is_empty(), "something was kept");
        let records = self.user.records();
        let told = records.iter().any(|one| {
            one["event"]["kind"] == "refused"
                && one["event"]["metadata"]["against"].to_string().contains(why)
        });
        assert!(told, "{records:?}");
        done
    }
}

fn tool() -> Npm {
    Npm::new("tool", "require('words'); console.log('ran')")
        .with("dependencies", json!({ "words": "^1.0.0" }))
}

fn words() -> Npm {
    Npm::new("words", "module.exports = 'hello'")
}

#[test]
fn what_its_registry_signed_says_so_on_the_card_in_json_and_in_the_log() {
    let (shop, signs) = (Shop::new(), Signs::new());
    shop.registry.publish_signed(&tool(), &signs.of(&tool()), None);
    shop.registry.publish_signed(&words(), &signs.of(&words()), None);
    shop.trust(&signs, None);
    let done = shop.run(&["run", "--require-signatures", "npm:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");
    let place = shop.registry.url("").replace("http://", "");
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(&format!("all 2 signed by {place}; no provenance")), "{done:?}");
    let read = shop.user.records();
    let read = read.iter().find(|one| one["event"]["kind"] == "package_read").unwrap();
    let line = read["event"]["metadata"]["vouched"].as_str().unwrap();
    assert!(line.starts_with("all 2 signed by"), "{read}");
    let done = shop.run(&["install", "--yes", "--json", "npm:tool"]);
    let installed = done.json();
    let info = shop.run(&["info", "--json", "tool"]).json();
    let scan = shop.run(&["scan", "--format", "json", "npm:tool"]).json();
    for registry in [&installed["registry"], &info["registry"], &scan["registry"]] {
        let signed = registry["signatures"].as_array().unwrap();
        assert_eq!(signed.len(), 2, "{registry}");
        assert!(signed.iter().all(|one| one["level"] == "trusted"), "{registry}");
        assert_eq!(registry["provenance"]["level"], "absent", "{registry}");
    }
    let list = shop.run(&["trust", "list", "--json"]).json();
    assert_eq!(list["registries"][0]["keys"]["keys"][0]["keyid"], signs.id.as_str());
}

#[test]
fn a_signature_that_is_there_and_wrong_is_refused_whatever_is_wrong_with_it() {
    let (signs, other) = (Signs::new(), Signs::new());
    let newer = Npm { version: "1.2.4".to_owned(), ..words() };
    let mut swapped = other.of(&words());
    swapped[0]["keyid"] = signs.id.clone().into();
    let two = json!([signs.of(&words())[0], other.of(&words())[0]]);
    for (signatures, why) in [
        (signs.signature("words@1.2.3:sha512-AAAA"), "does not hold"),
        // Of another version, another package, another archive.
        (signs.of(&newer), "does not hold"),
        (signs.of(&tool()), "does not hold"),
        (signs.of(&Npm { code: "other".to_owned(), ..words() }), "does not hold"),
        // By somebody else, under their own name, under the registry's, beside it.
        (other.of(&words()), "which is no key of"),
        (swapped, "does not hold"),
        (two, "which is no key of"),
        (json!([{ "keyid": signs.id, "sig": "%%%" }]), "does not hold"),
        // Left out for one of them, which it else signs.
        (json!([]), "there is none"),
    ] {
        let shop = Shop::new();
        shop.registry.publish_signed(&tool(), &signs.of(&tool()), None);
        shop.registry.publish_signed(&words(), &signatures, None);
        shop.trust(&signs, None);
        let done = shop.refused(&["run", "--despite-findings", "npm:tool"], why);
        assert!(done.stderr.contains("words@1.2.3"), "{done:?}");
        if why == "there is none" {
            shop.refused(&["install", "--yes", "--despite-findings", "npm:tool"], why);
            assert_eq!(shop.run(&["scan", "npm:tool"]).code, Some(9));
        }
    }
}

#[test]
fn a_key_that_came_to_its_end_counts_for_what_was_published_before() {
    let signs = Signs::new();
    let end = Some("2025-01-29T00:00:00.000Z");
    let publish = |time: Option<&str>| {
        let shop = Shop::new();
        shop.registry.publish_signed(&tool(), &signs.of(&tool()), time);
        shop.registry.publish_signed(&words(), &signs.of(&words()), time);
        shop.trust(&signs, end);
        shop
    };
    let run = ["run", "-q", "--require-signatures", "npm:tool"];
    let before = publish(Some("2024-06-01T00:00:00.000Z")).run(&run);
    assert_eq!((before.code, before.stdout.as_str()), (Some(0), "ran\n"), "{before:?}");
    publish(Some("2025-02-01T00:00:00.000Z")).refused(&run, "had come to its end before");
    // Nobody knows: who speaks for the registry could keep that back.
    publish(None).refused(&["run", "npm:tool"], "does not say when it was published");
}

#[test]
fn keys_that_only_the_registry_names_never_read_as_trusted() {
    let (shop, signs, other) = (Shop::new(), Signs::new(), Signs::new());
    let keys = |signs: &Signs| Answer::Body(signs.document(None).to_string().into_bytes());
    shop.registry.publish_signed(&words(), &signs.of(&words()), None);
    shop.registry.answer("/-/npm/v1/keys", keys(&signs));
    let scan = shop.run(&["scan", "--format", "json", "npm:words"]).json();
    assert_eq!(scan["registry"]["signatures"][0]["level"], "unknown", "{scan}");
    shop.refused(&["run", "--require-signatures", "npm:words"], "only its registry names");
    // What does not hold by them is refused all the same.
    shop.registry.answer("/-/npm/v1/keys", keys(&other));
    shop.refused(&["run", "npm:words"], "which is no key of");
    // Without them nobody can tell, which is no refusal, and is told.
    shop.registry.answer("/-/npm/v1/keys", Answer::Status("503 Busy"));
    let done = shop.run(&["run", "npm:words"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("cannot be checked"), "{done:?}");
}

#[test]
fn a_registry_that_signs_nothing_works_as_before_and_is_not_taken_for_one_that_does() {
    let shop = Shop::new();
    shop.registry.publish(&tool());
    shop.registry.publish(&words());
    shop.refused(&["run", "--require-signatures", "npm:tool"], "is not signed");
    shop.refused(&["install", "--yes", "--require-provenance", "npm:tool"], "no provenance");
    let done = shop.run(&["run", "npm:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");
    assert!(done.stderr.contains("all 2 not signed; no provenance"), "{done:?}");
    // What is kept was fetched without being asked for more.
    let done = shop.run(&["run", "--require-signatures", "npm:tool"]);
    assert!(done.code == Some(9) && done.stdout.is_empty(), "{done:?}");
}

#[test]
fn trust_in_a_registry_ends_when_it_is_forgotten_and_takes_no_other_thing_for_keys() {
    let (shop, signs) = (Shop::new(), Signs::new());
    shop.registry.publish(&words());
    shop.trust(&signs, None);
    shop.refused(&["run", "npm:words"], "there is none");
    let url = shop.registry.url("/");
    assert_eq!(shop.run(&["trust", "registry", &url, "--forget"]).code, Some(0));
    assert_eq!(shop.run(&["run", "-q", "npm:words"]).code, Some(0));
    let text = shop.user.write("other.txt", "{\"keys\":[]}");
    for file in [text.to_str().unwrap(), "/etc/hostname"] {
        let done = shop.run(&["trust", "registry", &url, file]);
        assert_eq!(done.code, Some(2), "{done:?}");
    }
    let done =
        shop.run(&["trust", "registry", "https://me:hush@r.example/", text.to_str().unwrap()]);
    assert!(done.code == Some(2) && !done.stderr.contains("hush"), "{done:?}");
}

#[test]
fn a_registry_that_keeps_back_what_it_signs_gives_nothing_where_its_keys_are_trusted() {
    let signs = Signs::new();
    for signatures in [json!("x"), json!(null), json!([{}])] {
        let shop = Shop::new();
        shop.registry.publish_signed(&tool(), &signs.of(&tool()), None);
        shop.registry.publish_signed(&words(), &signatures, None);
        shop.trust(&signs, None);
        shop.refused(&["run", "--despite-findings", "npm:tool"], "the signature of its registry");
    }
}
