//! What one running instance was granted, with what is needed to explain a no.

use crate::available::Available;
use crate::effect::file_root;
use crate::meet::may_overlap;
use ringfence_limits::Budget;
use ringfence_types::{Capability, Digest, Host, InstanceId, Kind, Pattern};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One granted capability: given by whom, when, until when.
#[derive(Debug)]
pub struct Grant {
    capability: Capability,
    by: Arc<str>,
    at_ms: u64,
    lease: Lease,
}

/// Whether a grant still stands; shared with whoever acts on it later, such as
/// a subscription that delivers long after it was decided.
#[derive(Clone, Debug)]
pub struct Lease {
    revoked: Arc<AtomicBool>,
    expires_ms: Option<u64>,
}

impl Lease {
    pub(crate) fn new(expires_ms: Option<u64>) -> Self {
        Self { revoked: Arc::new(AtomicBool::new(false)), expires_ms }
    }

    /// Whether the grant stands at this time (milliseconds since 1970-01-01
    /// UTC). At the very millisecond of its expiry it no longer does.
    #[must_use]
    pub fn is_live(&self, now_ms: u64) -> bool {
        !self.revoked.load(Ordering::Acquire) && self.expires_ms.is_none_or(|end| now_ms < end)
    }

    fn revoke(&self) -> bool {
        !self.revoked.swap(true, Ordering::AcqRel)
    }
}

impl Grant {
    pub(crate) fn new(capability: Capability, by: Arc<str>, at_ms: u64, lease: Lease) -> Self {
        Self { capability, by, at_ms, lease }
    }

    /// What is granted.
    #[must_use]
    pub const fn capability(&self) -> &Capability {
        &self.capability
    }

    /// Who granted it.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// Until when, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn expires_ms(&self) -> Option<u64> {
        self.lease.expires_ms
    }

    /// Whether it stands.
    #[must_use]
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }
}

/// The rules about one kind.
#[derive(Debug, Default)]
pub(crate) struct KindRules {
    pub(crate) grants: Vec<Grant>,
    pub(crate) deny: Vec<Pattern>,
    /// For explanations only: never consulted to allow.
    pub(crate) declared: Vec<Pattern>,
    /// For explanations only; `None` is "everything".
    pub(crate) allowed: Option<Vec<Pattern>>,
}

/// What one instance may do until it ends. Only [`crate::admit()`] makes one.
///
/// It can lose capabilities while it runs ([`Grants::revoke`]) and never gains
/// one.
#[derive(Debug)]
pub struct Grants {
    pub(crate) instance: InstanceId,
    pub(crate) digest: Digest,
    pub(crate) budget: Budget,
    pub(crate) inferred: bool,
    pub(crate) available: Available,
    /// One entry per kind, in the order of [`Kind::ALL`].
    pub(crate) rules: Box<[KindRules]>,
}

impl Grants {
    /// The instance these were granted to.
    #[must_use]
    pub const fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The package these were granted to.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What the instance may use.
    #[must_use]
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Every grant, revoked and expired ones too, in the order of the
    /// vocabulary.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.rules.iter().flat_map(|rules| &rules.grants)
    }

    /// The grants of one kind, revoked and expired ones too.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> &[Grant] {
        self.rules_of(kind).map_or(&[], |rules| &rules.grants)
    }

    /// The operator's holes in the grants of one kind. Whoever gives access
    /// other than by [`crate::decide()`] (such as a bind mount) must hold these
    /// too, or refuse.
    #[must_use]
    pub fn denied(&self, kind: Kind) -> &[Pattern] {
        self.rules_of(kind).map_or(&[], |rules| &rules.deny)
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Whether a gate exists for `kind` in this process.
    #[must_use]
    pub const fn is_available(&self, kind: Kind) -> bool {
        self.available.contains(kind)
    }

    /// The folders on which the granted file scopes stand, each once. A permit
    /// for a file names one of these and a path below it.
    #[must_use]
    pub fn file_roots(&self) -> Vec<&str> {
        let mut roots: Vec<&str> = [Kind::FilesRead, Kind::FilesWrite, Kind::FilesDelete]
            .into_iter()
            .flat_map(|kind| self.of_kind(kind))
            .filter_map(|grant| file_root(grant.capability.scope()))
            .collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    /// Whether some port or protocol of `host` is granted at this time
    /// (milliseconds since 1970-01-01 UTC): whether its name may be looked up.
    /// A denial of single ports, protocols or paths is left to the decision
    /// about the connection.
    #[must_use]
    pub fn resolves(&self, host: &Host, now_ms: u64) -> bool {
        let kind = Kind::NetworkRequest;
        let Some(rules) = self.rules_of(kind) else {
            return false;
        };
        let is_denied = |scope: &Pattern| scope.network().is_none_or(|all| all.denies_all_of(host));
        let is_granted = |grant: &Grant| {
            let scope = grant.capability.scope();
            grant.lease.is_live(now_ms) && scope.network().is_some_and(|scope| scope.resolves(host))
        };
        self.is_available(kind)
            && !rules.deny.iter().any(is_denied)
            && rules.grants.iter().any(is_granted)
    }

    /// Takes away every grant that shares an object with `capability`,
    /// effective at the next decision and the next delivery. Returns how many
    /// stood until now.
    ///
    /// A grant cannot be cut in half: revoking `/data/in/**` takes all of
    /// `/data/**`. A hole belongs into the operator's policy.
    pub fn revoke(&self, capability: &Capability) -> usize {
        let kind = capability.kind();
        self.of_kind(kind)
            .iter()
            .filter(|grant| may_overlap(kind, grant.capability.scope(), capability.scope()))
            .filter(|grant| grant.lease.revoke())
            .count()
    }

    /// Takes everything away. Returns how many grants stood until now.
    pub fn revoke_all(&self) -> usize {
        self.iter().filter(|grant| grant.lease.revoke()).count()
    }

    pub(crate) fn rules_of(&self, kind: Kind) -> Option<&KindRules> {
        self.rules.get(kind as usize)
    }
}
