//! What a person said yes to.

use ringfence_types::{Capability, Digest};
use serde::{Deserialize, Serialize};

/// One yes: who, to what, when, until when, and for which bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consented {
    /// What was granted.
    pub capability: Capability,
    /// Who said yes, as the surface knows them.
    pub by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Until when, in milliseconds since 1970-01-01 UTC; `None` for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// The package the person looked at. Other bytes ask again.
    pub digest: Digest,
}

/// Everything a person consented to for one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Consent {
    /// The entries, in the order they were given.
    pub items: Vec<Consented>,
}

impl Consent {
    /// Nobody has said yes to anything.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one entry.
    #[must_use]
    pub fn with(mut self, item: Consented) -> Self {
        self.items.push(item);
        self
    }
}
