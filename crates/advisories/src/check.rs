//! Names and versions beside what is known: verified, affected, or not checkable.

use crate::component::{Component, Found, Unread};
use crate::ecosystem::{Ecosystem, Known};
use crate::error::AdvisoriesError;
use crate::policy::{Ignore, Policy};
use crate::severity::Severity;
use crate::store::{Advisories, Data, Stored};
use crate::version::Version;
use crate::versions::{Hit, Versions};
use serde::Serialize;
use std::collections::BTreeSet;

/// Most advisories about one component that are told one by one.
const MAX_FINDINGS: usize = 1_000;
/// Most names of advisories that cannot be read, for one component.
const MAX_NAMED: usize = 20;

/// What an unknown severity counts as.
const UNKNOWN_COUNTS_AS: Severity = Severity::High;

/// One thing that is known to be wrong with a component, under all its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The record's name.
    pub id: String,
    /// Its other names, and those of records about the same thing.
    pub aliases: Vec<String>,
    /// Whether the component is meant to harm.
    pub malware: bool,
    /// How bad; none where nobody says.
    pub severity: Option<Severity>,
    /// In one line; a stranger's text.
    pub summary: String,
    /// The first version without it; none where there is none yet. A stranger's text.
    pub fixed: Option<String>,
    /// Why the operator accepts it.
    pub ignored: Option<String>,
    /// Whether it blocks.
    pub blocks: bool,
}

/// Why nobody knows whether there is more, or anything at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Unsure {
    /// Nothing was imported that covers its registry.
    NoData,
    /// What was imported is older than the policy wants.
    TooOld {
        /// How old, in days.
        days: i64,
    },
    /// Its registry is none whose versions are understood here.
    UnknownEcosystem,
    /// It says which versions would do, not which one it is.
    NoVersion,
    /// Its version is none by its registry's rules.
    UnreadVersion,
    /// Advisories about it name versions in a way that is not read.
    UnreadAdvisories {
        /// Which; the first of them.
        ids: Vec<String>,
    },
}

/// What is known of a component, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is data, new enough, and nothing in it is about this version.
    Verified,
    /// Something is wrong with it.
    Affected,
    /// Nobody knows.
    NotCheckable,
}

/// A component and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedComponent {
    /// Which.
    #[serde(flatten)]
    pub component: Component,
    /// In one word.
    pub state: State,
    /// What is wrong with it, worst first.
    pub findings: Vec<Finding>,
    /// Why there could be more.
    pub unsure: Option<Unsure>,
    /// Whether the policy blocks it.
    pub blocks: bool,
}

/// An ignored advisory that does nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StaleIgnore {
    /// Which.
    #[serde(flatten)]
    pub ignore: Ignore,
    /// Its time is over, so that it does not count.
    pub over: bool,
    /// Nothing that was checked is affected by it.
    pub unused: bool,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Whether the policy blocks anything.
    pub blocks: bool,
    /// What the check was made with.
    pub data: Vec<Data>,
    /// Every component.
    pub components: Vec<CheckedComponent>,
    /// What says more of the target, and was not read: it blocks where data is demanded.
    pub unread: Vec<Unread>,
    /// What the operator ignores without effect.
    pub stale_ignores: Vec<StaleIgnore>,
}

impl Checked {
    /// How many components are in a state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.components.iter().filter(|checked| checked.state == state).count()
    }
}

impl Advisories {
    /// Says of every component what is known of it. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When the database fails or is damaged: then nothing is known of any of them.
    pub fn check(
        &self,
        found: &Found,
        policy: &Policy,
        now: i64,
    ) -> Result<Checked, AdvisoriesError> {
        let data = self.data(now)?;
        let mut used = BTreeSet::new();
        let mut components = Vec::with_capacity(found.components().len());
        for component in found.components() {
            let checked = self.check_one(component, &data, policy, now, &mut used)?;
            components.push(checked);
        }
        let unread = found.unread_parts().to_vec();
        let stale = policy.ignored.iter().enumerate().filter_map(|(at, ignore)| {
            let (over, unused) = (ignore.is_over(now), !used.contains(&at));
            (over || unused).then(|| StaleIgnore { ignore: ignore.clone(), over, unused })
        });
        Ok(Checked {
            blocks: components.iter().any(|checked| checked.blocks)
                || policy.demand_data && !unread.is_empty(),
            stale_ignores: stale.collect(),
            data,
            components,
            unread,
        })
    }

    fn check_one(
        &self,
        component: &Component,
        data: &[Data],
        policy: &Policy,
        now: i64,
        used: &mut BTreeSet<usize>,
    ) -> Result<CheckedComponent, AdvisoriesError> {
        let mut findings = Vec::new();
        let mut unsure = None;
        if let Ecosystem::Known(registry) = &component.ecosystem {
            let mut unread = BTreeSet::new();
            let seen = Seen::of(*registry, component.version.as_deref());
            self.about(*registry, &component.name, |stored| match seen.hit(&stored.versions) {
                Hit::Yes { fixed } => merge(&mut findings, stored, fixed),
                Hit::Unknown if seen.version.is_some() && unread.len() < MAX_NAMED => {
                    unread.insert(stored.id);
                }
                Hit::Unknown | Hit::No => {}
            })?;
            if !unread.is_empty() {
                unsure = Some(Unsure::UnreadAdvisories { ids: unread.into_iter().collect() });
            }
            if seen.version.is_none() {
                let told = component.version.is_some();
                unsure = Some(if told { Unsure::UnreadVersion } else { Unsure::NoVersion });
            }
            let data = data.iter().find(|data| data.ecosystem == *registry);
            let days = data.map(|data| data.age_days);
            match (days, policy.max_age_days) {
                (None, _) => unsure = Some(Unsure::NoData),
                (Some(days), Some(most)) if days > i64::from(most) => {
                    unsure = Some(Unsure::TooOld { days });
                }
                _ => {}
            }
        } else {
            unsure = Some(Unsure::UnknownEcosystem);
        }
        for finding in &mut findings {
            judge(finding, policy, now, used);
        }
        findings.sort_by_key(|finding| {
            let severity = finding.severity.unwrap_or(UNKNOWN_COUNTS_AS);
            std::cmp::Reverse((finding.malware, severity))
        });
        let state = match (findings.is_empty(), &unsure) {
            (false, _) => State::Affected,
            (true, Some(_)) => State::NotCheckable,
            (true, None) => State::Verified,
        };
        let blocks =
            findings.iter().any(|finding| finding.blocks) || policy.demand_data && unsure.is_some();
        Ok(CheckedComponent { component: component.clone(), state, findings, unsure, blocks })
    }
}

/// A component's version as far as it can be compared.
struct Seen<'c> {
    registry: Known,
    text: Option<&'c str>,
    version: Option<Version>,
}

impl<'c> Seen<'c> {
    fn of(registry: Known, text: Option<&'c str>) -> Self {
        let version = text.and_then(|text| Version::of_component(registry, text));
        Self { registry, text, version }
    }

    fn hit(&self, versions: &Versions) -> Hit {
        let all = || Hit::Yes { fixed: None };
        match (&self.version, self.text) {
            (Some(version), Some(text)) => versions.hit(self.registry, version, text),
            // Whichever it is, it is one of all.
            _ if versions.is_all() => all(),
            (None, Some(text)) if versions.exact.iter().any(|listed| listed == text) => all(),
            _ => Hit::Unknown,
        }
    }
}

/// Takes a record in. Two databases that name each other's records speak of one thing: the
/// worst that one of them says counts, and what only one knows is told.
fn merge(findings: &mut Vec<Finding>, stored: Stored, fixed: Option<String>) {
    let Stored { id, malware, severity, summary, aliases, .. } = stored;
    let same = findings.iter_mut().find(|finding| {
        let names = |name: &String| *name == finding.id || finding.aliases.contains(name);
        finding.malware == malware && (names(&id) || aliases.iter().any(names))
    });
    let Some(same) = same else {
        if findings.len() < MAX_FINDINGS {
            let ignored = None;
            findings.push(Finding {
                id,
                aliases,
                malware,
                severity,
                summary,
                fixed,
                ignored,
                blocks: false,
            });
        }
        return;
    };
    same.severity = same.severity.max(severity);
    same.fixed = same.fixed.take().or(fixed);
    for name in std::iter::once(id).chain(aliases) {
        if name != same.id && !same.aliases.contains(&name) {
            same.aliases.push(name);
        }
    }
}

/// Whether it blocks, and whether the operator accepts it.
fn judge(finding: &mut Finding, policy: &Policy, now: i64, used: &mut BTreeSet<usize>) {
    if finding.malware {
        finding.blocks = true;
        return;
    }
    for (at, ignore) in policy.ignored.iter().enumerate() {
        if ignore.id == finding.id || finding.aliases.contains(&ignore.id) {
            used.insert(at);
            if !ignore.is_over(now) {
                finding.ignored = Some(ignore.reason.clone());
            }
        }
    }
    let severity = finding.severity.unwrap_or(UNKNOWN_COUNTS_AS);
    let bad = policy.block.is_some_and(|block| severity >= block);
    finding.blocks = bad && finding.ignored.is_none();
}
