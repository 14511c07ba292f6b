//! Puts a gate on the ends of a jail's network.

use crate::error::RunError;
use ringfence_broker::Broker;
use ringfence_gate_network::{Authority, Ends, Gate, Resolver, Setup};
use ringfence_limits::Budget;
use ringfence_permission::Grants;
use ringfence_sandbox::{Network, NetworkEnds};
use ringfence_types::{Kind, NetworkScope};
use std::sync::Arc;

/// The outer side of a jail's network.
pub(crate) struct NetworkSide {
    pub(crate) judge: Arc<Broker>,
    pub(crate) resolver: Resolver,
    pub(crate) authority: Option<Arc<Authority>>,
}

/// The authority of a jail in which TLS has to be opened.
pub(crate) fn authority(grants: &Grants) -> Result<Option<Arc<Authority>>, RunError> {
    let networks = grants.of_kind(Kind::NetworkRequest).iter();
    let mut scopes = networks.filter_map(|grant| grant.capability().scope().network());
    if !scopes.any(NetworkScope::opens_tls) {
        return Ok(None);
    }
    let authority =
        Authority::new().map_err(|error| RunError::Internal { what: error.to_string() })?;
    Ok(Some(Arc::new(authority)))
}

impl NetworkSide {
    /// Opens the gate.
    pub(crate) fn open(&self, network: Network, budget: &Budget) -> Result<Gate, RunError> {
        let authority = self.authority.clone();
        let ends = [Some(network.ipv4), network.ipv6].into_iter().flatten();
        let ends = ends.map(|NetworkEnds { listener, names }| Ends { listener, names }).collect();
        let judge: Arc<Broker> = Arc::clone(&self.judge);
        let setup =
            Setup { judge, resolver: self.resolver.clone(), budget: budget.clone(), authority };
        Gate::open(ends, setup)
            .map_err(|error| RunError::Internal { what: format!("the network gate: {error}") })
    }
}
