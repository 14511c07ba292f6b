//! A module whose name is computed: nobody can tell from the code what is loaded.

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "dynamic-import-computed",
    title: "the name of a module is computed",
    class: RuleClass::DynamicCode,
    cwe: Some(829),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::DynamicImport]) {
        let name = event.argument(Role::Name).or_else(|| event.argument(Role::Path));
        if name.is_some_and(Value::is_whole) && event.strong_hiding().next().is_none() {
            continue;
        }
        let from_outside = name.and_then(|name| name.origin(Source::Environment)).is_some();
        let severity = match event.when {
            When::Install => Severity::Medium,
            _ if event.strong_hiding().next().is_some() => Severity::Medium,
            When::Load if from_outside => Severity::Low,
            When::Load | When::Call => Severity::Information,
        };
        findings.add(
            severity,
            event.place,
            format!("{} loads a module whose name is computed", super::shown(&event.api)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Hiding;
    use crate::made::{Made, partial, text};

    #[test]
    fn a_computed_name_is_told_and_a_known_one_is_not() {
        let import = |name| Made::new().event(Effect::DynamicImport, "js:import", &[(Role::Name, name)]);
        assert_eq!(import(partial("./", &[])).found(RULE.code), [Severity::Information]);
        let hidden = import(text("child_process")).hidden(&[Hiding::Base64]);
        assert_eq!(hidden.found(RULE.code), [Severity::Medium]);
        assert!(import(text("node:fs")).found(RULE.code).is_empty());
    }
}
