//! What a person types, sees or copies is read. A chain from there to the network or a
//! file is what a spy is made of.

use super::context::{Context, Findings, from_to, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "keylogging-or-screen",
    title: "keys, the screen, camera or clipboard are watched",
    class: RuleClass::Exfiltration,
    cwe: Some(200),
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Peripheral]) {
        let severity = match event.when {
            When::Install => Severity::High,
            When::Load => Severity::Medium,
            When::Call => Severity::Low,
        };
        let message = format!("{} watches the person {}", super::shown(&event.api), when(event.when));
        findings.add(severity, event.place, message);
    }
    for event in context.of(&[Effect::Request, Effect::Connect, Effect::FileWrite]) {
        let Some(origin) = event.origins(&[Role::Data], Source::Peripheral).next() else { continue };
        let severity = match (event.effect, event.when) {
            (Effect::FileWrite, When::Call) => Severity::Low,
            (Effect::FileWrite, _) => Severity::High,
            (_, When::Call) => Severity::High,
            (_, _) => Severity::Critical,
        };
        let message = format!("what a person types, sees or copies is kept or sent {}", when(event.when));
        let evidence = from_to(origin, "the person is watched by", event, "it is kept or sent");
        findings.chain(severity, event.place, message, evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, text};

    #[test]
    fn watching_and_sending_is_a_chain() {
        let watch = Made::new().event(Effect::Peripheral, "pypi:pynput.keyboard.Listener", &[]);
        assert_eq!(watch.found(RULE.code), [Severity::Low]);
        let seen = from(Source::Peripheral, Some("screen"));
        let send = Made::new().event(Effect::Request, "pypi:requests.post", &[(Role::Data, seen)]);
        assert_eq!(send.when(When::Load).found(RULE.code), [Severity::Critical]);
        let plain = Made::new().event(Effect::Request, "js:fetch", &[(Role::Data, text("x"))]);
        assert!(plain.found(RULE.code).is_empty());
    }
}
