//! A publisher's change of keys, which the old key vouches for.

use crate::encoding;
use crate::envelope::Envelope;
use crate::error::{KeyError, RotationError};
use crate::public_key::{KeyId, PublicKey};
use crate::publishers::{Publishers, Revocation, TrustedKey};
use crate::scheme::Scheme;
use crate::signing_key::SigningKey;
use serde::{Deserialize, Serialize};

const PAYLOAD_TYPE: &str = "application/vnd.ringfence.key-rotation.v1+json";

/// That a key of a publisher names another: signed by both, by the old one because only
/// it is known, by the new one because nobody may be given a key that they do not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    said: Said,
    new: PublicKey,
    envelope: Envelope,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    old: KeyId,
    #[serde(with = "encoding")]
    new: Vec<u8>,
    new_scheme: Scheme,
    /// Whether the old key counts no more from then on.
    revoke_old: bool,
}

impl Rotation {
    /// Makes one. A key that signs by minisign's program cannot take part.
    ///
    /// # Errors
    /// When a scheme does not go with its key, or signing fails.
    pub fn make(
        old: (&SigningKey, Scheme),
        new: (&SigningKey, Scheme),
        revoke_old: bool,
    ) -> Result<Self, KeyError> {
        let public = new.0.public();
        let said = Said {
            old: old.0.public().id(),
            new: public.der().to_vec(),
            new_scheme: new.1,
            revoke_old,
        };
        let payload = serde_json::to_vec(&said)
            .map_err(|error| KeyError::broken("JSON", error.to_string()))?;
        let mut envelope = Envelope::new(PAYLOAD_TYPE, payload);
        envelope.sign(old.0, old.1)?;
        envelope.sign(new.0, new.1)?;
        Ok(Self { said, new: public.clone(), envelope })
    }

    /// Reads one. Whether it holds is not looked at.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, RotationError> {
        let envelope = Envelope::parse(bytes)?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(RotationError::Form("something else was signed".to_owned()));
        }
        let said: Said = serde_json::from_slice(&envelope.payload)
            .map_err(|error| RotationError::Form(error.to_string()))?;
        let new = PublicKey::from_der(&said.new)?;
        Ok(Self { said, new, envelope })
    }

    /// The bytes of a file of it.
    ///
    /// # Errors
    /// When it cannot be written, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RotationError> {
        Ok(self.envelope.to_bytes()?)
    }

    /// The key that names another.
    #[must_use]
    pub const fn old(&self) -> KeyId {
        self.said.old
    }

    /// The key that is named.
    #[must_use]
    pub const fn new_key(&self) -> &PublicKey {
        &self.new
    }

    /// Trusts the new key for what the old one is trusted for, no longer than it.
    ///
    /// # Errors
    /// When the old key is not trusted at `now` (seconds since 1970), one of the two did
    /// not sign, or the new key is already somebody's. The list is then as before.
    pub fn apply(&self, publishers: &mut Publishers, now: i64) -> Result<(), RotationError> {
        let untrusted = || RotationError::OldKey(self.said.old);
        let (publisher, old) = publishers.find(self.said.old).ok_or_else(untrusted)?;
        if old.unusable(now).is_some() {
            return Err(untrusted());
        }
        let old_key = PublicKey::from_der(&old.key)?;
        if !self.envelope.is_signed_by(&old_key, old.scheme) {
            return Err(RotationError::NotSigned("old"));
        }
        if !self.envelope.is_signed_by(&self.new, self.said.new_scheme) {
            return Err(RotationError::NotSigned("new"));
        }
        let name = publisher.name.clone();
        let key = TrustedKey {
            id: self.new.id(),
            key: self.new.der().to_vec(),
            scheme: self.said.new_scheme,
            scopes: old.scopes.clone(),
            since: now,
            until: old.until,
            revoked: None,
            named_by: Some(self.said.old),
        };
        publishers.add(&name, key)?;
        if self.said.revoke_old {
            let reason = format!("it named {} in its stead", self.new.id());
            publishers.revoke(self.said.old, Revocation { since: now, reason })?;
        }
        Ok(())
    }
}
