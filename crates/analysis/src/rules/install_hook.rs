//! A hook of the package manager runs something. It describes: one in three hundred of the
//! packages that everybody uses has one, and nearly every malicious one.

use super::context::{Context, Findings};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "install-hook",
    title: "something runs when the package is installed",
    class: RuleClass::Install,
    cwe: Some(506),
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Shell, Effect::Spawn]) {
        if event.when != When::Install || !context.is_package_json(event.place.file) {
            continue;
        }
        let is_build = command::is_build(event);
        let severity = if is_build { Severity::Information } else { Severity::Low };
        let line = super::shown(&command::line(event));
        findings.add(severity, event.place, format!("installing the package runs {line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn a_hook_is_told_and_one_that_builds_is_told_quietly() {
        let hook = |line| {
            let line = [(Role::Command, text(line))];
            Made::new().named("package.json").event(Effect::Shell, "npm:postinstall", &line)
        };
        assert_eq!(hook("node x.js").when(When::Install).found(RULE.code), [Severity::Low]);
        assert_eq!(hook("node-gyp rebuild").when(When::Install).found(RULE.code), [Severity::Information]);
        assert!(hook("tsc").found(RULE.code).is_empty());
    }
}
