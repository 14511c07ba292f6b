//! Whom the operator trusts, for which packages, until when.

use crate::encoding;
use crate::error::PublisherError;
use crate::public_key::{KeyId, PublicKey};
use crate::scheme::Scheme;
use ringfence_types::UntrustedText;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The form of the file.
const FORM: u32 = 1;

/// Everybody whom the operator trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publishers {
    form: u32,
    publishers: Vec<Publisher>,
}

/// One publisher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// The name that the operator gave.
    pub name: String,
    /// The keys, in the order in which they came.
    pub keys: Vec<TrustedKey>,
}

/// One key of a publisher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// Its name.
    pub id: KeyId,
    /// SubjectPublicKeyInfo in DER.
    #[serde(with = "encoding")]
    pub key: Vec<u8>,
    /// The one scheme by which it signs.
    pub scheme: Scheme,
    /// For which packages.
    pub scopes: Vec<Scope>,
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// Until before when, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// That it is trusted no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
    /// The key that named it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<KeyId>,
}

/// That a key is trusted no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// Why, in the operator's words.
    pub reason: String,
}

/// Packages for which a key counts: a name, `prefix*`, or `*` for all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

impl Scope {
    /// Whether a package of this name is within.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => self.0 == name,
        }
    }
}

impl FromStr for Scope {
    type Err = PublisherError;

    fn from_str(text: &str) -> Result<Self, PublisherError> {
        let name = text.strip_suffix('*').unwrap_or(text);
        let bad = |c: char| c == '*' || c.is_control() || c.is_whitespace();
        if text.is_empty() || text.len() > 300 || name.contains(bad) {
            return Err(PublisherError::Scope(text.escape_debug().to_string()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Scope {
    type Error = PublisherError;

    fn try_from(text: String) -> Result<Self, PublisherError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TrustedKey {
    /// Why it does not count at `now`, in seconds since 1970; a lowercase fragment.
    #[must_use]
    pub fn unusable(&self, now: i64) -> Option<String> {
        if let Some(revoked) = &self.revoked {
            return Some(format!("it was revoked: {}", revoked.reason.escape_debug()));
        }
        if self.until.is_some_and(|until| until <= now) {
            return Some("its time is over".to_owned());
        }
        // A clock that was set back does not make an old key new.
        (self.since > now).then(|| "its time has not begun; is the clock right?".to_owned())
    }
}

/// Whether a reader sees all of it, so that no two names look the same for what they hide.
fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(|c| c != ' ' && c.is_whitespace())
        && UntrustedText::new(name).to_string() == name
}

impl Default for Publishers {
    fn default() -> Self {
        Self { form: FORM, publishers: Vec::new() }
    }
}

impl Publishers {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not one of ours, or two keys in it are one.
    pub fn parse(bytes: &[u8]) -> Result<Self, PublisherError> {
        let form = |why: String| PublisherError::Form(why);
        let read: Self = serde_json::from_slice(bytes).map_err(|error| form(error.to_string()))?;
        if read.form != FORM {
            return Err(form(format!(
                "it has the form {}, and this program knows {FORM}",
                read.form
            )));
        }
        let mut seen: Vec<KeyId> = Vec::new();
        for key in read.publishers.iter().flat_map(|publisher| &publisher.keys) {
            let public = PublicKey::from_der(&key.key)?;
            if public.id() != key.id || !public.goes_with(key.scheme) || seen.contains(&key.id) {
                return Err(form(format!("the entry of the key {} contradicts itself", key.id)));
            }
            seen.push(key.id);
        }
        Ok(read)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When they cannot be written, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PublisherError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| PublisherError::Form(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Everybody, in the order in which they came.
    #[must_use]
    pub fn all(&self) -> &[Publisher] {
        &self.publishers
    }

    /// A key and whose it is.
    #[must_use]
    pub fn find(&self, id: KeyId) -> Option<(&Publisher, &TrustedKey)> {
        self.publishers.iter().find_map(|publisher| {
            publisher.keys.iter().find(|key| key.id == id).map(|key| (publisher, key))
        })
    }

    /// Trusts `key` as one of the publisher `name`, who is new or has others.
    ///
    /// # Errors
    /// When the key is already somebody's, the name cannot be or is another's but for its
    /// case, or the scheme does not go with the key.
    pub fn add(&mut self, name: &str, key: TrustedKey) -> Result<(), PublisherError> {
        if !is_name(name) {
            return Err(PublisherError::Name);
        }
        let twin = |other: &&Publisher| {
            other.name != name && other.name.to_lowercase() == name.to_lowercase()
        };
        if let Some(other) = self.publishers.iter().find(twin) {
            return Err(PublisherError::Twin(other.name.clone()));
        }
        if let Some((publisher, _)) = self.find(key.id) {
            return Err(PublisherError::KnownKey {
                key: key.id,
                publisher: publisher.name.clone(),
            });
        }
        let public = PublicKey::from_der(&key.key)?;
        if !public.goes_with(key.scheme) {
            return Err(crate::KeyError::Scheme { scheme: key.scheme }.into());
        }
        match self.publishers.iter_mut().find(|publisher| publisher.name == name) {
            Some(publisher) => publisher.keys.push(key),
            None => {
                self.publishers.push(Publisher { name: name.to_owned(), keys: vec![key] });
            }
        }
        Ok(())
    }

    /// Trusts a key no more. It stays in the list, so that it cannot come back by mistake.
    ///
    /// # Errors
    /// When nobody has it.
    pub fn revoke(&mut self, id: KeyId, revocation: Revocation) -> Result<(), PublisherError> {
        let mut keys = self.publishers.iter_mut().flat_map(|publisher| &mut publisher.keys);
        let key = keys.find(|key| key.id == id).ok_or(PublisherError::UnknownKey(id))?;
        if key.revoked.is_none() {
            key.revoked = Some(revocation);
        }
        Ok(())
    }
}
