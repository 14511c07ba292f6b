//! The manifest asks for something of this kind, and evaluation cannot tell whether it
//! is enough. The sandbox decides at run time.

use super::context::{Context, Findings, NOWHERE};
use super::{Rule, RuleClass};
use crate::capability::Standing;
use crate::event::When;
use crate::finding::Severity;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "unclear-capability",
    title: "whether the manifest asks for enough cannot be told",
    class: RuleClass::Capabilities,
    cwe: None,
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(declared) = context.declared else { return };
    for need in &context.inferred.needs {
        if need.when == When::Install || need.standing(declared) != Standing::Unclear {
            continue;
        }
        let place = need.evidence.first().copied().unwrap_or(NOWHERE);
        let text = need.text();
        let text = UntrustedText::new(&text);
        let message = format!("whether the manifest asks for enough cannot be told: {text}");
        findings.add(Severity::Low, place, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Effect;
    use crate::made::Made;
    use ringfence_types::Kind;

    #[test]
    fn a_place_that_is_computed_is_told_from_one_that_is_not_asked_for() {
        let code = || Made::new().event(Effect::Request, "js:fetch", &[]);
        let narrow = [(Kind::NetworkRequest, Some("api.example.com"))];
        assert_eq!(code().declares(&narrow).found(RULE.code), [Severity::Low]);
        assert!(code().declares(&[(Kind::NetworkRequest, None)]).found(RULE.code).is_empty());
        assert!(code().declares(&[]).found(RULE.code).is_empty());
    }
}
