//! A program starts. This describes; what it is and who chose it is weighed elsewhere.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "process-spawn",
    title: "a program starts",
    class: RuleClass::Process,
    cwe: Some(78),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Spawn]) {
        let program = event.argument(Role::Command);
        let is_known = program.is_some_and(|program| !program.beginning().is_empty());
        let from_caller = program.and_then(|program| program.origin(Source::Caller)).is_some();
        let severity = match event.when {
            _ if command::is_build(event) => Severity::Information,
            When::Install if !is_known => Severity::Medium,
            When::Load if !is_known && !from_caller => Severity::Low,
            _ => Severity::Information,
        };
        let line = command::line(event);
        let what = if line.is_empty() { "a program".to_owned() } else { super::shown(&line) };
        findings.add(severity, event.place, format!("{what} starts {}", when(event.when)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, list, text};

    #[test]
    fn a_build_is_quiet_and_an_unknown_program_at_install_is_not() {
        let git = [(Role::Command, text("git")), (Role::CommandArgument, list(&["describe"]))];
        let build = Made::new().event(Effect::Spawn, "py:subprocess.run", &git).when(When::Install);
        assert_eq!(build.found(RULE.code), [Severity::Information]);
        let unknown = Made::new().event(Effect::Spawn, "py:subprocess.run", &[]).when(When::Install);
        assert_eq!(unknown.found(RULE.code), [Severity::Medium]);
    }
}
