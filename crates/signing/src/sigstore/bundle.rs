//! A bundle of Sigstore, looked at: signature, certificate, logs, times, whose and of what.

use super::attested::{Attested, signer};
use super::identity::Expected;
use super::root::SigstoreRoot;
use crate::public_key::PublicKey;
use crate::standing::Standing;
use crate::strict_json;
use serde::Deserialize;
use sigstore_verify::crypto::SubjectAltName;
use sigstore_verify::types::{
    Artifact as Given, ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm, SignatureContent,
    TransparencyLogEntry,
};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult,
};
use std::io;

/// Most bytes of a bundle. One of npm takes 12 KiB, one with a large list of what went into
/// a build some hundreds.
pub const MAX_BUNDLE: usize = 4 << 20;
/// Most entries of logs, and most times, that one bundle may bring: each costs arithmetic.
const MAX_ENTRIES: usize = 8;

/// What a bundle should be about.
#[derive(Clone, Copy, Debug)]
pub enum Artifact<'a> {
    /// All its bytes.
    Bytes(&'a [u8]),
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// Its SHA-512. A bundle that is not a statement about digests needs SHA-256.
    Sha512([u8; 64]),
}

impl<'a> Artifact<'a> {
    fn given(self) -> Result<Given<'a>, String> {
        let digest = |algorithm, bytes: &[u8]| {
            let digest = ArtifactDigest::new(algorithm, bytes.to_vec());
            digest.map(Given::Digest).map_err(|error| error.to_string())
        };
        match self {
            Artifact::Bytes(bytes) => Ok(Given::from_blob(bytes)),
            Artifact::Sha256(bytes) => digest(HashAlgorithm::Sha2256, &bytes),
            Artifact::Sha512(bytes) => digest(HashAlgorithm::Sha2512, &bytes),
        }
    }
}

/// Looks at the bundle of an artifact. Everything is looked at each time: the certificate's
/// chain and its own log, the times, the log's proof and promise, the signature, that the
/// log is about this signature, the artifact, and last whether it is whom we expect.
#[must_use]
pub fn attested(
    bundle: &[u8],
    artifact: Artifact<'_>,
    root: &SigstoreRoot,
    expected: &Expected,
) -> Attested {
    match parse(bundle) {
        Ok(bundle) => attested_bundle(&bundle, artifact, root, expected),
        Err(attested) => attested,
    }
}

/// As [`attested`], for a bundle that was read.
pub(crate) fn attested_bundle(
    bundle: &Bundle,
    artifact: Artifact<'_>,
    root: &SigstoreRoot,
    expected: &Expected,
) -> Attested {
    match artifact.given() {
        Ok(given) => {
            let result = root.verifier.verify(given, bundle, &everything());
            judge(result, bundle, root, expected)
        }
        Err(why) => Attested::failed(why),
    }
}

/// Looks at a bundle that a key signed and no certificate, as `cosign` does with `--key`,
/// and that stands in the log. Whoever gives the key says whose it is: `publisher`.
#[must_use]
pub fn signed_by_key(
    bundle: &[u8],
    artifact: Artifact<'_>,
    root: &SigstoreRoot,
    publisher: &str,
    key: &PublicKey,
) -> Standing {
    let looked =
        parse(bundle).and_then(|bundle| attested_by_key(&bundle, artifact, root, key.der()));
    match looked {
        Ok(_) => Standing::Trusted { publisher: publisher.to_owned(), key: key.id() },
        Err(attested) => attested.into_standing(),
    }
}

/// Looks at a bundle that a key signed and no certificate, with its log; gives when it was
/// signed, in seconds since 1970, the latest of what is said. `key` is a
/// SubjectPublicKeyInfo in DER, and whoever gives it knows whose it is.
pub(crate) fn attested_by_key(
    bundle: &Bundle,
    artifact: Artifact<'_>,
    root: &SigstoreRoot,
    key: &[u8],
) -> Result<Option<i64>, Attested> {
    let given = artifact.given().map_err(Attested::failed)?;
    let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.to_vec()));
    let result = root
        .verifier
        .verify(given, bundle, &policy)
        .map_err(|error| judge_error(&error, bundle, root))?;
    if !result.tlog_verified() {
        return Err(Attested::failed("the log was not looked at"));
    }
    Ok(result.verified_timestamps().iter().max().map(|time| time.as_second()))
}

/// As [`attested`], for an artifact too large for memory.
///
/// # Errors
/// When the artifact cannot be read.
pub fn attested_from(
    bundle: &[u8],
    artifact: impl io::Read,
    root: &SigstoreRoot,
    expected: &Expected,
) -> io::Result<Attested> {
    let bundle = match parse(bundle) {
        Ok(bundle) => bundle,
        Err(attested) => return Ok(attested),
    };
    match root.verifier.verify_reader(artifact, &bundle, &everything()) {
        Err(Error::ArtifactRead(error)) => Err(error),
        result => Ok(judge(result, &bundle, root, expected)),
    }
}

/// Who it was is looked at by us, behind all else: the crate has no patterns.
fn everything() -> VerificationPolicy {
    VerificationPolicy::any_identity()
}

/// Reads a bundle; what is not read says how that counts.
pub(crate) fn parse(bytes: &[u8]) -> Result<Bundle, Attested> {
    let broken = |why: String| Attested::failed(format!("the bundle cannot be read: {why}"));
    strict_json::check(bytes, MAX_BUNDLE).map_err(broken)?;
    let kind: Kind = serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
    if !is_known(&kind.media_type) {
        return Err(Attested::not_checkable(format!(
            "it is a bundle of the kind `{}`, which this program does not know",
            kind.media_type.escape_debug()
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| broken(error.to_string()))?;
    let bundle = Bundle::from_json(text).map_err(|error| broken(error.to_string()))?;
    let material = &bundle.verification_material;
    let times = material.timestamp_verification_data.rfc3161_timestamps.len();
    if material.tlog_entries.len() > MAX_ENTRIES || times > MAX_ENTRIES {
        return Err(broken(format!("it brings more than {MAX_ENTRIES} entries or times")));
    }
    // What is signed is read by others as well, and must say one thing to all of them.
    if let SignatureContent::DsseEnvelope(envelope) = &bundle.content {
        strict_json::check(envelope.payload.as_bytes(), MAX_BUNDLE)
            .map_err(|why| Attested::failed(format!("what is signed cannot be read: {why}")))?;
    }
    Ok(bundle)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    media_type: String,
}

fn is_known(media_type: &str) -> bool {
    media_type.parse::<sigstore_verify::types::MediaType>().is_ok()
}

fn judge_error(error: &Error, bundle: &Bundle, root: &SigstoreRoot) -> Attested {
    let entries = &bundle.verification_material.tlog_entries;
    let is_known = |entry: &TransparencyLogEntry| root.knows_log(entry.log_id.key_id.as_bytes());
    let of_the_root = match error {
        Error::Certificate(CertificateError::NoValidAuthority { .. }) => true,
        Error::TransparencyLog(_) => !entries.iter().all(is_known),
        _ => false,
    };
    if of_the_root {
        // A log that is newer than the root, or one of somebody's own.
        return Attested::not_checkable(format!(
            "{} does not know who vouches for it ({error}); if it is older, give a newer one",
            root.name()
        ));
    }
    match error {
        Error::UnsupportedBundle(_) | Error::UnsupportedArtifact(_) => {
            Attested::not_checkable(error.to_string())
        }
        _ => Attested::failed(error.to_string()),
    }
}

fn judge(
    result: sigstore_verify::Result<VerificationResult>,
    bundle: &Bundle,
    root: &SigstoreRoot,
    expected: &Expected,
) -> Attested {
    let result = match result {
        Ok(result) => result,
        Err(error) => return judge_error(&error, bundle, root),
    };
    let by = match signer(&result) {
        Ok(by) => Box::new(by),
        Err(why) => return Attested::failed(why),
    };
    let is_url = matches!(result.identity(), Some(SubjectAltName::Uri(_)));
    let (meant, issuer) = match expected {
        Expected::Anyone => return Attested::Unknown { by },
        Expected::Signer { identity, issuer } => {
            let wants_url = identity.to_string().contains("://");
            (identity.fits(&by.identity) && wants_url == is_url, issuer)
        }
        Expected::Repository { repository, issuer } => {
            (by.repository.as_ref() == Some(repository), issuer)
        }
    };
    if by.issuer == *issuer && meant {
        return Attested::Trusted { by };
    }
    let wanted = match expected {
        Expected::Signer { identity, .. } => identity.to_string(),
        Expected::Repository { repository, .. } => format!("a build of {repository}"),
        Expected::Anyone => String::new(),
    };
    Attested::failed(format!("it was signed by {by}, and not by {wanted} (named by {issuer})"))
}
