//! What is publicly known of all that an installed plugin is made of, at each start.

use super::{InstalledError, Plugins};
use crate::engine::now_ms;
use ringfence_advisories::{
    Advisories, Component, Ecosystem, Finding, Found, Known, Policy, State, read_lists,
};
use ringfence_store::{Part, Parts};
use ringfence_types::{Digest, PluginName, UntrustedText};
use std::path::Path;

/// Most reasons that are told at once.
const MOST: usize = 3;

impl Plugins {
    /// Looks up all that it is made of in the advisories of the home; what a person should
    /// know, safe to show. Without advisories nothing is known, and nothing said.
    ///
    /// # Errors
    /// When a part of it is known malware; when one has a critical vulnerability, and nobody
    /// `insists`; when the advisories cannot be read.
    pub(super) fn refuse_known(
        &self,
        package: &Digest,
        name: &PluginName,
        folder: &Path,
        insists: bool,
    ) -> Result<Option<String>, InstalledError> {
        if !self.home.join(ringfence_advisories::FILE).exists() {
            return Ok(None);
        }
        let advisories = Advisories::open(&self.home)?;
        let parts = self.parts(package, folder)?;
        let mut found = Found::default();
        for part in &parts.parts {
            if let Some(registry) = Known::from_word(&part.registry) {
                found.add(Component::new(registry, &part.name, &part.version));
            }
        }
        let seconds = i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX);
        let checked = advisories.check(&found, &Policy::default(), seconds)?;
        let mut findings: Vec<(&Component, &Finding)> = checked
            .components
            .iter()
            .flat_map(|one| one.findings.iter().map(|finding| (&one.component, finding)))
            .collect();
        // The worst is told, however much there is.
        findings.sort_by_key(|(_, finding)| std::cmp::Reverse((finding.malware, finding.severity)));
        let malware = findings.iter().any(|(_, finding)| finding.malware);
        let against = findings.iter().filter(|(_, finding)| finding.blocks);
        let mut against: Vec<String> =
            against.map(|(component, finding)| told(component, finding)).collect();
        if !against.is_empty() && (malware || !insists) {
            let more = against.len().saturating_sub(MOST);
            against.truncate(MOST);
            if more > 0 {
                against.push(format!("and {more} more"));
            }
            return Err(InstalledError::Known {
                name: name.to_string(),
                why: against.join("; "),
                malware,
            });
        }
        let affected = checked.count(State::Affected);
        let unsure = checked.count(State::NotCheckable);
        Ok(Some(format!(
            "advisories: of {} parts {affected} affected, {unsure} not checkable, {} lists not read",
            parts.parts.len(),
            parts.unread
        )))
    }

    /// What it is made of: read once, its digest says which files these are.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub(super) fn parts(&self, package: &Digest, folder: &Path) -> Result<Parts, InstalledError> {
        if let Some(parts) = self.store.parts(package)? {
            return Ok(parts);
        }
        let found = read_lists(folder)?;
        let (mut parts, mut unread) = (Vec::new(), found.unread_parts().len());
        for component in found.components() {
            match (&component.ecosystem, &component.version) {
                (Ecosystem::Known(registry), Some(version)) => {
                    parts.push(Part {
                        registry: registry.word().to_owned(),
                        name: component.name.clone(),
                        version: version.clone(),
                    });
                }
                _ => unread += 1,
            }
        }
        let parts = Parts { parts, unread: u64::try_from(unread).unwrap_or(u64::MAX) };
        self.store.keep_parts(package, &parts, now_ms())?;
        Ok(parts)
    }
}

/// Which part, what it is, and the version that has it no more.
fn told(component: &Component, finding: &Finding) -> String {
    let what = match (finding.malware, finding.severity) {
        (true, _) => "is known malware",
        (false, Some(severity)) => severity.word(),
        (false, None) => "of unknown severity",
    };
    let fixed = finding.fixed.as_ref().map(|fixed| format!(", mended in {fixed}"));
    let text = format!(
        "{} {} {what} ({}{})",
        component.name,
        component.version.as_deref().unwrap_or_default(),
        finding.id,
        fixed.unwrap_or_default()
    );
    UntrustedText::new(&text).to_string()
}
