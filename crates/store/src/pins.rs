//! What servers say of their tools, as it was agreed to, and what is held because it is
//! something else.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::{count, count_if, number};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::Serialize;

/// Most definitions of one server that are kept as held; what comes beyond is held all the
/// same, and only counted.
const MAX_HELD: i64 = 1024;
/// Most bytes of them.
const MAX_HELD_BYTES: i64 = 8 * 1024 * 1024;

/// What is pinned: its kind and name; untrusted.
pub type PinKey = (String, String);

/// A definition that is to be pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin {
    /// Its kind and name.
    pub key: PinKey,
    /// All of it.
    pub text: String,
}

/// A definition that is agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pinned {
    /// All of it; untrusted.
    pub text: String,
    /// Who agreed, or `first start`.
    pub by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// A definition that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldRow {
    /// All of it; nothing of what cannot be read in one way only. Untrusted.
    pub text: Option<String>,
    /// Why.
    pub why: String,
    /// When it was seen last, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// What is known of one definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PinRow {
    /// What kind of thing.
    pub kind: String,
    /// What it is called; untrusted.
    pub name: String,
    /// As it is agreed to; nothing when it is new.
    pub pinned: Option<Pinned>,
    /// As it was seen last, when that is something else.
    pub held: Option<HeldRow>,
}

/// Whose definitions are pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectRow {
    /// The instance, or what stands for a program that is not installed.
    pub id: String,
    /// What was run; untrusted.
    pub label: String,
    /// When it was first seen, in milliseconds since 1970-01-01 UTC.
    pub first_ms: u64,
    /// How many definitions are pinned.
    pub pinned: u64,
    /// How many are held.
    pub held: u64,
}

impl PinRow {
    fn read(row: &Row<'_>) -> Result<Self, StateError> {
        let at_ms = count_if(row, "pinned_ms")?;
        let pinned: Option<String> = row.get("pinned")?;
        let by: Option<String> = row.get("pinned_by")?;
        let pinned = pinned.zip(by).zip(at_ms);
        let why: Option<String> = row.get("held_why")?;
        let text = row.get("held")?;
        Ok(Self {
            kind: row.get("kind")?,
            name: row.get("name")?,
            pinned: pinned.map(|((text, by), at_ms)| Pinned { text, by, at_ms }),
            held: match (why, count_if(row, "held_ms")?) {
                (Some(why), Some(at_ms)) => Some(HeldRow { text, why, at_ms }),
                _ => None,
            },
        })
    }
}

impl StateStore {
    /// Everything that is known of a subject's definitions, by kind and name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pins(&self, subject: &str) -> Result<Vec<PinRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT kind, name, pinned, pinned_by, pinned_ms, held, held_why, held_ms FROM pin \
             WHERE subject = ?1 ORDER BY kind, name",
        )?;
        let mut rows = statement.query(params![subject])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(PinRow::read(row)?);
        }
        Ok(found)
    }

    /// The kinds of which the first list was complete.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pins_settled(&self, subject: &str) -> Result<Vec<String>, StateError> {
        let connection = self.connection();
        let mut statement =
            connection.prepare_cached("SELECT kind FROM pin_settled WHERE subject = ?1")?;
        let rows = statement.query_map(params![subject], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Everybody whose definitions are pinned, by what was run.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pin_subjects(&self) -> Result<Vec<SubjectRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, label, first_ms, \
                 (SELECT count(*) FROM pin WHERE subject = id AND pinned IS NOT NULL) AS pinned, \
                 (SELECT count(*) FROM pin WHERE subject = id AND held_why IS NOT NULL) AS held \
             FROM pin_subject ORDER BY label, id",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(SubjectRow {
                id: row.get("id")?,
                label: row.get("label")?,
                first_ms: count(row, "first_ms")?,
                pinned: count(row, "pinned")?,
                held: count(row, "held")?,
            });
        }
        Ok(found)
    }

    /// Pins what a subject said at its first start, and the kinds of which that was all.
    ///
    /// # Errors
    /// When another run of it pinned something else meanwhile. Then nothing is changed.
    pub fn pin(
        &self,
        (subject, label): (&str, &str),
        new: &[NewPin],
        settled: &[String],
        (by, at_ms): (&str, u64),
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            know(transaction, (subject, label), at_ms)?;
            for one in new {
                let known = text(transaction, subject, &one.key)?;
                let is_settled: bool = transaction
                    .prepare_cached(
                        "SELECT EXISTS (SELECT 1 FROM pin_settled WHERE subject = ?1 AND kind = ?2)",
                    )?
                    .query_row(params![subject, one.key.0], |row| row.get(0))?;
                match known {
                    Some(Some(known)) if known == one.text => continue,
                    None if !is_settled => {}
                    _ => return Err(StateError::Changed { name: label.to_owned() }),
                }
                transaction
                    .prepare_cached(
                        "INSERT INTO pin (subject, kind, name, pinned, pinned_by, pinned_ms) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![
                        subject,
                        one.key.0,
                        one.key.1,
                        one.text,
                        by,
                        number(at_ms)
                    ])?;
            }
            for kind in settled {
                transaction
                    .prepare_cached(
                        "INSERT INTO pin_settled (subject, kind) VALUES (?1, ?2) \
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![subject, kind])?;
            }
            Ok(())
        })
    }

    /// Writes down what is held: its definition, where it can be read, and why. What was
    /// agreed to stays. Beyond 1024 of one subject, or 8 MiB, nothing more is kept: it is
    /// held all the same, and cannot be agreed to.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn hold(
        &self,
        (subject, label): (&str, &str),
        held: &[(PinKey, HeldRow)],
        at_ms: u64,
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            know(transaction, (subject, label), at_ms)?;
            held.iter().try_for_each(|(key, row)| hold_one(transaction, subject, key, row))
        })
    }

    /// What was held is again as it was agreed to.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn let_go(&self, subject: &str, key: &PinKey) -> Result<(), StateError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE pin SET held = NULL, held_why = NULL, held_ms = NULL \
                     WHERE subject = ?1 AND kind = ?2 AND name = ?3 AND pinned IS NOT NULL",
                )?
                .execute(params![subject, key.0, key.1])?;
            Ok(())
        })
    }

    /// Pins what is held, if it is still what was shown. All of it or nothing.
    ///
    /// # Errors
    /// When one of them is held no more, or as something else.
    pub fn agree(
        &self,
        subject: &str,
        shown: &[NewPin],
        (by, at_ms): (&str, u64),
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            for one in shown {
                let changed = transaction
                    .prepare_cached(
                        "UPDATE pin SET pinned = held, pinned_by = ?5, pinned_ms = ?6, \
                             held = NULL, held_why = NULL, held_ms = NULL \
                         WHERE subject = ?1 AND kind = ?2 AND name = ?3 AND held = ?4",
                    )?
                    .execute(params![subject, one.key.0, one.key.1, one.text, by, number(at_ms)])?;
                if changed != 1 {
                    return Err(StateError::Changed { name: one.key.1.clone() });
                }
            }
            Ok(())
        })
    }

    /// Forgets all that is pinned and held of a subject: its next start is a first one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget_pins(&self, subject: &str) -> Result<(), StateError> {
        self.write(|transaction| forget(transaction, subject))
    }
}

fn hold_one(
    connection: &Connection,
    subject: &str,
    key: &PinKey,
    held: &HeldRow,
) -> Result<(), StateError> {
    let (others, bytes): (i64, i64) = connection
        .prepare_cached(
            "SELECT count(*), coalesce(sum(length(held)), 0) FROM pin \
             WHERE subject = ?1 AND held_why IS NOT NULL AND NOT (kind = ?2 AND name = ?3)",
        )?
        .query_row(params![subject, key.0, key.1], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let is_pinned = matches!(text(connection, subject, key)?, Some(Some(_)));
    if others >= MAX_HELD && !is_pinned {
        return Ok(());
    }
    let length = held.text.as_ref().map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX));
    let kept = held.text.as_ref().filter(|_| bytes.saturating_add(length) <= MAX_HELD_BYTES);
    connection
        .prepare_cached(
            "INSERT INTO pin (subject, kind, name, held, held_why, held_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (subject, kind, name) DO UPDATE \
             SET held = excluded.held, held_why = excluded.held_why, held_ms = excluded.held_ms",
        )?
        .execute(params![subject, key.0, key.1, kept, held.why, number(held.at_ms)])?;
    Ok(())
}

pub(crate) fn forget(transaction: &Transaction<'_>, subject: &str) -> Result<(), StateError> {
    transaction
        .prepare_cached("DELETE FROM pin_subject WHERE id = ?1")?
        .execute(params![subject])?;
    Ok(())
}

fn know(
    connection: &Connection,
    (subject, label): (&str, &str),
    at_ms: u64,
) -> Result<(), StateError> {
    connection
        .prepare_cached(
            "INSERT INTO pin_subject (id, label, first_ms) VALUES (?1, ?2, ?3) \
             ON CONFLICT (id) DO UPDATE SET label = excluded.label",
        )?
        .execute(params![subject, label, number(at_ms)])?;
    Ok(())
}

/// What is pinned under this name: nothing when it is not known, `None` in it when it is
/// only held.
fn text(
    connection: &Connection,
    subject: &str,
    (kind, name): &PinKey,
) -> Result<Option<Option<String>>, StateError> {
    Ok(connection
        .prepare_cached("SELECT pinned FROM pin WHERE subject = ?1 AND kind = ?2 AND name = ?3")?
        .query_row(params![subject, kind, name], |row| row.get(0))
        .optional()?)
}
