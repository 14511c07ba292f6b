//! What installing a package would mean: the card, what is new, whom to ask for what.

use super::changes::{Changes, another_publisher};
use super::incoming::Incoming;
use super::version_order::Order;
use super::{InstalledError, Plugins};
use crate::engine::{Engine, now_ms};
use crate::error::RunError;
use crate::packed::packages;
use crate::review::{Asked, Review, Terms, denied, needs_name};
use ringfence_permission::{Consent, Consented};
use ringfence_store::{GrantRow, GrantsSeen, PluginRow};
use ringfence_types::{Capability, Digest, InstanceId, WithheldBy};
use std::io;
use std::path::Path;

/// What installing a package would mean on certain terms.
#[derive(Debug)]
pub struct Proposal {
    /// The card, and what the plugin would be granted whenever it is run.
    pub review: Review,
    /// What is different; nothing when no version of it is installed.
    pub changes: Option<Changes>,
    /// What the person was asked for before, whatever they said.
    asked_before: Vec<Capability>,
    pub(super) instead_of: Option<PluginRow>,
    pub(super) seen: GrantsSeen,
}

impl Proposal {
    /// What nobody was asked about yet and a yes would grant, or grant whole. The same as
    /// before, or less, is not asked again: who said no to it then is not asked until they
    /// say yes.
    pub fn questions(&self) -> impl Iterator<Item = &Asked> {
        self.review.card.asks.iter().filter(|asked| {
            let in_part = asked.granted && !self.is_whole(asked) && !self.is_chosen(asked);
            let open = in_part || asked.withheld_by == Some(WithheldBy::Consent);
            open && self.is_new(&asked.capability)
        })
    }

    /// Why it cannot be installed so: it needs what nobody granted.
    #[must_use]
    pub fn refusal(&self) -> Option<RunError> {
        let new = self.review.unmet().find(|asked| self.is_new(&asked.capability));
        new.or_else(|| self.questions().find(|asked| !asked.optional)).map(denied)
    }

    /// Whether a person chose the part that is granted by name, or has to.
    fn is_chosen(&self, asked: &Asked) -> bool {
        let mut chosen = self.review.terms.grants.iter();
        needs_name(&asked.capability) || chosen.any(|grant| asked.capability.covers(grant))
    }

    fn is_whole(&self, asked: &Asked) -> bool {
        let mut grants = self.review.admitted.grants().iter();
        grants.any(|grant| grant.capability().covers(&asked.capability))
    }

    fn is_new(&self, capability: &Capability) -> bool {
        !self.asked_before.iter().any(|before| before.covers(capability))
    }

    /// What its manifest asks for.
    pub(super) fn asked(&self) -> Vec<Capability> {
        let declared = &self.review.package.declared;
        declared.iter().map(|declared| declared.capability.clone()).collect()
    }
}

impl Plugins {
    /// What installing `incoming` would mean on these terms. Nothing is changed.
    ///
    /// # Errors
    /// When the terms are not acceptable, or what is installed cannot be read.
    pub fn propose(
        &self,
        engine: &Engine,
        incoming: &Incoming,
        terms: &Terms,
    ) -> Result<Proposal, InstalledError> {
        let package = incoming.package.clone();
        // Before what it tells apart is read.
        let seen = self.store.grants_seen(&package.name)?;
        let known = self.store.plugin(&package.name)?;
        let mut terms = terms.clone();
        let mut asked_before = Vec::new();
        let mut changes = None;
        if let Some(known) = &known {
            let moved = Moved::new(&packages(&self.home), &known.current.package, incoming);
            let asked = self.store.asked(&known.name, &known.current.package)?;
            asked_before = asked.into_iter().map(|one| moved.capability(one)).collect();
            terms.consent = self.carried(known, package.digest()?)?;
            for item in &mut terms.consent.items {
                item.capability = moved.capability(item.capability.clone());
            }
            terms.instance = Some(known.instance.clone());
            changes = Some(self.changes(known, incoming, &asked_before)?);
        } else {
            terms.instance = Some(fresh_instance(incoming)?);
        }
        let review = engine.review(package, terms)?;
        Ok(Proposal { review, changes, asked_before, instead_of: known, seen })
    }

    /// What stands of what somebody said yes to for the version that is run now, said for
    /// the bytes with this digest: what they are asked about is only what is new.
    fn carried(&self, known: &PluginRow, digest: Digest) -> Result<Consent, InstalledError> {
        let grants = self.store.grants(&known.name)?;
        Ok(consent(&grants, &known.current.package, digest))
    }

    fn changes(
        &self,
        known: &PluginRow,
        incoming: &Incoming,
        asked_before: &[Capability],
    ) -> Result<Changes, InstalledError> {
        let asks: Vec<&Capability> =
            incoming.package.declared.iter().map(|declared| &declared.capability).collect();
        let before = self.store.signatures(&known.current.package)?;
        let scan = self.store.scans(&known.current.package)?;
        let score = |scan: &ringfence_store::ScanRow| scan.score;
        let more = |capability: &&&Capability| !asked_before.iter().any(|b| b.covers(capability));
        let less = |capability: &&Capability| !asks.iter().any(|now| now.covers(capability));
        let from = known.current.version.clone();
        Ok(Changes {
            order: Order::between(from.as_deref(), incoming.version()),
            from,
            to: incoming.package.version.clone(),
            same_files: known.current.package == incoming.digest,
            asks_more: asks.iter().filter(more).map(|more| (*more).clone()).collect(),
            asks_less: asked_before.iter().filter(less).cloned().collect(),
            publisher: another_publisher(
                before.first(),
                &incoming.signature,
                (&known.current.source, &incoming.source),
            ),
            scores: scan.first().map(score).zip(incoming.scan.as_ref().map(score)),
        })
    }
}

/// From the folder of one version to that of the next: who said that a plugin may read its
/// own files said it of those of the new version, too.
struct Moved {
    from: String,
    to: String,
}

impl Moved {
    fn new(packages: &Path, from: &Digest, to: &Incoming) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self { from: text(&packages.join(from.hex())), to: text(to.folder()) }
    }

    fn capability(&self, capability: Capability) -> Capability {
        let scope = capability.scope();
        let below = scope.path().is_some_and(|path| Path::new(path).starts_with(&self.from));
        let rest = scope.as_str().strip_prefix(&self.from).filter(|_| below);
        let moved =
            rest.map(|rest| Capability::new(capability.kind(), &format!("{}{rest}", self.to)));
        match moved {
            Some(Ok(moved)) => moved,
            _ => capability,
        }
    }
}

/// What stands of the yeses that were said for `package`, for a run of it as `digest`.
pub(super) fn consent(grants: &[GrantRow], package: &Digest, digest: Digest) -> Consent {
    let standing = grants
        .iter()
        .filter(|grant| grant.package == *package && grant.revoked_ms.is_none())
        .map(|grant| Consented {
            capability: grant.capability.clone(),
            by: grant.by.clone(),
            at_ms: grant.at_ms,
            expires_ms: grant.expires_ms,
            digest,
        });
    Consent { items: standing.collect() }
}

/// Somebody whom nobody was before: a plugin that comes later under the same name does not
/// find what this one stored.
fn fresh_instance(incoming: &Incoming) -> Result<InstanceId, InstalledError> {
    let plain: String = incoming
        .name()
        .as_str()
        .trim_start_matches('@')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '.' })
        .take(96)
        .collect();
    let mut unique = [0; 8];
    let random = getrandom::fill(&mut unique).map_err(io::Error::from);
    random.map_err(|error| InstalledError::Io { path: incoming.folder().to_owned(), error })?;
    let id = format!("{plain}-{:016x}", u64::from_be_bytes(unique)).parse();
    Ok(id.map_err(crate::review::ReviewError::from)?)
}

/// Milliseconds since 1970, with who acts.
pub(super) fn stamp(by: &str) -> (&str, u64) {
    (by, now_ms())
}
