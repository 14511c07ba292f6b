//! What the operator allows, whatever anybody asks for or consents to.

use ringfence_types::Capability;
use serde::{Deserialize, Serialize};

/// The operator's word: what may be granted at all, and what never.
///
/// `deny` wins over `allowed`, and it also cuts a hole into a wider grant: with
/// `files.read /data/**` granted and `files.read /data/keys/**` denied, a read
/// of `/data/keys/a` is refused at the call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What may be granted; `None` allows everything that this build enforces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<Capability>>,
    /// What may never be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Capability>,
}

impl Policy {
    /// Allows nothing.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { allowed: Some(Vec::new()), deny: Vec::new() }
    }

    /// Allows only these.
    #[must_use]
    pub const fn only(allowed: Vec<Capability>) -> Self {
        Self { allowed: Some(allowed), deny: Vec::new() }
    }

    /// Adds something that may never be done.
    #[must_use]
    pub fn deny(mut self, capability: Capability) -> Self {
        self.deny.push(capability);
        self
    }
}
