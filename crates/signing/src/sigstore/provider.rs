//! The arithmetic that the crate for Sigstore asks for, from crates that are here anyway.
//!
//! It brings no arithmetic of its own but asks for it once per process. Whole messages go
//! to `ring` and `ed25519-dalek`, as for our own signatures; `ring` takes no message that
//! was hashed before, so those of ECDSA go to `p256` and `p384`. RSA over such a message and
//! ML-DSA have nobody here and are refused: no certificate of the public instance has them.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use ring::digest;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use sigstore_verify::crypto::{CryptoProvider, Error, HashContext, SigningScheme};
use sigstore_verify::types::HashAlgorithm;
use std::sync::Once;

/// Makes sure that there is a provider before anything is computed. An application that
/// embeds this crate may have chosen one before; then that one stays.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A refusal means that there is one, which is all that is needed.
        let _there_was_one = sigstore_verify::crypto::install_default_provider(&Provider);
    });
}

#[derive(Debug)]
struct Provider;

struct Hashing(digest::Context);

impl HashContext for Hashing {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

impl CryptoProvider for Provider {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        let algorithm = match algorithm {
            HashAlgorithm::Sha2256 => &digest::SHA256,
            HashAlgorithm::Sha2384 => &digest::SHA384,
            HashAlgorithm::Sha2512 => &digest::SHA512,
            other => return Err(Error::UnsupportedAlgorithm(other.to_string())),
        };
        Ok(Box::new(Hashing(digest::Context::new(algorithm))))
    }

    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        if scheme == SigningScheme::Ed25519 {
            return ed25519(key, message, signature);
        }
        let algorithm = of_ring(scheme).ok_or_else(|| unsupported(scheme))?;
        UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .map_err(|_| does_not_hold(scheme))
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let wrong = does_not_hold(scheme);
        match scheme {
            SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP256Sha384 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key);
                let signature = p256::ecdsa::Signature::from_der(signature);
                let (Ok(key), Ok(signature)) = (key, signature) else { return Err(wrong) };
                key.verify_prehash(digest, &signature).map_err(|_| wrong)
            }
            SigningScheme::EcdsaP384Sha256 | SigningScheme::EcdsaP384Sha384 => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key);
                let signature = p384::ecdsa::Signature::from_der(signature);
                let (Ok(key), Ok(signature)) = (key, signature) else { return Err(wrong) };
                // A digest shorter than half a number of the curve is refused by the crate;
                // SHA-256 is longer than that.
                key.verify_prehash(digest, &signature).map_err(|_| wrong)
            }
            other => Err(unsupported(other)),
        }
    }
}

fn of_ring(scheme: SigningScheme) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match scheme {
        SigningScheme::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
        SigningScheme::EcdsaP256Sha384 => &signature::ECDSA_P256_SHA384_ASN1,
        SigningScheme::EcdsaP384Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
        SigningScheme::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
        SigningScheme::RsaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        SigningScheme::RsaPssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        SigningScheme::RsaPssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        SigningScheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        SigningScheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        SigningScheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return None,
    })
}

/// Strictly, as everywhere here: no keys or points of small order.
fn ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let wrong = does_not_hold(SigningScheme::Ed25519);
    let (Ok(key), Ok(signature)) = (<&[u8; 32]>::try_from(key), <&[u8; 64]>::try_from(signature))
    else {
        return Err(wrong);
    };
    let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(key) else { return Err(wrong) };
    key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).map_err(|_| wrong)
}

fn does_not_hold(scheme: SigningScheme) -> Error {
    Error::Verification(format!("the signature ({}) does not hold", scheme.name()))
}

fn unsupported(scheme: SigningScheme) -> Error {
    Error::UnsupportedAlgorithm(format!("{} is not verified here", scheme.name()))
}
