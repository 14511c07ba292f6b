//! What a person does in another process than the one that waits.

use crate::engine::now_ms;
use crate::installed::{InstalledError, Plugins, actor};
use crate::recorded::{Changed, recorded};
use ringfence_store::{ApprovalRow, FILE, Said, StateError, StateStore};
use ringfence_types::EventKind;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The questions of all runs in a home.
#[derive(Debug)]
pub struct Approvals {
    home: PathBuf,
    store: StateStore,
}

impl Approvals {
    /// Those of this home; none when nothing ever asked there.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open(home: &Path) -> Result<Option<Self>, InstalledError> {
        // Looking for what is not there makes nothing.
        if !home.join(FILE).exists() {
            return Ok(None);
        }
        Ok(Some(Self { home: home.to_owned(), store: StateStore::open(home)? }))
    }

    /// The questions that are open now, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn pending(&self) -> Result<Vec<ApprovalRow>, InstalledError> {
        Ok(self.store.open_questions(now_ms())?)
    }

    fn one(&self, id: &str) -> Result<ApprovalRow, InstalledError> {
        let found = self.pending()?.into_iter().find(|one| one.id == id);
        Ok(found.ok_or_else(|| StateError::NoQuestion { id: id.to_owned() })?)
    }

    /// Allows what one question asks for. For the version, it is granted as by
    /// [`Plugins::grant`] before the call goes on.
    ///
    /// # Errors
    /// When there is no such question any more, the log does not take it, or it cannot be
    /// granted for the version. Then nothing is allowed.
    pub fn allow(&self, id: &str, said: Said) -> Result<ApprovalRow, InstalledError> {
        let question = self.one(id)?;
        if said == Said::Version {
            let name = question
                .plugin
                .as_ref()
                .ok_or_else(|| StateError::NotInstalled { name: question.label.clone() })?;
            Plugins::open(&self.home)?.grant(name, &question.capability, None)?;
        }
        self.say(&question, said, EventKind::Granted, "a waiting call is allowed")?;
        Ok(question)
    }

    /// Denies what one question asks for; for ever, when it is `never` to be asked again.
    ///
    /// # Errors
    /// When there is no such question any more, or it cannot be written.
    pub fn deny(&self, id: &str, never: bool) -> Result<ApprovalRow, InstalledError> {
        let question = self.one(id)?;
        if never {
            let by = actor();
            self.store.never_ask(&question.subject, &question.capability, (&by, now_ms()))?;
        }
        self.say(&question, Said::Denied, EventKind::Refused, "a waiting call is denied")?;
        Ok(question)
    }

    fn say(
        &self,
        question: &ApprovalRow,
        answer: Said,
        kind: EventKind,
        said: &str,
    ) -> Result<(), InstalledError> {
        let what = json!({
            "id": question.id, "instance": question.subject, "answer": answer.word(),
            "capability": question.capability.to_string(),
        });
        let not_done = format!("not done after all: {said}");
        let changed = Changed { kind, said, not_done: &not_done, what: ("question", what) };
        let by = actor();
        let done = recorded(&self.home, &changed, || {
            self.store.answer(&question.id, answer, (&by, now_ms()))
        });
        Ok(done??)
    }
}
