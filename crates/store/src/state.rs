//! Whether a plugin may be run at all.

use crate::error::StateError;
use crate::incidents;
use crate::open::StateStore;
use crate::plugins::live;
use crate::rows::number;
use ringfence_types::{InstanceId, PluginName};
use rusqlite::{Transaction, params};
use serde::Serialize;
use std::str::FromStr;

/// Whether a plugin may be run at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It may.
    Enabled,
    /// A person switched it off.
    Disabled,
    /// It may have done harm: somebody has to let it out by name.
    Quarantined,
}

impl State {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Quarantined => "quarantined",
        }
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Enabled, Self::Disabled, Self::Quarantined]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or(())
    }
}

impl StateStore {
    /// Switches a plugin on or off.
    ///
    /// # Errors
    /// When it is not installed, or in quarantine, which this does not end.
    pub fn switch(
        &self,
        name: &PluginName,
        enabled: bool,
        (by, at_ms): (&str, u64),
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            let plugin = live(transaction, name)?;
            plugin.refuse_quarantined()?;
            let state = if enabled { State::Enabled } else { State::Disabled };
            set(transaction, &plugin.instance, state, "by hand", (by, at_ms))
        })
    }

    /// Puts a plugin into quarantine, with the package that it is now, and opens an
    /// incident. A second reason is a second incident.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn quarantine(
        &self,
        name: &PluginName,
        reason: &str,
        (by, at_ms): (&str, u64),
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            let plugin = live(transaction, name)?;
            incidents::open(transaction, name, &plugin.current.package, reason, (by, at_ms))?;
            set(transaction, &plugin.instance, State::Quarantined, reason, (by, at_ms))
        })
    }

    /// Lets a plugin out of quarantine, switched off, and closes every incident of its
    /// name. Gives how many those were.
    ///
    /// # Errors
    /// When there is nothing of this name in quarantine.
    pub fn release(
        &self,
        name: &PluginName,
        (by, at_ms): (&str, u64),
    ) -> Result<usize, StateError> {
        self.write(|transaction| {
            let closed = incidents::close(transaction, name, (by, at_ms))?;
            match live(transaction, name) {
                Ok(plugin) if plugin.state == State::Quarantined => {
                    let said = "let out of quarantine";
                    set(transaction, &plugin.instance, State::Disabled, said, (by, at_ms))?;
                }
                Ok(plugin) if closed == 0 => {
                    return Err(StateError::State {
                        name: name.to_string(),
                        state: plugin.state.word(),
                        reason: "it is not in quarantine".to_owned(),
                    });
                }
                // What was removed in quarantine is let out too: it may be installed anew.
                Err(StateError::NotInstalled { .. }) if closed > 0 => {}
                Ok(_) => {}
                Err(error) => return Err(error),
            }
            Ok(closed)
        })
    }
}

pub(crate) fn set(
    transaction: &Transaction<'_>,
    instance: &InstanceId,
    state: State,
    reason: &str,
    (by, at_ms): (&str, u64),
) -> Result<(), StateError> {
    transaction
        .prepare_cached(
            "UPDATE instance SET state = ?2, reason = ?3, changed_by = ?4, changed_ms = ?5 \
             WHERE id = ?1",
        )?
        .execute(params![instance.as_str(), state.word(), reason, by, number(at_ms)])?;
    Ok(())
}
