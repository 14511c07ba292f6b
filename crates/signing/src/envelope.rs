//! The form in which signatures travel: DSSE, version 1.
//!
//! <https://github.com/secure-systems-lab/dsse>. What is signed has its type and its
//! length in front, so that a signature of one thing is never one of another.

use crate::encoding;
use crate::error::{EnvelopeError, KeyError};
use crate::public_key::{KeyId, PublicKey};
use crate::scheme::Scheme;
use crate::signing_key::SigningKey;
use serde::{Deserialize, Serialize};

/// Most bytes of an envelope: the list of 100,000 files with long paths, in base64.
pub(crate) const MAX_BYTES: usize = 64 << 20;
/// Most signatures in one envelope.
pub const MAX_SIGNATURES: usize = 16;

/// Something signed, and its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Envelope {
    /// What kind of thing was signed.
    pub payload_type: String,
    /// What was signed.
    #[serde(with = "encoding")]
    pub payload: Vec<u8>,
    /// By whom.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key's name. Nothing is concluded from it but which key to try.
    pub keyid: KeyId,
    /// The signature.
    #[serde(with = "encoding")]
    pub sig: Vec<u8>,
    /// How it was made, as its maker says.
    pub scheme: Scheme,
    /// The key, as SubjectPublicKeyInfo in DER, for those who do not know it.
    #[serde(with = "encoding")]
    pub key: Vec<u8>,
}

impl Envelope {
    /// A thing that nobody has signed yet.
    #[must_use]
    pub fn new(payload_type: &str, payload: Vec<u8>) -> Self {
        Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// When it is none, is too large, or a key signed twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAX_BYTES {
            return Err(EnvelopeError::TooLarge(MAX_BYTES));
        }
        let envelope: Self = serde_json::from_slice(bytes)
            .map_err(|error| EnvelopeError::Form(error.to_string()))?;
        if envelope.signatures.len() > MAX_SIGNATURES {
            return Err(EnvelopeError::TooMany(MAX_SIGNATURES));
        }
        for (position, signature) in envelope.signatures.iter().enumerate() {
            let twice = |other: &Signature| other.keyid == signature.keyid;
            if envelope.signatures.iter().take(position).any(twice) {
                return Err(EnvelopeError::Twice(signature.keyid));
            }
        }
        Ok(envelope)
    }

    /// The bytes of a file of it.
    ///
    /// # Errors
    /// When it cannot be written, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| EnvelopeError::Form(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// What a signature is made of: the pre-authentication encoding of DSSE. A program
    /// that signs files, as minisign does, signs the payload itself.
    #[must_use]
    pub fn message(&self, scheme: Scheme) -> Vec<u8> {
        if scheme == Scheme::Minisign {
            return self.payload.clone();
        }
        let kind = &self.payload_type;
        let mut bytes =
            format!("DSSEv1 {} {kind} {} ", kind.len(), self.payload.len()).into_bytes();
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Adds a signature by `key`; an earlier one by it is replaced.
    ///
    /// # Errors
    /// When the scheme does not go with the key, or signing fails.
    pub fn sign(&mut self, key: &SigningKey, scheme: Scheme) -> Result<(), KeyError> {
        let sig = key.sign(scheme, &self.message(scheme))?;
        self.add(key.public(), scheme, sig);
        Ok(())
    }

    /// Adds a signature that was made elsewhere. Whether it holds is not looked at.
    pub fn add(&mut self, key: &PublicKey, scheme: Scheme, sig: Vec<u8>) {
        let keyid = key.id();
        self.signatures.retain(|other| other.keyid != keyid);
        self.signatures.push(Signature { keyid, sig, scheme, key: key.der().to_vec() });
    }

    /// Whether `key` signed this by `scheme`.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, scheme: Scheme) -> bool {
        let id = key.id();
        self.signatures.iter().filter(|signature| signature.keyid == id).any(|signature| {
            signature.scheme == scheme
                && key.verifies(scheme, &self.message(scheme), &signature.sig)
        })
    }
}
