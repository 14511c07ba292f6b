//! The manifest asks for more than the code needs. What is granted for nothing is there for
//! whoever breaks in.

use super::context::{Context, Findings, NOWHERE};
use super::{Rule, RuleClass};
use crate::capability::SHOWN_BY_CODE;
use crate::finding::Severity;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "unused-capability",
    title: "the manifest asks for what the code does not need",
    class: RuleClass::Capabilities,
    cwe: Some(272),
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    // Code that cannot be read may need it.
    if !context.inferred.opaque.is_empty() {
        return;
    }
    for declared in context.declared.unwrap_or_default() {
        if !SHOWN_BY_CODE.contains(&declared.kind) || declared.is_used(context.inferred) {
            continue;
        }
        let scope = declared.scope.as_deref().unwrap_or("*");
        let message = format!(
            "line {} of the manifest asks for {} {}, which the code does not need",
            declared.line,
            declared.kind,
            UntrustedText::new(scope)
        );
        findings.add(Severity::Low, NOWHERE, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Effect;
    use crate::made::Made;
    use ringfence_types::Kind;

    #[test]
    fn more_declared_than_done_is_a_warning() {
        let asks = [(Kind::ProcessExecute, Some("git"))];
        assert_eq!(Made::new().declares(&asks).found(RULE.code), [Severity::Low]);
        let spawns = Made::new().event(Effect::Spawn, "node:child_process.spawn", &[(
            crate::Role::Command,
            crate::made::text("git"),
        )]);
        assert!(spawns.declares(&asks).found(RULE.code).is_empty());
        let storage = [(Kind::StorageRead, None)];
        assert!(Made::new().declares(&storage).found(RULE.code).is_empty());
    }
}
