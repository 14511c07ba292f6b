//! While the package is installed it speaks to the network. Its registry already delivered
//! everything that was reviewed.

use super::address::address_of;
use super::command::Purpose;
use super::context::{Context, Findings};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "install-hook-with-network",
    title: "installing the package speaks to the network",
    class: RuleClass::Install,
    cwe: Some(506),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Request, Effect::Connect, Effect::NameLookup, Effect::Shell, Effect::Spawn]) {
        if event.when != When::Install {
            continue;
        }
        if matches!(event.effect, Effect::Shell | Effect::Spawn) {
            let fetches = command::commands(event).iter().any(|one| one.purpose() == Purpose::Fetch);
            if fetches {
                let line = super::shown(&command::line(event));
                findings.add(Severity::High, event.place, format!("installing the package fetches by {line}"));
            }
            continue;
        }
        let address = address_of(event);
        let host = address.map(|address| super::shown(&address.host.to_string()));
        let host = host.unwrap_or_else(|| "a place that is not known before".to_owned());
        findings.add(Severity::High, event.place, format!("installing the package speaks to {host}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn a_request_at_install_is_told_from_one_in_a_function() {
        let made = || Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text("https://x.example/"))]);
        assert_eq!(made().when(When::Install).found(RULE.code), [Severity::High]);
        assert!(made().found(RULE.code).is_empty());
        let line = [(Role::Command, text("curl https://x.example -o y"))];
        let hook = Made::new().event(Effect::Shell, "py:os.system", &line).when(When::Install);
        assert_eq!(hook.found(RULE.code), [Severity::High]);
    }
}
