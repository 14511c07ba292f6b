//! The keys by which a registry signs: `/-/npm/v1/keys`.

use super::npm_signature::NpmDist;
use crate::encoding;
use crate::error::RegistryError;
use crate::public_key::PublicKey;
use crate::strict_json;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Most bytes of the document, and most keys in it.
const MAX_BYTES: usize = 1 << 20;
const MAX_KEYS: usize = 64;
/// The one type and scheme that npm's registries use: ECDSA on P-256 with SHA-256, as DER.
const ECDSA_P256: &str = "ecdsa-sha2-nistp256";

/// The keys of one registry.
#[derive(Clone, Debug)]
pub struct RegistryKeys {
    registry: String,
    keys: Vec<RegistryKey>,
}

#[derive(Clone, Debug)]
pub(super) struct RegistryKey {
    id: String,
    /// None when it is of a type that is not used here.
    pub(super) key: Option<PublicKey>,
    /// Seconds since 1970 from which on it signs no more.
    pub(super) expires: Option<i64>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    keyid: String,
    keytype: String,
    scheme: String,
    key: String,
    #[serde(default)]
    expires: Option<String>,
}

impl RegistryKeys {
    /// Reads the document of `registry`, which is what a person is told. Nothing vouches for
    /// the document but the way it came: the registry's TLS, or a file of the operator's.
    ///
    /// # Errors
    /// When it is none, has a key twice, or a key by a name that is not its own.
    pub fn parse(registry: &str, bytes: &[u8]) -> Result<Self, RegistryError> {
        let document: Document =
            strict_json::read(bytes, MAX_BYTES).map_err(RegistryError::Keys)?;
        let wrong = |why: &str, id: &str| {
            RegistryError::Keys(format!("the key `{}` {why}", id.escape_debug()))
        };
        if document.keys.len() > MAX_KEYS {
            return Err(RegistryError::Keys(format!("there are more than {MAX_KEYS}")));
        }
        let mut keys: Vec<RegistryKey> = Vec::new();
        for entry in document.keys {
            let id = entry.keyid;
            if keys.iter().any(|other| other.id == id) {
                return Err(wrong("is there twice", &id));
            }
            let expires = match entry.expires.as_deref().map(seconds) {
                Some(None) => return Err(wrong("has an end that is no time", &id)),
                Some(expires) => expires,
                None => None,
            };
            let key = if entry.keytype == ECDSA_P256 && entry.scheme == ECDSA_P256 {
                let key = encoding::bytes(&entry.key)
                    .ok_or_else(|| wrong("is not in base64", &id))
                    .and_then(|der| {
                        PublicKey::from_der(&der).map_err(|error| wrong(&error.to_string(), &id))
                    })?;
                if !is_named(&id, &key).ok_or_else(|| wrong("is no key of P-256", &id))? {
                    return Err(wrong("is not the one that its name is of", &id));
                }
                Some(key)
            } else {
                None
            };
            keys.push(RegistryKey { id, key, expires });
        }
        Ok(Self { registry: registry.to_owned(), keys })
    }

    /// Whose keys they are.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The document of one key, as a registry would have it, under the name that npm gives:
    /// what OpenSSH shows as its fingerprint. None for a key that no registry signs by, which
    /// is any but one of P-256.
    #[must_use]
    pub fn document(key: &PublicKey) -> Option<String> {
        let keyid = format!("SHA256:{}", fingerprint(key)?);
        let key = encoding::text(key.der());
        let entry = serde_json::json!({
            "keyid": keyid, "keytype": ECDSA_P256, "scheme": ECDSA_P256, "key": key,
            "expires": null,
        });
        Some(serde_json::json!({ "keys": [entry] }).to_string())
    }

    /// The names of the keys, in the order of the document.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Whether each key that signed the version is one of these.
    #[must_use]
    pub fn know(&self, dist: &NpmDist) -> bool {
        dist.signed_by().all(|id| self.find(id).is_some())
    }

    /// Whether one of the keys that signed the version has an end, so that it counts only for
    /// who knows when the version was published.
    #[must_use]
    pub fn need_time(&self, dist: &NpmDist) -> bool {
        dist.signed_by().any(|id| self.find(id).is_some_and(|key| key.expires.is_some()))
    }

    pub(super) fn find(&self, id: &str) -> Option<&RegistryKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl RegistryKey {
    /// Why it does not count for what was signed at `then` (seconds since 1970), if so.
    /// A key that ends cannot be shown to have been in its time without one.
    pub(super) fn unusable(&self, then: Option<i64>) -> Option<&'static str> {
        match (self.expires, then) {
            (Some(expires), Some(then)) if then >= expires => {
                Some("its key had come to its end before")
            }
            (Some(_), None) => {
                Some("its key has an end, and nobody says when the version was published")
            }
            _ => None,
        }
    }
}

/// Seconds since 1970 of a time as registries write it.
pub(super) fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// Whether the name is that of the key, where it is a hash: npm's is the fingerprint that
/// OpenSSH shows; the plain hash of the key in DER is taken as well. None for other keys.
fn is_named(id: &str, key: &PublicKey) -> Option<bool> {
    let fingerprint = fingerprint(key)?;
    let Some(named) = id.strip_prefix("SHA256:") else { return Some(true) };
    let named = named.trim_end_matches('=');
    Some(fingerprint == named || hash(key.der()) == named)
}

/// As OpenSSH shows it: the SHA-256 of the key in the form of SSH. None for keys that are not
/// of P-256.
fn fingerprint(key: &PublicKey) -> Option<String> {
    let point = key.p256_point()?;
    let mut openssh = Vec::new();
    for part in [b"ecdsa-sha2-nistp256".as_slice(), b"nistp256", point] {
        openssh.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
        openssh.extend_from_slice(part);
    }
    Some(hash(&openssh))
}

fn hash(bytes: &[u8]) -> String {
    encoding::text(&Sha256::digest(bytes)).trim_end_matches('=').to_owned()
}
