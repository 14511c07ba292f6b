//! Characters that look like others, show nothing, or turn the order of a line around: the
//! reader and the machine read different things.

use super::context::{Context, Findings, NOWHERE};
use super::{Rule, RuleClass};
use crate::event::{Effect, Hiding};
use crate::finding::Severity;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "confusable-characters",
    title: "characters mislead the reader",
    class: RuleClass::Obfuscation,
    cwe: Some(1007),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in &context.facts.trace.events {
        if event.hiding.contains(&Hiding::Confusables) {
            let is_alone = event.effect == Effect::Obfuscation;
            let severity = if is_alone { Severity::Medium } else { Severity::High };
            let message = "characters here look like others or show nothing";
            findings.add(severity, event.place, message);
        }
    }
    for (_, file) in context.tree.files() {
        if UntrustedText::new(&file.path).to_string() != file.path {
            let path = super::shown(&file.path);
            findings.add(Severity::Medium, NOWHERE, format!("the name {path} holds characters that act or show nothing"));
        }
    }
    for dependency in &context.facts.dependencies {
        if !dependency.name.is_ascii() {
            let name = super::shown(&dependency.name);
            findings.add(Severity::High, dependency.place, format!("the name {name} holds letters that no registry allows"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::DependencyOrigin;
    use crate::made::Made;

    #[test]
    fn misleading_characters_are_found_in_code_names_and_dependencies() {
        let call = Made::new().event(Effect::DynamicCode, "py:eval", &[]).hidden(&[Hiding::Confusables]);
        assert_eq!(call.found(RULE.code), [Severity::High]);
        assert_eq!(Made::new().named("a\u{202e}sj.js").found(RULE.code), [Severity::Medium]);
        let dependency = Made::new().dependency("l\u{43e}dash", "^1", DependencyOrigin::Registry);
        assert_eq!(dependency.found(RULE.code), [Severity::High]);
        assert!(Made::new().dependency("lodash", "^1", DependencyOrigin::Registry).found(RULE.code).is_empty());
    }
}
