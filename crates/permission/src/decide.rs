//! One effect: a permit or a denial.

use crate::effect::Effect;
use crate::explain::{denial, invalid};
use crate::grants::Grants;
use crate::permit::Permit;
use ringfence_types::Denial;

/// Decides one effect at one time (milliseconds since 1970-01-01 UTC).
///
/// Saying yes allocates nothing and reads one list; only a no builds an
/// explanation.
///
/// # Errors
/// A [`Denial`] that names the set which withheld the capability, or says that
/// the object is malformed.
pub fn decide<'a, E: Effect>(
    grants: &'a Grants,
    request: E::Request<'a>,
    now_ms: u64,
) -> Result<Permit<'a, E>, Denial> {
    let kind = E::kind(request);
    if let Err(reason) = E::check(request) {
        return Err(invalid(kind, &E::text(request), reason));
    }
    let allowing = grants.rules_of(kind).and_then(|rules| {
        if !grants.is_available(kind)
            || rules.deny.iter().any(|scope| E::is_touched_by(kind, scope, request))
        {
            return None;
        }
        rules.grants.iter().find_map(|grant| {
            if !grant.lease().is_live(now_ms) {
                return None;
            }
            E::object_within(kind, grant.capability().scope(), request)
                .map(|object| (grant, object))
        })
    });
    match allowing {
        Some((grant, object)) => Ok(Permit { grants, grant, kind, decided_at_ms: now_ms, object }),
        None => Err(denial::<E>(grants, kind, request, now_ms)),
    }
}
