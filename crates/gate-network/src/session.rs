//! What all connections of one jail share.

use crate::authority::Authority;
use crate::gate::Setup;
use crate::judge::Judge;
use crate::names::Names;
use crate::resolve::Resolver;
use crate::rewrite::Placeholder;
use crate::traffic::Traffic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One jail's side of the gate.
pub(crate) struct Session {
    pub(crate) judge: Arc<dyn Judge>,
    pub(crate) resolver: Resolver,
    pub(crate) traffic: Arc<Traffic>,
    /// What the jail trusts, when TLS with some place has to be opened.
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) placeholders: Vec<Placeholder>,
    names: Mutex<Names>,
}

impl Session {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            traffic: setup.traffic,
            judge: setup.judge,
            resolver: setup.resolver,
            authority: setup.authority,
            placeholders: setup.placeholders,
            names: Mutex::default(),
        }
    }

    pub(crate) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
