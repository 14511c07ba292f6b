//! One instance that runs: what it is, what it was granted by whom, and how it is ended.

use super::held::Held;
use super::hold::{Signed, hold};
use super::marks::Identity;
use super::why::{Cause, Recall};
use crate::interrupt::Interrupt;
use crate::packed::Packed;
use ringfence_permission::{Consent, Grants};
use ringfence_store::{GrantRow, State, StateError, StateStore};
use ringfence_types::{
    AuditEvent, AuditSink, Capability, Digest, EventKind, InstanceId, PluginName, Severity,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What is looked for in the list.
#[derive(Debug)]
pub(crate) enum Subject {
    /// An installed plugin, in the version that was started.
    Installed {
        /// Its name.
        name: PluginName,
        /// The package's digest.
        package: Digest,
    },
    /// Files that are run without being installed.
    Files {
        /// By what they would be installed, once that was needed.
        digest: OnceLock<Option<Digest>>,
        /// Where they lie; none for a command.
        folder: Option<PathBuf>,
    },
}

impl Subject {
    /// By what its bytes would be known. Reads all of them the first time where nobody
    /// knows it yet.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match self {
            Self::Installed { package, .. } => Some(*package),
            Self::Files { digest, folder } => {
                *digest.get_or_init(|| Packed::of_folder(folder.as_deref()?).ok()?.digest().ok())
            }
        }
    }
}

/// One instance that runs.
pub(crate) struct Watched {
    pub(crate) instance: InstanceId,
    /// What people call it.
    pub(crate) name: PluginName,
    pub(crate) subject: Subject,
    pub(crate) grants: Arc<Grants>,
    /// What stands in the list of what it was granted.
    pub(crate) consent: Consent,
    pub(crate) held: Held,
    pub(crate) interrupt: Interrupt,
    pub(crate) sink: Arc<dyn AuditSink>,
    pub(super) seen: Mutex<Seen>,
    /// Held while it is ended and that is written down.
    ending: Mutex<()>,
}

/// What changes while it runs.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The list that it was started from.
    list: Option<Identity>,
    /// Which capabilities it lost.
    lost: Vec<Capability>,
    /// Whether it was compared with the list by those who watch.
    compared: bool,
    /// Until when what it has stands, in milliseconds since 1970-01-01 UTC.
    until: Vec<(Capability, u64)>,
}

/// What an instance is made of, for those who watch it.
pub(crate) struct Started {
    pub(crate) instance: InstanceId,
    pub(crate) name: PluginName,
    pub(crate) subject: Subject,
    pub(crate) grants: Arc<Grants>,
    pub(crate) consent: Consent,
    pub(crate) held: Held,
    pub(crate) interrupt: Interrupt,
    pub(crate) sink: Arc<dyn AuditSink>,
}

impl Watched {
    pub(crate) fn new(started: Started) -> Self {
        let Started { instance, name, subject, grants, consent, held, interrupt, sink } = started;
        let (seen, ending) = (Mutex::default(), Mutex::default());
        Self { instance, name, subject, grants, consent, held, interrupt, sink, seen, ending }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is an installed plugin.
    pub(super) const fn is_installed(&self) -> bool {
        matches!(self.subject, Subject::Installed { .. })
    }

    /// Whether its bytes are known without reading them.
    pub(super) fn is_known(&self) -> bool {
        match &self.subject {
            Subject::Installed { .. } => true,
            Subject::Files { digest, folder } => digest.get().is_some() || folder.is_none(),
        }
    }

    /// Whether it was compared with the list since it runs.
    pub(super) fn was_compared(&self) -> bool {
        self.seen().compared
    }

    /// It was, just now.
    pub(super) fn compared(&self) {
        self.seen().compared = true;
    }

    /// Whether the list is the one that it was started from. Where there was none, the first
    /// one is.
    pub(super) fn is_of(&self, list: Option<Identity>) -> bool {
        let known = &mut self.seen().list;
        if known.is_none() && !self.is_installed() {
            *known = list;
        }
        *known == list
    }

    /// The list that it is started from.
    pub(super) fn begins_with(&self, list: Option<Identity>) {
        self.seen().list = list;
    }

    /// Takes away what it has not any more, and tells why it has to end where it has to.
    pub(super) fn look(
        &self,
        store: &StateStore,
        signed: &Signed,
        now_ms: u64,
    ) -> Result<Option<Recall>, StateError> {
        if let Subject::Installed { name, .. } = &self.subject {
            let plugin = store.plugin(name)?.filter(|plugin| plugin.instance == self.instance);
            let Some(plugin) = plugin else {
                return Ok(Some(self.recall(Cause::Removed, None, None)));
            };
            let cause = match plugin.state {
                State::Enabled => None,
                State::Disabled => Some(Cause::Disabled),
                State::Quarantined => Some(Cause::Quarantined),
            };
            if let Some(cause) = cause {
                let reason = Some(plugin.reason).filter(|_| cause == Cause::Quarantined);
                return Ok(Some(self.recall(cause, Some(plugin.changed_by), reason)));
            }
        }
        if let Some(hold) = hold(store, &self.subject, signed)? {
            return Ok(Some(self.recall(Cause::Quarantined, Some(hold.by), Some(hold.reason))));
        }
        let Subject::Installed { name, package } = &self.subject else {
            return Ok(None);
        };
        let rows = store.grants(name)?;
        Ok(self.compare(&rows, package, now_ms))
    }

    /// Compares what it has with what stands.
    fn compare(&self, rows: &[GrantRow], package: &Digest, now_ms: u64) -> Option<Recall> {
        let mut until = Vec::new();
        let mut end = None;
        for item in &self.consent.items {
            let of_item =
                |row: &&GrantRow| row.package == *package && row.capability == item.capability;
            let standing = rows.iter().filter(of_item).filter(|row| row.revoked_ms.is_none());
            // Several stand until the last of them ends.
            let last = standing.map(|row| row.expires_ms.unwrap_or(u64::MAX)).max();
            match last {
                Some(last) => until.push((item.capability.clone(), last)),
                None => {
                    let row =
                        rows.iter().filter(of_item).rev().find(|row| row.revoked_by.is_some());
                    let by = row.and_then(|row| row.revoked_by.clone());
                    let capability = item.capability.clone();
                    let cause = Cause::Revoked { capability: capability.clone() };
                    end = end.or(self.withdraw(&capability, cause, by));
                }
            }
        }
        self.seen().until = until;
        end.or_else(|| self.expire(now_ms))
    }

    /// Takes away what has ended by now, and tells why it has to end where it has to.
    pub(super) fn expire(&self, now_ms: u64) -> Option<Recall> {
        let over: Vec<Capability> = {
            let seen = self.seen();
            let over = seen.until.iter().filter(|(_, end)| *end <= now_ms);
            over.map(|(capability, _)| capability.clone()).collect()
        };
        let mut end = None;
        for capability in over {
            let cause = Cause::Expired { capability: capability.clone() };
            end = end.or(self.withdraw(&capability, cause, None));
        }
        end
    }

    /// Takes a capability away; tells why it has to end when its jail holds it.
    fn withdraw(
        &self,
        capability: &Capability,
        cause: Cause,
        by: Option<String>,
    ) -> Option<Recall> {
        {
            let lost = &mut self.seen().lost;
            if lost.contains(capability) {
                return None;
            }
            lost.push(capability.clone());
        }
        if self.grants.revoke(capability) == 0 {
            // It never had it, for instance because a policy withholds it.
            return None;
        }
        let recall = self.recall(cause, by, None);
        if self.held.has(capability) {
            return Some(recall);
        }
        self.note(&recall, "a running instance lost a grant", Severity::Info);
        None
    }

    pub(super) fn recall(
        &self,
        cause: Cause,
        by: Option<String>,
        reason: Option<String>,
    ) -> Recall {
        Recall { name: self.name.to_string(), cause, by, reason }
    }

    /// Ends it, then writes down why: a log that waits must not hold up the end.
    pub(super) fn end(&self, recall: &Recall) {
        let _ending = self.ending();
        if self.interrupt.recalled().is_some() {
            return;
        }
        self.interrupt.recall(recall.clone());
        self.note(recall, "a running instance was ended", Severity::Warning);
    }

    /// Waits until the record of its end is written, if one is being written.
    pub(crate) fn settle(&self) {
        drop(self.ending());
    }

    fn ending(&self) -> MutexGuard<'_, ()> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, recall: &Recall, said: &str, severity: Severity) {
        let recalled = serde_json::to_value(recall).unwrap_or_default();
        let event = AuditEvent::new(EventKind::Recalled, said)
            .severity(severity)
            .instance(&self.instance)
            .with("recall", recalled);
        // It has happened, whether or not the log can say so.
        let _ = self.sink.append(event);
    }
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").field("instance", &self.instance).finish_non_exhaustive()
    }
}
