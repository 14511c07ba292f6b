//! A request, a connection, a listener, a question for a name. It describes.

use crate::event::{Effect, Event, When};
use crate::finding::Severity;
use super::address::address_of;
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "network-request",
    title: "something is asked of the network",
    class: RuleClass::Network,
    cwe: None,
    severity: Severity::Low,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let effects = &[Effect::Request, Effect::Connect, Effect::Listen, Effect::NameLookup];
    for event in context.of(effects) {
        let severity = match event.when {
            When::Install | When::Load if event.effect != Effect::Listen => Severity::Low,
            _ => Severity::Information,
        };
        findings.add(severity, event.place, format!("{} {}", what(event), when(event.when)));
    }
}

fn what(event: &Event) -> String {
    let place = address_of(event).map(|address| super::shown(&address.host.to_string()));
    let place = place.unwrap_or_else(|| "a place that is not known before".to_owned());
    match event.effect {
        Effect::Listen => "others can connect to a port".to_owned(),
        Effect::NameLookup => "a name is looked up".to_owned(),
        Effect::Connect => format!("a connection is made to {place}"),
        _ => format!("a request is made to {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn a_request_describes_and_says_where_to() {
        let made = || Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text("https://api.example.com/v1"))]);
        assert_eq!(made().found(RULE.code), [Severity::Information]);
        assert_eq!(made().when(When::Load).found(RULE.code), [Severity::Low]);
        let finding = made().findings().into_iter().find(|f| f.code == RULE.code).unwrap();
        assert!(finding.message.contains("`api.example.com`"));
        assert!(Made::new().event(Effect::FileRead, "py:open", &[]).found(RULE.code).is_empty());
    }
}
