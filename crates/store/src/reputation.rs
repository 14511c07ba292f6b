//! What the reputation of a plugin is made of: events, each with a number.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::number;
use ringfence_types::PluginName;
use rusqlite::{Connection, params};

/// What was seen of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReputationEvent {
    /// It was installed for the first time, or again after it was removed.
    Installed,
    /// Another version was installed.
    Updated,
    /// A new version did not start, and was not installed.
    CanaryFailed,
    /// A run of it failed by its own fault.
    Failed,
    /// A person rated it; the value is 1 to 5.
    Rated,
}

impl ReputationEvent {
    const fn word(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Updated => "updated",
            Self::CanaryFailed => "canary_failed",
            Self::Failed => "failed",
            Self::Rated => "rated",
        }
    }
}

impl StateStore {
    /// Writes down what was seen. A plugin that was never installed has no reputation.
    ///
    /// # Errors
    /// When the plugin is not known, or the file cannot be written.
    pub fn saw(
        &self,
        name: &PluginName,
        event: ReputationEvent,
        value: u32,
        at_ms: u64,
    ) -> Result<(), StateError> {
        self.write(|transaction| put(transaction, name, event, value, at_ms))
    }

    /// Writes down what a person thinks of it, 1 to 5, in place of what was said before.
    ///
    /// # Errors
    /// When `stars` is another number, the plugin is not known, or the file cannot be written.
    pub fn rate(&self, name: &PluginName, stars: u8, at_ms: u64) -> Result<(), StateError> {
        if !(1..=5).contains(&stars) {
            return Err(StateError::Stars);
        }
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "DELETE FROM reputation WHERE event = ?2 \
                     AND plugin = (SELECT id FROM plugin WHERE name = ?1)",
                )?
                .execute(params![name.as_str(), ReputationEvent::Rated.word()])?;
            put(transaction, name, ReputationEvent::Rated, stars.into(), at_ms)
        })
    }

    /// When it was installed for the first time, in milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn first_installed(&self, name: &PluginName) -> Result<Option<u64>, StateError> {
        let first: Option<i64> = self
            .connection()
            .prepare_cached(
                "SELECT min(installed_ms) FROM version \
                 WHERE plugin = (SELECT id FROM plugin WHERE name = ?1)",
            )?
            .query_row(params![name.as_str()], |row| row.get(0))?;
        Ok(first.and_then(|first| u64::try_from(first).ok()))
    }

    /// How often it was run, also before it was removed and installed again.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self, name: &PluginName) -> Result<u64, StateError> {
        let runs: i64 = self
            .connection()
            .prepare_cached(
                "SELECT coalesce(sum(runs), 0) FROM usage WHERE instance IN \
                     (SELECT id FROM instance WHERE plugin = \
                         (SELECT id FROM plugin WHERE name = ?1))",
            )?
            .query_row(params![name.as_str()], |row| row.get(0))?;
        Ok(u64::try_from(runs).unwrap_or(0))
    }

    /// How often something was seen of a plugin, and the sum of the values.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn seen(
        &self,
        name: &PluginName,
        event: ReputationEvent,
    ) -> Result<(u64, u64), StateError> {
        let (count, sum): (i64, i64) = self
            .connection()
            .prepare_cached(
                "SELECT count(*), coalesce(sum(value), 0) FROM reputation \
                 WHERE plugin = (SELECT id FROM plugin WHERE name = ?1) AND event = ?2",
            )?
            .query_row(params![name.as_str(), event.word()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok((u64::try_from(count).unwrap_or(0), u64::try_from(sum).unwrap_or(0)))
    }
}

pub(crate) fn put(
    connection: &Connection,
    name: &PluginName,
    event: ReputationEvent,
    value: u32,
    at_ms: u64,
) -> Result<(), StateError> {
    let written = connection
        .prepare_cached(
            "INSERT INTO reputation (plugin, event, value, at_ms) \
             SELECT id, ?2, ?3, ?4 FROM plugin WHERE name = ?1",
        )?
        .execute(params![name.as_str(), event.word(), value, number(at_ms)])?;
    if written == 0 {
        return Err(StateError::NotInstalled { name: name.as_str().to_owned() });
    }
    Ok(())
}
