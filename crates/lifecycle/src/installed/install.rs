//! Making a package the one that is run.

use super::incoming::Incoming;
use super::proposal::Proposal;
use super::version_order::Order;
use super::{InstalledError, Plugins, actor, canary, wrong};
use crate::engine::{Engine, now_ms};
use ringfence_package::content_digest;
use ringfence_store::{Installation, NewGrant, PluginRow, ReputationEvent, StateLock};
use ringfence_types::{AuditEvent, EventKind, Severity};
use serde_json::json;
use std::fs::File;
use std::io;

/// What needs a yes of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// An older version may take the place of a newer one.
    pub downgrade: bool,
    /// Somebody else may stand for it.
    pub publisher_change: bool,
}

impl Plugins {
    /// Installs what was proposed. When another version is installed, the new one is
    /// started first, and takes its place only when it starts: until the one transaction at
    /// the end, what was installed is what is run, whoever is killed.
    ///
    /// # Errors
    /// When a yes is missing, the new version does not start, the log does not take it, or
    /// another process was faster. What was installed is as it was.
    pub fn install(
        &self,
        engine: &Engine,
        incoming: &Incoming,
        proposal: Proposal,
        allowed: Allowed,
    ) -> Result<PluginRow, InstalledError> {
        refuse(incoming, &proposal, allowed)?;
        if let Some(refusal) = proposal.refusal() {
            engine.record_refusal(&proposal.review, &refusal.to_string());
            return Err(InstalledError::Denied(Box::new(refusal)));
        }
        let asked = proposal.asked();
        let granted: Vec<NewGrant> = proposal
            .review
            .admitted
            .grants()
            .iter()
            .map(|grant| NewGrant {
                capability: grant.capability().clone(),
                by: grant.by().to_owned(),
                at_ms: grant.at_ms(),
                expires_ms: grant.expires_ms(),
            })
            .collect();
        let Proposal { review, instead_of, seen, .. } = proposal;
        let instance = review.instance.clone();
        let before = instead_of.map(|known| known.current);
        if let Some(before) = before.as_ref().filter(|before| before.package != incoming.digest)
            && let Err(error) = canary::starts(engine, review)
        {
            let name = incoming.name();
            let failed = AuditEvent::new(EventKind::Refused, "a new version does not start")
                .severity(Severity::Warning)
                .with("plugin", name.as_str())
                .with("digest", incoming.digest.to_string())
                .with("reason", error.to_string());
            engine.append(failed)?;
            self.store.saw(name, ReputationEvent::CanaryFailed, 1, now_ms())?;
            let stays = before.version.clone();
            let error = Box::new(error);
            return Err(InstalledError::Canary { name: name.to_string(), stays, error });
        }
        // What feeds say of its parts later is about this.
        self.parts(&incoming.digest, incoming.folder())?;
        let _lock = StateLock::take(&self.home)?;
        if content_digest(incoming.folder())? != incoming.content {
            return Err(super::ready::altered(
                incoming.name(),
                incoming.folder(),
                &incoming.source,
            ));
        }
        to_the_disk(incoming)?;
        let by = actor();
        let new = Installation {
            name: incoming.name(),
            fresh: &instance,
            version: incoming.version(),
            package: &incoming.digest,
            content: &incoming.content,
            source: &incoming.source,
            asked: &asked,
            grants: &granted,
            scan: incoming.scan.as_ref(),
            signature: &incoming.signature,
            instead_of: before.as_ref().map(|before| &before.package),
            seen,
            by: &by,
            at_ms: now_ms(),
        };
        let said = if before.is_some() { "a plugin is updated" } else { "a plugin is installed" };
        let what = json!({
            "name": new.name, "version": new.version, "digest": new.package,
            "source": new.source, "instead_of": new.instead_of,
            "granted": granted.iter().map(|grant| grant.capability.to_string()).collect::<Vec<_>>(),
        });
        let install = || self.store.install(&new);
        self.change(EventKind::PluginChanged, said, what, install)?;
        self.plugin(incoming.name())
    }
}

/// Brings the files to the disk before the row that names them: after a power cut there is
/// no plugin whose files never came there.
fn to_the_disk(incoming: &Incoming) -> Result<(), InstalledError> {
    let folder = File::open(incoming.folder()).map_err(wrong(incoming.folder()))?;
    rustix::fs::syncfs(&folder).map_err(io::Error::from).map_err(wrong(incoming.folder()))
}

/// Refuses what needs a yes of its own and has none.
fn refuse(
    incoming: &Incoming,
    proposal: &Proposal,
    allowed: Allowed,
) -> Result<(), InstalledError> {
    let Some(changes) = &proposal.changes else {
        return Ok(());
    };
    let name = incoming.name().to_string();
    if let Some(what) = changes.publisher.clone().filter(|_| !allowed.publisher_change) {
        return Err(InstalledError::Publisher { name, what });
    }
    let is_down = matches!(changes.order, Order::Older | Order::Unknown);
    if is_down && !allowed.downgrade {
        let (from, to) = (changes.from.clone(), changes.to.clone());
        return Err(InstalledError::Downgrade { name, from, to, order: changes.order.words() });
    }
    Ok(())
}
