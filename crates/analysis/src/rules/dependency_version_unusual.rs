//! A version such as 99.9.9 is there to win against a private package of the same name.

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::facts::DependencyOrigin;
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "dependency-version-unusual",
    title: "a version is higher than honest ones are",
    class: RuleClass::Dependencies,
    cwe: Some(1357),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for dependency in &context.facts.dependencies {
        if dependency.origin == DependencyOrigin::Registry && is_unusual(&dependency.requirement) {
            let (name, version) = (super::shown(&dependency.name), super::shown(&dependency.requirement));
            findings.add(Severity::Medium, dependency.place, format!("{name} is asked for in version {version}"));
        }
    }
    for package in context.own() {
        if let Some(version) = package.version.as_deref().filter(|version| is_unusual(version)) {
            let message = format!("the package says that it is version {}", super::shown(version));
            findings.add(Severity::Medium, package.place, message);
        }
    }
}

/// A first number of 99, 999 and so on, or one that is no year and four digits long.
/// Browsers count to 99 and beyond, but with zeros behind (`99.0.0`).
fn is_unusual(version: &str) -> bool {
    let from = version.find(|c: char| c.is_ascii_digit()).unwrap_or(version.len());
    let rest = version.get(from..).unwrap_or_default();
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit());
    let Some(first) = numbers.next().filter(|first| !first.is_empty()) else { return false };
    let second = numbers.next().unwrap_or_default();
    let nines = first.len() >= 2 && first.bytes().all(|byte| byte == b'9');
    nines && (first.len() > 2 || !matches!(second, "" | "0"))
        || first.len() >= 4 && !(first.len() == 4 && first.starts_with("20") || first.len() == 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;

    #[test]
    fn versions_that_only_win_are_told_from_years_and_browsers() {
        let made = |version| {
            Made::new().dependency("a", version, DependencyOrigin::Registry).found(RULE.code)
        };
        for unusual in ["99.9.9", "^999.0.0", "==9999.0", "99.10.1"] {
            assert_eq!(made(unusual), [Severity::Medium], "{unusual}");
        }
        for ordinary in ["^1.2.3", "2024.1.1", ">=99.0.0", "*", "latest", "20240101", "129.0.0"] {
            assert!(made(ordinary).is_empty(), "{ordinary}");
        }
        assert_eq!(Made::new().own("a", "99.9.9").found(RULE.code), [Severity::Medium]);
    }
}
