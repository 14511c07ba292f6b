//! An instance of Sigstore with keys made here: an authority that certifies whom we say, a
//! log of certificates, and a log of signatures with one entry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use ringfence_signing::{Expected, KeyKind, Scheme, SigningKey, SigstoreRoot};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::{Duration, UNIX_EPOCH};

pub(crate) const GITHUB: &str = "https://token.actions.githubusercontent.com";
pub(crate) const REPOSITORY: &str = "https://github.com/acme/tool";
pub(crate) const WORKFLOW: &str =
    "https://github.com/acme/tool/.github/workflows/release.yml@refs/tags/v1.0.0";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// When things are signed, and how long certificates hold.
pub(crate) const THEN: i64 = 1_750_000_000;
const TEN_MINUTES: i64 = 600;

/// Whom a certificate is for, and what else goes otherwise than usual.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) identity: String,
    pub(crate) issuer: String,
    pub(crate) repository: String,
    pub(crate) not_before: i64,
    pub(crate) signed_at: i64,
    pub(crate) with_sct: bool,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            identity: WORKFLOW.to_owned(),
            issuer: GITHUB.to_owned(),
            repository: REPOSITORY.to_owned(),
            not_before: THEN,
            signed_at: THEN + 5,
            with_sct: true,
        }
    }
}

impl Ask {
    pub(crate) fn identity(identity: &str) -> Self {
        Self { identity: identity.to_owned(), ..Self::default() }
    }
}

pub(crate) struct Instance {
    authority: Issuer<'static, KeyPair>,
    authority_der: Vec<u8>,
    authority_spki: Vec<u8>,
    certificates: SigningKey,
    pub(crate) log: SigningKey,
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(KeyKind::EcdsaP256).unwrap().0
}

pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn signed(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    key.sign(Scheme::EcdsaP256, message).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", b64(der))
}

/// Who is expected unless something else is said.
pub(crate) fn the_release() -> Expected {
    Expected::signer(WORKFLOW, GITHUB).unwrap()
}

/// A statement of SLSA that these names and digests came from the usual build.
pub(crate) fn statement(subjects: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": { "buildDefinition": {
            "externalParameters": { "workflow": {
                "ref": "refs/tags/v1.0.0",
                "repository": REPOSITORY,
                "path": ".github/workflows/release.yml",
            } },
            "resolvedDependencies": [{ "digest": { "gitCommit": COMMIT } }],
        } },
    })
}

impl Instance {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        let authority_der = params.self_signed(&key).unwrap().der().to_vec();
        let authority_spki = SigningKey::parse(key.serialize_pem().as_bytes()).unwrap();
        Self {
            authority_spki: authority_spki.public().der().to_vec(),
            authority: Issuer::new(params, key),
            authority_der,
            certificates: self::key(),
            log: self::key(),
        }
    }

    pub(crate) fn root_json(&self) -> Value {
        let log = |key: &SigningKey| {
            json!({
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": b64(key.public().der()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": { "start": "2021-01-01T00:00:00Z" },
                },
                "logId": { "keyId": b64(sha256(key.public().der())) },
            })
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.log)],
            "certificateAuthorities": [{
                "subject": { "organization": "test", "commonName": "test" },
                "uri": "https://authority.example",
                "certChain": { "certificates": [{ "rawBytes": b64(&self.authority_der) }] },
                "validFor": { "start": "2021-01-01T00:00:00Z" },
            }],
            "ctlogs": [log(&self.certificates)],
            "timestampAuthorities": [],
        })
    }

    pub(crate) fn root(&self) -> SigstoreRoot {
        SigstoreRoot::parse(self.root_json().to_string().as_bytes()).unwrap()
    }

    /// A certificate for whom is asked, and its key.
    pub(crate) fn certificate(&self, ask: &Ask) -> (Vec<u8>, SigningKey) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let name = ask.identity.clone().try_into().unwrap();
        params.subject_alt_names = vec![if ask.identity.starts_with("https://") {
            SanType::URI(name)
        } else {
            SanType::Rfc822Name(name)
        }];
        let time = |seconds: i64| (UNIX_EPOCH + Duration::from_secs(seconds as u64)).into();
        params.not_before = time(ask.not_before);
        params.not_after = time(ask.not_before + TEN_MINUTES);
        params.serial_number = Some(SerialNumber::from(7_u64));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        let claims = [
            (8, ask.issuer.as_str()),
            (12, ask.repository.as_str()),
            (13, COMMIT),
            (14, "refs/tags/v1.0.0"),
            (18, ask.identity.as_str()),
        ];
        for (number, value) in claims {
            let oid = [1, 3, 6, 1, 4, 1, 57264, 1, number];
            params
                .custom_extensions
                .push(CustomExtension::from_oid_content(&oid, der(0x0c, value.as_bytes())));
        }
        if ask.with_sct {
            let before = params.signed_by(&key, &self.authority).unwrap();
            let sct = self.sct(inner(before.der()), ask.not_before);
            let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
            params.custom_extensions.push(CustomExtension::from_oid_content(&oid, der(4, &sct)));
        }
        let certificate = params.signed_by(&key, &self.authority).unwrap().der().to_vec();
        (certificate, SigningKey::parse(key.serialize_pem().as_bytes()).unwrap())
    }

    /// What the log of certificates says of one (RFC 6962).
    fn sct(&self, tbs: &[u8], at: i64) -> Vec<u8> {
        let milliseconds = (at as u64 * 1000).to_be_bytes();
        let mut message = vec![0, 0];
        message.extend(milliseconds);
        message.extend([0, 1]);
        message.extend(sha256(&self.authority_spki));
        message.extend(&(tbs.len() as u32).to_be_bytes()[1..]);
        message.extend(tbs);
        message.extend([0, 0]);
        let signature = signed(&self.certificates, &message);
        let mut sct = vec![0];
        sct.extend(sha256(self.certificates.public().der()));
        sct.extend(milliseconds);
        sct.extend([0, 0, 4, 3]);
        sct.extend((signature.len() as u16).to_be_bytes());
        sct.extend(signature);
        let mut list = ((sct.len() + 2) as u16).to_be_bytes().to_vec();
        list.extend((sct.len() as u16).to_be_bytes());
        list.extend(sct);
        list
    }

    /// An entry of the log, which has no other.
    pub(crate) fn entry(&self, kind: &str, body: &Value, signed_at: i64) -> Value {
        let body = body.to_string();
        let id = sha256(self.log.public().der());
        let promised = json!({
            "body": b64(&body), "integratedTime": signed_at, "logID": hex(id), "logIndex": 0,
        });
        let root = sha256([&[0], body.as_bytes()].concat());
        let head = format!("log.example - 1\n1\n{}\n", b64(root));
        let note = [&id[..4], &signed(&self.log, head.as_bytes())].concat();
        json!({
            "logIndex": "0",
            "logId": { "keyId": b64(id) },
            "kindVersion": { "kind": kind, "version": "0.0.1" },
            "integratedTime": signed_at.to_string(),
            "inclusionPromise": {
                "signedEntryTimestamp": b64(signed(&self.log, promised.to_string().as_bytes())),
            },
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": { "envelope": format!("{head}\n— log.example {}\n", b64(note)) },
            },
            "canonicalizedBody": b64(&body),
        })
    }

    fn envelope(&self, key: &SigningKey, verifier: &str, text: &str, at: i64) -> (Value, Value) {
        const TYPE: &str = "application/vnd.in-toto+json";
        let message = format!("DSSEv1 {} {TYPE} {} {text}", TYPE.len(), text.len());
        let signature = b64(signed(key, message.as_bytes()));
        let hash = |bytes: &str| json!({ "algorithm": "sha256", "value": hex(sha256(bytes)) });
        let body = json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": {
            "envelopeHash": hash("not compared"),
            "payloadHash": hash(text),
            "signatures": [{ "signature": signature, "verifier": b64(verifier) }],
        } });
        let envelope = json!({
            "payload": b64(text),
            "payloadType": TYPE,
            "signatures": [{ "sig": signature }],
        });
        (envelope, self.entry("dsse", &body, at))
    }

    /// A bundle with these bytes as its statement.
    pub(crate) fn attest_text(&self, ask: &Ask, text: &str) -> Value {
        let (certificate, key) = self.certificate(ask);
        let verifier = pem("CERTIFICATE", &certificate);
        let (envelope, entry) = self.envelope(&key, &verifier, text, ask.signed_at);
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": b64(certificate) },
                "tlogEntries": [entry],
            },
            "dsseEnvelope": envelope,
        })
    }

    pub(crate) fn attest(&self, ask: &Ask, statement: &Value) -> Value {
        self.attest_text(ask, &statement.to_string())
    }

    /// A bundle of a key without a certificate, as registries sign.
    pub(crate) fn attest_by_key(
        &self,
        key: &SigningKey,
        hint: &str,
        statement: &Value,
        at: i64,
    ) -> Value {
        let verifier = pem("PUBLIC KEY", key.public().der());
        let (envelope, entry) = self.envelope(key, &verifier, &statement.to_string(), at);
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": { "publicKey": { "hint": hint }, "tlogEntries": [entry] },
            "dsseEnvelope": envelope,
        })
    }

    /// A bundle over the bytes of a file.
    pub(crate) fn sign(&self, ask: &Ask, artifact: &[u8]) -> Value {
        let (certificate, key) = self.certificate(ask);
        let signature = b64(signed(&key, artifact));
        let content = b64(pem("CERTIFICATE", &certificate));
        let body = json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hex(sha256(artifact)) } },
            "signature": { "content": signature, "publicKey": { "content": content } },
        } });
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": b64(certificate) },
                "tlogEntries": [self.entry("hashedrekord", &body, ask.signed_at)],
            },
            "messageSignature": {
                "messageDigest": { "algorithm": "SHA2_256", "digest": b64(sha256(artifact)) },
                "signature": signature,
            },
        })
    }
}

/// A value in DER, of less than 64 KiB.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16).to_be_bytes();
    let head = match content.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head.as_slice(), content].concat()
}

/// The first value inside a value: what a certificate's signature is over.
fn inner(der: &[u8]) -> &[u8] {
    let head = |bytes: &[u8]| match bytes[1] {
        0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
        0x81 => (3, usize::from(bytes[2])),
        short => (2, usize::from(short)),
    };
    let rest = &der[head(der).0..];
    let (start, length) = head(rest);
    &rest[..start + length]
}
