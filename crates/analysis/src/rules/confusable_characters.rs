//! Characters that look like others, show nothing, or turn the order of a line around: the
//! reader and the machine read different things.

use super::context::{Context, Findings, NOWHERE};
use super::{Rule, RuleClass};
use crate::event::{Effect, Hiding};
use crate::facts::Class;
use crate::finding::Severity;
use crate::place::Place;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "confusable-characters",
    title: "characters mislead the reader",
    class: RuleClass::Obfuscation,
    cwe: Some(1007),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in &context.facts.trace.events {
        if event.hiding.contains(&Hiding::Confusables) {
            let is_alone = event.effect == Effect::Obfuscation;
            let severity = if is_alone { Severity::Medium } else { Severity::High };
            let message = "characters here look like others or show nothing";
            findings.add(severity, event.place, message);
        }
    }
    for (_, file) in context.tree.files() {
        if UntrustedText::new(&file.path).to_string() != file.path {
            let path = super::shown(&file.path);
            findings.add(
                Severity::Medium,
                NOWHERE,
                format!("the name {path} holds characters that act or show nothing"),
            );
        }
    }
    for facts in &context.facts.files {
        let is_code = matches!(
            facts.class,
            Class::JavaScript | Class::Python | Class::Shell | Class::CodeInData
        );
        let bytes = context.tree.file(facts.file).map_or(&[][..], |file| &file.bytes);
        if let Some(at) = misleading(bytes).filter(|_| is_code) {
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            let place = Place { file: facts.file, start, end: start.saturating_add(3) };
            let message = "a character here shows nothing and turns or splits what is read";
            findings.add(Severity::Medium, place, message);
        }
    }
    for dependency in &context.facts.dependencies {
        if !dependency.name.is_ascii() {
            let name = super::shown(&dependency.name);
            findings.add(
                Severity::High,
                dependency.place,
                format!("the name {name} holds letters that no registry allows"),
            );
        }
    }
}

/// Where the first character is that turns the direction of text (as in "Trojan Source",
/// CVE-2021-42574), or shows nothing within a name. All of them begin with one byte in
/// UTF-8, and joiners are left to the scripts that need them.
fn misleading(bytes: &[u8]) -> Option<usize> {
    let in_a_name = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    memchr::memchr_iter(0xe2, bytes).find(|&at| match bytes.get(at + 1..at + 3) {
        // U+202A to U+202E, U+2066 to U+2069: direction.
        Some([0x80, 0xaa..=0xae] | [0x81, 0xa6..=0xa9]) => true,
        // U+200B to U+200D: nothing, or joiners.
        Some([0x80, 0x8b..=0x8d]) => in_a_name(at.checked_sub(1)) && in_a_name(Some(at + 3)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::DependencyOrigin;
    use crate::made::Made;

    #[test]
    fn misleading_characters_are_found_in_code_names_and_dependencies() {
        let call =
            Made::new().event(Effect::DynamicCode, "py:eval", &[]).hidden(&[Hiding::Confusables]);
        assert_eq!(call.found(RULE.code), [Severity::High]);
        assert_eq!(Made::new().named("a\u{202e}sj.js").found(RULE.code), [Severity::Medium]);
        for (bytes, at) in [
            ("a \u{202e} b", Some(2)),
            ("ad\u{200c}min", Some(2)),
            ("\u{1f469}\u{200d}\u{1f467}", None),
            ("x = 'na\u{ef}ve \u{2014} \u{200f}'", None),
        ] {
            assert_eq!(misleading(bytes.as_bytes()), at, "{bytes:?}");
        }
        let dependency = Made::new().dependency("l\u{43e}dash", "^1", DependencyOrigin::Registry);
        assert_eq!(dependency.found(RULE.code), [Severity::High]);
        assert!(
            Made::new()
                .dependency("lodash", "^1", DependencyOrigin::Registry)
                .found(RULE.code)
                .is_empty()
        );
    }
}
