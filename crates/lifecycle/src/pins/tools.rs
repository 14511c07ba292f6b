//! What a person looks at and agrees to.

use crate::engine::now_ms;
use crate::installed::{InstalledError, actor};
use crate::recorded::{Changed, recorded};
use ringfence_protocol::mcp::{Definition, DefinitionKind, in_lines, suspicious};
use ringfence_store::{FILE, NewPin, PinRow, StateStore, SubjectRow};
use ringfence_types::{Digest, EventKind, PluginName, UntrustedText};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// Digest of a definition.
pub type PinDigest = Digest;

/// Digest of a definition in the form in which it is compared.
#[must_use]
pub fn pin_digest(text: &str) -> PinDigest {
    Digest::from_bytes(Sha256::digest(text.as_bytes()).into())
}

/// A definition in lines for a person, each safe to show.
#[must_use]
pub fn definition_lines(text: &str) -> Vec<String> {
    let lines = in_lines(text).unwrap_or_else(|_| text.to_owned());
    lines.lines().map(|line| UntrustedText::new(line).to_string()).collect()
}

/// What of a definition reads as if it were meant to steer a model; fixed words of ours. Of
/// one that is held, what is held counts.
#[must_use]
pub fn definition_notes(row: &PinRow) -> Vec<&'static str> {
    let text = match (&row.held, &row.pinned) {
        (Some(held), _) => held.text.as_ref(),
        (None, Some(pinned)) => Some(&pinned.text),
        (None, None) => None,
    };
    let Some((kind, text)) = row.kind.parse::<DefinitionKind>().ok().zip(text) else {
        return Vec::new();
    };
    suspicious(&Definition { kind, name: row.name.clone(), text: text.clone() })
}

/// What MCP servers say of their tools, as it is kept in a home.
#[derive(Debug)]
pub struct ToolPins {
    home: PathBuf,
    store: StateStore,
}

impl ToolPins {
    /// Those of this home; none when nothing was ever kept there.
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

    /// Every server that was ever started.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all(&self) -> Result<Vec<SubjectRow>, InstalledError> {
        Ok(self.store.pin_subjects()?)
    }

    /// The one that this word names: an installed plugin, or `run-` and the first digits of
    /// what was told when it was run.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn named(&self, word: &str) -> Result<SubjectRow, InstalledError> {
        let installed = match word.parse::<PluginName>() {
            Ok(name) => self.store.plugin(&name)?,
            Err(_) => None,
        };
        let is_one = |row: &SubjectRow| match &installed {
            Some(plugin) => row.id == plugin.instance.as_str(),
            None => row.id == word || word.len() >= 12 && row.id.starts_with(word),
        };
        let mut found = self.all()?.into_iter().filter(is_one);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(InstalledError::NoPins { word: word.to_owned() }),
        }
    }

    /// Everything that is known of its definitions, by kind and name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(&self, subject: &SubjectRow) -> Result<Vec<PinRow>, InstalledError> {
        Ok(self.store.pins(&subject.id)?)
    }

    /// Pins what is held, if it still is what was shown. It counts from the next start on.
    ///
    /// # Errors
    /// When one is held no more, or as something else by now, or cannot be read in one way
    /// only; or the log does not take it. Then nothing is changed.
    pub fn agree(&self, subject: &SubjectRow, shown: &[PinRow]) -> Result<(), InstalledError> {
        let mut new = Vec::with_capacity(shown.len());
        for row in shown {
            let text = row.held.as_ref().and_then(|held| held.text.clone());
            let text =
                text.ok_or_else(|| InstalledError::NotAgreeable { name: row.name.clone() })?;
            new.push(NewPin { key: (row.kind.clone(), row.name.clone()), text });
        }
        let agreed: Vec<Value> = new
            .iter()
            .map(|one| json!({ "kind": one.key.0, "name": one.key.1, "digest": pin_digest(&one.text) }))
            .collect();
        let by = actor();
        self.change(subject, "what a server says of itself is agreed to", &agreed.into(), || {
            self.store.agree(&subject.id, &new, (&by, now_ms()))
        })
    }

    /// Forgets all of it: the next start is a first one.
    ///
    /// # Errors
    /// When the log does not take it, or it cannot be written.
    pub fn forget(&self, subject: &SubjectRow) -> Result<(), InstalledError> {
        self.change(subject, "what a server says of itself is forgotten", &Value::Null, || {
            self.store.forget_pins(&subject.id)
        })
    }

    fn change(
        &self,
        subject: &SubjectRow,
        said: &str,
        agreed: &Value,
        change: impl FnOnce() -> Result<(), ringfence_store::StateError>,
    ) -> Result<(), InstalledError> {
        let not_done = format!("not done after all: {said}");
        let what = json!({ "of": subject.id, "label": subject.label, "agreed": agreed });
        let changed = Changed {
            kind: EventKind::Definitions,
            said,
            not_done: &not_done,
            what: ("definitions", what),
        };
        Ok(recorded(&self.home, &changed, change)??)
    }
}
