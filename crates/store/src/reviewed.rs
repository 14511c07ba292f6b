//! What was found out about a package before it was installed.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::{count, json, number, to_json};
use ringfence_types::Digest;
use rusqlite::{Connection, params};
use serde::Serialize;

/// What a scan said of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScanRow {
    /// 0 to 100; 100 means that nothing is held against it.
    pub score: u8,
    /// What the policy made of it: `clean`, `warning` or `blocked`.
    pub outcome: String,
    /// Codes of what was found, worst first.
    pub codes: Vec<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// Who vouched for a package when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureRow {
    /// How far: `trusted`, `unknown` or `absent`.
    pub level: String,
    /// The publisher's name, where the operator trusts one; untrusted text.
    pub publisher: Option<String>,
    /// By which keys or identities, sorted; untrusted text.
    pub keys: Vec<String>,
    /// When that was looked at, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

impl StateStore {
    /// What scans said of a package, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn scans(&self, package: &Digest) -> Result<Vec<ScanRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT score, outcome, codes, looked_ms FROM scan WHERE package = ?1 \
             ORDER BY looked_ms DESC, id DESC",
        )?;
        let mut rows = statement.query(params![package.to_string()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(ScanRow {
                score: row.get("score")?,
                outcome: row.get("outcome")?,
                codes: json(&row.get::<_, String>("codes")?, "scan")?,
                at_ms: count(row, "looked_ms")?,
            });
        }
        Ok(found)
    }

    /// Who vouched for a package each time that it came, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn signatures(&self, package: &Digest) -> Result<Vec<SignatureRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT level, publisher, keys, verified_ms FROM signature WHERE package = ?1 \
             ORDER BY verified_ms DESC, id DESC",
        )?;
        let mut rows = statement.query(params![package.to_string()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(SignatureRow {
                level: row.get("level")?,
                publisher: row.get("publisher")?,
                keys: json(&row.get::<_, String>("keys")?, "signature")?,
                at_ms: count(row, "verified_ms")?,
            });
        }
        Ok(found)
    }
}

pub(crate) fn put_scan(
    connection: &Connection,
    package: &Digest,
    scan: &ScanRow,
) -> Result<(), StateError> {
    connection
        .prepare_cached(
            "INSERT INTO scan (package, score, outcome, codes, looked_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            package.to_string(),
            scan.score,
            scan.outcome,
            to_json(&scan.codes, "scan")?,
            number(scan.at_ms)
        ])?;
    Ok(())
}

pub(crate) fn put_signature(
    connection: &Connection,
    package: &Digest,
    signature: &SignatureRow,
) -> Result<(), StateError> {
    connection
        .prepare_cached(
            "INSERT INTO signature (package, level, publisher, keys, verified_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            package.to_string(),
            signature.level,
            signature.publisher,
            to_json(&signature.keys, "signature")?,
            number(signature.at_ms)
        ])?;
    Ok(())
}
