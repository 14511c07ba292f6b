//! What is installed now.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::{count, parsed};
use crate::state::State;
use crate::versions::VersionRow;
use ringfence_types::{InstanceId, PluginName};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

/// The one tenant of a home, until there are several.
pub(crate) const TENANT: &str = "default";

/// A plugin that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginRow {
    /// Its name.
    pub name: PluginName,
    /// Whose storage and records these are; the same over all versions.
    pub instance: InstanceId,
    /// The version that is run.
    pub current: VersionRow,
    /// The version to go back to.
    pub previous: Option<VersionRow>,
    /// Whether it may be run at all.
    pub state: State,
    /// Why it is in that state.
    pub reason: String,
    /// Who brought it there.
    pub changed_by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub changed_ms: u64,
}

impl PluginRow {
    /// # Errors
    /// When it is in quarantine.
    pub(crate) fn refuse_quarantined(&self) -> Result<(), StateError> {
        if self.state != State::Quarantined {
            return Ok(());
        }
        Err(StateError::State {
            name: self.name.to_string(),
            state: self.state.word(),
            reason: self.reason.clone(),
        })
    }
}

/// What stands in the row of an instance.
struct Head {
    name: PluginName,
    instance: InstanceId,
    current: i64,
    previous: Option<i64>,
    state: State,
    reason: String,
    changed_by: String,
    changed_ms: u64,
}

const HEAD: &str = "SELECT name, instance.id AS instance, current, previous, state, reason, \
     changed_by, changed_ms FROM instance JOIN plugin ON plugin.id = instance.plugin \
     WHERE removed_ms IS NULL AND tenant = ?1";

impl Head {
    fn read(row: &Row<'_>) -> Result<Self, StateError> {
        Ok(Self {
            name: parsed(&row.get::<_, String>("name")?, "name")?,
            instance: parsed(&row.get::<_, String>("instance")?, "instance")?,
            current: row.get("current")?,
            previous: row.get("previous")?,
            state: parsed(&row.get::<_, String>("state")?, "state")?,
            reason: row.get("reason")?,
            changed_by: row.get("changed_by")?,
            changed_ms: count(row, "changed_ms")?,
        })
    }

    fn whole(self, connection: &Connection) -> Result<PluginRow, StateError> {
        let version = |id: i64| -> Result<VersionRow, StateError> {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {} FROM version WHERE id = ?1",
                VersionRow::COLUMNS
            ))?;
            let mut rows = statement.query(params![id])?;
            let row = rows.next()?.ok_or(StateError::Row { what: "version" })?;
            VersionRow::read(row)
        };
        Ok(PluginRow {
            current: version(self.current)?,
            previous: self.previous.map(version).transpose()?,
            name: self.name,
            instance: self.instance,
            state: self.state,
            reason: self.reason,
            changed_by: self.changed_by,
            changed_ms: self.changed_ms,
        })
    }
}

/// The plugin of this name.
///
/// # Errors
/// When none is installed, or the file cannot be read.
pub(crate) fn live(connection: &Connection, name: &PluginName) -> Result<PluginRow, StateError> {
    found(connection, name)?
        .ok_or_else(|| StateError::NotInstalled { name: name.as_str().to_owned() })
}

pub(crate) fn found(
    connection: &Connection,
    name: &PluginName,
) -> Result<Option<PluginRow>, StateError> {
    let mut statement = connection.prepare_cached(&format!("{HEAD} AND name = ?2"))?;
    let head = {
        let mut rows = statement.query(params![TENANT, name.as_str()])?;
        rows.next()?.map(Head::read).transpose()?
    };
    head.map(|head| head.whole(connection)).transpose()
}

/// Another installed plugin that a person takes `name` for.
pub(crate) fn similar(
    connection: &Connection,
    name: &PluginName,
) -> Result<Option<String>, StateError> {
    Ok(connection
        .prepare_cached(
            "SELECT name FROM plugin JOIN instance ON instance.plugin = plugin.id \
             WHERE removed_ms IS NULL AND tenant = ?1 AND likeness = ?2 AND name <> ?3",
        )?
        .query_row(params![TENANT, crate::likeness(name), name.as_str()], |row| row.get(0))
        .optional()?)
}

impl StateStore {
    /// The plugin of this name, if it is installed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn plugin(&self, name: &PluginName) -> Result<Option<PluginRow>, StateError> {
        found(&self.connection(), name)
    }

    /// Every installed plugin, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn plugins(&self) -> Result<Vec<PluginRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!("{HEAD} ORDER BY name"))?;
        let mut rows = statement.query(params![TENANT])?;
        let mut heads = Vec::new();
        while let Some(row) = rows.next()? {
            heads.push(Head::read(row)?);
        }
        heads.into_iter().map(|head| head.whole(&connection)).collect()
    }

    /// Another installed plugin that a person would take this name for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn similar(&self, name: &PluginName) -> Result<Option<String>, StateError> {
        similar(&self.connection(), name)
    }
}
