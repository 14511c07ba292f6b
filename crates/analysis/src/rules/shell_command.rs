//! A fixed command line goes to a shell. It describes, and says which line.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Role, When};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "shell-command",
    title: "a command line goes to a shell",
    class: RuleClass::Process,
    cwe: Some(78),
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Shell]) {
        // An install hook is told by a rule of its own.
        if context.is_package_json(event.place.file)
            || !event.argument(Role::Command).is_some_and(Value::is_whole)
        {
            continue;
        }
        let severity = match event.when {
            _ if command::is_build(event) => Severity::Information,
            When::Call => Severity::Information,
            When::Load | When::Install => Severity::Low,
        };
        let line = super::shown(&command::line(event));
        findings.add(severity, event.place, format!("{line} goes to a shell {}", when(event.when)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, partial, text};

    #[test]
    fn a_fixed_line_is_told_and_a_computed_one_belongs_to_another_rule() {
        let shell = |line| Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, line)]);
        assert_eq!(shell(text("clear")).found(RULE.code), [Severity::Information]);
        assert_eq!(shell(text("id > x")).when(When::Load).found(RULE.code), [Severity::Low]);
        assert!(shell(partial("ls ", &[])).found(RULE.code).is_empty());
    }
}
