//! Why not: which of the sets withheld a capability, and what would mend it.

use crate::effect::Effect;
use crate::grants::Grants;
use ringfence_types::{Denial, Kind, Pattern, WithheldBy};

/// Most bytes of a malformed object that an answer or a record repeats.
const MAX_SHOWN: usize = 256;

pub(crate) fn invalid(kind: Kind, object: &str, reason: &'static str) -> Denial {
    Denial::invalid(kind, bounded(object), reason)
}

/// The beginning of `text`, cut at a character.
fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_SHOWN)).unwrap_or("")
}

/// The first wall in the order in which a person would have to mend them.
pub(crate) fn denial<E: Effect>(
    grants: &Grants,
    kind: Kind,
    request: E::Request<'_>,
    now_ms: u64,
) -> Denial {
    let object = &*E::text(request);
    let within = |scope: &Pattern| E::is_within(kind, scope, request);
    // In what is declared or allowed, no scope is no limit; in a grant of the
    // network it is every name, and no address.
    let below = |ceiling: &Pattern| ceiling.is_any() || within(ceiling);
    let (Some(rules), true) = (grants.rules_of(kind), grants.is_available(kind)) else {
        return Denial::not_granted(kind, object, WithheldBy::Unavailable);
    };
    let policy = rules.deny.iter().any(|scope| E::is_touched_by(kind, scope, request))
        || rules.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(below));
    if policy {
        return Denial::not_granted(kind, object, WithheldBy::Policy);
    }
    if rules
        .grants
        .iter()
        .any(|grant| !grant.lease().is_live(now_ms) && within(grant.capability().scope()))
    {
        return Denial::not_granted(kind, object, WithheldBy::Revoked);
    }
    if !grants.inferred && rules.declared.is_empty() {
        return Denial::not_granted(kind, object, WithheldBy::Declared);
    }
    let withheld_by = if rules.grants.is_empty() { WithheldBy::Consent } else { WithheldBy::Scope };
    let mut denial = Denial::not_granted(kind, object, withheld_by);
    // A grant beyond what the manifest declares would be cut back to it.
    if !grants.inferred && !rules.declared.iter().any(below) {
        denial.repair = Some(format!("declare `{kind} {object}` in plugin.yaml"));
    }
    denial
}
