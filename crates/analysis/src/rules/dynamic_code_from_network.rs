//! What a server answers runs as code: whoever owns the server later owns every machine.

use super::context::{Context, Findings, by_time, from_to, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "dynamic-code-from-network",
    title: "what a server answers runs as code",
    class: RuleClass::DynamicCode,
    cwe: Some(494),
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::DynamicCode, Effect::DynamicImport]) {
        // Of an import, a name that begins here is one of the package's own choices.
        let is_chosen = [Role::Name, Role::Path]
            .iter()
            .filter_map(|role| event.argument(*role))
            .any(|name| !name.pieces().is_empty());
        let roles: &[Role] = if event.effect == Effect::DynamicImport && !is_chosen {
            &[Role::Code, Role::Name, Role::Path, Role::Data]
        } else {
            &[Role::Code, Role::Data]
        };
        let Some(origin) = event.origins(roles, Source::Network).next() else { continue };
        findings.chain(
            by_time(event, Severity::Critical, Severity::High),
            event.place,
            format!("an answer from the network runs as code, {}", when(event.when)),
            from_to(origin, "an answer is received from", event, "it becomes code"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::When;
    use crate::made::{Made, from, text};

    #[test]
    fn an_answer_that_becomes_code_is_a_chain_with_both_ends() {
        let answer = from(Source::Network, Some("http://192.0.2.1/x"));
        let bad = || Made::new().event(Effect::DynamicCode, "js:eval", &[(Role::Code, answer.clone())]);
        assert_eq!(bad().found(RULE.code), [Severity::High]);
        assert_eq!(bad().when(When::Load).found(RULE.code), [Severity::Critical]);
        let finding = bad().findings().into_iter().find(|f| f.code == RULE.code).unwrap();
        assert_eq!(finding.evidence.len(), 2);
        let good = Made::new().event(Effect::DynamicCode, "js:eval", &[(Role::Code, text("1"))]);
        assert!(good.found(RULE.code).is_empty());
    }
}
