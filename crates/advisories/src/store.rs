//! The file in the home: what is known, from where, and how old it is.

use crate::ecosystem::Known;
use crate::error::AdvisoriesError;
use crate::severity::Severity;
use crate::versions::Versions;
use ringfence_private as private;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use rustix::fs::OFlags;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Its name in the home.
pub const FILE: &str = "advisories.sqlite";
/// The format that this version writes.
pub(crate) const FORMAT: i64 = 1;
/// In seconds.
const DAY: i64 = 86_400;
/// How long an import waits for another one.
const BUSY: Duration = Duration::from_secs(5);

/// `record` holds what was taken back as well, without rows in `affected`, so that an older
/// source does not bring it up again. Times are in microseconds since 1970, but `imported`,
/// which is in seconds.
pub(crate) const TABLES: &str = "
    CREATE TABLE record (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        modified INTEGER NOT NULL,
        withdrawn INTEGER NOT NULL,
        malware INTEGER NOT NULL,
        severity TEXT,
        summary TEXT NOT NULL,
        aliases TEXT NOT NULL
    ) STRICT;
    CREATE TABLE affected (
        ecosystem TEXT NOT NULL,
        name TEXT NOT NULL,
        record INTEGER NOT NULL REFERENCES record (number),
        versions TEXT NOT NULL
    ) STRICT;
    CREATE INDEX affected_name ON affected (ecosystem, name);
    CREATE INDEX affected_record ON affected (record);
    CREATE TABLE data (
        ecosystem TEXT NOT NULL PRIMARY KEY,
        newest INTEGER NOT NULL,
        imported INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE source (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        imported INTEGER NOT NULL,
        records INTEGER NOT NULL,
        malformed INTEGER NOT NULL,
        newest INTEGER NOT NULL,
        covers TEXT NOT NULL
    ) STRICT;
";

/// The advisories of one home.
#[derive(Debug)]
pub struct Advisories {
    /// None when nothing was ever imported.
    connection: Option<Connection>,
}

/// What there is of one registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Data {
    /// Which.
    pub ecosystem: Known,
    /// How many records, of those that were not taken back.
    pub records: u64,
    /// How many of them are about malware.
    pub malware: u64,
    /// When the newest of them was changed, in seconds since 1970: the data is as old as this.
    pub newest: i64,
    /// When it was last imported, in seconds since 1970.
    pub imported: i64,
    /// How old it is, in days.
    pub age_days: i64,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// From where: a path, or `-`.
    pub name: String,
    /// When, in seconds since 1970.
    pub imported: i64,
    /// How many records were read.
    pub records: u64,
    /// How many of them were malformed, and not taken.
    pub malformed: u64,
    /// When the newest was changed, in seconds since 1970.
    pub newest: i64,
    /// Of which registries it counts as all that is known.
    pub covers: Vec<Known>,
}

/// A record about one package.
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) malware: bool,
    pub(crate) severity: Option<Severity>,
    pub(crate) summary: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) versions: Versions,
}

impl Advisories {
    /// Opens what is in this home; it may be nothing.
    ///
    /// # Errors
    /// When the file is not ours alone, cannot be opened, is damaged or of a newer format.
    pub fn open(home: &Path) -> Result<Self, AdvisoriesError> {
        let folder = private::open_or_create(home)?;
        let path = home.join(FILE);
        if private::open_existing(&folder, FILE, OFlags::RDONLY, &path)?.is_none() {
            return Ok(Self { connection: None });
        }
        let connection = connect(&path)?;
        let format = format(&connection)?;
        Ok(Self { connection: (format == FORMAT).then_some(connection) })
    }

    /// What there is, registry by registry; those of which there is nothing are left out.
    /// `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When the database fails.
    pub fn data(&self, now: i64) -> Result<Vec<Data>, AdvisoriesError> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        let mut data = Vec::new();
        for ecosystem in Known::ALL {
            let times = connection.query_row(
                "SELECT newest, imported FROM data WHERE ecosystem = ?1",
                [ecosystem.word()],
                |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)),
            );
            let Some((newest, imported)) = times.optional()? else { continue };
            let (records, malware): (i64, i64) = connection.query_row(
                "SELECT count(*), coalesce(sum(malware), 0) FROM record WHERE number IN
                     (SELECT record FROM affected WHERE ecosystem = ?1)",
                [ecosystem.word()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let records = u64::try_from(records).unwrap_or_default();
            let malware = u64::try_from(malware).unwrap_or_default();
            let newest = newest / 1_000_000;
            let age_days = (now.saturating_sub(newest) / DAY).max(0);
            data.push(Data { ecosystem, records, malware, newest, imported, age_days });
        }
        Ok(data)
    }

    /// Every import, newest first; at most a thousand.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sources(&self) -> Result<Vec<Source>, AdvisoriesError> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        let mut statement = connection.prepare(
            "SELECT name, imported, records, malformed, newest, covers FROM source
             ORDER BY number DESC LIMIT 1000",
        )?;
        let sources = statement.query_map([], |row| {
            let covers: String = row.get(5)?;
            Ok(Source {
                name: row.get(0)?,
                imported: row.get(1)?,
                records: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
                malformed: u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
                newest: row.get::<_, i64>(4)? / 1_000_000,
                covers: covers.split(' ').filter_map(Known::from_word).collect(),
            })
        })?;
        Ok(sources.collect::<Result<_, _>>()?)
    }

    /// Calls `each` with every record about a package, by its registry's way to write names.
    pub(crate) fn about(
        &self,
        registry: Known,
        name: &str,
        mut each: impl FnMut(Stored),
    ) -> Result<(), AdvisoriesError> {
        let Some(connection) = &self.connection else { return Ok(()) };
        let mut statement = connection.prepare_cached(
            "SELECT id, malware, severity, summary, aliases, versions
             FROM affected JOIN record ON record.number = affected.record
             WHERE ecosystem = ?1 AND name = ?2 ORDER BY id",
        )?;
        let mut rows = statement.query(params![registry.word(), name])?;
        while let Some(row) = rows.next()? {
            let json = |column: usize| -> Result<String, rusqlite::Error> { row.get(column) };
            let damaged = |error: serde_json::Error| AdvisoriesError::Damaged {
                why: format!("a record of a package is not as it was written: {error}"),
            };
            let severity: Option<String> = row.get(2)?;
            each(Stored {
                id: row.get(0)?,
                malware: row.get(1)?,
                severity: severity.as_deref().and_then(Severity::from_word),
                summary: row.get(3)?,
                aliases: serde_json::from_str(&json(4)?).map_err(damaged)?,
                versions: serde_json::from_str(&json(5)?).map_err(damaged)?,
            });
        }
        Ok(())
    }
}

/// Opens the file, which exists.
pub(crate) fn connect(path: &Path) -> Result<Connection, AdvisoriesError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Who checks meanwhile reads what was there before; a killed import leaves it so.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// The file's format; 0 while nothing was written.
pub(crate) fn format(connection: &Connection) -> Result<i64, AdvisoriesError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > FORMAT {
        return Err(AdvisoriesError::NewerFormat { found, known: FORMAT });
    }
    Ok(found)
}
