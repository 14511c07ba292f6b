//! A denied call that a person may allow while it waits.

use crate::broker::{Broker, lock};
use crate::operation::Operation;
use ringfence_gate_files::Files;
use ringfence_permission::Grants;
use ringfence_types::{Capability, Denial, DenialCode, Kind, WithheldBy};
use std::sync::Arc;

/// What would have to be granted for one call.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was called.
    pub method: &'a str,
    /// What it needs.
    pub kind: Kind,
    /// On what; untrusted.
    pub object: &'a str,
}

/// What a person allowed. The call is decided by it as any other is: it allows what the
/// grants in it say, and nothing by itself.
#[derive(Debug)]
pub struct Later {
    /// What was granted; of the same instance.
    pub grants: Arc<Grants>,
    /// Opened on these grants.
    pub files: Files,
    /// For this call only.
    pub once: bool,
    /// What was granted for longer than this run, so that it can be taken back meanwhile.
    pub kept: Option<Capability>,
}

/// Asks a person. It waits for as long as it allows itself to, keeps to its own bounds, and
/// has written an answer into the log before it gives it.
pub trait Asker: Send + Sync {
    /// What was allowed; nothing for a no, for silence, and for what is not asked.
    fn ask(&self, question: Question<'_>) -> Option<Later>;

    /// Whether what was allowed before was not taken back since.
    fn still_allows(&self, later: &Later) -> bool;
}

impl Broker {
    /// The same, and a person is asked about what is denied because nobody granted it.
    #[must_use]
    pub fn asking(mut self, asker: Option<Arc<dyn Asker>>) -> Self {
        self.asker = asker;
        self
    }

    /// What allows this call, when what was granted at the start does not and a person did so
    /// since, or does so now.
    pub(crate) fn later(&self, method: &str, operation: &Operation<'_>) -> Option<Arc<Later>> {
        let asker = self.asker.as_ref()?;
        let now_ms = self.clock.now_ms();
        let denial = operation.decide(&self.grants, now_ms).err()?;
        if !is_askable(&denial) {
            return None;
        }
        let known = lock(&self.later).clone();
        let allows = |later: &&Arc<Later>| operation.decide(&later.grants, now_ms).is_ok();
        if let Some(later) = known.iter().find(allows) {
            return asker.still_allows(later).then(|| Arc::clone(later));
        }
        let question = Question { method, kind: operation.kind(), object: operation.object() };
        let later = Arc::new(asker.ask(question)?);
        if !later.once {
            lock(&self.later).push(Arc::clone(&later));
        }
        Some(later)
    }
}

/// Whether a person may change it: what the operator denies, what was taken back, and what
/// nothing here performs stays as it is.
fn is_askable(denial: &Denial) -> bool {
    let by = [WithheldBy::Declared, WithheldBy::Consent, WithheldBy::Scope];
    denial.code == DenialCode::NotGranted && denial.withheld_by.is_some_and(|set| by.contains(&set))
}
