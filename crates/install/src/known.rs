//! What is publicly known of a package and of all that it needs, from the advisories that the
//! operator imported.

use crate::error::InstallError;
use crate::fetched::Locked;
use ringfence_advisories::{
    Advisories, Checked, CheckedComponent, Component, Finding, Found, Known as Registry, Policy,
    State,
};
use ringfence_types::UntrustedText;
use std::path::Path;

/// What is known, and what follows.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// For a person, in one line that is safe to show.
    pub(crate) said: String,
    /// What blocks it, worst first; safe to show.
    pub(crate) blocks: Vec<String>,
    /// Whether a part of it is known to be made to harm: nobody can insist on that.
    pub(crate) malware: bool,
}

/// Looks each package up at `now`, in seconds since 1970. Without data nothing is known, which
/// is said, and blocks where `required`.
pub(crate) fn known(
    home: &Path,
    kind: &str,
    packages: &[Locked],
    required: bool,
    now: i64,
) -> Result<Known, InstallError> {
    let Some(registry) = registry(kind) else { return Ok(nowhere(required)) };
    let mut found = Found::default();
    for package in packages {
        found.add(Component::new(registry, &package.name, &package.version));
    }
    let policy = Policy { demand_data: required, ..Policy::default() };
    let checked = Advisories::open(home)?.check(&found, &policy, now)?;
    Ok(of(&checked, required))
}

/// Of what is of no registry whose packages advisories name.
fn nowhere(required: bool) -> Known {
    let said = "advisories: not checkable, nothing says what it is made of";
    let blocks = required.then(|| said.to_owned());
    Known { said: said.to_owned(), blocks: blocks.into_iter().collect(), malware: false }
}

fn registry(kind: &str) -> Option<Registry> {
    match kind {
        "npm" => Some(Registry::Npm),
        "pypi" => Some(Registry::PyPi),
        _ => None,
    }
}

fn of(checked: &Checked, required: bool) -> Known {
    let unsure = checked.count(State::NotCheckable);
    let affected = checked.count(State::Affected);
    let age = checked.data.iter().map(|data| data.age_days).max();
    let said = match age {
        None => "advisories: none are here, so nothing is known (`ringfence advisories import`)"
            .to_owned(),
        Some(days) => format!(
            "advisories: {} verified, {affected} affected, {unsure} not checkable; the newest \
             is of {days} days ago",
            checked.count(State::Verified),
        ),
    };
    let findings = checked
        .components
        .iter()
        .flat_map(|component| component.findings.iter().map(move |finding| (component, finding)));
    let mut blocks: Vec<String> = findings
        .clone()
        .filter(|(_, finding)| finding.blocks)
        .map(|(component, finding)| told(component, finding))
        .collect();
    let malware = findings.clone().any(|(_, finding)| finding.malware);
    if required && unsure > 0 {
        blocks.push(format!("{unsure} of its packages could not be looked up"));
    }
    Known { said, blocks, malware }
}

/// Which part, what it is, and the version that has it no more.
fn told(checked: &CheckedComponent, finding: &Finding) -> String {
    let Component { name, version, .. } = &checked.component;
    let what = match (finding.malware, finding.severity) {
        (true, _) => "is known malware",
        (false, Some(severity)) => severity.word(),
        (false, None) => "of unknown severity",
    };
    let fixed = finding.fixed.as_ref().map(|fixed| format!(", mended in {fixed}"));
    let text = format!(
        "{name} {} {what} ({}{})",
        version.as_deref().unwrap_or_default(),
        finding.id,
        fixed.unwrap_or_default()
    );
    UntrustedText::new(&text).to_string()
}
