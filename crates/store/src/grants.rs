//! What a person said yes to, with who, when, until when, and its end.

use crate::error::StateError;
use crate::install::Installation;
use crate::open::StateStore;
use crate::plugins::{found, live};
use crate::rows::{count, count_if, json, number, parsed, to_json};
use ringfence_types::{Capability, Digest, InstanceId, PluginName};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

/// A yes that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// To what.
    pub capability: Capability,
    /// Who said it.
    pub by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Until when, in milliseconds since 1970-01-01 UTC; `None` for no end.
    pub expires_ms: Option<u64>,
}

/// A yes, as it was written, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrantRow {
    /// To what.
    pub capability: Capability,
    /// The package that the person looked at.
    pub package: Digest,
    /// Who said it.
    pub by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Until when, in milliseconds since 1970-01-01 UTC; `None` for no end.
    pub expires_ms: Option<u64>,
    /// Who took it back.
    pub revoked_by: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub revoked_ms: Option<u64>,
}

/// How often somebody said yes to an installed plugin, and took it back: whoever decides by
/// what they read finds out whether it was changed meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantsSeen {
    given: i64,
    revoked: i64,
}

impl GrantRow {
    fn read(row: &Row<'_>) -> Result<Self, StateError> {
        Ok(Self {
            capability: parsed(&row.get::<_, String>("capability")?, "capability")?,
            package: parsed(&row.get::<_, String>("package")?, "digest")?,
            by: row.get("given_by")?,
            at_ms: count(row, "given_ms")?,
            expires_ms: count_if(row, "expires_ms")?,
            revoked_by: row.get("revoked_by")?,
            revoked_ms: count_if(row, "revoked_ms")?,
        })
    }
}

impl StateStore {
    /// Every yes that was ever given to a plugin as it is installed now, oldest first;
    /// those that were taken back too.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn grants(&self, name: &PluginName) -> Result<Vec<GrantRow>, StateError> {
        let connection = self.connection();
        let instance = live(&connection, name)?.instance;
        let mut statement = connection.prepare_cached(
            "SELECT capability, package, given_by, given_ms, expires_ms, revoked_by, revoked_ms \
             FROM permission WHERE instance = ?1 ORDER BY given_ms, id",
        )?;
        let mut rows = statement.query(params![instance.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(GrantRow::read(row)?);
        }
        Ok(found)
    }

    /// What tells whether grants of a plugin were changed since; that of none when it is not
    /// installed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn grants_seen(&self, name: &PluginName) -> Result<GrantsSeen, StateError> {
        let connection = self.connection();
        match found(&connection, name)? {
            Some(plugin) => seen(&connection, &plugin.instance),
            None => Ok(GrantsSeen::default()),
        }
    }

    /// What the person was asked for when this package was installed; nothing when they
    /// were never asked about it.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn asked(
        &self,
        name: &PluginName,
        package: &Digest,
    ) -> Result<Vec<Capability>, StateError> {
        let connection = self.connection();
        let instance = live(&connection, name)?.instance;
        let text: Option<String> = connection
            .prepare_cached("SELECT asked FROM consent WHERE instance = ?1 AND package = ?2")?
            .query_row(params![instance.as_str(), package.to_string()], |row| row.get(0))
            .optional()?;
        text.map_or_else(|| Ok(Vec::new()), |text| json(&text, "consent"))
    }

    /// Grants a capability to the version that is run now, and to no other.
    ///
    /// # Errors
    /// When it is not installed, or another version than `package` is run by now.
    pub fn grant(
        &self,
        name: &PluginName,
        package: &Digest,
        grant: &NewGrant,
    ) -> Result<(), StateError> {
        self.write(|transaction| {
            let plugin = live(transaction, name)?;
            if plugin.current.package != *package {
                return Err(StateError::Changed { name: name.to_string() });
            }
            put(transaction, &plugin.instance, package, grant)
        })
    }

    /// Takes back everything that lies within `capability`, from every version: going back
    /// to one does not bring it back. Gives what that was.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn revoke(
        &self,
        name: &PluginName,
        capability: &Capability,
        (by, at_ms): (&str, u64),
    ) -> Result<Vec<Capability>, StateError> {
        self.write(|transaction| {
            let instance = live(transaction, name)?.instance;
            let mut statement = transaction.prepare_cached(
                "SELECT id, capability FROM permission \
                 WHERE instance = ?1 AND revoked_ms IS NULL ORDER BY id",
            )?;
            let mut rows = statement.query(params![instance.as_str()])?;
            let mut taken: Vec<Capability> = Vec::new();
            while let Some(row) = rows.next()? {
                let held: Capability = parsed(&row.get::<_, String>(1)?, "capability")?;
                if !capability.covers(&held) {
                    continue;
                }
                let id: i64 = row.get(0)?;
                transaction
                    .prepare_cached(
                        "UPDATE permission SET revoked_by = ?2, revoked_ms = ?3 WHERE id = ?1",
                    )?
                    .execute(params![id, by, number(at_ms)])?;
                if !taken.contains(&held) {
                    taken.push(held);
                }
            }
            Ok(taken)
        })
    }
}

pub(crate) fn seen(
    connection: &Connection,
    instance: &InstanceId,
) -> Result<GrantsSeen, StateError> {
    Ok(connection
        .prepare_cached("SELECT count(*), count(revoked_ms) FROM permission WHERE instance = ?1")?
        .query_row(params![instance.as_str()], |row| {
            Ok(GrantsSeen { given: row.get(0)?, revoked: row.get(1)? })
        })?)
}

/// Ends what somebody said yes to when this package was installed before, and not this
/// time: what is granted is what the last card said.
pub(crate) fn end_others(
    connection: &Connection,
    instance: &InstanceId,
    new: &Installation<'_>,
) -> Result<(), StateError> {
    let again: Vec<String> = new.grants.iter().map(|one| one.capability.to_string()).collect();
    connection
        .prepare_cached(
            "UPDATE permission SET revoked_by = ?3, revoked_ms = ?4 \
             WHERE instance = ?1 AND package = ?2 AND revoked_ms IS NULL \
             AND capability NOT IN (SELECT value FROM json_each(?5))",
        )?
        .execute(params![
            instance.as_str(),
            new.package.to_string(),
            new.by,
            number(new.at_ms),
            to_json(&again, "consent")?
        ])?;
    Ok(())
}

/// Writes a yes. One to the same that ends at another time is ended, and stays as history.
pub(crate) fn put(
    connection: &Connection,
    instance: &InstanceId,
    package: &Digest,
    grant: &NewGrant,
) -> Result<(), StateError> {
    let (id, package) = (instance.as_str(), package.to_string());
    let capability = grant.capability.to_string();
    let expires = grant.expires_ms.map(number);
    connection
        .prepare_cached(
            "UPDATE permission SET revoked_by = ?4, revoked_ms = ?5 \
             WHERE instance = ?1 AND package = ?2 AND capability = ?3 \
             AND revoked_ms IS NULL AND expires_ms IS NOT ?6",
        )?
        .execute(params![id, package, capability, grant.by, number(grant.at_ms), expires])?;
    connection
        .prepare_cached(
            "INSERT INTO permission \
             (instance, package, capability, given_by, given_ms, expires_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute(params![id, package, capability, grant.by, number(grant.at_ms), expires])?;
    Ok(())
}
