//! A property is set by a name from outside without a guard, so that `__proto__` reaches
//! what all objects share.

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "prototype-pollution",
    title: "the prototype of all objects can be changed",
    class: RuleClass::Tampering,
    cwe: Some(1321),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::PrototypeWrite]) {
        let roles = [Role::Name, Role::Data, Role::Other];
        let outside = [Source::Caller, Source::Network].iter().any(|source| event.origins(&roles, *source).next().is_some());
        let severity = if outside { Severity::Medium } else { Severity::Low };
        findings.add(severity, event.place, "a name from outside can reach the prototype of all objects");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from};

    #[test]
    fn a_name_of_a_caller_is_worse() {
        let made = |name| Made::new().event(Effect::PrototypeWrite, "js:assign", &[(Role::Name, name)]);
        assert_eq!(made(from(Source::Caller, None)).found(RULE.code), [Severity::Medium]);
        assert_eq!(made(crate::Value::default()).found(RULE.code), [Severity::Low]);
        assert!(Made::new().event(Effect::Import, "node:fs", &[]).found(RULE.code).is_empty());
    }
}
