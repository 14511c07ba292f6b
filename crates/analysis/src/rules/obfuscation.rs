//! Code that was made hard to read, and by what means. Shorter names and lines are not: a
//! minified file is only short.

use super::argument::{hiding_words, is_strong};
use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::event::{Effect, Hiding};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "obfuscation",
    title: "code is made hard to read",
    class: RuleClass::Obfuscation,
    cwe: Some(506),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in &context.facts.trace.events {
        // Decoded code is told by `dynamic-code-decoded`, and what it does by
        // `hidden-payload`.
        let is_told = event.effect != Effect::Obfuscation;
        if event.hiding.is_empty() || is_told {
            continue;
        }
        let severity = event.hiding.iter().map(|hiding| severity(*hiding)).max();
        let ways: Vec<&str> = event.hiding.iter().map(|hiding| hiding_words(*hiding)).collect();
        findings.add(
            severity.unwrap_or(Severity::Low),
            event.place,
            format!("the code is made hard to read by {}", ways.join(", ")),
        );
    }
}

const fn severity(hiding: Hiding) -> Severity {
    match hiding {
        // No program writes these by itself but one that is made for hiding.
        Hiding::Brackets
        | Hiding::StringTable
        | Hiding::Serialised
        | Hiding::Encryption
        | Hiding::OffScreen
        | Hiding::Xor => Severity::High,
        Hiding::Escapes | Hiding::Pieces | Hiding::ComputedName => Severity::Low,
        hiding if is_strong(hiding) => Severity::Medium,
        _ => Severity::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;

    #[test]
    fn the_means_decide_and_are_named() {
        let made = |hiding| Made::new().event(Effect::Obfuscation, "js:code", &[]).hidden(hiding);
        assert_eq!(made(&[Hiding::MangledNames]).found(RULE.code), [Severity::Medium]);
        assert_eq!(made(&[Hiding::Brackets]).found(RULE.code), [Severity::High]);
        assert_eq!(made(&[Hiding::Escapes]).found(RULE.code), [Severity::Low]);
        let finding = made(&[Hiding::StringTable]).findings();
        assert!(finding.iter().any(|f| f.message.contains("a table of encoded strings")));
        let plain = Made::new().event(Effect::Request, "js:fetch", &[]);
        assert!(plain.found(RULE.code).is_empty());
    }
}
