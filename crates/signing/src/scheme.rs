//! How a signature is made.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How a signature is made: algorithm, hash and form. A key is enrolled for one of them,
/// and only that one counts, so that nobody can choose a weaker way for a strong key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scheme {
    /// Ed25519 (RFC 8032), verified strictly: no small-order keys or points.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// A signature in minisign's form, with minisign's comments.
    #[serde(rename = "minisign")]
    Minisign,
    /// ECDSA on P-256 with SHA-256, as ASN.1 DER. Both of the two values that are valid
    /// for one signature are taken: a signature is no name for anything here.
    #[serde(rename = "ecdsa-p256-sha256")]
    EcdsaP256,
    /// The same as the 64 bytes of r and s (IEEE P1363).
    #[serde(rename = "ecdsa-p256-sha256-p1363")]
    EcdsaP256Fixed,
    /// RSA with SHA-256 and the padding of PKCS #1 v1.5.
    #[serde(rename = "rsa-pkcs1v15-sha256")]
    RsaPkcs1,
    /// RSA-PSS with SHA-256, MGF1 with SHA-256, and a salt of 32 bytes.
    #[serde(rename = "rsa-pss-sha256")]
    RsaPss,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 6] = [
        Self::Ed25519,
        Self::Minisign,
        Self::EcdsaP256,
        Self::EcdsaP256Fixed,
        Self::RsaPkcs1,
        Self::RsaPss,
    ];

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Minisign => "minisign",
            Self::EcdsaP256 => "ecdsa-p256-sha256",
            Self::EcdsaP256Fixed => "ecdsa-p256-sha256-p1363",
            Self::RsaPkcs1 => "rsa-pkcs1v15-sha256",
            Self::RsaPss => "rsa-pss-sha256",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|scheme| scheme.name()).collect();
            format!("a signature's scheme is one of {}", names.join(", "))
        })
    }
}
