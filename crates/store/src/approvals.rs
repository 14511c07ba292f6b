//! Calls that wait for a person, in one process, and what a person said, in another.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::{count, number, parsed};
use ringfence_types::{Capability, PluginName};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use std::str::FromStr;

/// How long answered questions are kept, in milliseconds; the log has them for longer.
const KEPT_MS: u64 = 24 * 60 * 60 * 1000;

/// What a person says to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// This one call.
    Once,
    /// Until the run ends.
    Session,
    /// Whenever this version of an installed plugin is run.
    Version,
    /// No.
    Denied,
}

impl Said {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Session => "session",
            Self::Version => "version",
            Self::Denied => "denied",
        }
    }
}

impl FromStr for Said {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Once, Self::Session, Self::Version, Self::Denied]
            .into_iter()
            .find(|said| said.word() == word)
            .ok_or(())
    }
}

/// A call that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApprovalRow {
    /// By what it is answered; of this one question, never used again.
    pub id: String,
    /// The instance that asks.
    pub subject: String,
    /// What was run; untrusted.
    pub label: String,
    /// The plugin's name, when it is installed.
    pub plugin: Option<PluginName>,
    /// What would be granted, and nothing else.
    pub capability: Capability,
    /// What was called.
    pub method: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub asked_ms: u64,
    /// Until when it waits.
    pub until_ms: u64,
}

impl ApprovalRow {
    const COLUMNS: &str = "id, subject, label, plugin, capability, method, asked_ms, until_ms";

    fn read(row: &Row<'_>) -> Result<Self, StateError> {
        let plugin: Option<String> = row.get("plugin")?;
        Ok(Self {
            id: row.get("id")?,
            subject: row.get("subject")?,
            label: row.get("label")?,
            plugin: plugin.map(|name| parsed(&name, "name")).transpose()?,
            capability: parsed(&row.get::<_, String>("capability")?, "capability")?,
            method: row.get("method")?,
            asked_ms: count(row, "asked_ms")?,
            until_ms: count(row, "until_ms")?,
        })
    }
}

impl StateStore {
    /// Writes a question down for whoever answers.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ask(&self, question: &ApprovalRow) -> Result<(), StateError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM approval WHERE asked_ms < ?1")?
                .execute(params![number(question.asked_ms.saturating_sub(KEPT_MS))])?;
            transaction
                .prepare_cached(&format!(
                    "INSERT INTO approval ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    ApprovalRow::COLUMNS
                ))?
                .execute(params![
                    question.id,
                    question.subject,
                    question.label,
                    question.plugin.as_ref().map(PluginName::as_str),
                    question.capability.to_string(),
                    question.method,
                    number(question.asked_ms),
                    number(question.until_ms)
                ])?;
            Ok(())
        })
    }

    /// The questions that are open at this time, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_questions(&self, now_ms: u64) -> Result<Vec<ApprovalRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {} FROM approval WHERE answer IS NULL AND until_ms > ?1 ORDER BY asked_ms, id",
            ApprovalRow::COLUMNS
        ))?;
        let mut rows = statement.query(params![number(now_ms)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(ApprovalRow::read(row)?);
        }
        Ok(found)
    }

    /// Answers one question, once, while it is open.
    ///
    /// # Errors
    /// When there is no such question, it was answered, or its time is over.
    pub fn answer(&self, id: &str, said: Said, (by, at_ms): (&str, u64)) -> Result<(), StateError> {
        self.write(|transaction| {
            let answered = transaction
                .prepare_cached(
                    "UPDATE approval SET answer = ?2, answered_by = ?3, answered_ms = ?4 \
                     WHERE id = ?1 AND answer IS NULL AND until_ms > ?4",
                )?
                .execute(params![id, said.word(), by, number(at_ms)])?;
            if answered == 1 { Ok(()) } else { Err(StateError::NoQuestion { id: id.to_owned() }) }
        })
    }

    /// What was said to a question, and by whom; nothing while nobody has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn answered(&self, id: &str) -> Result<Option<(Said, String)>, StateError> {
        let found: Option<(String, String)> = self
            .connection()
            .prepare_cached(
                "SELECT answer, answered_by FROM approval WHERE id = ?1 AND answer IS NOT NULL",
            )?
            .query_row(params![id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found
            .map(|(word, by)| {
                word.parse().map(|said| (said, by)).map_err(|()| StateError::Row { what: "answer" })
            })
            .transpose()
    }

    /// Writes down that this is not asked again for this instance.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn never_ask(
        &self,
        subject: &str,
        capability: &Capability,
        (by, at_ms): (&str, u64),
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO approval_never (subject, capability, said_by, said_ms) \
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                )?
                .execute(params![subject, capability.to_string(), by, number(at_ms)])?;
            Ok(())
        })
    }

    /// Whether this is not to be asked for this instance.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_never_asked(
        &self,
        subject: &str,
        capability: &Capability,
    ) -> Result<bool, StateError> {
        Ok(self
            .connection()
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM approval_never \
                 WHERE subject = ?1 AND capability = ?2)",
            )?
            .query_row(params![subject, capability.to_string()], |row| row.get(0))?)
    }
}
