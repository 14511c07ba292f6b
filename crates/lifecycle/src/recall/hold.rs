//! Who says that bytes may not run: an incident, or a fact of a feed.

use super::watched::Subject;
use ringfence_store::{About, FeedPolicy, StateError, StateStore};
use ringfence_types::Digest;
use std::collections::BTreeMap;

/// Most packages of which it is remembered who signed them.
const MOST: usize = 1024;

/// Why something may not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Who says so; untrusted.
    pub(crate) by: String,
    /// Why; untrusted.
    pub(crate) reason: String,
}

/// Who signed packages that are run without being installed.
#[derive(Debug, Default)]
pub(crate) struct Signed(BTreeMap<Digest, (Vec<String>, Option<String>)>);

impl Signed {
    pub(super) fn remember(
        &mut self,
        package: Digest,
        keys: Vec<String>,
        publisher: Option<String>,
    ) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(package, (keys, publisher));
    }
}

/// Why this may not run, if somebody says so. Its bytes are only looked at where anything at
/// all is held.
pub(crate) fn hold(
    store: &StateStore,
    subject: &Subject,
    signed: &Signed,
) -> Result<Option<Hold>, StateError> {
    if store.any_quarantined()?
        && let Some(digest) = subject.digest()
        && let Some(incident) = store.open_incident(&digest)?
    {
        return Ok(Some(Hold { by: incident.opened_by, reason: incident.reason }));
    }
    if !store.any_facts()? {
        return Ok(None);
    }
    let digest = subject.digest();
    let (keys, publisher) = match (subject, &digest) {
        (Subject::Installed { package, .. }, _) => {
            let row = store.signatures(package)?.into_iter().next();
            row.map(|row| (row.keys, row.publisher)).unwrap_or_default()
        }
        (Subject::Files { .. }, Some(digest)) => signed.0.get(digest).cloned().unwrap_or_default(),
        (Subject::Files { .. }, None) => Default::default(),
    };
    let about = About { package: digest.as_ref(), keys: &keys, publisher: publisher.as_deref() };
    let hits = store.facts_about(&about)?;
    let hit = hits.into_iter().find(|hit| hit.policy == FeedPolicy::Quarantine);
    Ok(hit.map(|hit| Hold { by: hit.by(), reason: hit.said() }))
}
