//! A file is deleted. It describes; a whole home folder is weighed elsewhere.

use crate::event::{Effect, Role, When};
use crate::finding::Severity;
use crate::value::Value;
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "file-delete",
    title: "a file is deleted",
    class: RuleClass::Files,
    cwe: None,
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::FileDelete]) {
        let sketch = event.argument(Role::Path).map(Value::sketch).unwrap_or_default();
        let leaves_package = sketch.starts_with(['/', '~']) || sketch.contains("..");
        let severity = match event.when {
            When::Install | When::Load if leaves_package => Severity::Low,
            _ => Severity::Information,
        };
        let what = if sketch.is_empty() { "a file".to_owned() } else { super::shown(&sketch) };
        findings.add(severity, event.place, format!("{what} is deleted {}", when(event.when)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn a_deletion_describes() {
        let delete = |path| Made::new().event(Effect::FileDelete, "py:os.remove", &[(Role::Path, text(path))]);
        assert_eq!(delete("build/x").found(RULE.code), [Severity::Information]);
        assert_eq!(delete("/srv/x").when(When::Load).found(RULE.code), [Severity::Low]);
        assert!(Made::new().event(Effect::FileRead, "py:open", &[]).found(RULE.code).is_empty());
    }
}
