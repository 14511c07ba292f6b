//! What all connections of one jail share.

use crate::authority::Authority;
use crate::connection::Cut;
use crate::gate::Setup;
use crate::judge::{Judge, Refusal};
use crate::names::Names;
use crate::resolve::Resolver;
use crate::revealed::Revealed;
use crate::rewrite::Placeholder;
use crate::traffic::{Direction, Traffic};
use ringfence_types::NetworkTarget;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One jail's side of the gate.
pub(crate) struct Session {
    pub(crate) judge: Arc<dyn Judge>,
    pub(crate) resolver: Resolver,
    pub(crate) traffic: Arc<Traffic>,
    /// What the jail trusts, when TLS with some place has to be opened.
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) placeholders: Vec<Placeholder>,
    pub(crate) revealed: Arc<Revealed>,
    names: Mutex<Names>,
}

impl Session {
    /// With the addresses that stand for `names` already.
    pub(crate) fn new(setup: Setup, names: Names) -> Self {
        Self {
            traffic: setup.traffic,
            judge: setup.judge,
            resolver: setup.resolver,
            authority: setup.authority,
            placeholders: setup.placeholders,
            revealed: setup.revealed,
            names: Mutex::new(names),
        }
    }

    /// Counts bytes that are about to be passed on, unless the grant was taken away
    /// or has ended meanwhile. A no is recorded.
    pub(crate) fn charge(
        &self,
        target: NetworkTarget<'_>,
        direction: Direction,
        bytes: usize,
    ) -> Result<(), Cut> {
        if !self.judge.still_allows(target) {
            return Err(Cut::Refused);
        }
        match self.traffic.charge(direction, bytes) {
            Ok(warning) => {
                if let Some(warning) = warning {
                    self.judge.nearly_used(warning);
                }
                Ok(())
            }
            Err(exceeded) => {
                self.judge.refused(target, Refusal::Budget(exceeded));
                Err(Cut::Refused)
            }
        }
    }

    pub(crate) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
