//! Public keys, in the forms in which people have them.

mod der;
mod openssh;

pub(crate) use der::{is_ec, is_ed25519, is_rsa};

use crate::error::KeyError;
use crate::minisign;
use crate::scheme::Scheme;
use ed25519_dalek::VerifyingKey;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use ringfence_types::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// Most bytes of a file with a key: an RSA key of 8192 bits takes 6.5 KiB as OpenSSH.
const MAX_BYTES: usize = 32 << 10;

/// A key's name: the SHA-256 of its SubjectPublicKeyInfo in DER, so that one key has one
/// name in whatever form it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Digest);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyId {
    type Err = ringfence_types::DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A public key that may be used.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    material: Material,
    /// SubjectPublicKeyInfo in DER, written by us.
    spki: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Ed25519(VerifyingKey),
    /// The point, uncompressed: 4, x, y.
    EcdsaP256([u8; 65]),
    /// `RSAPublicKey` of PKCS #1 in DER, written by us.
    Rsa {
        pkcs1: Vec<u8>,
        bits: usize,
    },
}

impl PublicKey {
    /// Reads a key in PEM, DER, as OpenSSH has it in `.pub` files, or as minisign does.
    ///
    /// # Errors
    /// When it is none, or one that is not safe to use.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() > MAX_BYTES {
            return Err(KeyError::UnknownForm);
        }
        if bytes.first() == Some(&0x30) {
            return der::read(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyError::UnknownForm)?.trim();
        if text.starts_with("-----BEGIN ") {
            der::read_pem(text)
        } else if minisign::is_public_key(text) {
            Self::ed25519(&minisign::public_key(text)?)
        } else if openssh::is_key(text) {
            openssh::read(text)
        } else {
            Err(KeyError::UnknownForm)
        }
    }

    /// Reads the form in which keys are kept: SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_der(bytes: &[u8]) -> Result<Self, KeyError> {
        der::read(bytes)
    }

    /// An Ed25519 key of 32 bytes.
    pub(crate) fn ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes)
            .map_err(|_| KeyError::broken("Ed25519", "the point is not on the curve"))?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        if !is_canonical(bytes) {
            return Err(KeyError::NotCanonical);
        }
        Ok(Self { spki: der::ed25519(bytes)?, material: Material::Ed25519(key) })
    }

    /// A point of P-256, uncompressed. Whether it lies on the curve shows when it is used.
    pub(crate) fn ecdsa_p256(point: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; 65] =
            point.try_into().ok().filter(|point: &[u8; 65]| point.first() == Some(&4)).ok_or_else(
                || KeyError::broken("ECDSA P-256", "the point is not 65 bytes (uncompressed)"),
            )?;
        Ok(Self { spki: der::ecdsa_p256(&bytes)?, material: Material::EcdsaP256(bytes) })
    }

    /// An RSA key by modulus and exponent, big-endian.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let first = modulus.first().copied().unwrap_or_default();
        let bits = (modulus.len() * 8).saturating_sub(first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaSize(bits));
        }
        // 65537 is 01 00 01; larger ones up to 33 bits are what verifiers take.
        let value = exponent.iter().try_fold(0_u64, |value, byte| {
            value.checked_mul(256).map(|value| value | u64::from(*byte))
        });
        if !value.is_some_and(|value| (65_537..1 << 33).contains(&value) && value % 2 == 1) {
            return Err(KeyError::RsaExponent);
        }
        let pkcs1 = der::rsa_pkcs1(modulus, exponent)?;
        Ok(Self { spki: der::rsa(&pkcs1)?, material: Material::Rsa { pkcs1, bits } })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Digest::from_bytes(Sha256::digest(&self.spki).into()))
    }

    /// The point of a key of P-256, uncompressed.
    pub(crate) const fn p256_point(&self) -> Option<&[u8; 65]> {
        match &self.material {
            Material::EcdsaP256(point) => Some(point),
            Material::Ed25519(_) | Material::Rsa { .. } => None,
        }
    }

    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.spki
    }

    /// SubjectPublicKeyInfo in PEM, as OpenSSL reads it.
    ///
    /// # Errors
    /// When it cannot be written, which does not happen.
    pub fn pem(&self) -> Result<String, KeyError> {
        der::pem("PUBLIC KEY", &self.spki)
    }

    /// What it is, in words: `Ed25519`, `ECDSA P-256`, `RSA 3072`.
    #[must_use]
    pub fn kind(&self) -> String {
        match &self.material {
            Material::Ed25519(_) => "Ed25519".to_owned(),
            Material::EcdsaP256(_) => "ECDSA P-256".to_owned(),
            Material::Rsa { bits, .. } => format!("RSA {bits}"),
        }
    }

    /// The scheme that it is enrolled for unless another is named.
    #[must_use]
    pub const fn usual_scheme(&self) -> Scheme {
        match &self.material {
            Material::Ed25519(_) => Scheme::Ed25519,
            Material::EcdsaP256(_) => Scheme::EcdsaP256,
            Material::Rsa { .. } => Scheme::RsaPkcs1,
        }
    }

    /// Whether a signature of this scheme can be by this kind of key.
    #[must_use]
    pub const fn goes_with(&self, scheme: Scheme) -> bool {
        matches!(
            (&self.material, scheme),
            (Material::Ed25519(_), Scheme::Ed25519 | Scheme::Minisign)
                | (Material::EcdsaP256(_), Scheme::EcdsaP256 | Scheme::EcdsaP256Fixed)
                | (Material::Rsa { .. }, Scheme::RsaPkcs1 | Scheme::RsaPss)
        )
    }

    /// Whether `signature` is one of `message` by this key.
    #[must_use]
    pub fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
        };
        match (&self.material, scheme) {
            (Material::Ed25519(key), Scheme::Ed25519) => strictly(key, message, signature),
            (Material::Ed25519(key), Scheme::Minisign) => {
                minisign::verifies(key, message, signature)
            }
            (Material::EcdsaP256(point), Scheme::EcdsaP256) => {
                by(&signature::ECDSA_P256_SHA256_ASN1, point)
            }
            (Material::EcdsaP256(point), Scheme::EcdsaP256Fixed) => {
                by(&signature::ECDSA_P256_SHA256_FIXED, point)
            }
            (Material::Rsa { pkcs1, .. }, Scheme::RsaPkcs1) => {
                by(&signature::RSA_PKCS1_2048_8192_SHA256, pkcs1)
            }
            (Material::Rsa { pkcs1, .. }, Scheme::RsaPss) => {
                by(&signature::RSA_PSS_2048_8192_SHA256, pkcs1)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.id())
    }
}

/// Ed25519 without the choices that RFC 8032 leaves open.
pub(crate) fn strictly(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    ed25519_dalek::Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

/// Whether y is below the field's prime 2^255 - 19, little-endian. (The other way to write
/// a point twice, a negative zero, has points of small order only, which are refused.)
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    !(last & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *first >= 0xed)
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}
