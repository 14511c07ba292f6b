//! A loop or recursion from which no way leads out. A hint: at run time the limits of the
//! sandbox end it.

use super::context::{Context, Findings, by_time, when};
use super::{Rule, RuleClass};
use crate::event::Effect;
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "endless-loop",
    title: "a loop cannot end",
    class: RuleClass::Availability,
    cwe: Some(835),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::EndlessLoop]) {
        findings.add(
            by_time(event, Severity::Medium, Severity::Low),
            event.place,
            format!("no way leads out of this loop; it begins {}", when(event.when)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::When;
    use crate::made::Made;

    #[test]
    fn a_loop_that_begins_by_itself_is_worse() {
        let made = || Made::new().event(Effect::EndlessLoop, "js:while", &[]);
        assert_eq!(made().found(RULE.code), [Severity::Low]);
        assert_eq!(made().when(When::Load).found(RULE.code), [Severity::Medium]);
        assert!(Made::new().event(Effect::Import, "node:fs", &[]).found(RULE.code).is_empty());
    }
}
