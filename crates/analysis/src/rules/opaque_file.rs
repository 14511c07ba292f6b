//! A file of which nothing is known, or code of a language that is not evaluated.

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::facts::Class;
use crate::finding::Severity;
use crate::place::Place;

pub(crate) const RULE: Rule = Rule {
    code: "opaque-file",
    title: "nobody knows what a file is",
    class: RuleClass::Coverage,
    cwe: None,
    severity: Severity::Medium,
    check,
};

/// Names that promise something readable.
const PROMISES: &[&str] = &[".js", ".mjs", ".cjs", ".ts", ".py", ".sh", ".json", ".txt", ".md", ".toml", ".yaml", ".yml"];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for file in &context.facts.files {
        let place = Place { file: file.file, start: 0, end: 0 };
        let path = context.path(file.file).to_ascii_lowercase();
        let bytes = context.tree.file(file.file).map_or(&[][..], |file| &file.bytes);
        match file.class {
            Class::Opaque if is_unchecked(bytes) => findings.add(
                Severity::High,
                place,
                "compiled Python that is run in place of its source, and never compared with it",
            ),
            Class::Opaque if PROMISES.iter().any(|end| path.ends_with(end)) => {
                findings.add(Severity::Medium, place, "the bytes of this file are not what its name says");
            }
            Class::Opaque => findings.add(Severity::Low, place, "nothing is known about the bytes of this file"),
            Class::Archive => findings.add(Severity::Information, place, "an archive within the package is not looked into"),
            Class::OtherCode => findings.add(Severity::Information, place, "code of a language that is not evaluated"),
            _ => {}
        }
    }
}

/// Whether these are compiled Python that says of itself that it belongs to its source,
/// whatever that is by now (PEP 552): behind the number of the version, the lowest bit of
/// the flags says that a hash stands there, the next one that it is to be compared.
fn is_unchecked(bytes: &[u8]) -> bool {
    matches!(bytes, [_, 0x0b..=0x0d, 0x0d, 0x0a, 1, 0, 0, 0, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_python_that_is_never_compared_with_its_source_is_told_from_what_is() {
        assert!(is_unchecked(b"\xa7\x0d\x0d\x0a\x01\0\0\0"));
        for compared in [b"\xa7\x0d\x0d\x0a\x03\0\0\0", b"\xa7\x0d\x0d\x0a\0\0\0\0"] {
            assert!(!is_unchecked(compared));
        }
        assert!(!is_unchecked(b"\x89PNG"));
    }
    use crate::made::Made;
    use crate::trace::Coverage;

    #[test]
    fn bytes_that_are_not_what_their_name_says_are_worse() {
        let file = |path: &str, class| Made::new().named(path).file(class, Coverage::Whole).found(RULE.code);
        assert_eq!(file("a.js", Class::Opaque), [Severity::Medium]);
        assert_eq!(file("a.bin", Class::Opaque), [Severity::Low]);
        assert_eq!(file("a.rb", Class::OtherCode), [Severity::Information]);
        assert!(file("a.js", Class::JavaScript).is_empty());
    }
}
