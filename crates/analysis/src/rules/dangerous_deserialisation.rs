//! Bytes become objects in a way that lets whoever wrote the bytes run code.

use super::context::{Context, Findings, from_to};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "dangerous-deserialisation",
    title: "bytes become objects in a way that can run code",
    class: RuleClass::Deserialisation,
    cwe: Some(502),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let roles = [Role::Data, Role::Code, Role::Path, Role::Other];
    for event in context.of(&[Effect::Deserialize]) {
        let api = super::shown(&event.api);
        let message = format!("{api} runs code that is in the bytes it reads");
        let worst = [Source::Network, Source::Decoded, Source::Caller]
            .into_iter()
            .find_map(|source| event.origins(&roles, source).next());
        match worst {
            Some(origin) => {
                let is_caller = origin.source == Source::Caller;
                let severity = if is_caller { Severity::Medium } else { Severity::High };
                let evidence = from_to(origin, "the bytes come from", event, "they are read");
                findings.chain(severity, event.place, message, evidence);
            }
            None => findings.add(Severity::Low, event.place, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from};

    #[test]
    fn whose_bytes_they_are_decides() {
        let read = |data| Made::new().event(Effect::Deserialize, "py:pickle.loads", &[(Role::Data, data)]);
        assert_eq!(read(from(Source::Network, None)).found(RULE.code), [Severity::High]);
        assert_eq!(read(from(Source::Caller, None)).found(RULE.code), [Severity::Medium]);
        assert_eq!(read(from(Source::File, None)).found(RULE.code), [Severity::Low]);
        assert!(Made::new().event(Effect::Import, "py:json", &[]).found(RULE.code).is_empty());
    }
}
