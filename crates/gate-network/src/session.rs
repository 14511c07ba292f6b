//! What all connections of one jail share.

use crate::judge::Judge;
use crate::names::Names;
use crate::resolve::Resolver;
use crate::traffic::Traffic;
use ringfence_limits::Budget;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One jail's side of the gate.
pub(crate) struct Session {
    pub(crate) judge: Arc<dyn Judge>,
    pub(crate) resolver: Resolver,
    pub(crate) traffic: Traffic,
    names: Mutex<Names>,
}

impl Session {
    pub(crate) fn new(judge: Arc<dyn Judge>, resolver: Resolver, budget: &Budget) -> Self {
        Self { judge, resolver, traffic: Traffic::new(budget), names: Mutex::default() }
    }

    pub(crate) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
