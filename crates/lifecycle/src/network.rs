//! Puts a gate on the ends of a jail's network.

use crate::error::RunError;
use ringfence_broker::Broker;
use ringfence_gate_network::{Ends, Gate, Resolver, Setup};
use ringfence_limits::Budget;
use ringfence_sandbox::{Network, NetworkEnds};
use std::sync::Arc;

/// The outer side of a jail's network.
pub(crate) struct NetworkSide {
    pub(crate) judge: Arc<Broker>,
    pub(crate) resolver: Resolver,
}

impl NetworkSide {
    /// Opens the gate.
    pub(crate) fn open(&self, network: Network, budget: &Budget) -> Result<Gate, RunError> {
        let ends = [Some(network.ipv4), network.ipv6].into_iter().flatten();
        let ends = ends.map(|NetworkEnds { listener, names }| Ends { listener, names }).collect();
        let judge: Arc<Broker> = Arc::clone(&self.judge);
        let setup = Setup { judge, resolver: self.resolver.clone(), budget: budget.clone() };
        Gate::open(ends, setup)
            .map_err(|error| RunError::Internal { what: format!("the network gate: {error}") })
    }
}
