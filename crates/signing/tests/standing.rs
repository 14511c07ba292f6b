//! Whose signature counts, and what an attacker does to it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test program: to panic is to fail"
)]

use ringfence_signing::{
    Envelope, KeyKind, PAYLOAD_TYPE, PublicKey, Publishers, Revocation, Rotation, RotationError,
    Scheme, SigningKey, Standing, Statement, StatementError, TrustedKey, Vouched,
};
use ringfence_types::{Digest, FileEntry};

const NOW: i64 = 1_800_000_000;

fn file(path: &str, content: u8) -> FileEntry {
    let digest = Digest::from_bytes([content; 32]);
    FileEntry { path: path.to_owned(), size: 1, digest, executable: false, link: None }
}

fn statement() -> Statement {
    let files = vec![file("b.js", 2), file("a.js", 1)];
    Statement::new("tool".to_owned(), Some("1.0.0".to_owned()), files, None).unwrap()
}

fn key() -> SigningKey {
    SigningKey::generate(KeyKind::Ed25519).unwrap().0
}

fn trusted(key: &SigningKey) -> TrustedKey {
    TrustedKey {
        id: key.public().id(),
        key: key.public().der().to_vec(),
        scheme: key.public().usual_scheme(),
        scopes: vec!["tool".parse().unwrap(), "acme-*".parse().unwrap()],
        since: NOW - 10,
        until: Some(NOW + 10),
        revoked: None,
        named_by: None,
    }
}

fn publishers(keys: &[&SigningKey]) -> Publishers {
    let mut publishers = Publishers::default();
    for key in keys {
        publishers.add("Acme", trusted(key)).unwrap();
    }
    publishers
}

fn signed(keys: &[&SigningKey]) -> Envelope {
    let mut envelope = Envelope::new(PAYLOAD_TYPE, statement().to_bytes().unwrap());
    for key in keys {
        envelope.sign(key, key.public().usual_scheme()).unwrap();
    }
    envelope
}

fn look(envelope: &Envelope, publishers: &Publishers) -> Standing {
    // As it comes from a file.
    let envelope = Envelope::parse(&envelope.to_bytes().unwrap()).unwrap();
    Vouched::look(&envelope, &statement(), publishers, NOW).standing
}

fn failed(standing: &Standing, what: &str) {
    assert!(matches!(standing, Standing::Failed { why } if why.contains(what)), "{standing:?}");
}

#[test]
fn a_package_signed_by_a_trusted_key_is_trusted_and_by_another_unknown() {
    let (key, other) = (key(), key());
    let trusted = publishers(&[&key]);
    let expected = Standing::Trusted { publisher: "Acme".to_owned(), key: key.public().id() };
    assert_eq!(look(&signed(&[&key]), &trusted), expected);
    assert_eq!(look(&signed(&[&other, &key]), &trusted), expected);
    let unknown = Standing::Unknown { keys: vec![other.public().id()] };
    assert_eq!(look(&signed(&[&other]), &trusted), unknown);
    assert_eq!(look(&signed(&[]), &trusted), Standing::Absent);
}

#[test]
fn a_changed_added_or_missing_file_fails_whoever_signed() {
    let key = key();
    let envelope = signed(&[&key]);
    let trusted = publishers(&[&key]);
    let with = |files: Vec<FileEntry>| {
        let found =
            Statement::new("tool".to_owned(), Some("1.0.0".to_owned()), files, None).unwrap();
        Vouched::look(&envelope, &found, &trusted, NOW).standing
    };
    failed(&with(vec![file("a.js", 9), file("b.js", 2)]), "`a.js` is not as it was signed");
    failed(&with(vec![file("a.js", 1)]), "`b.js`");
    failed(&with(vec![file("a.js", 1), file("b.js", 2), file("c.js", 3)]), "`c.js`");
    let executable = FileEntry { executable: true, ..file("b.js", 2) };
    failed(&with(vec![file("a.js", 1), executable]), "`b.js`");
    let other = Statement { name: "acme-other".to_owned(), ..statement() };
    failed(&Vouched::look(&envelope, &other, &trusted, NOW).standing, "name or version");
    let older = Statement { version: Some("0.9.0".to_owned()), ..statement() };
    failed(&Vouched::look(&envelope, &older, &trusted, NOW).standing, "name or version");
}

#[test]
fn a_signature_that_does_not_hold_is_not_hidden_by_one_that_does() {
    let (key, other) = (key(), key());
    let mut envelope = signed(&[&key, &other]);
    envelope.signatures[1].sig[7] ^= 1;
    failed(&look(&envelope, &publishers(&[&key])), "it does not hold");
}

#[test]
fn a_key_counts_only_in_its_time_for_its_packages_until_it_is_revoked() {
    let key = key();
    let envelope = signed(&[&key]);
    let with = |change: fn(&mut TrustedKey)| {
        let mut entry = trusted(&key);
        change(&mut entry);
        let mut publishers = Publishers::default();
        publishers.add("Acme", entry).unwrap();
        look(&envelope, &publishers)
    };
    failed(&with(|key| key.until = Some(NOW)), "its time is over");
    failed(&with(|key| key.since = NOW + 1), "has not begun");
    failed(&with(|key| key.scopes = vec!["acme-*".parse().unwrap()]), "not trusted for packages");
    assert!(matches!(
        with(|key| key.scopes = vec!["*".parse().unwrap()]),
        Standing::Trusted { .. }
    ));
    let mut publishers = publishers(&[&key]);
    let revocation = Revocation { since: NOW, reason: "stolen".to_owned() };
    publishers.revoke(key.public().id(), revocation).unwrap();
    failed(&look(&envelope, &publishers), "revoked: stolen");
    assert!(publishers.add("Acme", trusted(&key)).is_err(), "it cannot come back as new");
}

#[test]
fn the_key_and_scheme_that_count_are_those_that_were_enrolled() {
    let (key, thief) = (key(), key());
    let trusted = publishers(&[&key]);
    // The thief signs, and says that the trusted key did.
    let mut envelope = signed(&[&thief]);
    envelope.signatures[0].keyid = key.public().id();
    failed(&look(&envelope, &trusted), "it does not hold");
    // ... and names a key that is not the one it brings.
    let mut envelope = signed(&[&thief]);
    envelope.signatures[0].key = key.public().der().to_vec();
    failed(&look(&envelope, &Publishers::default()), "not the one that it names");
    // A right signature that says it is of another scheme.
    let mut envelope = signed(&[&key]);
    envelope.signatures[0].scheme = Scheme::Minisign;
    failed(&look(&envelope, &trusted), "trusted for ed25519 only");
    failed(&look(&envelope, &Publishers::default()), "it does not hold");
}

#[test]
fn a_signature_of_something_else_is_none_of_a_package() {
    let key = key();
    let trusted = publishers(&[&key]);
    let bytes = statement().to_bytes().unwrap();
    // The same bytes, signed as another thing.
    let mut other = Envelope::new("text/plain", bytes.clone());
    other.sign(&key, Scheme::Ed25519).unwrap();
    failed(&look(&other, &trusted), "text/plain");
    other.payload_type = PAYLOAD_TYPE.to_owned();
    failed(&look(&other, &trusted), "it does not hold");
    // Without the type in front.
    let mut plain = Envelope::new(PAYLOAD_TYPE, bytes.clone());
    plain.add(key.public(), Scheme::Ed25519, key.sign(Scheme::Ed25519, &bytes).unwrap());
    failed(&look(&plain, &trusted), "it does not hold");
}

#[test]
fn a_statement_that_two_readers_could_take_for_two_things_is_refused() {
    let canonical = String::from_utf8(statement().to_bytes().unwrap()).unwrap();
    let parse = |text: &str| Statement::parse(PAYLOAD_TYPE, text.as_bytes());
    assert_eq!(parse(&canonical), Ok(statement()));
    assert_eq!(parse(&format!("{canonical} ")), Err(StatementError::NotCanonical));
    let twice = canonical.replacen('{', "{\"name\":\"tool\",", 1);
    assert!(matches!(parse(&twice), Err(StatementError::Form(_))));
    let unknown = canonical.replacen('{', "{\"more\":1,", 1);
    assert!(matches!(parse(&unknown), Err(StatementError::Form(_))));
    for path in ["../a", "/a", "a/./b", "a//b", "", "a\0b", "a/.."] {
        let outcome = Statement::new("tool".to_owned(), None, vec![file(path, 1)], None);
        assert!(matches!(outcome, Err(StatementError::Path(_))), "{path:?}");
    }
    let twice = vec![file("a", 1), file("a", 2)];
    assert!(matches!(
        Statement::new("tool".to_owned(), None, twice, None),
        Err(StatementError::Twice(_))
    ));
}

#[test]
fn an_envelope_with_a_key_twice_or_too_many_is_refused() {
    let key = key();
    let mut envelope = signed(&[&key]);
    let one = envelope.signatures[0].clone();
    envelope.signatures.push(one.clone());
    assert!(Envelope::parse(&envelope.to_bytes().unwrap()).is_err());
    envelope.signatures = vec![one; ringfence_signing::MAX_SIGNATURES + 1];
    assert!(Envelope::parse(&envelope.to_bytes().unwrap()).is_err());
}

#[test]
fn a_new_key_is_trusted_when_the_old_one_names_it_and_not_before() {
    let (old, new, thief) = (key(), key(), key());
    let scheme = Scheme::Ed25519;
    let mut trusted = publishers(&[&old]);
    let rotation = Rotation::make((&old, scheme), (&new, scheme), true).unwrap();
    let bytes = rotation.to_bytes().unwrap();
    Rotation::parse(&bytes).unwrap().apply(&mut trusted, NOW).unwrap();
    assert!(matches!(look(&signed(&[&new]), &trusted), Standing::Trusted { .. }));
    failed(&look(&signed(&[&old]), &trusted), "revoked");
    let (_, entry) = trusted.find(new.public().id()).unwrap();
    assert_eq!((entry.until, entry.named_by), (Some(NOW + 10), Some(old.public().id())));

    // A thief who has neither key, and one who was revoked.
    let before = publishers(&[&old]);
    let mut after = before.clone();
    let mut forged: serde_json::Value = serde_json::from_slice(
        &Rotation::make((&thief, scheme), (&new, scheme), false).unwrap().to_bytes().unwrap(),
    )
    .unwrap();
    let forged_bytes = serde_json::to_vec(&forged).unwrap();
    let outcome = Rotation::parse(&forged_bytes).unwrap().apply(&mut after, NOW);
    assert_eq!(outcome, Err(RotationError::OldKey(thief.public().id())));
    let real: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    forged["payload"] = real["payload"].clone();
    let outcome =
        Rotation::parse(&serde_json::to_vec(&forged).unwrap()).unwrap().apply(&mut after, NOW);
    assert_eq!(outcome, Err(RotationError::NotSigned("old")));
    let mut half = real.clone();
    half["signatures"].as_array_mut().unwrap().pop();
    let outcome =
        Rotation::parse(&serde_json::to_vec(&half).unwrap()).unwrap().apply(&mut after, NOW);
    assert_eq!(outcome, Err(RotationError::NotSigned("new")));
    let late = rotation.apply(&mut after, NOW + 10);
    assert_eq!(late, Err(RotationError::OldKey(old.public().id())));
    assert_eq!(after, before, "nothing was changed by what was refused");
}

#[test]
fn the_list_of_publishers_survives_its_file_and_contradictions_are_refused() {
    let key = key();
    let list = publishers(&[&key]);
    let bytes = list.to_bytes().unwrap();
    assert_eq!(Publishers::parse(&bytes).unwrap(), list);
    let other = PublicKey::parse(self::key().public().der()).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let swapped = text.replace(&key.public().id().to_string(), &other.id().to_string());
    assert!(Publishers::parse(swapped.as_bytes()).is_err(), "the name is not that of the key");
    assert!(
        Publishers::parse(text.replace("\"ed25519\"", "\"rsa-pss-sha256\"").as_bytes()).is_err()
    );
    assert!(Publishers::parse(text.replace("\"form\": 1", "\"form\": 2").as_bytes()).is_err());
}

#[test]
fn a_change_of_keys_cannot_be_replayed_turned_or_made_for_another_publisher() {
    let (first, second, third) = (key(), key(), key());
    let scheme = Scheme::Ed25519;
    let make = |old: &SigningKey, new: &SigningKey| {
        Rotation::make((old, scheme), (new, scheme), false).unwrap()
    };
    let mut list = publishers(&[&first]);
    let rotation = make(&first, &second);
    rotation.apply(&mut list, NOW).unwrap();
    let stolen = || Revocation { since: NOW, reason: "stolen".to_owned() };
    list.revoke(second.public().id(), stolen()).unwrap();
    let before = list.clone();
    // The thief of the second key has the old file, and can make others.
    assert!(rotation.apply(&mut list, NOW).is_err(), "once more");
    assert!(make(&second, &third).apply(&mut list, NOW).is_err(), "a revoked key names none");
    assert!(make(&first, &first).apply(&mut list, NOW).is_err(), "a key that names itself");
    assert_eq!(list, before);
    failed(&look(&signed(&[&second]), &list), "revoked");
    // A key stays with its publisher and its scopes, whoever names it.
    list.add("Other", TrustedKey { scopes: vec!["other".parse().unwrap()], ..trusted(&third) })
        .unwrap();
    let before = list.clone();
    assert!(make(&first, &third).apply(&mut list, NOW).is_err());
    assert_eq!(list, before);
    // Nor is a signed change of keys a signed package, or the other way round.
    let change: serde_json::Value =
        serde_json::from_slice(&make(&first, &third).to_bytes().unwrap()).unwrap();
    let mut as_package = change.clone();
    as_package["payloadType"] = PAYLOAD_TYPE.into();
    let as_package = Envelope::parse(as_package.to_string().as_bytes()).unwrap();
    failed(&look(&as_package, &list), "not a list of files");
    let mut as_change: serde_json::Value =
        serde_json::from_slice(&signed(&[&first]).to_bytes().unwrap()).unwrap();
    assert!(Rotation::parse(as_change.to_string().as_bytes()).is_err());
    as_change["payloadType"] = change["payloadType"].clone();
    assert!(Rotation::parse(as_change.to_string().as_bytes()).is_err());
}

#[test]
fn what_a_stranger_wrote_as_json_is_refused_and_ends_nothing() {
    let deep = "[".repeat(1 << 20);
    let key = key();
    let good = String::from_utf8(signed(&[&key]).to_bytes().unwrap()).unwrap();
    let twice = good.replacen("\"payloadType\"", "\"payload\": \"\", \"payloadType\"", 1);
    let escaped = good.replacen("\"sig\"", "\"sig\": \"\", \"s\\u0069g\"", 1);
    let number = good.replacen("\"signatures\"", "\"signatures\": 1e999999999, \"x\"", 1);
    let unpadded = good.replacen("==\"", "\"", 1);
    for hostile in [&deep, &twice, &escaped, &number, &unpadded, &deep.replace('[', "{\"a\":")] {
        assert!(hostile != &good && Envelope::parse(hostile.as_bytes()).is_err());
        assert!(Statement::parse(PAYLOAD_TYPE, hostile.as_bytes()).is_err());
        assert!(Publishers::parse(hostile.as_bytes()).is_err());
        assert!(Rotation::parse(hostile.as_bytes()).is_err());
    }
}

#[test]
fn a_publisher_has_a_name_that_can_be_told_from_anothers() {
    let mut list = publishers(&[&key()]);
    let before = list.clone();
    for name in
        ["", " ", "Acme ", " Acme", "Ac\u{200b}me", "\u{202e}emcA", "Acme\u{a0}", "A\tcme", "acme"]
    {
        assert!(list.add(name, trusted(&key())).is_err(), "{name:?}");
    }
    assert_eq!(list, before);
    assert!(list.add("Acme", trusted(&key())).is_ok(), "a second key of the same one");
    assert!(list.add("Müller & Söhne", trusted(&key())).is_ok());
}
