//! What an attacker does to a bundle, with an instance whose keys are made here.

use crate::instance::{
    Ask, GITHUB, Instance, THEN, WORKFLOW, b64, hex, key, statement, the_release,
};
use ringfence_signing::{
    Artifact, Attested, Expected, SigstoreError, SigstoreRoot, attested, attested_from,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const FILE: &[u8] = b"what is released";

fn subject(bytes: &[u8]) -> Value {
    json!([{ "name": "tool.tgz", "digest": { "sha256": hex(Sha256::digest(bytes)) } }])
}

fn look(instance: &Instance, bundle: &Value) -> Attested {
    look_text(instance, &bundle.to_string())
}

fn look_text(instance: &Instance, bundle: &str) -> Attested {
    attested(bundle.as_bytes(), Artifact::Bytes(FILE), &instance.root(), &the_release())
}

#[track_caller]
fn failed(attested: &Attested, what: &str) {
    assert!(matches!(attested, Attested::Failed { why } if why.contains(what)), "{attested:?}");
}

/// Both forms: over the bytes, and over a statement about them.
fn good(instance: &Instance) -> [Value; 2] {
    let ask = Ask::default();
    [instance.sign(&ask, FILE), instance.attest(&ask, &statement(&subject(FILE)))]
}

#[test]
fn what_the_expected_workflow_signed_is_trusted_and_says_who_what_and_when() {
    let instance = Instance::new();
    for bundle in good(&instance) {
        let Attested::Trusted { by } = look(&instance, &bundle) else {
            panic!("{:?}", look(&instance, &bundle))
        };
        assert_eq!((by.identity.as_str(), by.issuer.as_str()), (WORKFLOW, GITHUB));
        assert_eq!(by.repository.as_deref(), Some("https://github.com/acme/tool"));
        assert_eq!(by.workflow.as_deref(), Some(WORKFLOW));
        assert_eq!(by.reference.as_deref(), Some("refs/tags/v1.0.0"));
        assert_eq!(by.commit.as_deref(), Some(crate::instance::COMMIT));
        assert_eq!(by.signed_at, THEN + 5);
        let text = bundle.to_string();
        let streamed = attested_from(text.as_bytes(), FILE, &instance.root(), &the_release());
        assert_eq!(streamed.unwrap(), Attested::Trusted { by });
    }
}

#[test]
fn a_bundle_of_another_artifact_fails() {
    let instance = Instance::new();
    for bundle in good(&instance) {
        let text = bundle.to_string();
        for other in [Artifact::Bytes(b"something else"), Artifact::Sha256([7; 32])] {
            failed(&attested(text.as_bytes(), other, &instance.root(), &the_release()), "match");
        }
    }
}

#[test]
fn whoever_is_not_expected_is_not_trusted_and_nobody_is_by_default() {
    let instance = Instance::new();
    let bundle = instance.sign(&Ask::default(), FILE).to_string();
    let look = |expected: &Expected| {
        attested(bundle.as_bytes(), Artifact::Bytes(FILE), &instance.root(), expected)
    };
    assert!(matches!(look(&Expected::Anyone), Attested::Unknown { .. }));
    for (identity, issuer) in [
        (&WORKFLOW[..WORKFLOW.len() - 1], GITHUB),
        (&WORKFLOW[1..], GITHUB),
        (&format!("{WORKFLOW}0"), GITHUB),
        (&WORKFLOW.replace("acme", "Acme"), GITHUB),
        (&WORKFLOW.replace("tool", "t.ol"), GITHUB),
        ("release@acme.example", GITHUB),
        (WORKFLOW, "https://token.actions.githubusercontent.com/"),
        (WORKFLOW, "https://gitlab.com"),
    ] {
        failed(&look(&Expected::signer(identity, issuer).unwrap()), "and not by");
    }
    let repository = |repository: &str, issuer: &str| Expected::Repository {
        repository: repository.to_owned(),
        issuer: issuer.to_owned(),
    };
    let ours = "https://github.com/acme/tool";
    assert!(matches!(look(&repository(ours, GITHUB)), Attested::Trusted { .. }));
    failed(&look(&repository(ours, "https://gitlab.com")), "and not by");
    failed(&look(&repository("https://github.com/acme/too", GITHUB)), "and not by");
    failed(&look(&repository("https://github.com/ACME/tool", GITHUB)), "and not by");
    assert_eq!(Expected::signer(WORKFLOW, "https://*"), Err(SigstoreError::Issuer));
    assert_eq!(Expected::signer(WORKFLOW, ""), Err(SigstoreError::Issuer));
}

#[test]
fn a_name_of_mail_that_looks_like_a_url_is_not_taken_for_the_url() {
    let instance = Instance::new();
    let bundle = instance.sign(&Ask::identity("dev@acme.example"), FILE).to_string();
    let look = |identity: &str| {
        let expected = Expected::signer(identity, GITHUB).unwrap();
        attested(bundle.as_bytes(), Artifact::Bytes(FILE), &instance.root(), &expected)
    };
    assert!(matches!(look("dev@acme.example"), Attested::Trusted { .. }));
    failed(&look("https://dev@acme.example"), "and not by");
}

#[test]
fn another_authority_log_of_certificates_or_log_of_signatures_is_not_trusted() {
    let (instance, other) = (Instance::new(), Instance::new());
    for bundle in good(&instance) {
        let mut root = instance.root_json();
        for part in ["certificateAuthorities", "ctlogs", "tlogs"] {
            let mut changed = root.clone();
            changed[part] = other.root_json()[part].clone();
            let text = changed.to_string();
            let changed = SigstoreRoot::parse(text.as_bytes()).unwrap();
            let text = bundle.to_string();
            let found = attested(text.as_bytes(), Artifact::Bytes(FILE), &changed, &the_release());
            let untrusted = match part {
                "tlogs" => matches!(found, Attested::NotCheckable { .. }),
                _ => matches!(found, Attested::Failed { .. }),
            };
            assert!(untrusted, "{part}: {found:?}");
        }
        root["certificateAuthorities"] = json!([]);
        let root = SigstoreRoot::parse(root.to_string().as_bytes()).unwrap();
        let text = bundle.to_string();
        let found = attested(text.as_bytes(), Artifact::Bytes(FILE), &root, &the_release());
        assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
    }
    let public = SigstoreRoot::public_good().unwrap();
    for bundle in good(&instance) {
        let text = bundle.to_string();
        let found = attested(text.as_bytes(), Artifact::Bytes(FILE), &public, &the_release());
        assert!(found.signer().is_none(), "{found:?}");
    }
}

#[test]
fn a_certificate_that_had_ended_or_not_begun_when_the_log_took_it_fails() {
    let instance = Instance::new();
    for signed_at in [THEN - 1, THEN + 601] {
        let ask = Ask { signed_at, ..Ask::default() };
        failed(&look(&instance, &instance.sign(&ask, FILE)), "certificate");
    }
    let last = Ask { signed_at: THEN + 600, ..Ask::default() };
    assert!(matches!(look(&instance, &instance.sign(&last, FILE)), Attested::Trusted { .. }));
}

#[test]
fn a_log_or_authority_counts_in_its_time_as_the_root_says_and_to_its_last_second() {
    let instance = Instance::new();
    let bundle = instance.sign(&Ask::default(), FILE).to_string();
    // Signed at THEN + 5, and the log of certificates saw it at THEN = 2025-06-15T15:06:40Z.
    let look = |part: &str, from: &str, until: &str| {
        let mut root = instance.root_json();
        let place = &mut root[part][0];
        let place = if part == "certificateAuthorities" { place } else { &mut place["publicKey"] };
        place["validFor"] = json!({ "start": from, "end": until });
        let root = SigstoreRoot::parse(root.to_string().as_bytes()).unwrap();
        attested(bundle.as_bytes(), Artifact::Bytes(FILE), &root, &the_release())
    };
    for part in ["tlogs", "ctlogs", "certificateAuthorities"] {
        let seen = if part == "ctlogs" { 40 } else { 45 };
        let at = |second: i32| format!("2025-06-15T15:06:{second}Z");
        let found = look(part, &at(seen), &at(seen));
        assert!(matches!(found, Attested::Trusted { .. }), "{part}: {found:?}");
        for (from, until) in [(at(seen + 1), at(59)), (at(10), at(seen - 1))] {
            let found = look(part, &from, &until);
            assert!(found.signer().is_none(), "{part} {from} {until}: {found:?}");
        }
    }
    let mut turned = instance.root_json();
    turned["tlogs"][0]["publicKey"]["validFor"] =
        json!({ "start": "2025-06-15T15:06:59Z", "end": "2025-06-15T15:06:01Z" });
    assert!(SigstoreRoot::parse(turned.to_string().as_bytes()).is_err());
}

#[test]
fn a_certificate_that_no_log_has_seen_fails() {
    let instance = Instance::new();
    let ask = Ask { with_sct: false, ..Ask::default() };
    failed(&look(&instance, &instance.sign(&ask, FILE)), "missing SCT");
}

#[test]
fn what_is_taken_out_of_a_bundle_or_changed_in_it_makes_it_fail() {
    let instance = Instance::new();
    let entry = "/verificationMaterial/tlogEntries/0";
    let missing = [
        ("inclusionProof", "inclusion proof"),
        ("inclusionPromise", "timestamp"),
        ("integratedTime", "timestamp"),
    ];
    for bundle in good(&instance) {
        for (part, what) in missing {
            let mut changed = bundle.clone();
            changed.pointer_mut(entry).unwrap().as_object_mut().unwrap().remove(part);
            failed(&look(&instance, &changed), what);
        }
        let mut changed = bundle.clone();
        changed["verificationMaterial"]["tlogEntries"] = json!([]);
        failed(&look(&instance, &changed), "");
        let mut changed = bundle.clone();
        changed.pointer_mut(&format!("{entry}/inclusionProof/checkpoint")).unwrap()["envelope"] =
            json!("");
        failed(&look(&instance, &changed), "");
        for (pointer, value) in [
            (format!("{entry}/integratedTime"), json!((THEN + 6).to_string())),
            (format!("{entry}/inclusionProof/rootHash"), json!(b64([1; 32]))),
            (format!("{entry}/inclusionProof/treeSize"), json!("2")),
            (format!("{entry}/inclusionPromise/signedEntryTimestamp"), json!(b64([1; 70]))),
            (format!("{entry}/canonicalizedBody"), json!(b64("{}"))),
            ("/verificationMaterial/certificate/rawBytes".to_owned(), json!(b64([0; 99]))),
        ] {
            let mut changed = bundle.clone();
            *changed.pointer_mut(&pointer).unwrap() = value;
            failed(&look(&instance, &changed), "");
        }
    }
}

#[test]
fn a_log_entry_of_another_signature_does_not_vouch_for_this_one() {
    let instance = Instance::new();
    let [message, envelope] = good(&instance);
    let [other_message, other_envelope] = good(&instance);
    for (bundle, donor) in [(&message, &other_message), (&envelope, &other_envelope)] {
        let mut changed = bundle.clone();
        changed["verificationMaterial"]["tlogEntries"] =
            donor["verificationMaterial"]["tlogEntries"].clone();
        failed(&look(&instance, &changed), "");
        let mut both = bundle.clone();
        let entries = both["verificationMaterial"]["tlogEntries"].as_array_mut().unwrap();
        entries.push(donor["verificationMaterial"]["tlogEntries"][0].clone());
        failed(&look(&instance, &both), "");
        let mut certificate = bundle.clone();
        certificate["verificationMaterial"]["certificate"] =
            donor["verificationMaterial"]["certificate"].clone();
        failed(&look(&instance, &certificate), "");
    }
}

#[test]
fn a_statement_that_was_changed_fails_and_so_does_a_second_signature() {
    let instance = Instance::new();
    let [_, bundle] = good(&instance);
    let mut changed = bundle.clone();
    let other = statement(
        &json!([{ "name": "tool.tgz", "digest": { "sha256": hex(Sha256::digest(FILE)) } }, { "name": "x", "digest": {} }]),
    );
    changed["dsseEnvelope"]["payload"] = json!(b64(other.to_string()));
    failed(&look(&instance, &changed), "");
    let mut typed = bundle.clone();
    typed["dsseEnvelope"]["payloadType"] = json!("application/vnd.ringfence.package.v1+json");
    let found = look(&instance, &typed);
    assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
    // A bad one beside a good one, in either order, and the good one twice.
    let signature = bundle["dsseEnvelope"]["signatures"][0].clone();
    let bad = json!({ "sig": b64([48; 70]) });
    for signatures in [[&signature, &bad], [&bad, &signature], [&signature, &signature]] {
        let mut several = bundle.clone();
        several["dsseEnvelope"]["signatures"] = json!(signatures);
        failed(&look(&instance, &several), "exactly one");
    }
    let mut none = bundle;
    none["dsseEnvelope"]["signatures"] = json!([]);
    failed(&look(&instance, &none), "exactly one");
}

#[test]
fn a_key_without_a_certificate_is_not_taken_where_a_name_is_expected() {
    let instance = Instance::new();
    let key = key();
    let bundle = instance.attest_by_key(&key, "any", &statement(&subject(FILE)), THEN);
    failed(&look(&instance, &bundle), "no signing certificate");
}

#[test]
fn json_that_says_two_things_or_goes_on_behind_is_refused() {
    let instance = Instance::new();
    let [message, envelope] = good(&instance);
    for bundle in [&message, &envelope] {
        let text = bundle.to_string();
        assert!(matches!(look_text(&instance, &text), Attested::Trusted { .. }));
        assert!(matches!(look_text(&instance, &format!(" {text}\n")), Attested::Trusted { .. }));
        let twice = text.replacen('{', r#"{"mediaType":"x","#, 1);
        failed(&look_text(&instance, &twice), "is there twice");
        let deep = text.replacen(r#""kindVersion":{"#, r#""kindVersion":{"kind":"x","#, 1);
        failed(&look_text(&instance, &deep), "is there twice");
        let unknown = text.replacen('{', r#"{"other":{"a":1,"a":2},"#, 1);
        failed(&look_text(&instance, &unknown), "is there twice");
        let own = text.replacen('{', r#"{"a":{"$serde_json::private::RawValue":"{}"},"#, 1);
        failed(&look_text(&instance, &own), "the parser's own");
        failed(&look_text(&instance, &format!("{text}{{}}")), "trailing");
        failed(&look_text(&instance, &format!("{text}\0")), "trailing");
        failed(&look_text(&instance, &text[..text.len() - 1]), "EOF");
    }
    // The same inside of what is signed: a reader that takes the first would see another.
    let digest = hex(Sha256::digest(FILE));
    let text = statement(&subject(FILE)).to_string();
    let inside = text.replace(r#""digest":{"sha256":"#, r#""digest":{"sha256":"00","sha256":"#);
    assert!(inside.contains(&digest) && inside != text);
    let bundle = instance.attest_text(&Ask::default(), &inside);
    failed(&look(&instance, &bundle), "is there twice");
    let bundle = instance.attest_text(&Ask::default(), &format!("{text} {{}}"));
    failed(&look(&instance, &bundle), "trailing");
}

#[test]
fn what_is_huge_or_deep_is_refused_before_it_costs() {
    let instance = Instance::new();
    let [bundle, _] = good(&instance);
    let long = "a".repeat(ringfence_signing::MAX_BUNDLE);
    failed(&look_text(&instance, &format!(r#"{{"mediaType":"{long}"}}"#)), "takes more than");
    failed(&look_text(&instance, &"[".repeat(100_000)), "recursion limit");
    let mut many = bundle;
    let entry = many["verificationMaterial"]["tlogEntries"][0].clone();
    many["verificationMaterial"]["tlogEntries"] = json!(vec![entry; 9]);
    failed(&look(&instance, &many), "more than 8");
}

#[test]
fn a_form_that_is_not_known_is_not_checkable_and_never_reads_as_clean() {
    let instance = Instance::new();
    let [mut bundle, _] = good(&instance);
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v9+json");
    let found = look(&instance, &bundle);
    assert!(matches!(&found, Attested::NotCheckable { .. }), "{found:?}");
    assert!(found.to_string().starts_with("cannot be checked"));
    assert_eq!(Attested::Absent.to_string(), "not signed: nobody says whose it is");
}

#[test]
fn a_root_that_is_none_is_refused() {
    let instance = Instance::new();
    let text = instance.root_json().to_string();
    let twice = text.replacen('{', r#"{"tlogs":[],"#, 1);
    for bytes in ["", "{}x", "[]", &twice, &text[..99]] {
        let found = SigstoreRoot::parse(bytes.as_bytes());
        assert!(matches!(found, Err(SigstoreError::Root(_))), "{bytes}: {found:?}");
    }
    let mut same = instance.root_json();
    let log = same["tlogs"][0].clone();
    same["tlogs"] = json!([log, log]);
    assert!(SigstoreRoot::parse(same.to_string().as_bytes()).is_err());
}
