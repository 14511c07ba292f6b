//! All variables are taken at once, the secret ones among them.

use crate::event::{Effect, Role, When};
use crate::finding::Severity;
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "environment-read-all",
    title: "all variables of the environment are read",
    class: RuleClass::Environment,
    cwe: Some(526),
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::EnvironmentRead]) {
        if event.argument(Role::Name).is_some() {
            continue;
        }
        let severity = match event.when {
            When::Install | When::Load => Severity::Low,
            When::Call => Severity::Information,
        };
        let message = format!("all variables of the environment are taken {}", when(event.when));
        findings.add(severity, event.place, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn all_variables_are_told_from_one() {
        let all = Made::new().event(Effect::EnvironmentRead, "py:os.environ", &[]).when(When::Load);
        assert_eq!(all.found(RULE.code), [Severity::Low]);
        let one = [(Role::Name, text("HOME"))];
        let one = Made::new().event(Effect::EnvironmentRead, "py:os.environ", &one);
        assert!(one.found(RULE.code).is_empty());
    }
}
