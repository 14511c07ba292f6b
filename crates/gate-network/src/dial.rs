//! What every way out begins with: a descriptor to spare, and addresses that may be
//! reached.

use crate::connection::Cut;
use crate::judge::Refusal;
use crate::resolve::Unresolved;
use crate::session::Session;
use crate::slot::Slot;
use ringfence_types::NetworkTarget;
use std::net::SocketAddr;

/// One descriptor more, unless the host needs the rest. A no is recorded.
pub(crate) fn slot(session: &Session, target: NetworkTarget<'_>) -> Result<Slot, Cut> {
    Slot::take().ok_or_else(|| {
        session.judge.refused(target, Refusal::Full);
        Cut::Refused
    })
}

/// Looks the host of `target` up, for this once. What is refused is recorded.
pub(crate) async fn find(
    session: &Session,
    target: NetworkTarget<'_>,
) -> Result<Vec<SocketAddr>, Cut> {
    match session.resolver.addresses(target, &session.judge).await {
        Ok(addresses) => Ok(addresses),
        Err(Unresolved::Refused(refusal)) => {
            session.judge.refused(target, refusal);
            Err(Cut::Refused)
        }
        Err(Unresolved::Failed(error)) => Err(Cut::Failed(error)),
    }
}
