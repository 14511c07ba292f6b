//! Secret keys: made, read, used.

use crate::error::KeyError;
use crate::public_key::{self, PublicKey};
use crate::scheme::Scheme;
use ed25519_dalek::Signer as _;
use pkcs8::PrivateKeyInfo;
use pkcs8::der::pem as pem_text;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use std::fmt;
use zeroize::Zeroizing;

/// Most bytes of a file with a secret key.
const MAX_BYTES: usize = 64 << 10;
const KEEP_PLAIN: &str =
    "openssl pkcs8 -in KEY -out PLAIN, or ssh-keygen -p -N '' -f COPY for a key of OpenSSH";

/// A kind of key that can be made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256.
    EcdsaP256,
}

/// A secret key. It is forgotten when it is dropped, as far as its library does so.
pub struct SigningKey {
    material: Material,
    public: PublicKey,
}

enum Material {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    EcdsaP256(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

impl SigningKey {
    /// Makes a key, and the PKCS #8 of it in PEM.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub fn generate(kind: KeyKind) -> Result<(Self, Zeroizing<String>), KeyError> {
        let none = KeyError::Signing("the operating system gives no random numbers");
        let bytes = match kind {
            KeyKind::Ed25519 => {
                let mut seed = Zeroizing::new([0_u8; 32]);
                getrandom::fill(seed.as_mut()).map_err(|_| none)?;
                // PrivateKeyInfo of RFC 8410, which is the same for every key but for the seed.
                let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
                Zeroizing::new([head.as_slice(), seed.as_slice()].concat())
            }
            KeyKind::EcdsaP256 => {
                let algorithm = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
                let made = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
                Zeroizing::new(made.map_err(|_| none)?.as_ref().to_vec())
            }
        };
        let key = Self::from_pkcs8(&bytes)?;
        let line = pkcs8::der::pem::LineEnding::LF;
        let text = pem_text::encode_string("PRIVATE KEY", line, &bytes)
            .map_err(|error| KeyError::broken("PEM", error.to_string()))?;
        Ok((key, Zeroizing::new(text)))
    }

    /// Reads a secret key in PKCS #8 (PEM or DER), PKCS #1 (PEM), or as OpenSSH has it.
    ///
    /// # Errors
    /// When it is none, is under a passphrase, or is not safe to use.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() > MAX_BYTES {
            return Err(KeyError::UnknownForm);
        }
        if bytes.first() == Some(&0x30) {
            return Self::from_pkcs8(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyError::UnknownForm)?.trim();
        if !text.starts_with("-----BEGIN ") {
            let public = PublicKey::parse(bytes).is_ok();
            return Err(if public { KeyError::NotSecret } else { KeyError::UnknownForm });
        }
        if text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----") {
            return Self::from_openssh(text);
        }
        // The header lines that OpenSSL writes into a file under a passphrase.
        if text.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted(KEEP_PLAIN));
        }
        let (label, bytes) = pem_text::decode_vec(text.as_bytes())
            .map_err(|error| KeyError::broken("PEM", error.to_string()))?;
        let bytes = Zeroizing::new(bytes);
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&bytes),
            "RSA PRIVATE KEY" => Self::rsa(RsaKeyPair::from_der(&bytes)),
            "EC PRIVATE KEY" => Err(KeyError::broken(
                "PEM",
                "it is in an old form; write it as PKCS #8: \
                 openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW",
            )),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Err(KeyError::NotSecret),
            _ => Err(KeyError::UnknownForm),
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfo::try_from(bytes).map_err(|error| {
            if PublicKey::from_der(bytes).is_ok() {
                KeyError::NotSecret
            } else {
                KeyError::broken("PKCS #8", error.to_string())
            }
        })?;
        let oid = info.algorithm.oid;
        if public_key::is_ed25519(&oid) {
            // An OCTET STRING within an OCTET STRING.
            let seed = info.private_key.strip_prefix(&[0x04, 0x20]).map(<[u8; 32]>::try_from);
            let Some(Ok(seed)) = seed else {
                return Err(KeyError::broken("PKCS #8", "an Ed25519 key has 32 bytes"));
            };
            Self::ed25519(&Zeroizing::new(seed))
        } else if public_key::is_ec(&oid) {
            let algorithm = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, bytes, &SystemRandom::new());
            Self::ecdsa(pair)
        } else if public_key::is_rsa(&oid) {
            Self::rsa(RsaKeyPair::from_pkcs8(bytes))
        } else {
            Err(KeyError::Algorithm(oid.to_string()))
        }
    }

    fn from_openssh(text: &str) -> Result<Self, KeyError> {
        use ssh_key::private::{EcdsaKeypair, KeypairData};
        let broken = |why: &'static str| KeyError::broken("OpenSSH", why);
        let key = ssh_key::PrivateKey::from_openssh(text)
            .map_err(|error| KeyError::broken("OpenSSH", error.to_string()))?;
        match key.key_data() {
            KeypairData::Encrypted(_) => Err(KeyError::Encrypted(KEEP_PLAIN)),
            KeypairData::Ed25519(pair) => Self::ed25519(&Zeroizing::new(pair.private.to_bytes())),
            KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, private }) => {
                let algorithm = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
                Self::ecdsa(EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm,
                    private.as_slice(),
                    public.as_bytes(),
                    &SystemRandom::new(),
                ))
            }
            // OpenSSH leaves out two of the numbers that an RSA key is used with.
            KeypairData::Rsa(_) => Err(broken(
                "it is an RSA key; write a copy as PKCS #8: ssh-keygen -p -m PKCS8 -f COPY",
            )),
            other => Err(KeyError::Algorithm(
                other.algorithm().map_or_else(|_| "such".to_owned(), |name| name.to_string()),
            )),
        }
    }

    fn ed25519(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = Box::new(ed25519_dalek::SigningKey::from_bytes(seed));
        let public = PublicKey::ed25519(key.verifying_key().as_bytes())?;
        Ok(Self { material: Material::Ed25519(key), public })
    }

    fn ecdsa(pair: Result<EcdsaKeyPair, ring::error::KeyRejected>) -> Result<Self, KeyError> {
        let pair = pair.map_err(|error| KeyError::broken("ECDSA", error.to_string()))?;
        let public = PublicKey::ecdsa_p256(pair.public_key().as_ref())?;
        Ok(Self { material: Material::EcdsaP256(Box::new(pair)), public })
    }

    fn rsa(pair: Result<RsaKeyPair, ring::error::KeyRejected>) -> Result<Self, KeyError> {
        let pair = pair.map_err(|error| KeyError::broken("RSA", error.to_string()))?;
        let public = PublicKey::from_der(pair.public().as_ref())?;
        Ok(Self { material: Material::Rsa(Box::new(pair)), public })
    }

    /// What everybody may know of it.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Whether these bytes are a file of this very key, in whatever form: it must not go
    /// where the signed things go.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let begins =
            bytes.first() == Some(&0x30) || bytes.trim_ascii_start().starts_with(b"-----BEGIN ");
        begins && Self::parse(bytes).is_ok_and(|key| key.public == self.public)
    }

    /// A signature of `message`.
    ///
    /// # Errors
    /// When the scheme does not go with the key, or the operating system gives no random
    /// numbers.
    pub fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        let failed = |_| KeyError::Signing("the operating system gives no random numbers");
        match (&self.material, scheme) {
            (Material::Ed25519(key), Scheme::Ed25519) => Ok(key.sign(message).to_bytes().to_vec()),
            (Material::EcdsaP256(pair), Scheme::EcdsaP256) => {
                Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            (Material::Rsa(pair), Scheme::RsaPkcs1 | Scheme::RsaPss) => {
                let padding: &'static dyn signature::RsaEncoding = match scheme {
                    Scheme::RsaPss => &signature::RSA_PSS_SHA256,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut made = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut made).map_err(failed)?;
                Ok(made)
            }
            _ => Err(KeyError::Scheme { scheme }),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secret key of {:?}", self.public)
    }
}
