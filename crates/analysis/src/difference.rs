//! What a new version does that the one before did not. A chain or a need that comes
//! with a small release of a package that everybody knows is the strongest sign that
//! somebody else released it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::finding::Severity;
use crate::report::Report;

/// How two reports differ. Lines move from version to version, so findings are the same
/// where rule and sentence are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What the new version needs and the old one did not.
    pub new_capabilities: Vec<String>,
    /// What it needs no more.
    pub gone_capabilities: Vec<String>,
    /// What is found now; findings that only describe are left out.
    pub new_findings: Vec<String>,
    /// What is found no more.
    pub gone_findings: Vec<String>,
}

impl Difference {
    /// From the report of the old version to that of the new one.
    #[must_use]
    pub fn between(old: &Report, new: &Report) -> Self {
        let (old_needs, new_needs) = (needs(old), needs(new));
        let (old_findings, new_findings) = (findings(old), findings(new));
        let minus = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.difference(other).cloned().collect::<Vec<String>>()
        };
        Self {
            new_capabilities: minus(&new_needs, &old_needs),
            gone_capabilities: minus(&old_needs, &new_needs),
            new_findings: minus(&new_findings, &old_findings),
            gone_findings: minus(&old_findings, &new_findings),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the new version needs or does something that the old one did not.
    #[must_use]
    pub fn adds(&self) -> bool {
        !self.new_capabilities.is_empty() || !self.new_findings.is_empty()
    }
}

fn needs(report: &Report) -> BTreeSet<String> {
    let needs = report.capabilities.iter().map(|need| match &need.scope {
        Some(scope) => format!("{} {scope}", need.capability),
        None => format!("{} (anything)", need.capability),
    });
    let opaque = (!report.opaque.is_empty()).then(|| "code that cannot be read".to_owned());
    let dynamic = (!report.dynamic_code.is_empty()).then(|| "text that becomes code".to_owned());
    needs.chain(opaque).chain(dynamic).collect()
}

fn findings(report: &Report) -> BTreeSet<String> {
    let told = report.findings.iter().filter(|one| one.severity > Severity::Information);
    told.map(|one| format!("{} {}: {}", one.severity.word(), one.code, one.message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{clean, sample};

    #[test]
    fn a_chain_that_a_new_version_brings_is_told_and_the_same_version_differs_in_nothing() {
        assert!(Difference::between(&sample(), &sample()).is_empty());
        let difference = Difference::between(&clean(), &sample());
        assert!(difference.adds());
        assert!(difference.new_capabilities.contains(&"network.request x.example:443".to_owned()));
        assert!(
            difference.new_findings.iter().any(|one| one.contains("exfiltration-of-environment"))
        );
        let back = Difference::between(&sample(), &clean());
        assert!(!back.adds() && !back.gone_findings.is_empty());
    }
}
