//! Records into the file: all of a source or nothing of it.

use crate::bounded::cut;
use crate::ecosystem::Known;
use crate::error::AdvisoriesError;
use crate::folder::{read_file, walk};
use crate::record::{MAX_RECORD_BYTES, Malformed, Record};
use crate::store::{FILE, FORMAT, TABLES, connect, format};
use crate::zip::Zip;
use ringfence_private as private;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::path::Path;

/// Most malformed records that are named; the others are counted.
const MAX_NAMED: usize = 1_000;
/// After so many malformed ones, a source of which most are is not read to its end.
const EARLY: u64 = 10_000;
/// Most bytes of all records together: many times what OSV has of all registries.
const MAX_BYTES: u64 = 64 << 30;
/// Most bytes of the name under which a record was found.
const MAX_PLACE: usize = 200;

/// Where records come from.
pub enum Origin<'o> {
    /// A folder, a zip, a `.json` with one record, or a file with one on each line.
    Path(&'o Path),
    /// A stream with one record on each line.
    Lines(&'o mut dyn BufRead),
}

/// One in how many records has to be about a registry.
const COVERED: u64 = 20;

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// How many records were read, the malformed ones among them.
    pub read: u64,
    /// How many of them were not known before.
    pub new: u64,
    /// How many took the place of an older one.
    pub updated: u64,
    /// How many were there already, as new or newer.
    pub unchanged: u64,
    /// How many are about no registry that is understood here; they are not kept.
    pub foreign: u64,
    /// How many of all were taken back by who wrote them.
    pub withdrawn: u64,
    /// How many were malformed, and not taken.
    pub malformed: u64,
    /// The first of the malformed ones: where, and why. Strangers' texts.
    pub first_malformed: Vec<(String, String)>,
    /// Of which registries it counts as all that is known.
    pub covers: Vec<Known>,
    /// When the newest was changed, in seconds since 1970.
    pub newest: Option<i64>,
}

/// An import that is going on; dropped before [`Ready::commit`], it never was.
#[derive(Debug)]
pub struct Import {
    connection: Connection,
    now: i64,
    bytes: u64,
    imported: Imported,
    named: Vec<(String, Malformed)>,
    seen: BTreeMap<Known, Seen>,
}

/// What there is about one registry.
#[derive(Debug, Default)]
struct Seen {
    /// When the newest record was changed, in microseconds since 1970.
    newest: i64,
    records: u64,
    vulnerabilities: u64,
}

/// Of which registries a source is all that is known. What is only added to another source
/// says nothing about packages that it does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Of those that at least one in twenty of its records is about, if not all of these are
    /// malware: a set of records of one registry names packages of others too, and a list of
    /// malware says nothing about vulnerabilities.
    Most,
    /// Of these, if there is a record about them; of none where it is empty.
    These(Vec<Known>),
}

impl Import {
    /// Begins one. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When another one is going on, or the file cannot be opened.
    pub fn begin(home: &Path, now: i64) -> Result<Self, AdvisoriesError> {
        let folder = private::open_or_create(home)?;
        let path = home.join(FILE);
        private::open_or_create_file(&folder, FILE, &path)?;
        let connection = connect(&path)?;
        // Indexes of a whole registry are made in memory.
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        if format(&connection)? == 0 {
            connection.execute_batch(TABLES)?;
            connection.pragma_update(None, "user_version", FORMAT)?;
        }
        Ok(Self {
            connection,
            now,
            bytes: 0,
            imported: Imported::default(),
            named: Vec::new(),
            seen: BTreeMap::new(),
        })
    }

    /// Reads everything of a source. `progress` is told how many records were read, after
    /// each of them.
    ///
    /// # Errors
    /// When it cannot be read, or is not a set of records.
    pub fn read(
        &mut self,
        origin: Origin<'_>,
        mut progress: impl FnMut(u64),
    ) -> Result<(), AdvisoriesError> {
        let path = match origin {
            Origin::Lines(lines) => return self.lines(Path::new("-"), lines, &mut progress),
            Origin::Path(path) => path,
        };
        let unreadable = |source| AdvisoriesError::Read { path: path.to_owned(), source };
        let kind = std::fs::metadata(path).map_err(unreadable)?;
        if kind.is_dir() {
            return walk(path, is_json, |walked| {
                let bytes = match walked.is_file.then(|| read_file(&walked.path, MAX_RECORD_BYTES))
                {
                    None => Err(Malformed::NotAFile),
                    Some(Ok(Some(bytes))) => Ok(bytes),
                    Some(Ok(None)) => Err(Malformed::TooLarge),
                    // What cannot be read now may be half of the registry.
                    Some(Err(source)) => {
                        return Err(AdvisoriesError::Read { path: walked.path, source });
                    }
                };
                self.add(&walked.below, bytes, &mut progress)
            });
        }
        if !kind.is_file() {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder");
            return Err(unreadable(source));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let mut begin = [0; 4];
        let read = file.read(&mut begin).map_err(unreadable)?;
        let begin = begin.get(..read).unwrap_or_default();
        if begin == b"PK\x03\x04" || begin == b"PK\x05\x06" {
            let zip = Zip::open(path, file)?;
            return zip.each(path, |name, bytes| self.add(name, bytes, &mut progress));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_json(&name) {
            let bytes = read_file(path, MAX_RECORD_BYTES).map_err(unreadable)?;
            return self.add(&name, bytes.ok_or(Malformed::TooLarge), &mut progress);
        }
        let again = File::open(path).map_err(unreadable)?;
        self.lines(path, &mut io::BufReader::with_capacity(1 << 18, again), &mut progress)
    }

    fn lines(
        &mut self,
        path: &Path,
        lines: &mut dyn BufRead,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), AdvisoriesError> {
        let unreadable = |source| AdvisoriesError::Read { path: path.to_owned(), source };
        let most = u64::try_from(MAX_RECORD_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        for number in 1_u64.. {
            let mut line = Vec::new();
            let read = lines.take(most).read_until(b'\n', &mut line).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            let whole = line.len() <= MAX_RECORD_BYTES || line.ends_with(b"\n");
            if !whole {
                line.clear();
                let skipped = skip_line(lines).map_err(unreadable)?;
                self.bytes = self.bytes.saturating_add(skipped);
            }
            let bytes = line.trim_ascii();
            if !whole || !bytes.is_empty() {
                let record = if whole { Ok(bytes.to_vec()) } else { Err(Malformed::TooLarge) };
                self.add(&format!("line {number}"), record, progress)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        place: &str,
        bytes: Result<Vec<u8>, Malformed>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), AdvisoriesError> {
        self.imported.read += 1;
        let length = bytes.as_ref().map_or(MAX_RECORD_BYTES, Vec::len);
        self.bytes = self.bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        if self.bytes > MAX_BYTES {
            let path = Path::new(place).to_owned();
            return Err(AdvisoriesError::TooMany { path, most: MAX_BYTES, what: "bytes" });
        }
        let now = self.now.saturating_mul(1_000_000);
        match bytes.and_then(|bytes| Record::parse(&bytes, now)) {
            Ok(record) => self.take(&record)?,
            Err(malformed) => {
                self.imported.malformed += 1;
                if self.named.len() < MAX_NAMED {
                    self.named.push((cut(place, MAX_PLACE).to_owned(), malformed));
                }
                if self.imported.malformed >= EARLY {
                    self.refuse_malformed()?;
                }
            }
        }
        progress(self.imported.read);
        Ok(())
    }

    fn refuse_malformed(&mut self) -> Result<(), AdvisoriesError> {
        let Imported { malformed, read, .. } = self.imported;
        if malformed.saturating_mul(2) <= read {
            return Ok(());
        }
        let first = std::mem::take(&mut self.named);
        Err(AdvisoriesError::MostlyMalformed { malformed, read, first })
    }

    fn take(&mut self, record: &Record) -> Result<(), AdvisoriesError> {
        for (registry, ..) in &record.affected {
            let seen = self.seen.entry(*registry).or_default();
            seen.newest = seen.newest.max(record.modified);
            seen.records += 1;
            seen.vulnerabilities += u64::from(!record.malware);
        }
        self.imported.withdrawn += u64::from(record.withdrawn);
        let known = self
            .connection
            .prepare_cached("SELECT number, modified FROM record WHERE id = ?1")?
            .query_row([&record.id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        match known {
            Some((_, modified)) if modified >= record.modified => {
                self.imported.unchanged += 1;
                return Ok(());
            }
            Some((number, _)) => {
                self.imported.updated += 1;
                self.connection
                    .prepare_cached("DELETE FROM affected WHERE record = ?1")?
                    .execute([number])?;
            }
            None if record.affected.is_empty() && !record.withdrawn => {
                self.imported.foreign += 1;
                return Ok(());
            }
            None => self.imported.new += 1,
        }
        let aliases = serde_json::to_string(&record.aliases).unwrap_or_default();
        let number: i64 = self
            .connection
            .prepare_cached(
                "INSERT INTO record (id, modified, withdrawn, malware, severity, summary, aliases)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET modified = excluded.modified,
                     withdrawn = excluded.withdrawn, malware = excluded.malware,
                     severity = excluded.severity, summary = excluded.summary,
                     aliases = excluded.aliases
                 RETURNING number",
            )?
            .query_row(
                params![
                    record.id,
                    record.modified,
                    record.withdrawn,
                    record.malware,
                    record.severity.map(crate::severity::Severity::word),
                    record.summary,
                    aliases,
                ],
                |row| row.get(0),
            )?;
        if record.withdrawn {
            return Ok(());
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO affected (ecosystem, name, record, versions) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (registry, name, versions) in &record.affected {
            let versions = serde_json::to_string(versions).unwrap_or_default();
            insert.execute(params![registry.word(), name, number, versions])?;
        }
        Ok(())
    }

    /// Ends the reading: what came of it, still to be committed. `name` is told as the
    /// source.
    ///
    /// # Errors
    /// When there was no record, or most were malformed.
    pub fn finish(mut self, name: &str, covers: &Covers) -> Result<Ready, AdvisoriesError> {
        if self.imported.read == 0 {
            return Err(AdvisoriesError::Empty);
        }
        self.refuse_malformed()?;
        let newest = self.seen.values().map(|seen| seen.newest).max();
        let all: u64 = self.seen.values().map(|seen| seen.records).sum();
        for (registry, seen) in &self.seen {
            let is_covered = match covers {
                Covers::Most => {
                    seen.vulnerabilities > 0 && seen.records.saturating_mul(COVERED) >= all
                }
                Covers::These(these) => these.contains(registry),
            };
            if !is_covered {
                continue;
            }
            self.imported.covers.push(*registry);
            self.connection.execute(
                "INSERT INTO data (ecosystem, newest, imported) VALUES (?1, ?2, ?3)
                 ON CONFLICT (ecosystem) DO UPDATE SET
                     newest = max(newest, excluded.newest), imported = excluded.imported",
                params![registry.word(), seen.newest, self.now],
            )?;
        }
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.connection.execute(
            "INSERT INTO source (name, imported, records, malformed, newest, covers)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                name,
                self.now,
                number(self.imported.read),
                number(self.imported.malformed),
                newest.unwrap_or_default(),
                self.imported.covers.iter().map(|known| known.word()).collect::<Vec<_>>().join(" "),
            ],
        )?;
        self.imported.newest = newest.map(|newest| newest / 1_000_000);
        let named = self.named.into_iter();
        self.imported.first_malformed =
            named.map(|(place, malformed)| (place, malformed.to_string())).collect();
        Ok(Ready { connection: self.connection, imported: self.imported })
    }
}

/// An import that was read whole and is not visible yet; dropped, it never was.
#[derive(Debug)]
pub struct Ready {
    connection: Connection,
    imported: Imported,
}

impl Ready {
    /// What came of it.
    #[must_use]
    pub const fn imported(&self) -> &Imported {
        &self.imported
    }

    /// Makes it visible, all at once.
    ///
    /// # Errors
    /// When the disk refuses; it then never was.
    pub fn commit(self) -> Result<Imported, AdvisoriesError> {
        self.connection.execute_batch("COMMIT")?;
        Ok(self.imported)
    }
}

fn is_json(name: &str) -> bool {
    name.ends_with(".json")
}

/// Reads to the end of a line that is too long, and keeps nothing: how many bytes.
fn skip_line(lines: &mut dyn BufRead) -> io::Result<u64> {
    let mut skipped = 0_u64;
    loop {
        let buffer = lines.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |at| at + 1);
        lines.consume(length);
        skipped = skipped.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        if end.is_some() || length == 0 || skipped > MAX_BYTES {
            return Ok(skipped);
        }
    }
}
