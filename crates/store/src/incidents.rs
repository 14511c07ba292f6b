//! Why something was put into quarantine, and who let it out.

use crate::error::StateError;
use crate::facts;
use crate::open::StateStore;
use crate::rows::{count, count_if, number, parsed};
use ringfence_types::{Digest, PluginName};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::Serialize;

/// One reason for a quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// The package that was in it.
    pub package: Digest,
    /// Why.
    pub reason: String,
    /// Who put it there.
    pub opened_by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub opened_ms: u64,
    /// Who let it out; nobody while it lasts.
    pub closed_by: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub closed_ms: Option<u64>,
    /// The feed whose word it was, when it was not a person's.
    pub feed: Option<String>,
    /// Which fact of it.
    pub fact: Option<String>,
}

const COLUMNS: &str = "package, reason, opened_by, opened_ms, closed_by, closed_ms, feed, fact";

impl Incident {
    fn read(row: &Row<'_>) -> Result<Self, StateError> {
        Ok(Self {
            package: parsed(&row.get::<_, String>("package")?, "digest")?,
            reason: row.get("reason")?,
            opened_by: row.get("opened_by")?,
            opened_ms: count(row, "opened_ms")?,
            closed_by: row.get("closed_by")?,
            closed_ms: count_if(row, "closed_ms")?,
            feed: row.get("feed")?,
            fact: row.get("fact")?,
        })
    }
}

impl StateStore {
    /// Every incident of a plugin, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incidents(&self, name: &PluginName) -> Result<Vec<Incident>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM incident \
             WHERE plugin = (SELECT id FROM plugin WHERE name = ?1) \
             ORDER BY opened_ms DESC, id DESC"
        ))?;
        let mut rows = statement.query(params![name.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Incident::read(row)?);
        }
        Ok(found)
    }

    /// Whether anything is in quarantine.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn any_quarantined(&self) -> Result<bool, StateError> {
        Ok(self
            .connection()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM incident WHERE closed_ms IS NULL)")?
            .query_row([], |row| row.get(0))?)
    }

    /// The first open incident about these bytes, under whatever name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_incident(&self, package: &Digest) -> Result<Option<Incident>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM incident WHERE package = ?1 AND closed_ms IS NULL \
             ORDER BY id LIMIT 1"
        ))?;
        let mut rows = statement.query(params![package.to_string()])?;
        rows.next()?.map(Incident::read).transpose()
    }

    /// Why these bytes are in quarantine, under whatever name; none when they are not.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn quarantined(&self, package: &Digest) -> Result<Option<String>, StateError> {
        quarantined(&self.connection(), package)
    }
}

pub(crate) fn quarantined(
    connection: &Connection,
    package: &Digest,
) -> Result<Option<String>, StateError> {
    Ok(connection
        .prepare_cached(
            "SELECT reason FROM incident WHERE package = ?1 AND closed_ms IS NULL ORDER BY id",
        )?
        .query_row(params![package.to_string()], |row| row.get(0))
        .optional()?)
}

pub(crate) fn open(
    connection: &Connection,
    name: &PluginName,
    package: &Digest,
    reason: &str,
    (by, at_ms): (&str, u64),
) -> Result<(), StateError> {
    connection
        .prepare_cached(
            "INSERT INTO incident (plugin, package, reason, opened_by, opened_ms) \
             VALUES ((SELECT id FROM plugin WHERE name = ?1), ?2, ?3, ?4, ?5)",
        )?
        .execute(params![name.as_str(), package.to_string(), reason, by, number(at_ms)])?;
    Ok(())
}

/// Says which fact opened the incident that was opened last.
pub(crate) fn mark(connection: &Connection, (feed, fact): (&str, &str)) -> Result<(), StateError> {
    connection
        .prepare_cached("UPDATE incident SET feed = ?2, fact = ?3 WHERE id = ?1")?
        .execute(params![connection.last_insert_rowid(), feed, fact])?;
    Ok(())
}

/// Whether an incident of a fact is open about these bytes of a plugin.
pub(crate) fn open_by_fact(
    connection: &Connection,
    name: &PluginName,
    package: &Digest,
    (feed, fact): (&str, &str),
) -> Result<bool, StateError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM incident WHERE closed_ms IS NULL AND package = ?2 \
             AND feed = ?3 AND fact = ?4 \
             AND plugin = (SELECT id FROM plugin WHERE name = ?1))",
        )?
        .query_row(params![name.as_str(), package.to_string(), feed, fact], |row| row.get(0))?)
}

/// Whether any incident of a plugin is open.
pub(crate) fn any_open(connection: &Connection, name: &PluginName) -> Result<bool, StateError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM incident WHERE closed_ms IS NULL \
             AND plugin = (SELECT id FROM plugin WHERE name = ?1))",
        )?
        .query_row(params![name.as_str()], |row| row.get(0))?)
}

/// What a person lets out is not held again by the facts that put it there.
fn overrule(
    transaction: &Transaction<'_>,
    name: &PluginName,
    stamp: (&str, u64),
) -> Result<(), StateError> {
    let facts: Vec<(String, String, String)> = {
        let mut statement = transaction.prepare_cached(
            "SELECT incident.feed, fact, package FROM incident \
             JOIN feed ON feed.name = incident.feed \
             WHERE closed_ms IS NULL AND fact IS NOT NULL \
             AND plugin = (SELECT id FROM plugin WHERE name = ?1)",
        )?;
        let rows = statement
            .query_map(params![name.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    for (feed, fact, package) in facts {
        facts::ignore(transaction, (&feed, &fact), &package, stamp)?;
    }
    Ok(())
}

pub(crate) fn close(
    transaction: &Transaction<'_>,
    name: &PluginName,
    (by, at_ms): (&str, u64),
) -> Result<usize, StateError> {
    overrule(transaction, name, (by, at_ms))?;
    let closed = transaction
        .prepare_cached(
            "UPDATE incident SET closed_by = ?2, closed_ms = ?3 WHERE closed_ms IS NULL \
             AND plugin = (SELECT id FROM plugin WHERE name = ?1)",
        )?
        .execute(params![name.as_str(), by, number(at_ms)])?;
    Ok(closed)
}
