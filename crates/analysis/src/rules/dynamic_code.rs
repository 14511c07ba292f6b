//! Text becomes code. By itself this describes: templates, schema compilers and parsers
//! do it for speed. Other rules weigh where the text comes from.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "dynamic-code",
    title: "text becomes code",
    class: RuleClass::DynamicCode,
    cwe: Some(95),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::DynamicCode]) {
        let code = event.argument(Role::Code);
        let is_known = code.is_some_and(Value::is_whole);
        // `exec(open("version.py").read())` of a file that is in the package.
        let is_own_file = code.is_some_and(|code| code.origin(Source::File).is_some());
        let severity = match event.when {
            _ if is_known || is_own_file => Severity::Information,
            When::Install => Severity::Medium,
            When::Load | When::Call => Severity::Low,
        };
        let what = if is_known { "known text" } else { "text that is not known before it runs" };
        findings.add(
            severity,
            event.place,
            format!("{what} becomes code by {}, {}", super::shown(&event.api), when(event.when)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn known_text_describes_and_unknown_text_at_install_is_looked_at() {
        let known = Made::new().event(Effect::DynamicCode, "js:eval", &[(Role::Code, text("1"))]);
        assert_eq!(known.found(RULE.code), [Severity::Information]);
        let unknown = Made::new().event(Effect::DynamicCode, "py:exec", &[]).when(When::Install);
        assert_eq!(unknown.found(RULE.code), [Severity::Medium]);
        assert!(Made::new().event(Effect::Request, "js:fetch", &[]).found(RULE.code).is_empty());
    }
}
