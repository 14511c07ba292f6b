//! A variable is read. It describes; where its value goes is weighed elsewhere.

use crate::event::{Effect, Role, When};
use crate::finding::Severity;
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "environment-read",
    title: "a variable of the environment is read",
    class: RuleClass::Environment,
    cwe: None,
    severity: Severity::Low,
    check,
};

/// What the names of variables with secrets hold.
const SECRETS: &[&str] = &["token", "secret", "password", "passwd", "apikey", "api_key", "private_key", "credential"];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::EnvironmentRead]) {
        let Some(name) = event.text(Role::Name) else { continue };
        let lower = name.to_ascii_lowercase();
        let is_secret = SECRETS.iter().any(|word| lower.contains(word));
        let unasked = event.when != When::Call;
        let severity = if is_secret && unasked { Severity::Low } else { Severity::Information };
        let name = super::shown(&name);
        findings.add(severity, event.place, format!("the variable {name} is read {}", when(event.when)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn a_variable_describes_and_a_secret_one_that_nobody_asked_for_is_more() {
        let read = |name| Made::new().event(Effect::EnvironmentRead, "node:process.env", &[(Role::Name, text(name))]);
        assert_eq!(read("NODE_ENV").found(RULE.code), [Severity::Information]);
        assert_eq!(read("NPM_TOKEN").when(When::Load).found(RULE.code), [Severity::Low]);
        let all = Made::new().event(Effect::EnvironmentRead, "node:process.env", &[]);
        assert!(all.found(RULE.code).is_empty());
    }
}
