//! Of which packages of registries a package is made.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::number;
use ringfence_types::Digest;
use rusqlite::{OptionalExtension as _, params};

/// One package of a registry, in a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// The registry, as OSV writes it.
    pub registry: String,
    /// Its name, in the one way in which its registry writes it; untrusted.
    pub name: String,
    /// Its version; untrusted.
    pub version: String,
}

/// What was read of a package's lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// What it is made of.
    pub parts: Vec<Part>,
    /// How many lists, or lines of them, were not read, or name no version.
    pub unread: u64,
}

impl StateStore {
    /// What a package is made of; none when nobody looked yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn parts(&self, package: &Digest) -> Result<Option<Parts>, StateError> {
        let connection = self.connection();
        let package = package.to_string();
        let unread: Option<i64> = connection
            .prepare_cached("SELECT unread FROM parts_listed WHERE package = ?1")?
            .query_row(params![package], |row| row.get(0))
            .optional()?;
        let Some(unread) = unread else { return Ok(None) };
        let mut statement = connection
            .prepare_cached("SELECT registry, name, version FROM part WHERE package = ?1")?;
        let parts = statement.query_map(params![package], |row| {
            Ok(Part { registry: row.get(0)?, name: row.get(1)?, version: row.get(2)? })
        })?;
        Ok(Some(Parts {
            parts: parts.collect::<Result<_, _>>()?,
            unread: u64::try_from(unread).unwrap_or_default(),
        }))
    }

    /// Writes down what a package is made of; its digest says what it is, so that is said
    /// once.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_parts(
        &self,
        package: &Digest,
        found: &Parts,
        at_ms: u64,
    ) -> Result<(), StateError> {
        let package = package.to_string();
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO parts_listed (package, unread, listed_ms) VALUES (?1, ?2, ?3) \
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![package, number(found.unread), number(at_ms)])?;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO part (package, registry, name, version) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT DO NOTHING",
            )?;
            for part in &found.parts {
                statement.execute(params![package, part.registry, part.name, part.version])?;
            }
            Ok(())
        })
    }
}
