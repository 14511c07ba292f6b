//! A denied call waits for a person, where that was asked for.
//!
//! Who answers does so where the plugin and its model cannot reach: at the terminal that
//! started the run, or in another process of the same user, through the database of the home.
//! What is granted is made by admission, from the one capability that was shown, under the
//! operator's policy: the grants of the run themselves never gain anything.

mod approvals;
mod held;

pub use approvals::Approvals;
pub(crate) use held::Held;

use crate::effects::Until;
use crate::engine::now_ms;
use crate::error::RunError;
use crate::installed::Plugins;
use crate::interrupt::Interrupt;
use crate::plan::refuse_own_folder;
use crate::record::Recorder;
use crate::review::Review;
use ringfence_broker::{Asker, Later, Question};
use ringfence_gate_files::Files;
use ringfence_limits::Budget;
use ringfence_permission::{
    AdmitRequest, Available, Consent, Consented, Grants, Policy, admit, is_host_kind,
};
use ringfence_store::{ApprovalRow, Said, StateStore};
use ringfence_types::{Capability, Digest, InstanceId, Kind, PluginName};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Timespec;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often somebody else's answer is looked for.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// After this many questions without a yes in a row, nothing more is asked in a run.
const MOST_REFUSED: u32 = 3;
/// Most questions of one run.
const MOST_ASKED: u32 = 32;

/// What a person at the terminal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// One of the answers.
    Said(Said),
    /// No, and it is not to be asked again.
    Never,
}

/// A person at the terminal of the run.
pub trait Person: fmt::Debug + Send + Sync {
    /// Shows a question; `kept` when a yes can be kept for the version that is installed.
    fn ask(&self, question: &ApprovalRow, kept: bool);

    /// What they said since. It does not wait.
    fn reply(&self) -> Option<Reply>;

    /// The question is over.
    fn over(&self, question: &ApprovalRow, outcome: &str);
}

/// Who is asked about what is denied, and for how long. Whoever answers through the home
/// always is.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The person at this terminal.
    pub here: Option<Arc<dyn Person>>,
    /// How long a call waits.
    pub waits: Duration,
}

impl Default for Ask {
    /// Nobody here, 30 seconds.
    fn default() -> Self {
        Self { here: None, waits: Duration::from_secs(30) }
    }
}

/// What is remembered of the questions of one run.
#[derive(Debug, Default)]
struct Asked {
    refused_in_a_row: u32,
    number: u32,
    /// What was refused, or timed out: one question for each.
    refused: Vec<Capability>,
}

/// Asks about the calls of one run.
pub(crate) struct Asking {
    store: StateStore,
    home: PathBuf,
    instance: InstanceId,
    digest: Digest,
    budget: Budget,
    policy: Policy,
    available: Available,
    label: String,
    plugin: Option<PluginName>,
    person: Option<Arc<dyn Person>>,
    waits: Duration,
    recorder: Recorder,
    interrupts: Vec<Interrupt>,
    held: Held,
    until: Until,
    asked: Mutex<Asked>,
}

impl Asking {
    /// Who asks for this run, if anybody does.
    pub(crate) fn of(
        home: &Path,
        review: &Review,
        available: Available,
        recorder: &Recorder,
        interrupts: Vec<Interrupt>,
        until: Until,
    ) -> Result<Option<Self>, RunError> {
        let Some(Ask { here: person, waits }) = review.terms.ask.clone() else {
            return Ok(None);
        };
        let wrong = |error: ringfence_store::StateError| RunError::Internal {
            what: format!("nobody can be asked: {error}"),
        };
        let store = StateStore::open(home).map_err(wrong)?;
        let name = &review.package.name;
        let installed = store.plugin(name).map_err(wrong)?;
        let installed = installed.filter(|plugin| plugin.instance == review.instance);
        let grants = review.admitted.grants();
        Ok(Some(Self {
            store,
            home: home.canonicalize().unwrap_or_else(|_| home.to_owned()),
            instance: review.instance.clone(),
            digest: *grants.digest(),
            budget: grants.budget().clone(),
            policy: review.terms.policy.clone(),
            available,
            label: name.to_string(),
            plugin: installed.map(|plugin| plugin.name),
            person,
            waits,
            recorder: recorder.clone(),
            interrupts,
            held: Held::default(),
            until,
            asked: Mutex::default(),
        }))
    }

    /// For how long calls have waited, for whoever watches the time.
    pub(crate) fn held(&self) -> Held {
        self.held.clone()
    }

    /// Grants of this one capability and nothing else, opened: what stands behind its path
    /// when the question is asked is what stands behind it when it is used.
    fn grants(&self, capability: &Capability, by: &str) -> Option<(Arc<Grants>, Files)> {
        let declared = [capability.clone()];
        let consent = Consent::default().with(Consented {
            capability: capability.clone(),
            by: by.to_owned(),
            at_ms: now_ms(),
            expires_ms: None,
            digest: self.digest,
        });
        let admitted = admit(AdmitRequest {
            instance: &self.instance,
            digest: &self.digest,
            declared: &declared,
            inferred: false,
            policy: &self.policy,
            consent: &consent,
            available: &self.available,
            budget: self.budget.clone(),
            now_ms: now_ms(),
        })
        .ok()?;
        if !admitted.withheld().is_empty() {
            return None;
        }
        let grants = Arc::clone(admitted.grants());
        refuse_own_folder(&grants, None, &self.home).ok()?;
        let files = Files::open(&grants).ok()?;
        Some((grants, files))
    }

    /// Whether it may be asked now.
    fn may_ask(&self, capability: &Capability) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.refused_in_a_row >= MOST_REFUSED
            || asked.number >= MOST_ASKED
            || asked.refused.contains(capability)
        {
            return false;
        }
        let subject = self.instance.as_str();
        // Who cannot read what is never to be asked asks nothing.
        if self.store.is_never_asked(subject, capability).unwrap_or(true) {
            return false;
        }
        asked.number = asked.number.saturating_add(1);
        true
    }

    fn remember(&self, capability: &Capability, granted: bool) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if granted {
            asked.refused_in_a_row = 0;
        } else {
            asked.refused_in_a_row = asked.refused_in_a_row.saturating_add(1);
            asked.refused.push(capability.clone());
        }
    }

    /// What is said to a question, and by whom; nothing when its time is over.
    fn wait(&self, question: &ApprovalRow) -> Option<(Reply, String)> {
        let end = Instant::now().checked_add(self.waits)?;
        let me = crate::installed::actor();
        while Instant::now() < end {
            if self.interrupts.iter().any(Interrupt::is_raised) {
                return None;
            }
            if let Ok(Some((said, by))) = self.store.answered(&question.id) {
                return Some((Reply::Said(said), by));
            }
            if let Some(reply) = self.person.as_ref().and_then(|person| person.reply()) {
                let said = match reply {
                    Reply::Said(said) => said,
                    Reply::Never => Said::Denied,
                };
                // Somebody elsewhere may have been faster: the first answer counts.
                if self.store.answer(&question.id, said, (&me, now_ms())).is_ok() {
                    return Some((reply, me));
                }
            }
            self.pause();
        }
        None
    }

    /// Until somebody's answer is looked for again, or the run is to end.
    fn pause(&self) {
        let mut raised: Vec<PollFd<'_>> = self
            .interrupts
            .iter()
            .map(|one| PollFd::from_borrowed_fd(one.watch(), PollFlags::IN))
            .collect();
        // However it ends, the loop looks at everything again.
        let _ = poll(&mut raised, Some(&LOOK));
    }

    /// Does what a yes says beside this run; whether it is a yes.
    fn keep(&self, capability: &Capability, reply: Reply, by: &str) -> Result<bool, String> {
        match reply {
            Reply::Never => self
                .store
                .never_ask(self.instance.as_str(), capability, (by, now_ms()))
                .map(|()| false)
                .map_err(|error| error.to_string()),
            Reply::Said(Said::Denied) => Ok(false),
            Reply::Said(Said::Once | Said::Session) => Ok(true),
            Reply::Said(Said::Version) => {
                // Who answers elsewhere has done so already, with the same words.
                if by != crate::installed::actor() || self.person.is_none() {
                    return Ok(true);
                }
                let name = self.plugin.as_ref().ok_or("it is not installed")?;
                let plugins = Plugins::open(&self.home).map_err(|error| error.to_string())?;
                plugins.grant(name, capability, None).map_err(|error| error.to_string())?;
                Ok(true)
            }
        }
    }

    fn question(&self, capability: &Capability, method: &str) -> Option<ApprovalRow> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).ok()?;
        let asked_ms = now_ms();
        let waits = u64::try_from(self.waits.as_millis()).unwrap_or(u64::MAX);
        Some(ApprovalRow {
            id: format!("{:016x}", u64::from_be_bytes(random)),
            subject: self.instance.to_string(),
            label: self.label.clone(),
            plugin: self.plugin.clone(),
            capability: capability.clone(),
            method: method.to_owned(),
            asked_ms,
            until_ms: asked_ms.saturating_add(waits),
        })
    }
}

impl Asker for Asking {
    fn ask(&self, question: Question<'_>) -> Option<Later> {
        let capability = narrowest(question.kind, question.object)?;
        // Nobody is asked for what would not be granted.
        let (grants, files) = self.grants(&capability, "asked")?;
        if !self.may_ask(&capability) {
            return None;
        }
        let row = self.question(&capability, question.method)?;
        self.store.ask(&row).ok()?;
        let waiting = self.held.begin();
        if let Some(person) = &self.person {
            person.ask(&row, self.plugin.is_some());
        }
        let said = self.wait(&row);
        self.until.later(waiting.end());
        let (granted, outcome) = match &said {
            None => (false, "nobody answered: denied".to_owned()),
            Some((reply, by)) => match self.keep(&capability, *reply, by) {
                Ok(true) => (true, format!("allowed ({})", words(*reply))),
                Ok(false) => (false, format!("denied ({})", words(*reply))),
                Err(why) => (false, format!("not allowed: {why}")),
            },
        };
        let by = said.as_ref().map_or("nobody", |(_, by)| by.as_str());
        let recorded = self.recorder.asked(&capability, granted, &outcome, by);
        let granted = granted && recorded.is_ok();
        self.remember(&capability, granted);
        if let Some(person) = &self.person {
            person.over(&row, &outcome);
        }
        let once = matches!(said, Some((Reply::Said(Said::Once), _)));
        let kept = matches!(said, Some((Reply::Said(Said::Version), _))).then_some(capability);
        granted.then_some(Later { grants, files, once, kept })
    }

    fn still_allows(&self, later: &Later) -> bool {
        let Some(capability) = &later.kept else { return true };
        let Some(name) = &self.plugin else { return false };
        // What cannot be read allows nothing.
        let rows = self.store.grants(name).unwrap_or_default();
        rows.iter().any(|row| {
            row.capability == *capability
                && row.revoked_ms.is_none()
                && row.expires_ms.is_none_or(|end| end > now_ms())
        })
    }
}

const fn words(reply: Reply) -> &'static str {
    match reply {
        Reply::Said(said) => said.word(),
        Reply::Never => "never",
    }
}

/// The capability for this one object. Nothing where a person has to think longer than at a
/// prompt (programs, secrets, ports, variables), where a yes would outlast its scope (a
/// subscription), where it would take no effect before the next start (the network of a
/// jail), and where the object reads as more than one.
fn narrowest(kind: Kind, object: &str) -> Option<Capability> {
    let is_askable = matches!(
        kind,
        Kind::FilesRead
            | Kind::FilesWrite
            | Kind::FilesDelete
            | Kind::StorageRead
            | Kind::StorageWrite
            | Kind::EventsPublish
    ) || is_host_kind(kind);
    if !is_askable || object.contains(['*', '>']) {
        return None;
    }
    if kind.is_scopeless() {
        return Some(Capability::any(kind));
    }
    if object.is_empty() {
        return None;
    }
    // What is shown, kept and given elsewhere is its text: what that says has to be this.
    let is_itself =
        |one: &Capability| one.to_string().parse().is_ok_and(|again: Capability| again == *one);
    Capability::new(kind, object).ok().filter(|one| !one.scope().is_any() && is_itself(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_this_one_object_and_never_a_pattern() {
        let one = narrowest(Kind::FilesRead, "/data/a.txt").unwrap();
        assert!(one.allows(Kind::FilesRead, "/data/a.txt"));
        for other in ["/data/b.txt", "/data", "/data/a.txt/b"] {
            assert!(!one.allows(Kind::FilesRead, other), "{other}");
        }
        // Of the last, what is kept and shown elsewhere would be another file.
        for object in ["", "*", "/**", "/data/**", "/data/*", "/a*b", "/data/a ", "/data/a\u{a0}"] {
            assert!(narrowest(Kind::FilesRead, object).is_none(), "{object}");
        }
        for (kind, object) in [
            (Kind::ProcessExecute, "rm"),
            (Kind::SecretsUse, "KEY@example.com"),
            (Kind::NetworkListen, "80"),
            (Kind::EnvironmentRead, "HOME"),
            (Kind::EventsSubscribe, "a.b"),
            (Kind::EventsPublish, "a.>"),
        ] {
            assert!(narrowest(kind, object).is_none(), "{kind} {object}");
        }
    }
}
