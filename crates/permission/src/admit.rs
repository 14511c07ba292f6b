//! Admission: the meet of what is declared, allowed and consented to.

use crate::available::Available;
use crate::consent::{Consent, Consented};
use crate::grants::{Grant, Grants, KindRules, Lease};
use crate::meet::{denies, meet, under};
use crate::policy::Policy;
use ringfence_limits::Budget;
use ringfence_types::{Capability, Digest, InstanceId, Kind, Pattern, WithheldBy};
use std::sync::Arc;

/// Most entries in each of the three sets. A manifest is a stranger's text, and
/// the meet looks at every combination.
pub const MAX_ENTRIES: usize = 256;

/// Everything that admission looks at.
#[derive(Debug)]
pub struct AdmitRequest<'a> {
    /// Who will run.
    pub instance: &'a InstanceId,
    /// The bytes that will run.
    pub digest: &'a Digest,
    /// What the package asks for.
    pub declared: &'a [Capability],
    /// The package has no manifest: what a person grants counts as declared.
    pub inferred: bool,
    /// What the operator allows.
    pub policy: &'a Policy,
    /// What a person said yes to.
    pub consent: &'a Consent,
    /// What this process can perform.
    pub available: &'a Available,
    /// What the instance may use.
    pub budget: Budget,
    /// Now, in milliseconds since 1970-01-01 UTC.
    pub now_ms: u64,
}

/// A package that may be started, and with what. Only [`admit`] makes one.
#[derive(Debug)]
pub struct Admitted {
    grants: Arc<Grants>,
    withheld: Vec<(Capability, WithheldBy)>,
}

impl Admitted {
    /// What it may do.
    #[must_use]
    pub const fn grants(&self) -> &Arc<Grants> {
        &self.grants
    }

    /// What it may use.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        self.grants.budget()
    }

    /// What was declared or consented to and is not granted, and which set held
    /// it back.
    #[must_use]
    pub fn withheld(&self) -> &[(Capability, WithheldBy)] {
        &self.withheld
    }
}

/// Why a request for admission is not acceptable at all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// A person must say which folder, or which port.
    #[error("{kind} needs {}", needed(*kind))]
    ScopeNeeded {
        /// The capability that was granted without a scope.
        kind: Kind,
    },
    /// One of the sets is larger than any real one.
    #[error("{what} has more than {MAX_ENTRIES} entries")]
    TooMany {
        /// Which set.
        what: &'static str,
    },
}

/// Works out what an instance is granted.
///
/// # Errors
/// When a person consented to files without naming a folder, or a set has more
/// than [`MAX_ENTRIES`] entries. What is merely withheld is no error: it is in
/// [`Admitted::withheld`].
pub fn admit(request: AdmitRequest<'_>) -> Result<Admitted, AdmitError> {
    check(&request)?;
    let mut withheld = Vec::new();
    let rules: Box<[KindRules]> = Kind::ALL.iter().map(|kind| rules_of(*kind, &request)).collect();
    let granted = |capability: &Capability| {
        let scope = capability.scope();
        let kind = capability.kind();
        rules.get(kind as usize).is_some_and(|entry| {
            let part = |grant: &Grant| under(kind, scope, grant.capability().scope()).is_some();
            entry.grants.iter().any(part)
        })
    };
    let mut note = |capability: &Capability, by: WithheldBy| {
        if !withheld.iter().any(|(known, _)| known == capability) {
            withheld.push((capability.clone(), by));
        }
    };
    for capability in request.declared {
        if !granted(capability) {
            note(capability, why_declared(capability, &request));
        }
    }
    for item in &request.consent.items {
        if !granted(&item.capability) {
            note(&item.capability, why_consented(item, &request));
        }
    }
    Ok(Admitted {
        grants: Arc::new(Grants {
            instance: request.instance.clone(),
            digest: *request.digest,
            budget: request.budget,
            inferred: request.inferred,
            available: request.available.clone(),
            rules,
        }),
        withheld,
    })
}

fn check(request: &AdmitRequest<'_>) -> Result<(), AdmitError> {
    let sets: [(&'static str, usize); 4] = [
        ("the manifest's permission list", request.declared.len()),
        ("the consent", request.consent.items.len()),
        ("the policy's allowed list", request.policy.allowed.as_ref().map_or(0, Vec::len)),
        ("the policy's deny list", request.policy.deny.len()),
    ];
    if let Some((what, _)) = sets.into_iter().find(|(_, len)| *len > MAX_ENTRIES) {
        return Err(AdmitError::TooMany { what });
    }
    request
        .consent
        .items
        .iter()
        .map(|item| &item.capability)
        .find(|capability| needs_scope(capability.kind()) && capability.scope().is_any())
        .map_or(Ok(()), |capability| Err(AdmitError::ScopeNeeded { kind: capability.kind() }))
}

const fn needs_scope(kind: Kind) -> bool {
    matches!(kind, Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete | Kind::NetworkListen)
}

fn needed(kind: Kind) -> String {
    match kind {
        Kind::NetworkListen => format!("a port, such as `{kind}=8080`"),
        _ => format!("a folder, such as `{kind}=/data/**`"),
    }
}

/// Everything about one kind: its grants, and what explains a no.
fn rules_of(kind: Kind, request: &AdmitRequest<'_>) -> KindRules {
    let scopes = |list: &[Capability]| -> Vec<Pattern> {
        list.iter()
            .filter(|capability| capability.kind() == kind)
            .map(|capability| capability.scope().clone())
            .collect()
    };
    let deny = scopes(&request.policy.deny);
    let declared = scopes(request.declared);
    let allowed = request.policy.allowed.as_deref().map(scopes);
    let mut grants: Vec<Grant> = Vec::new();
    if request.available.contains(kind) {
        let any = [Pattern::any()];
        let allowed = allowed.as_deref().unwrap_or(&any);
        // Without a manifest the person writes it by granting.
        let declared = if request.inferred { &any } else { declared.as_slice() };
        for item in request.consent.items.iter().filter(|item| {
            item.capability.kind() == kind
                && request.available.enforces(&item.capability)
                && stands(item, request.digest, request.now_ms)
        }) {
            let lease = Lease::new(item.expires_ms);
            let by: Arc<str> = item.by.as_str().into();
            let consented = item.capability.scope();
            let mut scopes: Vec<&Pattern> = allowed
                .iter()
                .filter_map(|scope| under(kind, scope, consented))
                .flat_map(|scope| declared.iter().filter_map(move |want| under(kind, want, scope)))
                .filter(|scope| !deny.iter().any(|denied| denies(kind, denied, scope)))
                .collect();
            scopes.sort_unstable();
            scopes.dedup();
            grants.extend(scopes.into_iter().filter_map(|scope| {
                let capability = Capability::new(kind, scope.as_str()).ok()?;
                Some(Grant::new(capability, Arc::clone(&by), item.at_ms, lease.clone()))
            }));
        }
    }
    KindRules { grants, deny, declared, allowed }
}

fn stands(item: &Consented, digest: &Digest, now_ms: u64) -> bool {
    item.digest == *digest && item.expires_ms.is_none_or(|end| now_ms < end)
}

fn why_declared(capability: &Capability, request: &AdmitRequest<'_>) -> WithheldBy {
    if let Some(by) = why_operator(capability, request) {
        return by;
    }
    let expired = request.consent.items.iter().any(|item| {
        item.digest == *request.digest
            && !stands(item, request.digest, request.now_ms)
            && meets(&item.capability, capability)
    });
    if expired { WithheldBy::Revoked } else { WithheldBy::Consent }
}

fn why_consented(item: &Consented, request: &AdmitRequest<'_>) -> WithheldBy {
    if let Some(by) = why_operator(&item.capability, request) {
        return by;
    }
    if item.digest != *request.digest {
        // The yes was given to other bytes; nobody has said yes to these.
        return WithheldBy::Consent;
    }
    if !stands(item, request.digest, request.now_ms) {
        return WithheldBy::Revoked;
    }
    WithheldBy::Declared
}

fn why_operator(capability: &Capability, request: &AdmitRequest<'_>) -> Option<WithheldBy> {
    let kind = capability.kind();
    if !request.available.enforces(capability) {
        return Some(WithheldBy::Unavailable);
    }
    let any = [Capability::any(kind)];
    let allowed = request.policy.allowed.as_deref().unwrap_or(&any);
    let survives = allowed
        .iter()
        .filter(|entry| entry.kind() == kind)
        .filter_map(|entry| under(kind, entry.scope(), capability.scope()))
        .any(|scope| {
            !request
                .policy
                .deny
                .iter()
                .any(|denied| denied.kind() == kind && denies(kind, denied.scope(), scope))
        });
    (!survives).then_some(WithheldBy::Policy)
}

fn meets(left: &Capability, right: &Capability) -> bool {
    left.kind() == right.kind() && meet(left.kind(), left.scope(), right.scope()).is_some()
}
