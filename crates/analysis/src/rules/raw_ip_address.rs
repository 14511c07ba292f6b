//! A public address is contacted by its number: no name, no certificate, nobody to ask.

use crate::event::{Effect, Event, When};
use crate::finding::Severity;
use ringfence_types::Block;
use super::address::address_of;
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "raw-ip-address",
    title: "an address is contacted without a name",
    class: RuleClass::Network,
    cwe: None,
    severity: Severity::High,
    check,
};

/// Resolvers that everybody may ask.
const RESOLVERS: &[&str] = &["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "208.67.222.222"];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Request, Effect::Connect, Effect::Shell, Effect::Spawn]) {
        let Some(address) = contacted(event) else { continue };
        if address.host.address().is_none()
            || !matches!(address.internal(), None | Some(Block::Documentation))
        {
            continue;
        }
        let host = address.host.to_string();
        let severity = match event.when {
            _ if RESOLVERS.contains(&host.as_str()) => Severity::Information,
            When::Call => Severity::Medium,
            When::Load | When::Install => Severity::High,
        };
        let host = super::shown(&host);
        findings.add(severity, event.place, format!("{host} is contacted by its number {}", when(event.when)));
    }
}

fn contacted(event: &Event) -> Option<super::address::Address> {
    if matches!(event.effect, Effect::Request | Effect::Connect) {
        return address_of(event);
    }
    let line = super::command::line(event);
    let url = line.split_whitespace().find(|word| word.contains("://"))?;
    super::address::from_url(url.trim_matches(['"', '\'', ')', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn a_number_is_told_from_a_name() {
        let fetch = |url| Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text(url))]);
        assert_eq!(fetch("http://192.0.2.1:8080/x").found(RULE.code), [Severity::Medium]);
        assert_eq!(fetch("http://192.0.2.1/x").when(When::Load).found(RULE.code), [Severity::High]);
        assert_eq!(fetch("http://8.8.8.8/resolve").found(RULE.code), [Severity::Information]);
        assert!(fetch("https://example.com/").found(RULE.code).is_empty());
        assert!(fetch("http://127.0.0.1/").found(RULE.code).is_empty());
        let line = [(Role::Command, text("curl http://192.0.2.1/x -o y"))];
        let shell = Made::new().event(Effect::Shell, "py:os.system", &line);
        assert_eq!(shell.found(RULE.code), [Severity::Medium]);
    }
}
