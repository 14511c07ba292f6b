//! A name is one slip away from one that everybody knows.

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "typosquat",
    title: "a name looks like a popular one",
    class: RuleClass::Dependencies,
    cwe: Some(1357),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for dependency in &context.facts.dependencies {
        if let Some(popular) = (context.resembles)(dependency.ecosystem, &dependency.name) {
            let (name, known) = (super::shown(&dependency.name), super::shown(&popular.popular));
            let message = format!("{name} looks like {known}: {}", popular.how);
            findings.add(Severity::Medium, dependency.place, message);
        }
    }
    for package in context.own() {
        let Some(name) = package.name.as_deref() else { continue };
        if let Some(popular) = (context.resembles)(package.ecosystem, name) {
            let (name, known) = (super::shown(name), super::shown(&popular.popular));
            let message = format!("the package's own name {name} looks like {known}: {}", popular.how);
            findings.add(Severity::Medium, package.place, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::DependencyOrigin;
    use crate::made::Made;

    #[test]
    fn a_name_that_resembles_is_told_with_what_it_resembles() {
        let made = |name| Made::new().dependency(name, "^1", DependencyOrigin::Registry);
        assert_eq!(made("expres").found(RULE.code), [Severity::Medium]);
        assert!(made("expres").findings()[0].message.contains("`express`"));
        assert!(made("express").found(RULE.code).is_empty());
        assert_eq!(Made::new().own("expres", "1").found(RULE.code), [Severity::Medium]);
    }
}
