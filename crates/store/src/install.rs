//! From one version to another, in one transaction.

use crate::error::StateError;
use crate::facts::{self, About};
use crate::feeds::FeedPolicy;
use crate::grants::{self, GrantsSeen, NewGrant};
use crate::incidents;
use crate::open::StateStore;
use crate::pins;
use crate::plugins::{self, PluginRow, TENANT, live};
use crate::reputation::{self, ReputationEvent};
use crate::reviewed::{self, ScanRow, SignatureRow};
use crate::rows::{number, to_json};
use crate::state::State;
use ringfence_types::{Capability, Digest, InstanceId, PluginName};
use rusqlite::{Transaction, params};

/// Everything that is written when a version is installed.
#[derive(Clone, Debug)]
pub struct Installation<'a> {
    /// Of which plugin.
    pub name: &'a PluginName,
    /// Who it will be, when it is not installed yet.
    pub fresh: &'a InstanceId,
    /// As its manifest writes it.
    pub version: Option<&'a str>,
    /// The package's digest.
    pub package: &'a Digest,
    /// Digest of its folder.
    pub content: &'a Digest,
    /// Where it came from.
    pub source: &'a str,
    /// What the person was asked for, whatever they said.
    pub asked: &'a [Capability],
    /// What they said yes to.
    pub grants: &'a [NewGrant],
    /// What a scan said.
    pub scan: Option<&'a ScanRow>,
    /// Who vouches for it.
    pub signature: &'a SignatureRow,
    /// The package that was installed when the person was asked.
    pub instead_of: Option<&'a Digest>,
    /// What was granted to it then, from which `grants` were carried over.
    pub seen: GrantsSeen,
    /// Who does it.
    pub by: &'a str,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// From what to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Of which instance.
    pub instance: InstanceId,
    /// The version before, if there was one.
    pub before: Option<Digest>,
}

impl StateStore {
    /// Makes a version the one that is run, with what was consented to for it.
    ///
    /// # Errors
    /// When its name is easily taken for another one, it or its package is in quarantine,
    /// or another process installed something else meanwhile. Then nothing is changed.
    pub fn install(&self, new: &Installation<'_>) -> Result<Switch, StateError> {
        self.write(|transaction| {
            refuse(transaction, new)?;
            let before = plugins::found(transaction, new.name)?;
            let known = before.as_ref().map(|before| &before.current.package);
            // What was taken back while the person read must not come back.
            let seen = match &before {
                Some(before) => grants::seen(transaction, &before.instance)?,
                None => GrantsSeen::default(),
            };
            if known != new.instead_of || seen != new.seen {
                return Err(StateError::Changed { name: new.name.to_string() });
            }
            let version = put_version(transaction, new)?;
            let instance = put_instance(transaction, new, before.as_ref(), version)?;
            transaction
                .prepare_cached(
                    "INSERT INTO consent (instance, package, asked, given_by, given_ms) \
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (instance, package) DO UPDATE \
                     SET asked = excluded.asked, given_by = excluded.given_by, \
                         given_ms = excluded.given_ms",
                )?
                .execute(params![
                    instance.as_str(),
                    new.package.to_string(),
                    to_json(&new.asked, "consent")?,
                    new.by,
                    number(new.at_ms)
                ])?;
            grants::end_others(transaction, &instance, new)?;
            for grant in new.grants {
                grants::put(transaction, &instance, new.package, grant)?;
            }
            if let Some(scan) = new.scan {
                reviewed::put_scan(transaction, new.package, scan)?;
            }
            reviewed::put_signature(transaction, new.package, new.signature)?;
            let event = match &before {
                Some(_) => ReputationEvent::Updated,
                None => ReputationEvent::Installed,
            };
            reputation::put(transaction, new.name, event, 1, new.at_ms)?;
            Ok(Switch { instance, before: before.map(|before| before.current.package) })
        })
    }

    /// Makes the version before the one that is run. Nothing of what was consented to for
    /// it comes back that was revoked since. Gives the plugin as it then is.
    ///
    /// # Errors
    /// When there is none, its files were let go, or something is in quarantine.
    pub fn roll_back(
        &self,
        name: &PluginName,
        (by, at_ms): (&str, u64),
    ) -> Result<PluginRow, StateError> {
        self.write(|transaction| {
            let plugin = live(transaction, name)?;
            plugin.refuse_quarantined()?;
            let earlier = plugin
                .previous
                .filter(|previous| previous.kept)
                .ok_or_else(|| StateError::NoEarlier { name: name.to_string() })?;
            refuse_package(transaction, name, &earlier.package)?;
            transaction
                .prepare_cached(
                    "UPDATE instance SET current = previous, previous = current, \
                     changed_by = ?2, changed_ms = ?3 WHERE id = ?1",
                )?
                .execute(params![plugin.instance.as_str(), by, number(at_ms)])?;
            live(transaction, name)
        })
    }

    /// Takes a plugin out, with all that it was granted. Its history stays, and an open
    /// incident too.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn remove(&self, name: &PluginName, (by, at_ms): (&str, u64)) -> Result<(), StateError> {
        self.write(|transaction| {
            let plugin = live(transaction, name)?;
            let id = plugin.instance.as_str();
            transaction
                .prepare_cached(
                    "UPDATE permission SET revoked_by = ?2, revoked_ms = ?3 \
                     WHERE instance = ?1 AND revoked_ms IS NULL",
                )?
                .execute(params![id, by, number(at_ms)])?;
            pins::forget(transaction, id)?;
            transaction
                .prepare_cached(
                    "UPDATE instance SET removed_ms = ?3, changed_by = ?2, changed_ms = ?3 \
                     WHERE id = ?1",
                )?
                .execute(params![id, by, number(at_ms)])?;
            transaction
                .prepare_cached(
                    "UPDATE version SET kept = 0 \
                     WHERE plugin = (SELECT id FROM plugin WHERE name = ?1)",
                )?
                .execute(params![name.as_str()])?;
            Ok(())
        })
    }
}

fn refuse(transaction: &Transaction<'_>, new: &Installation<'_>) -> Result<(), StateError> {
    if let Some(installed) = plugins::similar(transaction, new.name)? {
        return Err(StateError::Similar { name: new.name.to_string(), installed });
    }
    if let Some(plugin) = plugins::found(transaction, new.name)? {
        plugin.refuse_quarantined()?;
    }
    refuse_package(transaction, new.name, new.package)?;
    let about = About {
        package: Some(new.package),
        keys: &new.signature.keys,
        publisher: new.signature.publisher.as_deref(),
    };
    let hits = facts::facts_about(transaction, &about, None)?;
    match hits.into_iter().find(|hit| hit.policy == FeedPolicy::Quarantine) {
        Some(hit) => Err(StateError::Recalled {
            name: new.name.to_string(),
            feed: hit.feed,
            fact: hit.fact,
            reason: hit.reason,
        }),
        None => Ok(()),
    }
}

fn refuse_package(
    transaction: &Transaction<'_>,
    name: &PluginName,
    package: &Digest,
) -> Result<(), StateError> {
    match incidents::quarantined(transaction, package)? {
        Some(reason) => Err(StateError::State {
            name: name.to_string(),
            state: State::Quarantined.word(),
            reason,
        }),
        None => Ok(()),
    }
}

fn put_version(transaction: &Transaction<'_>, new: &Installation<'_>) -> Result<i64, StateError> {
    transaction
        .prepare_cached(
            "INSERT INTO plugin (name, likeness) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
        )?
        .execute(params![new.name.as_str(), crate::likeness(new.name)])?;
    Ok(transaction
        .prepare_cached(
            "INSERT INTO version (plugin, version, package, content, source, installed_ms, kept) \
             VALUES ((SELECT id FROM plugin WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, 1) \
             ON CONFLICT (plugin, package) DO UPDATE SET content = excluded.content, \
                 source = excluded.source, installed_ms = excluded.installed_ms, kept = 1 \
             RETURNING id",
        )?
        .query_row(
            params![
                new.name.as_str(),
                new.version,
                new.package.to_string(),
                new.content.to_string(),
                new.source,
                number(new.at_ms)
            ],
            |row| row.get(0),
        )?)
}

fn put_instance(
    transaction: &Transaction<'_>,
    new: &Installation<'_>,
    before: Option<&PluginRow>,
    version: i64,
) -> Result<InstanceId, StateError> {
    let Some(before) = before else {
        transaction
            .prepare_cached(
                "INSERT INTO instance \
                 (id, plugin, tenant, current, state, reason, changed_by, changed_ms) \
                 VALUES (?1, (SELECT id FROM plugin WHERE name = ?2), ?3, ?4, 'enabled', \
                         'installed', ?5, ?6)",
            )?
            .execute(params![
                new.fresh.as_str(),
                new.name.as_str(),
                TENANT,
                version,
                new.by,
                number(new.at_ms)
            ])?;
        return Ok(new.fresh.clone());
    };
    // The same package again changes nothing of where one can go back to.
    transaction
        .prepare_cached(
            "UPDATE instance SET previous = CASE WHEN current = ?2 THEN previous ELSE current END, \
             current = ?2, changed_by = ?3, changed_ms = ?4 WHERE id = ?1",
        )?
        .execute(params![before.instance.as_str(), version, new.by, number(new.at_ms)])?;
    Ok(before.instance.clone())
}
