//! A file is written. It describes; where it is written is weighed elsewhere.

use crate::event::{Effect, Role, When};
use crate::finding::Severity;
use crate::value::Value;
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "file-write",
    title: "a file is written",
    class: RuleClass::Files,
    cwe: None,
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::FileWrite, Effect::FilePermission]) {
        let path = event.arguments_of(Role::Target).chain(event.arguments_of(Role::Path)).next();
        let sketch = path.map(Value::sketch).unwrap_or_default();
        let leaves_package = sketch.starts_with(['/', '~']) || sketch.contains("..");
        let severity = match event.when {
            When::Install if leaves_package => Severity::Low,
            When::Load if leaves_package => Severity::Low,
            _ => Severity::Information,
        };
        let what = match (event.effect, sketch.is_empty()) {
            (Effect::FilePermission, _) => "the rights of a file are changed".to_owned(),
            (_, true) => "a file is written".to_owned(),
            (_, false) => format!("{} is written", super::shown(&sketch)),
        };
        findings.add(severity, event.place, format!("{what} {}", when(event.when)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn a_write_describes_and_one_outside_that_nobody_asked_for_is_more() {
        let write = |path| Made::new().event(Effect::FileWrite, "py:open", &[(Role::Path, text(path))]);
        assert_eq!(write("out.txt").found(RULE.code), [Severity::Information]);
        assert_eq!(write("/opt/x").when(When::Install).found(RULE.code), [Severity::Low]);
        let read = Made::new().event(Effect::FileRead, "py:open", &[]);
        assert!(read.found(RULE.code).is_empty());
    }
}
