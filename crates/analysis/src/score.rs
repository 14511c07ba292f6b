//! One number for a package, by a formula that is published in `docs/analysis.md`.
//!
//! From 100 is taken, for each rule that found something, what its worst finding weighs.
//! How often a rule spoke does not count: a large package is not worse for being large.
//! What only describes weighs nothing and what is only unusual is capped, so that one
//! chain weighs more than any number of single capabilities.

use std::collections::BTreeMap;

use crate::facts::{Class, Facts};
use crate::finding::{Finding, Severity};
use crate::trace::Coverage;
use crate::tree::Tree;

/// What the worst finding of a rule takes from the score.
#[must_use]
pub const fn weight(severity: Severity) -> u32 {
    match severity {
        Severity::Information => 0,
        Severity::Low => 1,
        Severity::Medium => 4,
        Severity::High => 30,
        Severity::Critical => 60,
    }
}

/// The most that all rules whose worst finding is low take together.
pub const MOST_FOR_LOW: u32 = 4;
/// The most that all rules whose worst finding is low or medium take together. With
/// [`NOT_UNDERSTOOD`] and one high they end at 50, which is not blocked: it takes two
/// rules, or one of which no honest reason is known. One bound is for both, or a rule
/// that becomes medium would leave the one and find the other full.
pub const MOST_FOR_MEDIUM: u32 = 16;
/// What is taken when nothing of the code was understood; less in proportion.
pub const NOT_UNDERSTOOD: u32 = 4;

/// The score of these findings, 0 to 100, where 100 means that nothing is held against
/// the package. More findings never raise it.
#[must_use]
pub fn score(findings: &[Finding], understood: &Understood) -> u8 {
    let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
    for finding in findings {
        let severity = worst.entry(finding.code).or_insert(finding.severity);
        *severity = (*severity).max(finding.severity);
    }
    let sum = |severity: Severity| -> u32 {
        worst.values().filter(|one| **one == severity).map(|one| weight(*one)).sum()
    };
    let taken = (sum(Severity::Low).min(MOST_FOR_LOW) + sum(Severity::Medium)).min(MOST_FOR_MEDIUM)
        + sum(Severity::High)
        + sum(Severity::Critical)
        + understood.taken();
    u8::try_from(100_u32.saturating_sub(taken)).unwrap_or(0)
}

/// How many bytes of a package were understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Understood {
    /// Files.
    pub files: u32,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes of code that was parsed and evaluated.
    pub evaluated: u64,
    /// Bytes of code of which only a part was evaluated.
    pub partly: u64,
    /// Bytes of code that was not understood: unparsed, native, of another language.
    pub not_understood: u64,
    /// Bytes of which nothing is known.
    pub opaque: u64,
    /// Bytes that nothing runs.
    pub data: u64,
}

impl Understood {
    /// Counts every byte of a package once.
    #[must_use]
    pub fn of(tree: &Tree<'_>, facts: &Facts) -> Self {
        let mut all = Self::default();
        for (id, file) in tree.files() {
            let size = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
            all.files += 1;
            all.bytes += size;
            // The facts are in the order of the tree.
            let position = usize::try_from(id.0).ok();
            let known = position.and_then(|at| facts.files.get(at)).filter(|one| one.file == id);
            let bucket = match known.map(|known| (known.class, &known.coverage)) {
                Some((Class::Data | Class::Metadata, _)) => &mut all.data,
                Some((Class::Native | Class::OtherCode, _)) => &mut all.not_understood,
                None | Some((Class::Opaque | Class::Archive, _)) => &mut all.opaque,
                Some((_, Coverage::Whole)) => &mut all.evaluated,
                Some((_, Coverage::Partly { .. })) => &mut all.partly,
                Some((_, Coverage::Unparsed { .. })) => &mut all.not_understood,
            };
            *bucket += size;
        }
        all
    }

    /// How much of what could act was evaluated, in per cent, rounded down. All of it
    /// where there is nothing that could.
    #[must_use]
    pub fn per_cent(&self) -> u8 {
        let could_act = self.evaluated + self.partly + self.not_understood + self.opaque;
        let understood = self.evaluated + self.partly / 2;
        let share = understood.saturating_mul(100).checked_div(could_act).unwrap_or(100);
        u8::try_from(share.min(100)).unwrap_or(100)
    }

    /// What this takes from the score.
    fn taken(&self) -> u32 {
        (u32::from(100 - self.per_cent()) * NOT_UNDERSTOOD).div_ceil(100)
    }
}

/// A score in a word.
#[must_use]
pub const fn words(score: u8) -> &'static str {
    match score {
        0..=19 => "very bad",
        20..=49 => "bad",
        50..=79 => "doubtful",
        80..=94 => "fair",
        _ => "good",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::place;
    use crate::rules::RULES;
    use proptest::prelude::*;

    fn finding(rule: usize, severity: usize) -> Finding {
        Finding {
            code: RULES[rule % RULES.len()].code,
            severity: Severity::ALL[severity % 5],
            message: String::new(),
            place: place(0),
            evidence: Vec::new(),
        }
    }

    fn nothing() -> Understood {
        Understood { opaque: 10, ..Understood::default() }
    }

    proptest! {
        #[test]
        fn one_more_finding_never_raises_the_score(
            given in proptest::collection::vec((0_usize..60, 0_usize..5), 0..40),
            more in (0_usize..60, 0_usize..5),
        ) {
            let mut findings: Vec<Finding> = given.iter().map(|(r, s)| finding(*r, *s)).collect();
            let before = score(&findings, &nothing());
            findings.push(finding(more.0, more.1));
            prop_assert!(score(&findings, &nothing()) <= before);
        }

        #[test]
        fn the_order_of_findings_does_not_matter(
            given in proptest::collection::vec((0_usize..60, 0_usize..5), 0..40),
        ) {
            let findings: Vec<Finding> = given.iter().map(|(r, s)| finding(*r, *s)).collect();
            let back: Vec<Finding> = findings.iter().rev().cloned().collect();
            prop_assert_eq!(score(&findings, &nothing()), score(&back, &nothing()));
        }
    }

    #[test]
    fn a_rule_that_gets_worse_never_raises_the_score() {
        let mut findings: Vec<Finding> = (0..3).map(|rule| finding(rule, 2)).collect();
        findings.push(finding(3, 1));
        let before = score(&findings, &nothing());
        findings.push(finding(3, 2));
        assert!(score(&findings, &nothing()) < before);
    }

    #[test]
    fn no_number_of_capabilities_and_one_chain_block_and_two_chains_do() {
        let mut findings: Vec<Finding> = (0..40).map(|rule| finding(rule, 2)).collect();
        findings.extend((0..40).map(|rule| finding(rule, 1)));
        // As bad as low, medium and not understood can be: there is no warning for it.
        assert_eq!(score(&findings, &nothing()), 80);
        findings.push(finding(41, 3));
        assert_eq!(score(&findings, &nothing()), 50);
        findings.push(finding(42, 3));
        assert!(score(&findings, &nothing()) < 50);
        assert!(score(&[finding(1, 4)], &Understood::default()) < 50);
    }
}
