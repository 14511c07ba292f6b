//! npm: the registry's signatures and attestations, and a registry that lies.

use crate::instance::{
    Ask, COMMIT, GITHUB, Instance, REPOSITORY, THEN, WORKFLOW, b64, hex, key, statement,
    the_release,
};
use proptest::prelude::*;
use ringfence_signing::{
    Attested, Expected, KeyKind, NpmAttestations, NpmDist, RegistryError, RegistryKeys, Scheme,
    SignaturePolicy, SigningKey, SigstoreRoot, Standing, npm_attestations, npm_signatures,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

const TYPE: &str = "ecdsa-sha2-nistp256";
const SLSA: &str = "https://slsa.dev/provenance/v1";
const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

fn archive() -> [u8; 64] {
    Sha512::digest(b"an archive").into()
}

fn integrity(sha512: &[u8]) -> String {
    format!("sha512-{}", b64(sha512))
}

/// A key's name as the registry gives it: what OpenSSH shows.
fn id(key: &SigningKey) -> String {
    let der = key.public().der();
    let mut text = Vec::new();
    for part in [TYPE.as_bytes(), b"nistp256", &der[der.len() - 65..]] {
        text.extend((part.len() as u32).to_be_bytes());
        text.extend(part);
    }
    format!("SHA256:{}", b64(Sha256::digest(text)).trim_end_matches('='))
}

fn entry(id: &str, key: &SigningKey, expires: Option<&str>) -> Value {
    json!({
        "keyid": id, "keytype": TYPE, "scheme": TYPE, "expires": expires,
        "key": b64(key.public().der()),
    })
}

fn keys_of(entries: &[Value]) -> Result<RegistryKeys, RegistryError> {
    let document = json!({ "keys": entries }).to_string();
    RegistryKeys::parse("registry.example", document.as_bytes())
}

fn keys(key: &SigningKey) -> RegistryKeys {
    keys_of(&[entry(&id(key), key, None)]).unwrap()
}

fn signature(key: &SigningKey, message: &str) -> Value {
    let sig = key.sign(Scheme::EcdsaP256, message.as_bytes()).unwrap();
    json!({ "keyid": id(key), "sig": b64(sig) })
}

fn message() -> String {
    format!("tool@1.0.0:{}", integrity(&archive()))
}

fn dist(signatures: &Value) -> NpmDist {
    let document = json!({
        "name": "tool", "version": "1.0.0",
        "dist": { "integrity": integrity(&archive()), "signatures": signatures },
    });
    NpmDist::of_version(document.to_string().as_bytes(), "tool", "1.0.0").unwrap()
}

fn look(signatures: &Value, keys: &RegistryKeys) -> Standing {
    npm_signatures(&dist(signatures), &archive(), Some(keys), SignaturePolicy::Required)
}

#[track_caller]
fn failed(standing: &Standing, what: &str) {
    assert!(matches!(standing, Standing::Failed { why } if why.contains(what)), "{standing:?}");
}

#[track_caller]
fn not_attested(attested: &Attested, what: &str) {
    assert!(matches!(attested, Attested::Failed { why } if why.contains(what)), "{attested:?}");
}

#[test]
fn what_the_registry_of_npm_really_signed_holds_until_one_byte_is_changed() {
    // From npm's registry: `kms-demo`, and the key that it used until January 2025.
    let keys = json!({ "keys": [{
        "expires": "2025-01-29T00:00:00.000Z",
        "keyid": "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
        "keytype": TYPE, "scheme": TYPE,
        "key": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5Uo\
                gKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==",
    }] });
    let keys = RegistryKeys::parse("registry.npmjs.org", keys.to_string().as_bytes()).unwrap();
    let sha512 =
        "QqZ7VJ/8xPkS9s2IWB7Shj3qTJdcRyeXKbPQnsZjsPEwvutGv0EGeVchPcauoiDFJlGbZMFq5GDCurAGNSghJQ==";
    let document = |published: &str| {
        json!({
            "time": { "1.0.0": published },
            "versions": { "1.0.0": { "name": "kms-demo", "version": "1.0.0", "dist": {
                "integrity": format!("sha512-{sha512}"),
                "signatures": [{
                    "keyid": "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
                    "sig": "MEUCIDrLNspFeU5NZ6d55ycVBZIMXnPJi/XnI1Y2dlJvK8P1AiEAnXjn1IOMUd+U7YfPH+\
                            FNjwfLq+jCwfH8uaxocq+mpPk=",
                }],
            } } },
        })
        .to_string()
    };
    use base64::Engine as _;
    let sha512: [u8; 64] =
        base64::engine::general_purpose::STANDARD.decode(sha512).unwrap().try_into().unwrap();
    let look = |published: &str, sha512: &[u8; 64]| {
        let dist = NpmDist::of_package(document(published).as_bytes(), "kms-demo", "1.0.0");
        npm_signatures(&dist.unwrap(), sha512, Some(&keys), SignaturePolicy::Required)
    };
    let found = look("2021-12-16T09:39:28.000Z", &sha512);
    assert!(
        matches!(&found, Standing::Trusted { publisher, .. } if publisher == "registry.npmjs.org"),
        "{found:?}"
    );
    failed(&look("2025-01-29T00:00:00.000Z", &sha512), "had come to its end");
    failed(&look("not a time", &sha512), "nobody says when");
    let mut other = sha512;
    other[0] ^= 1;
    failed(&look("2021-12-16T09:39:28.000Z", &other), "not the one of which");
}

#[test]
fn a_signature_of_another_name_version_digest_or_key_fails() {
    let (key, other) = (key(), key());
    let known = keys(&key);
    let good = signature(&key, &message());
    assert!(matches!(look(&json!([good]), &known), Standing::Trusted { .. }));
    for wrong in [
        message().replace("tool", "t00l"),
        message().replace("1.0.0", "1.0.1"),
        format!("tool@1.0.0:{}", integrity(&[1; 64])),
        format!("tool@1.0.0:{}", hex(archive())),
        format!("{}\n", message()),
    ] {
        failed(&look(&json!([signature(&key, &wrong)]), &known), "does not hold");
    }
    failed(&look(&json!([signature(&other, &message())]), &known), "no key of registry.example");
    // Key A's name over a signature by key B, and the reverse.
    let mut confused = signature(&other, &message());
    confused["keyid"] = json!(id(&key));
    failed(&look(&json!([confused]), &known), "does not hold");
    let mut confused = signature(&key, &message());
    confused["keyid"] = json!(id(&other));
    let both = [entry(&id(&key), &key, None), entry(&id(&other), &other, None)];
    failed(&look(&json!([confused]), &keys_of(&both).unwrap()), "does not hold");
    let text = good["sig"].as_str().unwrap();
    for sig in ["", "AAAA", "not base64!", &text[4..], &format!("{text}AAAA")] {
        failed(&look(&json!([{ "keyid": id(&key), "sig": sig }]), &known), "does not hold");
    }
    // The same two numbers in the other form: one key has one form.
    let der = key.sign(Scheme::EcdsaP256, message().as_bytes()).unwrap();
    let raw = p256::ecdsa::Signature::from_der(&der).unwrap().to_bytes();
    failed(&look(&json!([{ "keyid": id(&key), "sig": b64(raw) }]), &known), "does not hold");
}

#[test]
fn a_bad_signature_is_not_hidden_by_a_good_one() {
    let (key, other) = (key(), key());
    let known = keys_of(&[entry(&id(&key), &key, None), entry(&id(&other), &other, None)]).unwrap();
    let (good, second) = (signature(&key, &message()), signature(&other, &message()));
    let bad = signature(&other, "something else");
    let unknown = signature(&self::key(), &message());
    assert!(matches!(look(&json!([good, second]), &known), Standing::Trusted { .. }));
    failed(&look(&json!([good, bad]), &known), "does not hold");
    failed(&look(&json!([bad, good]), &known), "does not hold");
    failed(&look(&json!([good, unknown]), &known), "no key of");
    failed(&look(&json!([good, good]), &known), "two signatures");
    failed(&look(&json!(vec![&good; 17]), &known), "more than 16");
}

#[test]
fn a_key_by_a_name_that_is_not_its_own_is_refused_with_the_whole_document() {
    let (key, other) = (key(), key());
    let right = entry(&id(&key), &key, None);
    let der = format!("SHA256:{}", b64(Sha256::digest(key.public().der())));
    assert!(keys_of(&[entry(&der, &key, None)]).is_ok());
    assert!(keys_of(&[entry("npm-1", &key, None)]).is_ok());
    assert!(keys_of(&[entry(&id(&other), &key, None)]).is_err());
    assert!(keys_of(&[right.clone(), right.clone()]).is_err());
    assert!(keys_of(&[right.clone(), entry(&id(&key), &other, None)]).is_err());
    assert!(keys_of(&[entry(&id(&key), &key, Some("tomorrow"))]).is_err());
    let mut trailing = right.clone();
    trailing["key"] = json!(b64([key.public().der(), &[0]].concat()));
    assert!(keys_of(&[trailing]).is_err());
    let ed25519 = SigningKey::generate(KeyKind::Ed25519).unwrap().0;
    assert!(keys_of(&[entry("a", &ed25519, None)]).is_err());
    assert!(keys_of(&vec![right; 65]).is_err());
    for text in ["", "{}", r#"{"keys":[]}x"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(RegistryKeys::parse("r", text.as_bytes()).is_err(), "{text}");
    }
    let huge = format!(r#"{{"keys":[],"a":"{}"}}"#, "a".repeat(1 << 20));
    assert!(RegistryKeys::parse("r", huge.as_bytes()).is_err());
}

#[test]
fn a_key_of_an_unknown_scheme_is_not_checkable_and_not_taken_for_one_of_ours() {
    let key = key();
    let mut strange = entry(&id(&key), &key, None);
    strange["scheme"] = json!("none");
    let known = keys_of(&[strange]).unwrap();
    let found = look(&json!([signature(&key, &message())]), &known);
    assert!(matches!(found, Standing::NotCheckable { .. }), "{found:?}");
    assert!(!SignaturePolicy::Required.takes(&found) && !SignaturePolicy::IfPresent.takes(&found));
}

#[test]
fn what_is_taken_depends_on_what_is_expected_of_the_registry() {
    let key = key();
    let known = keys(&key);
    let (signed, unsigned) = (dist(&json!([signature(&key, &message())])), dist(&json!([])));
    let bad = dist(&json!([signature(&key, "else")]));
    let policies =
        [SignaturePolicy::Required, SignaturePolicy::IfPresent, SignaturePolicy::NotExpected];
    for (dist, keys, taken) in [
        (&signed, Some(&known), [true, true, true]),
        (&unsigned, Some(&known), [false, true, true]),
        (&unsigned, None, [false, true, true]),
        // Signed, and nobody can look: not the same as unsigned.
        (&signed, None, [false, false, true]),
        (&bad, Some(&known), [false, false, true]),
    ] {
        let takes =
            policies.map(|policy| policy.takes(&npm_signatures(dist, &archive(), keys, policy)));
        assert_eq!(takes, taken, "{dist:?}");
    }
    // Whatever is expected: an archive that is not the registry's own is not taken.
    for policy in policies {
        let found = npm_signatures(&signed, &[1; 64], Some(&known), policy);
        failed(&found, "not the one of which");
        assert!(!policy.takes(&found));
    }
    let nothing = npm_signatures(&signed, &archive(), None, SignaturePolicy::NotExpected);
    assert!(nothing.to_string().starts_with("cannot be checked"));
}

#[test]
fn a_document_about_another_package_or_with_something_twice_is_refused() {
    let document = r#"{"name":"tool","version":"1.0.0","dist":{"signatures":[]}}"#;
    let read = |text: &str| NpmDist::of_version(text.as_bytes(), "tool", "1.0.0");
    assert!(read(document).is_ok());
    for (from, to) in [
        ("tool", "t00l"),
        ("1.0.0", "1.0.1"),
        (r#""dist":{"#, r#""dist":{},"dist":{"#),
        (r#""signatures":[]"#, r#""signatures":[],"signatures":[]"#),
        (r#""name":"#, r#""a":{"b":1,"b":2},"name":"#),
    ] {
        assert!(read(&document.replacen(from, to, 1)).is_err(), "{to}");
    }
    let package = |versions: &str| format!(r#"{{"versions":{{{versions}}}}}"#);
    let of = |text: &str| NpmDist::of_package(text.as_bytes(), "tool", "1.0.0");
    assert!(of(&package(&format!(r#""1.0.0":{document}"#))).is_ok());
    assert!(of(&package(&format!(r#""1.0.1":{document}"#))).is_err());
    assert!(of(&package(&format!(r#""1.0.0":{document},"1.0.0":{document}"#))).is_err());
}

#[test]
fn a_document_of_names_alone_is_refused_before_it_takes_the_memory() {
    let names = |count: usize| {
        let names: Vec<String> = (0..count).map(|name| format!(r#""{name}":0"#)).collect();
        format!(r#"{{"name":"tool","version":"1.0.0","dist":{{}},"a":{{{}}}}}"#, names.join(","))
    };
    let read = |text: String| NpmDist::of_version(text.as_bytes(), "tool", "1.0.0");
    assert!(read(names(100_000)).is_ok());
    // What has ended counts no more.
    let one = names(150_000);
    let objects = one.split_once(r#""a":"#).unwrap().1.trim_end_matches('}').to_owned() + "}";
    let both = one.replace(r#""a":"#, &format!(r#""b":[{objects},{objects}],"a":"#));
    assert!(read(both).is_ok());
    let error = read(names(200_000)).unwrap_err().to_string();
    assert!(error.contains("more than 200000 names"), "{error}");
}

/// A document with these attestations, each of the kind that its statement says.
fn document(bundles: &[(&str, Value)]) -> Vec<u8> {
    let entries: Vec<Value> = bundles
        .iter()
        .map(|(kind, bundle)| json!({ "predicateType": kind, "bundle": bundle }))
        .collect();
    json!({ "attestations": entries }).to_string().into_bytes()
}

fn about(name: &str, sha512: &[u8]) -> Value {
    statement(&json!([{ "name": name, "digest": { "sha512": hex(sha512) } }]))
}

fn published(name: &str, sha512: &[u8]) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{ "name": name, "digest": { "sha512": hex(sha512) } }],
        "predicateType": PUBLISH,
        "predicate": { "name": "tool", "version": "1.0.0", "registry": "https://r.example" },
    })
}

fn look_at(
    instance: &Instance,
    document: &[u8],
    keys: Option<&RegistryKeys>,
    expected: &Expected,
) -> NpmAttestations {
    let root = instance.root();
    npm_attestations(Some(document), ("tool", "1.0.0"), &archive(), &root, keys, expected)
}

#[test]
fn provenance_and_publication_are_bound_to_name_version_and_digest() {
    let (instance, key) = (Instance::new(), key());
    let known = keys(&key);
    let publish = |name: &str, sha512: &[u8]| {
        (PUBLISH, instance.attest_by_key(&key, &id(&key), &published(name, sha512), THEN))
    };
    let slsa =
        |name: &str, sha512: &[u8]| (SLSA, instance.attest(&Ask::default(), &about(name, sha512)));
    let look = |name, sha512| {
        let document = document(&[slsa(name, sha512), publish(name, sha512)]);
        look_at(&instance, &document, Some(&known), &the_release())
    };
    let all = archive();
    let found = look("pkg:npm/tool@1.0.0", all.as_slice());
    let by = found.provenance.signer().unwrap();
    assert!(matches!(found.provenance, Attested::Trusted { .. }));
    assert_eq!(
        (by.repository.as_deref(), by.workflow.as_deref(), by.commit.as_deref()),
        (Some(REPOSITORY), Some(WORKFLOW), Some(COMMIT))
    );
    assert!(matches!(found.publish, Standing::Trusted { .. }), "{:?}", found.publish);
    for (name, sha512) in [
        // Another name or version over the right digest, and the reverse.
        ("pkg:npm/t00l@1.0.0", all.as_slice()),
        ("pkg:npm/tool@1.0.1", all.as_slice()),
        ("pkg:npm/%40tool@1.0.0", all.as_slice()),
        ("pkg:pypi/tool@1.0.0", all.as_slice()),
        ("PKG:NPM/tool@1.0.0", all.as_slice()),
        ("tool@1.0.0", all.as_slice()),
        ("pkg:npm/tool@1.0.0", &[1; 64]),
        ("pkg:npm/tool@1.0.0", &all[..63]),
    ] {
        let found = look(name, sha512);
        not_attested(&found.provenance, "about");
        failed(&found.publish, "about");
    }
}

#[test]
fn a_statement_with_the_right_name_twice_or_beside_others_is_read_one_way() {
    let instance = Instance::new();
    let right = json!({ "name": "pkg:npm/tool@1.0.0", "digest": { "sha512": hex(archive()) } });
    let wrong = json!({ "name": "pkg:npm/tool@1.0.0", "digest": { "sha512": hex([1; 64]) } });
    let other = json!({ "name": "pkg:npm/other@1.0.0", "digest": { "sha512": hex(archive()) } });
    let sha256 = json!({ "name": "pkg:npm/tool@1.0.0", "digest": { "sha256": hex([1; 32]) } });
    let look = |subjects: Value| {
        let bundle = instance.attest(&Ask::default(), &statement(&subjects));
        look_at(&instance, &document(&[(SLSA, bundle)]), None, &the_release()).provenance
    };
    assert!(matches!(look(json!([other, right])), Attested::Trusted { .. }));
    not_attested(&look(json!([right, wrong])), "twice");
    not_attested(&look(json!([wrong, right])), "twice");
    not_attested(&look(json!([right, right])), "twice");
    // The right digest is there, by another name.
    not_attested(&look(json!([wrong, other])), "another archive");
    not_attested(&look(json!([sha256, other])), "another archive");
    not_attested(&look(json!([other])), "about `pkg:npm/other@1.0.0`");
    not_attested(&look(json!([])), "about");
}

#[test]
fn a_build_that_says_something_else_than_its_certificate_fails() {
    let instance = Instance::new();
    let look = |ask: &Ask, statement: &Value, expected: &Expected| {
        let bundle = instance.attest(ask, statement);
        look_at(&instance, &document(&[(SLSA, bundle)]), None, expected).provenance
    };
    let honest = about("pkg:npm/tool@1.0.0", &archive());
    assert!(matches!(look(&Ask::default(), &honest, &Expected::Anyone), Attested::Unknown { .. }));
    for (pointer, value) in [
        (
            "/predicate/buildDefinition/externalParameters/workflow/repository",
            "https://github.com/a/b",
        ),
        ("/predicate/buildDefinition/externalParameters/workflow/ref", "refs/heads/main"),
        ("/predicate/buildDefinition/resolvedDependencies/0/digest/gitCommit", "00"),
    ] {
        let mut lie = honest.clone();
        *lie.pointer_mut(pointer).unwrap() = json!(value);
        not_attested(&look(&Ask::default(), &lie, &the_release()), "and its certificate");
    }
    // A stranger's build of a package that names ours: it is the certificate that counts.
    let stranger = Ask {
        repository: "https://github.com/stranger/tool".to_owned(),
        ..Ask::identity("https://github.com/stranger/tool/.github/workflows/r.yml@refs/tags/v1.0.0")
    };
    not_attested(&look(&stranger, &honest, &the_release()), "and not by");
    not_attested(&look(&stranger, &honest, &Expected::Anyone), "and its certificate");
    // The same in the form of before, as GitLab's builds still write it.
    let mut old = honest;
    old["predicateType"] = json!("https://slsa.dev/provenance/v0.2");
    let source = |uri: &str, commit: &str| json!({ "invocation": { "configSource": { "uri": uri, "digest": { "sha1": commit } } } });
    for (uri, commit, holds) in [
        (&format!("git+{REPOSITORY}@refs/tags/v1.0.0"), COMMIT, true),
        (&format!("git+{REPOSITORY}"), COMMIT, true),
        (&format!("git+{REPOSITORY}@refs/tags/v1.0.1"), COMMIT, false),
        (&format!("git+{REPOSITORY}"), "00", false),
        (&"git+https://github.com/a/b@refs/tags/v1.0.0".to_owned(), COMMIT, false),
    ] {
        old["predicate"] = source(uri, commit);
        let bundle = instance.attest(&Ask::default(), &old);
        let document = document(&[("https://slsa.dev/provenance/v0.2", bundle)]);
        let found = look_at(&instance, &document, None, &the_release()).provenance;
        assert_eq!(matches!(found, Attested::Trusted { .. }), holds, "{uri} {found:?}");
    }
}

#[test]
fn a_publication_counts_by_a_key_of_the_registry_in_its_time_only() {
    let (instance, key, other) = (Instance::new(), key(), key());
    let statement = published("pkg:npm/tool@1.0.0", &archive());
    let look = |by: &SigningKey, hint: &str, keys: Option<&RegistryKeys>| {
        let bundle = instance.attest_by_key(by, hint, &statement, THEN);
        look_at(&instance, &document(&[(PUBLISH, bundle)]), keys, &Expected::Anyone).publish
    };
    let known = keys(&key);
    assert!(matches!(look(&key, &id(&key), Some(&known)), Standing::Trusted { .. }));
    failed(&look(&other, &id(&other), Some(&known)), "none of the registry's");
    failed(&look(&other, &id(&key), Some(&known)), "signature");
    assert!(matches!(look(&key, &id(&key), None), Standing::NotCheckable { .. }));
    let until = |end: &str| keys_of(&[entry(&id(&key), &key, Some(end))]).unwrap();
    failed(&look(&key, &id(&key), Some(&until("2025-06-15T15:06:40Z"))), "had come to its end");
    let later = until("2025-06-15T15:06:41Z");
    assert!(matches!(look(&key, &id(&key), Some(&later)), Standing::Trusted { .. }));
    // Whoever has a certificate is not the registry.
    let bundle = instance.attest(&Ask::default(), &statement);
    let found = look_at(&instance, &document(&[(PUBLISH, bundle)]), Some(&known), &the_release());
    failed(&found.publish, "not signed by a key");
    let mut said = statement.clone();
    said["predicate"]["name"] = json!("t00l");
    let bundle = instance.attest_by_key(&key, &id(&key), &said, THEN);
    let found = look_at(&instance, &document(&[(PUBLISH, bundle)]), Some(&known), &the_release());
    failed(&found.publish, "another package");
}

#[test]
fn what_is_not_there_is_absent_and_what_is_there_twice_or_as_another_kind_fails() {
    let instance = Instance::new();
    let root = instance.root();
    let none = npm_attestations(None, ("tool", "1.0.0"), &archive(), &root, None, &the_release());
    assert_eq!((none.provenance, none.publish), (Attested::Absent, Standing::Absent));
    let bundle = instance.attest(&Ask::default(), &about("pkg:npm/tool@1.0.0", &archive()));
    let look = |document: &[u8]| look_at(&instance, document, None, &the_release());
    let empty = look(&document(&[("https://example.org/other", bundle.clone())]));
    assert_eq!((empty.provenance, empty.publish), (Attested::Absent, Standing::Absent));
    let twice = look(&document(&[(SLSA, bundle.clone()), (SLSA, bundle.clone())]));
    not_attested(&twice.provenance, "more than one");
    failed(&look(&document(&[(PUBLISH, bundle.clone())])).publish, "another kind");
    let mut unknown = about("pkg:npm/tool@1.0.0", &archive());
    unknown["_type"] = json!("https://in-toto.io/Statement/v2");
    let unknown = look(&document(&[(SLSA, instance.attest(&Ask::default(), &unknown))]));
    let found = &unknown.provenance;
    assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
    let many = vec![("https://example.org/other", bundle.clone()); 17];
    not_attested(&look(&document(&many)).provenance, "more than 16");
    let text = String::from_utf8(document(&[(SLSA, bundle)])).unwrap();
    for broken in ["", "[]", &format!("{text}x"), &text.replacen('{', r#"{"attestations":[],"#, 1)]
    {
        not_attested(&look(broken.as_bytes()).provenance, "cannot be read");
        failed(&look(broken.as_bytes()).publish, "cannot be read");
    }
}

#[test]
fn a_package_with_a_scope_is_named_as_npm_names_it() {
    let instance = Instance::new();
    let root = instance.root();
    let bundle = instance.attest(&Ask::default(), &about("pkg:npm/%40acme/tool@1.0.0", &archive()));
    let document = document(&[(SLSA, bundle)]);
    let look = |name: &str| {
        npm_attestations(Some(&document), (name, "1.0.0"), &archive(), &root, None, &the_release())
    };
    assert!(matches!(look("@acme/tool").provenance, Attested::Trusted { .. }));
    not_attested(&look("acme/tool").provenance, "about");
    not_attested(&look("%40acme/tool").provenance, "cannot be told from others");
    // Two ways to cut one text into name and version.
    for (name, version) in [("tool@1", "0"), ("tool", "1@0"), ("tool", "1/0"), ("tool", "")] {
        let document = Some(document.as_slice());
        let found =
            npm_attestations(document, (name, version), &archive(), &root, None, &the_release());
        not_attested(&found.provenance, "cannot be told from others");
        let document = json!({ "name": name, "version": version, "dist": {} }).to_string();
        assert!(NpmDist::of_version(document.as_bytes(), name, version).is_err());
    }
}

#[test]
fn the_provenance_of_a_real_package_holds_for_that_package_only() {
    let bundle: Value =
        serde_json::from_slice(include_bytes!("data/sigstore.js@2.0.0-provenance.sigstore.json"))
            .unwrap();
    let document = document(&[(SLSA, bundle)]);
    let digest = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2\
                  ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
    let mut sha512 = [0; 64];
    for (at, byte) in sha512.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).unwrap();
    }
    let root = SigstoreRoot::public_good().unwrap();
    let expected = Expected::signer(
        "https://github.com/sigstore/sigstore-js/.github/workflows/*@refs/heads/main",
        GITHUB,
    );
    let expected = expected.unwrap();
    let look = |name: &str, version: &str, sha512: &[u8; 64]| {
        npm_attestations(Some(&document), (name, version), sha512, &root, None, &expected)
            .provenance
    };
    let found = look("sigstore", "2.0.0", &sha512);
    assert!(matches!(found, Attested::Trusted { .. }), "{found:?}");
    assert_eq!(
        found.signer().unwrap().commit.as_deref(),
        Some("f0b49a04e5a62250e0f60fb128004a73110fe311")
    );
    not_attested(&look("sigstore", "2.0.1", &sha512), "about");
    not_attested(&look("sigst0re", "2.0.0", &sha512), "about");
    not_attested(&look("sigstore", "2.0.0", &archive()), "another archive");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_registry_says_ends_and_is_not_trusted(bytes in any::<Vec<u8>>(), text in "\\PC*") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = RegistryKeys::parse("r", bytes);
            let _ = NpmDist::of_version(bytes, "tool", "1.0.0");
            let root = SigstoreRoot::public_good().unwrap();
            let of = ("tool", "1.0.0");
            let found = npm_attestations(Some(bytes), of, &archive(), &root, None, &the_release());
            prop_assert!(found.provenance.signer().is_none());
        }
    }
}
