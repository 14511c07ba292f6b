//! A dependency comes from a repository or an address: what it is can change without a new
//! version, and its scripts run when it is fetched.

use super::context::{Context, Findings, NOWHERE};
use super::{Rule, RuleClass};
use crate::facts::DependencyOrigin;
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "dependency-from-git-or-url",
    title: "a dependency comes from outside the registry",
    class: RuleClass::Dependencies,
    cwe: Some(829),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for dependency in &context.facts.dependencies {
        let is_plain = dependency.requirement.contains("http://") || dependency.requirement.contains("git://");
        let (severity, from) = match dependency.origin {
            DependencyOrigin::Registry => continue,
            DependencyOrigin::File => (Severity::Information, "a file or folder"),
            DependencyOrigin::Git if is_plain => (Severity::Medium, "a repository, unencrypted"),
            DependencyOrigin::Git => (Severity::Low, "a repository"),
            DependencyOrigin::Url => (Severity::Medium, "an address"),
        };
        let (name, what) = (super::shown(&dependency.name), super::shown(&dependency.requirement));
        findings.add(severity, dependency.place, format!("{name} comes from {from}: {what}"));
    }
    for oddity in context.facts.oddities.iter().filter(|oddity| oddity.code == "package-index") {
        let message = format!("packages come from an index of its own: {}", super::shown(&oddity.why));
        findings.add(Severity::Low, oddity.place.unwrap_or(NOWHERE), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;

    #[test]
    fn where_a_dependency_comes_from_decides() {
        let made = |origin, what| Made::new().dependency("a", what, origin).found(RULE.code);
        assert_eq!(made(DependencyOrigin::Git, "git+https://example.com/a.git"), [Severity::Low]);
        assert_eq!(made(DependencyOrigin::Url, "http://192.0.2.1/a.tgz"), [Severity::Medium]);
        assert!(made(DependencyOrigin::Registry, "^1").is_empty());
    }
}
