//! Whose word on what is recalled counts, and what was last accepted of each.

use crate::error::StateError;
use crate::facts::{self, FactRow};
use crate::open::StateStore;
use crate::rows::{count, count_if, json, number, parsed, to_json};
use ringfence_types::Digest;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use std::str::FromStr;

/// Most feeds of one home.
const MOST: i64 = 16;

/// What is done about a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedPolicy {
    /// What it is about is put into quarantine, and does not start.
    Quarantine,
    /// It is told and written down.
    Warn,
}

impl FeedPolicy {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Warn => "warn",
        }
    }
}

impl FromStr for FeedPolicy {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Quarantine, Self::Warn].into_iter().find(|one| one.word() == word).ok_or(())
    }
}

/// What was last accepted of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedRow {
    /// What its signers call it.
    pub feed: String,
    /// Its number.
    pub sequence: u64,
    /// The SHA-256 of the bytes that were signed.
    pub digest: Digest,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub issued_s: u64,
    /// Until when it is the newest for certain, in seconds since 1970-01-01 UTC.
    pub expires_s: u64,
    /// When it was accepted, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// A feed that the operator follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedRow {
    /// What the operator calls it.
    pub name: String,
    /// Where it comes from: a path or an address.
    pub source: String,
    /// The keys that count, as SubjectPublicKeyInfo in DER.
    #[serde(skip)]
    pub signers: Vec<Vec<u8>>,
    /// How many of them have to sign.
    pub threshold: usize,
    /// What is done about its facts.
    pub policy: FeedPolicy,
    /// What was last accepted; nothing yet.
    pub accepted: Option<AcceptedRow>,
    /// Why the last attempt failed; a stranger's words may be in it.
    pub failure: Option<String>,
    /// When it did, in milliseconds since 1970-01-01 UTC.
    pub failed_ms: Option<u64>,
}

const COLUMNS: &str = "name, source, signers, threshold, policy, accepted, sequence, digest, \
     issued_s, expires_s, accepted_ms, failure, failed_ms";

impl FeedRow {
    fn read(row: &Row<'_>) -> Result<Self, StateError> {
        let accepted = match row.get::<_, Option<String>>("accepted")? {
            None => None,
            Some(feed) => Some(AcceptedRow {
                feed,
                sequence: count(row, "sequence")?,
                digest: parsed(&row.get::<_, String>("digest")?, "digest")?,
                issued_s: count(row, "issued_s")?,
                expires_s: count(row, "expires_s")?,
                at_ms: count(row, "accepted_ms")?,
            }),
        };
        Ok(Self {
            name: row.get("name")?,
            source: row.get("source")?,
            signers: json(&row.get::<_, String>("signers")?, "feed")?,
            threshold: usize::try_from(count(row, "threshold")?)
                .map_err(|_| StateError::Row { what: "feed" })?,
            policy: parsed(&row.get::<_, String>("policy")?, "feed")?,
            accepted,
            failure: row.get("failure")?,
            failed_ms: count_if(row, "failed_ms")?,
        })
    }
}

/// What an accepted feed changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Plugins that are in quarantine by it now, with the fact.
    pub quarantined: Vec<(String, String)>,
    /// Plugins that it is about and that run on, with the fact.
    pub warned: Vec<(String, String)>,
    /// Plugins that are let out, switched off, because their fact was taken back.
    pub released: Vec<String>,
}

pub(crate) fn found(connection: &Connection, name: &str) -> Result<FeedRow, StateError> {
    let sql = format!("SELECT {COLUMNS} FROM feed WHERE name = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![name])?;
    match rows.next()? {
        Some(row) => FeedRow::read(row),
        None => Err(StateError::NoFeed { name: name.to_owned() }),
    }
}

impl StateStore {
    /// Every feed, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn feeds(&self) -> Result<Vec<FeedRow>, StateError> {
        let connection = self.connection();
        let sql = format!("SELECT {COLUMNS} FROM feed ORDER BY name");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(FeedRow::read(row)?);
        }
        Ok(found)
    }

    /// The feed of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn feed(&self, name: &str) -> Result<FeedRow, StateError> {
        found(&self.connection(), name)
    }

    /// Follows a feed, of which nothing is accepted yet.
    ///
    /// # Errors
    /// When there is one of this name, or too many.
    pub fn add_feed(&self, feed: &FeedRow, (by, at_ms): (&str, u64)) -> Result<(), StateError> {
        self.write(|transaction| {
            let there: i64 =
                transaction.query_row("SELECT count(*) FROM feed", [], |row| row.get(0))?;
            let same: Option<i64> = transaction
                .query_row("SELECT 1 FROM feed WHERE name = ?1", params![feed.name], |row| {
                    row.get(0)
                })
                .optional()?;
            if same.is_some() || there >= MOST {
                return Err(StateError::FeedThere { name: feed.name.clone(), most: MOST });
            }
            transaction
                .prepare_cached(
                    "INSERT INTO feed (name, source, signers, threshold, policy, added_by, \
                         added_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    feed.name,
                    feed.source,
                    to_json(&feed.signers, "feed")?,
                    i64::try_from(feed.threshold).unwrap_or(i64::MAX),
                    feed.policy.word(),
                    by,
                    number(at_ms)
                ])?;
            Ok(())
        })
    }

    /// Writes down why the last attempt failed. What was accepted stands.
    ///
    /// # Errors
    /// When there is no such feed.
    pub fn feed_failed(&self, name: &str, why: &str, at_ms: u64) -> Result<(), StateError> {
        self.write(|transaction| {
            found(transaction, name)?;
            transaction
                .prepare_cached("UPDATE feed SET failure = ?2, failed_ms = ?3 WHERE name = ?1")?
                .execute(params![name, why, number(at_ms)])?;
            Ok(())
        })
    }

    /// Takes in what a feed says now, in the place of what it said before, and does what
    /// follows for what is installed. `before` is what was accepted when it was looked at.
    ///
    /// # Errors
    /// When another process was faster. Then nothing is changed.
    pub fn accept_feed(
        &self,
        name: &str,
        before: Option<&AcceptedRow>,
        accepted: &AcceptedRow,
        said: &[FactRow],
    ) -> Result<Applied, StateError> {
        self.write(|transaction| {
            let feed = found(transaction, name)?;
            if feed.accepted.as_ref() != before {
                return Err(StateError::Changed { name: name.to_owned() });
            }
            transaction
                .prepare_cached(
                    "UPDATE feed SET accepted = ?2, sequence = ?3, digest = ?4, issued_s = ?5, \
                         expires_s = ?6, accepted_ms = ?7, failure = NULL, failed_ms = NULL \
                     WHERE name = ?1",
                )?
                .execute(params![
                    name,
                    accepted.feed,
                    number(accepted.sequence),
                    accepted.digest.to_string(),
                    number(accepted.issued_s),
                    number(accepted.expires_s),
                    number(accepted.at_ms)
                ])?;
            facts::replace(transaction, name, said)?;
            facts::apply(transaction, &feed, accepted.at_ms)
        })
    }

    /// Follows a feed no more. Its facts go, and what they put into quarantine is let out,
    /// switched off; gives the plugins that were.
    ///
    /// # Errors
    /// When there is no such feed.
    pub fn remove_feed(&self, name: &str, stamp: (&str, u64)) -> Result<Vec<String>, StateError> {
        self.write(|transaction| {
            found(transaction, name)?;
            let released = facts::let_out(transaction, name, None, stamp)?;
            transaction
                .prepare_cached("DELETE FROM feed WHERE name = ?1")?
                .execute(params![name])?;
            Ok(released)
        })
    }

    /// Follows one fact no more, or again; what it put into quarantine is let out, switched
    /// off. Gives the plugins that were.
    ///
    /// # Errors
    /// When there is no such feed.
    pub fn ignore_fact(
        &self,
        name: &str,
        fact: &str,
        (by, at_ms): (&str, u64),
    ) -> Result<Vec<String>, StateError> {
        self.write(|transaction| {
            found(transaction, name)?;
            facts::ignore(transaction, (name, fact), "", (by, at_ms))?;
            facts::let_out(transaction, name, Some(fact), (by, at_ms))
        })
    }

    /// Follows a fact again that was ignored. Gives whether it was.
    ///
    /// # Errors
    /// When there is no such feed.
    pub fn follow_fact(&self, name: &str, fact: &str) -> Result<bool, StateError> {
        self.write(|transaction| {
            found(transaction, name)?;
            let gone = transaction
                .prepare_cached("DELETE FROM fact_ignored WHERE feed = ?1 AND fact = ?2")?
                .execute(params![name, fact])?;
            Ok(gone > 0)
        })
    }
}
