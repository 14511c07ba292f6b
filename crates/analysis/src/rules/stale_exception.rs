//! An exception of the policy that fits nothing any more: its day is past, or the file
//! is another one than the one that somebody looked at. The policy says it, because a
//! rule knows neither the date nor the policy.

use super::{Context, Findings, Rule, RuleClass};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "stale-exception",
    title: "an exception of the policy fits nothing any more",
    class: RuleClass::Policy,
    cwe: None,
    severity: Severity::Low,
    check,
};

const fn check(_context: &Context<'_>, _findings: &mut Findings<'_>) {}
