//! What feeds say, and about what of this home it is.

use crate::error::StateError;
use crate::feeds::{Applied, FeedPolicy, FeedRow};
use crate::incidents;
use crate::open::StateStore;
use crate::plugins::{TENANT, found};
use crate::rows::{json, number, parsed, to_json};
use crate::state::{self, State};
use ringfence_types::{Digest, PluginName};
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;
use std::collections::BTreeSet;

/// One fact of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactRow {
    /// Its name in the feed; a stranger's text.
    pub id: String,
    /// When it was found; a stranger's text.
    pub dated: String,
    /// Why; a stranger's text.
    pub reason: String,
    /// `package`, `key`, `publisher` or `registry`.
    pub kind: String,
    /// A digest, a key's name, a publisher, or `REGISTRY:NAME`; a stranger's text.
    pub subject: String,
    /// Which versions; all of them when none is named.
    pub versions: Vec<String>,
    /// Whether it was taken back.
    pub revoked: bool,
    /// Whether the operator does not follow it.
    pub ignored: bool,
}

/// What is known of something that is to be run or installed.
#[derive(Clone, Debug, Default)]
pub struct About<'a> {
    /// By what it is or would be installed.
    pub package: Option<&'a Digest>,
    /// By which keys it is signed.
    pub keys: &'a [String],
    /// The publisher whom the operator trusts for it.
    pub publisher: Option<&'a str>,
}

/// A fact that is about something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactHit {
    /// Of which feed.
    pub feed: String,
    /// Which.
    pub fact: String,
    /// Why; a stranger's text.
    pub reason: String,
    /// What is done about it.
    pub policy: FeedPolicy,
}

impl FactHit {
    /// Who says it, for a row of an incident.
    #[must_use]
    pub fn by(&self) -> String {
        format!("feed {}", self.feed)
    }

    /// What it says, for a row of an incident; a stranger's text.
    #[must_use]
    pub fn said(&self) -> String {
        format!("{}: {}", self.fact, self.reason)
    }
}

const IGNORED: &str = "EXISTS (SELECT 1 FROM fact_ignored WHERE fact_ignored.feed = fact.feed \
     AND fact_ignored.fact = fact.id AND fact_ignored.package IN ('', ?1))";

impl StateStore {
    /// Everything that a feed said last, by its names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn facts(&self, feed: &str) -> Result<Vec<FactRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT id, dated, reason, kind, subject, versions, revoked, {IGNORED} AS ignored \
             FROM fact WHERE feed = ?2 ORDER BY id"
        ))?;
        let mut rows = statement.query(params!["", feed])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(FactRow {
                id: row.get("id")?,
                dated: row.get("dated")?,
                reason: row.get("reason")?,
                kind: row.get("kind")?,
                subject: row.get("subject")?,
                versions: json(&row.get::<_, String>("versions")?, "fact")?,
                revoked: row.get("revoked")?,
                ignored: row.get("ignored")?,
            });
        }
        Ok(found)
    }

    /// Whether any feed says anything that holds.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn any_facts(&self) -> Result<bool, StateError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM fact WHERE revoked = 0)";
        Ok(self.connection().prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// The facts that are about this, those first that put into quarantine.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn facts_about(&self, about: &About<'_>) -> Result<Vec<FactHit>, StateError> {
        facts_about(&self.connection(), about, None)
    }
}

fn hit(row: &Row<'_>) -> Result<FactHit, StateError> {
    Ok(FactHit {
        feed: row.get("feed")?,
        fact: row.get("id")?,
        reason: row.get("reason")?,
        policy: parsed(&row.get::<_, String>("policy")?, "feed")?,
    })
}

pub(crate) fn facts_about(
    connection: &Connection,
    about: &About<'_>,
    only: Option<&str>,
) -> Result<Vec<FactHit>, StateError> {
    let package = about.package.map(Digest::to_string).unwrap_or_default();
    let mut hits = Vec::new();
    let select = format!(
        "SELECT feed, fact.id AS id, fact.reason AS reason, policy, versions FROM fact \
         JOIN feed ON feed.name = fact.feed WHERE revoked = 0 AND NOT {IGNORED}"
    );
    let named = [
        about.package.map(|_| ("package", package.as_str())),
        about.publisher.map(|publisher| ("publisher", publisher)),
    ];
    let keys = about.keys.iter().map(|key| ("key", key.as_str()));
    for (kind, subject) in named.into_iter().flatten().chain(keys) {
        let sql = format!("{select} AND kind = ?2 AND subject = ?3");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![package, kind, subject])?;
        while let Some(row) = rows.next()? {
            hits.push(hit(row)?);
        }
    }
    if about.package.is_some() {
        // By name: whatever part of it the fact is about.
        let sql = "SELECT feed, fact.id AS id, fact.reason AS reason, policy, versions, \
                 part.version AS version FROM part \
             JOIN fact ON fact.kind = 'registry' \
                 AND fact.subject = lower(part.registry) || ':' || part.name \
             JOIN feed ON feed.name = fact.feed \
             WHERE part.package = ?1 AND revoked = 0";
        let mut statement = connection.prepare_cached(&format!("{sql} AND NOT {IGNORED}"))?;
        let mut rows = statement.query(params![package])?;
        while let Some(row) = rows.next()? {
            let versions: Vec<String> = json(&row.get::<_, String>("versions")?, "fact")?;
            let version: String = row.get("version")?;
            if versions.is_empty() || versions.contains(&version) {
                hits.push(hit(row)?);
            }
        }
    }
    hits.retain(|hit| only.is_none_or(|only| hit.feed == only));
    hits.sort_by_key(|hit| hit.policy == FeedPolicy::Warn);
    Ok(hits)
}

/// Takes the facts of a feed in the place of those that it had.
pub(crate) fn replace(
    transaction: &Transaction<'_>,
    feed: &str,
    said: &[FactRow],
) -> Result<(), StateError> {
    transaction.prepare_cached("DELETE FROM fact WHERE feed = ?1")?.execute(params![feed])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO fact (feed, id, dated, reason, kind, subject, versions, revoked) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for fact in said {
        statement.execute(params![
            feed,
            fact.id,
            fact.dated,
            fact.reason,
            fact.kind,
            fact.subject,
            to_json(&fact.versions, "fact")?,
            fact.revoked
        ])?;
    }
    Ok(())
}

/// Does what follows for what is installed: opens incidents and closes those whose fact was
/// taken back, and no others.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    feed: &FeedRow,
    at_ms: u64,
) -> Result<Applied, StateError> {
    let by = format!("feed {}", feed.name);
    let mut applied = Applied::default();
    let revoked: Vec<String> = {
        let mut statement =
            transaction.prepare_cached("SELECT id FROM fact WHERE feed = ?1 AND revoked = 1")?;
        let rows = statement.query_map(params![feed.name], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for fact in revoked {
        let out = let_out(transaction, &feed.name, Some(&fact), (&by, at_ms))?;
        applied.released.extend(out);
    }
    let names: Vec<String> = {
        let mut statement = transaction.prepare_cached(
            "SELECT name FROM plugin JOIN instance ON instance.plugin = plugin.id \
             WHERE removed_ms IS NULL AND tenant = ?1 ORDER BY name",
        )?;
        let rows = statement.query_map(params![TENANT], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for name in names {
        let name: PluginName = parsed(&name, "name")?;
        let Some(plugin) = found(transaction, &name)? else { continue };
        let package = &plugin.current.package;
        let (keys, publisher) = signed(transaction, package)?;
        let about = About { package: Some(package), keys: &keys, publisher: publisher.as_deref() };
        for hit in facts_about(transaction, &about, Some(&feed.name))? {
            let told = (name.to_string(), hit.fact.clone());
            if hit.policy == FeedPolicy::Warn {
                applied.warned.push(told);
                continue;
            }
            if incidents::open_by_fact(transaction, &name, package, (&hit.feed, &hit.fact))? {
                continue;
            }
            incidents::open(transaction, &name, package, &hit.said(), (&by, at_ms))?;
            incidents::mark(transaction, (&hit.feed, &hit.fact))?;
            let state = State::Quarantined;
            state::set(transaction, &plugin.instance, state, &hit.said(), (&by, at_ms))?;
            applied.quarantined.push(told);
        }
    }
    Ok(applied)
}

/// Who signed a package when it came last.
fn signed(
    connection: &Connection,
    package: &Digest,
) -> Result<(Vec<String>, Option<String>), StateError> {
    let mut statement = connection.prepare_cached(
        "SELECT keys, publisher FROM signature WHERE package = ?1 \
         ORDER BY verified_ms DESC, id DESC LIMIT 1",
    )?;
    let mut rows = statement.query(params![package.to_string()])?;
    match rows.next()? {
        Some(row) => {
            Ok((json(&row.get::<_, String>("keys")?, "signature")?, row.get("publisher")?))
        }
        None => Ok((Vec::new(), None)),
    }
}

/// Closes the incidents that a fact opened, or any of a feed; the plugins that nothing else
/// holds are then switched off.
pub(crate) fn let_out(
    transaction: &Transaction<'_>,
    feed: &str,
    fact: Option<&str>,
    (by, at_ms): (&str, u64),
) -> Result<Vec<String>, StateError> {
    let names: BTreeSet<String> = {
        let mut statement = transaction.prepare_cached(
            "UPDATE incident SET closed_by = ?3, closed_ms = ?4 WHERE closed_ms IS NULL \
             AND feed = ?1 AND (?2 IS NULL OR fact = ?2) \
             RETURNING (SELECT name FROM plugin WHERE id = incident.plugin)",
        )?;
        let rows = statement.query_map(params![feed, fact, by, number(at_ms)], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    let mut released = Vec::new();
    for name in names {
        let name: PluginName = parsed(&name, "name")?;
        let held = incidents::any_open(transaction, &name)?;
        if let Some(plugin) = found(transaction, &name)?
            && plugin.state == State::Quarantined
            && !held
        {
            let said = "let out of quarantine: what a feed said was taken back";
            state::set(transaction, &plugin.instance, State::Disabled, said, (by, at_ms))?;
            released.push(name.to_string());
        }
    }
    Ok(released)
}

/// Follows a fact no more: for these bytes, or at all when `package` is empty.
pub(crate) fn ignore(
    transaction: &Transaction<'_>,
    (feed, fact): (&str, &str),
    package: &str,
    (by, at_ms): (&str, u64),
) -> Result<(), StateError> {
    transaction
        .prepare_cached(
            "INSERT INTO fact_ignored (feed, fact, package, ignored_by, ignored_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![feed, fact, package, by, number(at_ms)])?;
    Ok(())
}
