//! Bytes become objects in a way that lets whoever wrote the bytes run code.

use super::context::{Context, Findings, from_to};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source};
use crate::finding::Severity;
use crate::value::{Shape, Value};

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
        let of = |source| event.origins(&roles, source).next();
        // What had to be decoded is the package's own where nobody else gave it.
        let given = [Source::Caller, Source::File, Source::ProcessOutput];
        let is_own = given.into_iter().all(|source| of(source).is_none());
        let worst = of(Source::Network)
            .or_else(|| of(Source::Decoded).filter(|_| is_own))
            .or_else(|| of(Source::Caller));
        match worst {
            Some(origin) => {
                let is_own = match origin.source {
                    Source::Caller => false,
                    // What stands in the package is known, at least in part.
                    Source::Decoded => event.arguments.iter().any(|given| is_known(&given.value)),
                    _ => true,
                };
                let severity = if is_own { Severity::High } else { Severity::Medium };
                let evidence = from_to(origin, "the bytes come from", event, "they are read");
                findings.chain(severity, event.place, message, evidence);
            }
            None => findings.add(Severity::Low, event.place, message),
        }
    }
}

/// Whether something of what was decoded is known.
fn is_known(value: &Value) -> bool {
    let holds = matches!(&value.shape, Shape::Bytes(bytes) if !bytes.is_empty())
        || value.pieces().iter().any(|piece| piece.contains(char::is_alphanumeric));
    value.origin(Source::Decoded).is_some() && holds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, text};

    #[test]
    fn whose_bytes_they_are_decides() {
        let read = |data| Made::new().event(Effect::Deserialize, "py:pickle.loads", &[(Role::Data, data)]);
        assert_eq!(read(from(Source::Network, None)).found(RULE.code), [Severity::High]);
        assert_eq!(read(from(Source::Caller, None)).found(RULE.code), [Severity::Medium]);
        assert_eq!(read(from(Source::File, None)).found(RULE.code), [Severity::Low]);
        assert_eq!(read(from(Source::Decoded, None)).found(RULE.code), [Severity::Medium]);
        let mut own = text("gASVHAAAAAAAAACMBXBvc2l4");
        own.origins = from(Source::Decoded, None).origins;
        assert_eq!(read(own).found(RULE.code), [Severity::High]);
        let mut handed = from(Source::Decoded, None);
        handed.origins.extend(from(Source::Caller, None).origins);
        assert_eq!(read(handed).found(RULE.code), [Severity::Medium]);
        assert!(Made::new().event(Effect::Import, "py:json", &[]).found(RULE.code).is_empty());
    }
}
