//! Proof that one effect was decided.

use crate::effect::Effect;
use crate::grants::{Grant, Grants, Lease};
use ringfence_limits::Budget;
use ringfence_types::{InstanceId, Kind};
use std::fmt;

/// Proof that one effect was decided. A gate takes it by value and acts on the
/// object it names, for the instance it names, within the budget it names.
///
/// Only [`crate::decide()`] makes one; it cannot be cloned, stored beyond its
/// grants, written down or read back.
#[must_use = "a decided effect that is not performed was not worth deciding"]
pub struct Permit<'a, E: Effect> {
    pub(crate) grants: &'a Grants,
    pub(crate) grant: &'a Grant,
    pub(crate) kind: Kind,
    pub(crate) decided_at_ms: u64,
    pub(crate) object: E::Object<'a>,
}

impl<'a, E: Effect> Permit<'a, E> {
    /// What may be done.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// On what.
    #[must_use]
    pub const fn object(&self) -> &E::Object<'a> {
        &self.object
    }

    /// For whom.
    #[must_use]
    pub const fn instance(&self) -> &'a InstanceId {
        &self.grants.instance
    }

    /// Within which limits.
    #[must_use]
    pub const fn budget(&self) -> &'a Budget {
        &self.grants.budget
    }

    /// When it was decided, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn decided_at_ms(&self) -> u64 {
        self.decided_at_ms
    }

    /// By which grant it is allowed.
    #[must_use]
    pub const fn grant(&self) -> &'a Grant {
        self.grant
    }

    /// Uses the permit up: what it said, for the gate that now acts on it. No
    /// gate takes a [`Spent`].
    #[must_use]
    pub fn spend(self) -> Spent<'a, E> {
        Spent {
            kind: self.kind,
            object: self.object,
            instance: &self.grants.instance,
            budget: &self.grants.budget,
            grant: self.grant,
            decided_at_ms: self.decided_at_ms,
        }
    }

    /// A handle that tells later whether the grant still stands, for effects
    /// that last, such as a subscription.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.grant.lease().clone()
    }
}

/// What a permit said, after it was used up.
pub struct Spent<'a, E: Effect> {
    /// What is done.
    pub kind: Kind,
    /// On what.
    pub object: E::Object<'a>,
    /// For whom.
    pub instance: &'a InstanceId,
    /// Within which limits.
    pub budget: &'a Budget,
    /// By which grant.
    pub grant: &'a Grant,
    /// When it was decided, in milliseconds since 1970-01-01 UTC.
    pub decided_at_ms: u64,
}

impl<E: Effect> fmt::Debug for Permit<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("kind", &self.kind)
            .field("instance", self.instance())
            .finish_non_exhaustive()
    }
}
