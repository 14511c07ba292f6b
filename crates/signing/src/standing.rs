//! How far a package's files are vouched for.

use crate::envelope::{Envelope, Signature};
use crate::public_key::{KeyId, PublicKey};
use crate::publishers::Publishers;
use crate::statement::Statement;
use serde::Serialize;
use std::fmt;

/// How far a package's files are vouched for. Only [`Trusted`](Self::Trusted) says that
/// somebody whom the operator knows stands for them; none of the others reads as clean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum Standing {
    /// Signed by a publisher whom the operator trusts for this package.
    Trusted {
        /// The publisher's name.
        publisher: String,
        /// By which key.
        key: KeyId,
    },
    /// Signed, by keys that nobody here knows: the files are as their signer left them,
    /// and who that is, nobody says.
    Unknown {
        /// By which keys.
        keys: Vec<KeyId>,
    },
    /// A signature does not hold, or does not count: somebody changed something, or uses a
    /// key that they may not.
    Failed {
        /// What does not hold.
        why: String,
    },
    /// Nobody signed.
    Absent,
    /// There are signatures, and this program cannot check them.
    NotCheckable {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Standing {
    /// For a person; text of strangers in it is not made safe.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted { publisher, .. } => write!(f, "trusted: signed by {publisher}"),
            Self::Unknown { keys } => {
                let by = if keys.len() == 1 { "a key" } else { "keys" };
                write!(f, "signed by {by} that nobody here knows: who that is, nobody says")
            }
            Self::Failed { why } => write!(f, "FAILED: {why}"),
            Self::Absent => f.write_str("not signed: nobody says whose it is"),
            Self::NotCheckable { why } => write!(f, "cannot be checked: {why}"),
        }
    }
}

/// What came of one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SignatureState {
    /// It holds, and its key is trusted for this package.
    Trusted {
        /// Whose key it is.
        publisher: String,
    },
    /// It holds, and nobody here knows its key.
    Unknown,
    /// It does not hold, or its key may not.
    Failed {
        /// Why.
        why: String,
    },
}

/// A statement's files, what came of each signature, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// What follows.
    pub standing: Standing,
    /// Each signature, in the order of the envelope.
    pub signatures: Vec<(KeyId, SignatureState)>,
}

impl Vouched {
    /// Nothing is signed.
    #[must_use]
    pub const fn absent() -> Self {
        Self { standing: Standing::Absent, signatures: Vec::new() }
    }

    /// Something is signed in a way that cannot be read.
    #[must_use]
    pub fn not_checkable(why: String) -> Self {
        let standing = Standing::NotCheckable { why };
        Self { standing, signatures: Vec::new() }
    }

    /// Looks at the signatures of `found`, the files that are there. One signature that
    /// fails makes the whole fail: who tampers must not hide behind another's good name.
    #[must_use]
    pub fn look(envelope: &Envelope, found: &Statement, publishers: &Publishers, now: i64) -> Self {
        let failed =
            |why: String| Self { standing: Standing::Failed { why }, signatures: Vec::new() };
        let signed = match Statement::parse(&envelope.payload_type, &envelope.payload) {
            Ok(signed) => signed,
            Err(error) => return failed(error.to_string()),
        };
        if let Some(path) = signed.first_difference(found) {
            return failed(format!("`{}` is not as it was signed", path.escape_debug()));
        }
        if (&signed.name, &signed.version) != (&found.name, &found.version) {
            return failed("the name or version is not the one that was signed".to_owned());
        }
        if signed.sbom != found.sbom {
            return failed("the list of what is in it is not the one that was signed".to_owned());
        }
        if envelope.signatures.is_empty() {
            return Self::absent();
        }
        let signatures: Vec<(KeyId, SignatureState)> = envelope
            .signatures
            .iter()
            .map(|signature| (signature.keyid, one(envelope, signature, &signed, publishers, now)))
            .collect();
        Self { standing: all(&signatures), signatures }
    }
}

fn all(signatures: &[(KeyId, SignatureState)]) -> Standing {
    for (key, state) in signatures {
        if let SignatureState::Failed { why } = state {
            return Standing::Failed { why: format!("the signature by {key}: {why}") };
        }
    }
    for (key, state) in signatures {
        if let SignatureState::Trusted { publisher } = state {
            return Standing::Trusted { publisher: publisher.clone(), key: *key };
        }
    }
    Standing::Unknown { keys: signatures.iter().map(|(key, _)| *key).collect() }
}

fn one(
    envelope: &Envelope,
    signature: &Signature,
    signed: &Statement,
    publishers: &Publishers,
    now: i64,
) -> SignatureState {
    let failed = |why: String| SignatureState::Failed { why };
    let known = publishers.find(signature.keyid);
    // The key of a publisher is the one that was enrolled, whatever the envelope brings.
    let der = known.map_or(&signature.key, |(_, trusted)| &trusted.key);
    let key = match PublicKey::from_der(der) {
        Ok(key) => key,
        Err(error) => return failed(format!("its key cannot be used: {error}")),
    };
    if key.id() != signature.keyid {
        return failed("its key is not the one that it names".to_owned());
    }
    let scheme = known.map_or(signature.scheme, |(_, trusted)| trusted.scheme);
    if scheme != signature.scheme {
        return failed(format!(
            "it was made by {}, and its key is trusted for {scheme} only",
            signature.scheme
        ));
    }
    if !key.verifies(scheme, &envelope.message(scheme), &signature.sig) {
        return failed("it does not hold".to_owned());
    }
    let Some((publisher, trusted)) = known else { return SignatureState::Unknown };
    if let Some(why) = trusted.unusable(now) {
        return failed(why);
    }
    if !trusted.scopes.iter().any(|scope| scope.covers(&signed.name)) {
        return failed(format!(
            "its key is not trusted for packages named `{}`",
            signed.name.escape_debug()
        ));
    }
    SignatureState::Trusted { publisher: publisher.name.clone() }
}
