//! The code needs what the manifest does not ask for. The sandbox would deny it; a manifest
//! that keeps it quiet is either wrong or not honest.

use super::context::{Context, Findings, NOWHERE, step};
use super::{Rule, RuleClass};
use crate::capability::Standing;
use crate::event::When;
use crate::finding::Severity;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "undeclared-capability",
    title: "the code does what its manifest does not ask for",
    class: RuleClass::Capabilities,
    cwe: Some(284),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(declared) = context.declared else { return };
    for need in &context.inferred.needs {
        // Installing happens before there is a plugin.
        if need.when == When::Install {
            continue;
        }
        let place = need.evidence.first().copied().unwrap_or(NOWHERE);
        let text = need.text();
        let text = UntrustedText::new(&text);
        let evidence = need.evidence.iter().map(|place| step(*place, "it is needed here")).collect();
        match need.standing(declared) {
            Standing::Declared | Standing::Unclear => {}
            Standing::Undeclared => findings.chain(
                Severity::High,
                place,
                format!("the code needs what the manifest does not ask for: {text}"),
                evidence,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Effect, Role};
    use crate::made::{Made, text};
    use ringfence_types::Kind;

    #[test]
    fn less_declared_than_done_is_found_and_no_manifest_says_nothing() {
        let code = || Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text("https://api.example.com/"))]);
        assert_eq!(code().declares(&[]).found(RULE.code), [Severity::High]);
        let declared = code().declares(&[(Kind::NetworkRequest, Some("api.example.com"))]);
        assert!(declared.found(RULE.code).is_empty());
        assert!(code().found(RULE.code).is_empty());
    }

    #[test]
    fn who_may_use_a_secret_reads_the_variable_that_stands_for_it_and_no_other() {
        let read = |name| {
            let name = [(Role::Name, text(name))];
            Made::new().event(Effect::EnvironmentRead, "node:process.env", &name)
        };
        for scope in ["API_KEY", "API_KEY@api.example.com"] {
            let secret = [(Kind::SecretsUse, Some(scope))];
            assert!(read("API_KEY").declares(&secret).found(RULE.code).is_empty());
            assert!(!read("API_KEY_2").declares(&secret).found(RULE.code).is_empty());
        }
    }

    #[test]
    fn using_it_while_installing_too_hides_no_use_at_run_time() {
        let ask = |made: Made| {
            made.event(Effect::Request, "js:fetch", &[(Role::Url, text("https://x.example/"))])
        };
        let installs = || ask(Made::new()).when(When::Install);
        assert!(installs().declares(&[]).found(RULE.code).is_empty());
        assert_eq!(ask(installs()).declares(&[]).found(RULE.code), [Severity::High]);
    }
}
