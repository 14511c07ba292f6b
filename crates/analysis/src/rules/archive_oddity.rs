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
    for oddity in context.oddities {
        let severity = if oddity.is_hostile { Severity::High } else { Severity::Low };
        let message = format!("{}: {}", super::shown(&oddity.path), UntrustedText::new(&oddity.what));
        findings.add(severity, NOWHERE, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;

    #[test]
    fn what_no_packing_program_writes_is_worse() {
        assert_eq!(Made::new().odd("it leads out of the package", true).found(RULE.code), [Severity::High]);
        assert_eq!(Made::new().odd("it is there twice", false).found(RULE.code), [Severity::Low]);
        assert!(Made::new().found(RULE.code).is_empty());
    }
}
