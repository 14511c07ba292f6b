//! A name is one slip away from one that everybody knows.

use std::collections::BTreeSet;

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::finding::Severity;
use crate::names::resembles;

pub(crate) const RULE: Rule = Rule {
    code: "typosquat",
    title: "a name looks like a popular one",
    class: RuleClass::Dependencies,
    cwe: Some(1357),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    // A lock file names what the description names again.
    let mut told = BTreeSet::new();
    let asked = context.facts.dependencies.iter();
    let asked = asked.map(|one| (one.ecosystem, &*one.name, one.place, "a dependency"));
    let own = context.own().filter_map(|package| {
        Some((package.ecosystem, package.name.as_deref()?, package.place, "the package itself"))
    });
    for (ecosystem, name, place, what) in own.chain(asked) {
        if !told.insert((ecosystem, name)) {
            continue;
        }
        if let Some(found) = resembles(ecosystem, name) {
            let severity = if found.form.is_strong() { Severity::Medium } else { Severity::Low };
            let (name, popular) = (super::shown(name), super::shown(found.popular));
            let form = found.form.says();
            findings.add(severity, place, format!("{what}, {name}, looks like {popular} {form}"));
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
