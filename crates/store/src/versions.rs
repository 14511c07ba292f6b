//! The packages of a plugin, one row each.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::{count, parsed};
use ringfence_types::{Digest, PluginName};
use rusqlite::{Row, params};
use serde::Serialize;
use std::collections::BTreeSet;

/// One version of a plugin, as it was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionRow {
    /// As its manifest writes it; untrusted.
    pub version: Option<String>,
    /// The package's digest, which names its folder.
    pub package: Digest,
    /// Digest of what lies in that folder.
    pub content: Digest,
    /// Where it came from; untrusted.
    pub source: String,
    /// When it was installed last, in milliseconds since 1970-01-01 UTC.
    pub installed_ms: u64,
    /// Whether its folder is still needed.
    pub kept: bool,
}

impl VersionRow {
    pub(crate) const COLUMNS: &str = "version, package, content, source, installed_ms, kept";

    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StateError> {
        Ok(Self {
            version: row.get("version")?,
            package: parsed(&row.get::<_, String>("package")?, "digest")?,
            content: parsed(&row.get::<_, String>("content")?, "digest")?,
            source: row.get("source")?,
            installed_ms: count(row, "installed_ms")?,
            kept: row.get("kept")?,
        })
    }
}

impl StateStore {
    /// Every version of a plugin that was ever installed, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn versions(&self, name: &PluginName) -> Result<Vec<VersionRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {} FROM version WHERE plugin = (SELECT id FROM plugin WHERE name = ?1) \
             ORDER BY installed_ms DESC, id DESC",
            VersionRow::COLUMNS
        ))?;
        let mut rows = statement.query(params![name.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(VersionRow::read(row)?);
        }
        Ok(found)
    }

    /// The packages whose folders some version needs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn needed(&self) -> Result<BTreeSet<Digest>, StateError> {
        let connection = self.connection();
        let mut statement =
            connection.prepare_cached("SELECT DISTINCT package FROM version WHERE kept = 1")?;
        let mut rows = statement.query([])?;
        let mut found = BTreeSet::new();
        while let Some(row) = rows.next()? {
            found.insert(parsed(&row.get::<_, String>(0)?, "digest")?);
        }
        Ok(found)
    }

    /// Lets go of every version that no instance uses or can go back to; gives their
    /// packages. Their rows stay, as history.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn retire(&self) -> Result<Vec<Digest>, StateError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE version SET kept = 0 WHERE kept = 1 AND id NOT IN ( \
                     SELECT current FROM instance WHERE removed_ms IS NULL UNION \
                     SELECT previous FROM instance \
                     WHERE removed_ms IS NULL AND previous IS NOT NULL) \
                 RETURNING package",
            )?;
            let mut rows = statement.query([])?;
            let mut retired = Vec::new();
            while let Some(row) = rows.next()? {
                retired.push(parsed(&row.get::<_, String>(0)?, "digest")?);
            }
            Ok(retired)
        })
    }
}
