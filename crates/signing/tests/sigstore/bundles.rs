//! Real bundles of the public instance and of its staging twin (`data/NOTICE`), good and
//! bad. Several are cases of sigstore-conformance.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_signing::{
    Artifact, Attested, Expected, PublicKey, SigstoreRoot, Standing, attested, signed_by_key,
};
use serde_json::Value;
use sigstore_verify::trust_root::SIGSTORE_STAGING_TRUSTED_ROOT;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const LOGIN: &str = "https://github.com/login/oauth";
const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("data/", $name)).as_slice()
    };
}

fn public() -> SigstoreRoot {
    SigstoreRoot::public_good().unwrap()
}

fn staging() -> SigstoreRoot {
    SigstoreRoot::parse(SIGSTORE_STAGING_TRUSTED_ROOT.as_bytes()).unwrap()
}

/// The digest that the bundle itself says it is about, where the artifact is not there: that
/// it is about another one is looked at in other tests.
fn said(bundle: &[u8]) -> Artifact<'static> {
    let bundle: Value = serde_json::from_slice(bundle).unwrap();
    if let Some(digest) = bundle["messageSignature"]["messageDigest"]["digest"].as_str() {
        return Artifact::Sha256(STANDARD.decode(digest).unwrap().try_into().unwrap());
    }
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    let digest = &statement["subject"][0]["digest"];
    let bytes = |text: &str| -> Vec<u8> {
        let pairs = (0..text.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    if let Some(sha256) = digest["sha256"].as_str() {
        return Artifact::Sha256(bytes(sha256).try_into().unwrap());
    }
    Artifact::Sha512(
        digest["sha512"].as_str().map_or([0; 64], |text| bytes(text).try_into().unwrap()),
    )
}

#[test]
fn good_bundles_of_five_kinds_are_taken_for_whom_they_name_and_nobody_else() {
    const WHEEL: &str =
        "https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2";
    const NPM: &str =
        "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main";
    let cosign = data!("cosign-v3-blob.sigstore.json");
    let staged = data!("staging-rekor-v2.txt.sigstore.json");
    let wheel = data!("bundle_v3_github.whl.sigstore");
    let (npm, dsse) =
        (data!("sigstore.js@2.0.0-provenance.sigstore.json"), data!("dsse-v3.sigstore.json"));
    let message = data!("message-v3.sigstore.json");
    let hashed = data!("a.dsse.staging-rekor-v2.txt.sigstore.json");
    for (bundle, artifact, root, identity, issuer) in [
        (
            cosign,
            Artifact::Bytes(data!("cosign-v3-blob.txt")),
            public(),
            "w.vollprecht@gmail.com",
            LOGIN,
        ),
        (staged, Artifact::Bytes(data!("staging-rekor-v2.txt")), staging(), "jku@goto.fi", LOGIN),
        (hashed, said(hashed), staging(), BEACON, GITHUB),
        (wheel, said(wheel), public(), WHEEL, GITHUB),
        (dsse, said(dsse), public(), BEACON, GITHUB),
        (npm, said(npm), public(), NPM, GITHUB),
        (message, said(message), staging(), "william@yossarian.net", LOGIN),
    ] {
        let look = |artifact, root: &SigstoreRoot, identity: &str| {
            attested(bundle, artifact, root, &Expected::signer(identity, issuer).unwrap())
        };
        let found = look(artifact, &root, identity);
        assert!(matches!(&found, Attested::Trusted { by } if by.identity == identity), "{found:?}");
        let other = look(artifact, &root, "other@example.org");
        assert!(matches!(other, Attested::Failed { .. }), "{identity}: {other:?}");
        let other = look(Artifact::Bytes(b"another artifact"), &root, identity);
        assert!(matches!(other, Attested::Failed { .. }), "{identity}: {other:?}");
        let twin = if root.name().contains("sigstore.dev") { staging() } else { public() };
        assert!(look(artifact, &twin, identity).signer().is_none(), "{identity}");
    }
}

#[test]
fn bad_bundles_are_refused_each_for_its_own_reason() {
    let invalid_key = SigstoreRoot::parse(data!("invalid-ct-key.root.json")).unwrap();
    for (bundle, root, why) in [
        (data!("bundle_cve_2022_36056.txt.sigstore"), staging(), "does not match certificate"),
        (data!("bundle_no_cert_v1.txt.sigstore"), public(), "checkpoint"),
        (data!("bundle_no_checkpoint.txt.sigstore"), public(), "no checkpoint"),
        (data!("bundle_no_log_entry.txt.sigstore"), public(), "inclusion promise"),
        (data!("bundle_v3_no_signed_time.txt.sigstore.json"), public(), "no verified timestamp"),
        (data!("dsse-2sigs.sigstore.json"), public(), "exactly one signature"),
        (data!("github-private-attestation.sigstore.json"), public(), "inclusion proof"),
        (data!("invalid-ct-key.sigstore.json"), invalid_key, "signed certificate timestamp"),
        (data!("managed-key.sigstore.json"), public(), "no signing certificate"),
    ] {
        let found = attested(bundle, said(bundle), &root, &Expected::Anyone);
        assert!(matches!(&found, Attested::Failed { why: it } if it.contains(why)), "{found:?}");
    }
    // A name of a kind that is not read, from a log that is nobody's here.
    let bundle = data!("othername.sigstore.json");
    let found = attested(bundle, said(bundle), &public(), &Expected::Anyone);
    assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
}

#[test]
fn a_real_bundle_by_a_key_holds_for_that_key_and_that_artifact_only() {
    let root = public();
    let key = PublicKey::parse(data!("managed-key.pub")).unwrap();
    let look = |artifact, key: &PublicKey| {
        let bundle = data!("managed-key.sigstore.json");
        signed_by_key(bundle, Artifact::Bytes(artifact), &root, "Acme", key)
    };
    let artifact = data!("managed-key.txt");
    let expected = Standing::Trusted { publisher: "Acme".to_owned(), key: key.id() };
    assert_eq!(look(artifact, &key), expected);
    let other = crate::instance::key();
    assert!(matches!(look(artifact, other.public()), Standing::Failed { .. }));
    assert!(matches!(look(b"another", &key), Standing::Failed { .. }));
    // A bundle with a certificate is not one by a key, even by the certificate's own.
    let (bundle, blob) = (data!("cosign-v3-blob.sigstore.json"), data!("cosign-v3-blob.txt"));
    let found = signed_by_key(bundle, Artifact::Bytes(blob), &root, "Acme", &key);
    assert!(matches!(found, Standing::NotCheckable { .. }), "{found:?}");
}

#[test]
fn every_byte_of_a_real_bundle_that_is_changed_is_noticed_or_changes_nothing() {
    let bundle = data!("cosign-v3-blob.sigstore.json");
    let (artifact, root) = (Artifact::Bytes(data!("cosign-v3-blob.txt")), public());
    let honest = attested(bundle, artifact, &root, &Expected::Anyone);
    assert!(matches!(honest, Attested::Unknown { .. }));
    for position in (0..bundle.len()).step_by(7) {
        let mut changed = bundle.to_vec();
        changed[position] ^= 1;
        let found = attested(&changed, artifact, &root, &Expected::Anyone);
        // Names that nobody reads may change, a hint that is not believed, and one of two
        // clocks may go; what is left says the same but for some seconds.
        let Some(by) = found.signer() else { continue };
        let first = honest.signer().unwrap();
        let mut same = by.clone();
        same.signed_at = first.signed_at;
        assert_eq!(&same, first, "{position}");
        assert!((by.signed_at - first.signed_at).abs() < 60, "{position}: {by:?}");
    }
}
