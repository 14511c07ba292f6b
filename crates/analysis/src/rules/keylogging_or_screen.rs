//! What a person types, sees or copies is read. A chain from there to the network or a
//! file is what a spy is made of.

use std::collections::BTreeMap;

use super::context::{Context, Findings, from_to, step, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Event, Role, Source, When};
use crate::finding::Severity;
use crate::place::FileId;
use crate::value::Shape;

pub(crate) const RULE: Rule = Rule {
    code: "keylogging-or-screen",
    title: "keys, the screen, camera or clipboard are watched",
    class: RuleClass::Exfiltration,
    cwe: Some(200),
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let sent: BTreeMap<FileId, &Event> = context
        .of(&[Effect::Request, Effect::Connect])
        .filter(|event| event.when != When::Call && sends_unknown(event))
        .map(|event| (event.place.file, event))
        .collect();
    for event in context.of(&[Effect::Peripheral]) {
        // A listener is handed what it hears later: no value leads from it to the sending.
        let beside = sent.get(&event.place.file).filter(|_| event.when != When::Call);
        if let Some(send) = beside.filter(|_| is_watch(&event.api)) {
            let evidence = vec![
                step(event.place, format!("the person is watched by {}", super::shown(&event.api))),
                step(send.place, format!("something is sent by {}", super::shown(&send.api))),
            ];
            let message = "the person is watched and something is sent, as soon as it is loaded";
            findings.chain(Severity::Critical, event.place, message, evidence);
            continue;
        }
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

/// Whether what is sent is not known before.
fn sends_unknown(event: &Event) -> bool {
    event.arguments_of(Role::Data).any(|data| match &data.shape {
        Shape::Record(fields) => fields.iter().any(|(_, value)| !value.is_whole()),
        _ => !data.is_whole(),
    })
}

/// Keys, the screen, the camera: what is watched. A clipboard is also written.
fn is_watch(api: &str) -> bool {
    let api = api.to_ascii_lowercase();
    !api.contains("clip")
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

    #[test]
    fn a_listener_beside_a_sending_is_a_spy_and_one_beside_a_fixed_message_is_not() {
        let spy = |data| {
            Made::new()
                .event(Effect::Peripheral, "pypi:pynput.keyboard.Listener", &[])
                .event(Effect::Request, "pypi:requests.post", &[(Role::Data, data)])
                .when(When::Load)
                .found(RULE.code)
        };
        assert_eq!(spy(crate::Value::default()), [Severity::Critical]);
        assert_eq!(spy(text("started")), [Severity::Medium]);
    }
}
