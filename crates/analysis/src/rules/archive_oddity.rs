//! Something about how the package was packed: paths that lead out, names twice, links,
//! devices, bombs. What a reader sees and what is unpacked may differ.

use super::context::{Context, Findings, NOWHERE};
use super::{Rule, RuleClass};
use crate::finding::Severity;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "archive-oddity",
    title: "the archive was not packed by an honest program",
    class: RuleClass::Coverage,
    cwe: Some(22),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for oddity in &context.facts.oddities {
        let Some(severity) = severity(oddity.code) else { continue };
        let path = if oddity.path.is_empty() { String::new() } else { format!("{}: ", super::shown(&oddity.path)) };
        let message = format!("{path}{}", UntrustedText::new(&oddity.why));
        findings.add(severity, oddity.place.unwrap_or(NOWHERE), message);
    }
}

/// Nothing for what another rule tells.
fn severity(code: &str) -> Option<Severity> {
    match code {
        // No packing program writes these by itself.
        "archive-bomb" | "path-outside" | "path-absolute" | "device" | "archive-two-names"
        | "archive-encrypted" | "packed-binary" => Some(Severity::High),
        "case-clash" | "path-backslash" | "path-too-long" | "name-not-text" => {
            Some(Severity::Low)
        }
        "not-read" | "duplicate-key" => Some(Severity::Information),
        "package-index" => None,
        _ => Some(Severity::Medium),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;

    #[test]
    fn what_no_packing_program_writes_is_worse() {
        assert_eq!(Made::new().odd("path-outside").found(RULE.code), [Severity::High]);
        assert_eq!(Made::new().odd("case-clash").found(RULE.code), [Severity::Low]);
        // What was not looked at is not called clean.
        assert_eq!(Made::new().odd("unreadable").found(RULE.code), [Severity::Medium]);
        assert!(Made::new().found(RULE.code).is_empty());
    }
}
