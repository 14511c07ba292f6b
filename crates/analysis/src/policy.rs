//! What an operator makes of findings: which block, which warn, which are accepted.
//!
//! An exception names one rule, the file and its content, why, and until when. A file
//! that changed is not the one that somebody looked at, so its exception is gone, and
//! that is told. The date is handed in: nothing here looks at a clock.

use std::collections::BTreeSet;

use ringfence_types::UntrustedText;

use crate::finding::{Finding, Severity};
use crate::glob::Glob;
use crate::rules::{self, NOWHERE};

/// The score below which a package is blocked where no policy says otherwise.
pub const BLOCK_BELOW: u8 = 50;
/// The score below which there is a warning where no policy says otherwise.
pub const WARN_BELOW: u8 = 80;

/// What an operator makes of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What blocks.
    pub block: Level,
    /// What warns.
    pub warn: Level,
    /// Rules whose findings are accepted wherever they are.
    pub accept: BTreeSet<&'static str>,
    /// Single findings that are accepted.
    pub exceptions: Vec<Exception>,
}

/// What reaches a level. Any one of these is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// A finding of one of these rules.
    pub codes: BTreeSet<&'static str>,
    /// A finding at least this bad.
    pub severity: Option<Severity>,
    /// A score below this; 0 for none.
    pub score_below: u8,
}

/// A finding that somebody looked at and accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which files.
    pub path: Glob,
    /// Which rule.
    pub code: &'static str,
    /// SHA-256 of the file's content, in hexadecimal digits.
    pub content: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// The line of the policy, from 1.
    pub line: usize,
}

impl Default for Policy {
    fn default() -> Self {
        let codes = BTreeSet::from(["undeclared-capability"]);
        Self {
            block: Level { codes, severity: None, score_below: BLOCK_BELOW },
            warn: Level {
                codes: BTreeSet::new(),
                severity: Some(Severity::Medium),
                score_below: WARN_BELOW,
            },
            accept: BTreeSet::new(),
            exceptions: Vec::new(),
        }
    }
}

impl Level {
    /// Why these findings and this score reach the level; nothing where they do not.
    #[must_use]
    pub fn reached_by(&self, findings: &[&Finding], score: u8) -> Vec<String> {
        let mut why = Vec::new();
        if score < self.score_below {
            why.push(format!("the score {score} is below {}", self.score_below));
        }
        let by_code: BTreeSet<&str> =
            findings.iter().map(|one| one.code).filter(|code| self.codes.contains(code)).collect();
        why.extend(by_code.iter().map(|code| format!("{code} was found")));
        if let Some(least) = self.severity {
            let worst = findings.iter().map(|one| one.severity).max();
            if worst.is_some_and(|worst| worst >= least) {
                why.push(format!("a finding is {} or worse", least.word()));
            }
        }
        why
    }
}

/// A finding with what the policy says to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted, where it is.
    pub accepted: Option<String>,
}

impl Policy {
    /// Says which findings are accepted, and adds one for every exception that fits
    /// nothing any more. `path` and `content` tell the path and the SHA-256 of a
    /// finding's file; `today` is `YYYY-MM-DD`, and without it no exception holds.
    pub fn judge(
        &self,
        findings: Vec<Finding>,
        today: Option<&str>,
        path: impl Fn(&Finding) -> String,
        mut content: impl FnMut(&Finding) -> String,
    ) -> Vec<Judged> {
        let mut used = vec![false; self.exceptions.len()];
        let mut judged: Vec<Judged> = findings
            .into_iter()
            .map(|finding| {
                let accepted = if self.accept.contains(finding.code) {
                    Some("the policy accepts this rule".to_owned())
                } else {
                    let holding = self.exceptions.iter().zip(&mut used).find(|(exception, _)| {
                        exception.code == finding.code
                            && today.is_some_and(|today| today <= exception.expires.as_str())
                            && exception.path.matches(&path(&finding))
                            && exception.content == content(&finding)
                    });
                    holding.map(|(exception, used)| {
                        *used = true;
                        exception.reason.clone()
                    })
                };
                Judged { finding, accepted }
            })
            .collect();
        for (exception, used) in self.exceptions.iter().zip(used) {
            if !used {
                let is_past = today.is_none_or(|today| today > exception.expires.as_str());
                let why = if is_past {
                    "its last day is over"
                } else {
                    "no file with this content has such a finding"
                };
                let message = format!(
                    "the exception in line {} of the policy ({} in `{}`) holds no more: {why}",
                    exception.line,
                    exception.code,
                    UntrustedText::new(exception.path.as_str()),
                );
                let code = "stale-exception";
                let severity = Severity::Low;
                let evidence = Vec::new();
                let finding = Finding { code, severity, message, place: NOWHERE, evidence };
                judged.push(Judged { finding, accepted: None });
            }
        }
        judged
    }

    /// The stable code for a text, if there is such a rule.
    pub(crate) fn code(text: &str) -> Option<&'static str> {
        rules::rule(text).map(|rule| rule.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::place;

    fn found() -> Vec<Finding> {
        vec![Finding {
            code: "dynamic-code",
            severity: Severity::Low,
            message: String::new(),
            place: place(0),
            evidence: Vec::new(),
        }]
    }

    fn policy(content: &str, expires: &str) -> Policy {
        let exceptions = vec![Exception {
            path: Glob::new("dist/*.js"),
            code: "dynamic-code",
            content: content.to_owned(),
            reason: "a template compiler".to_owned(),
            expires: expires.to_owned(),
            line: 3,
        }];
        Policy { exceptions, ..Policy::default() }
    }

    fn judge(policy: &Policy, today: &str) -> (bool, bool) {
        let path = |_: &Finding| "dist/a.js".to_owned();
        let judged = policy.judge(found(), Some(today), path, |_| "aa".to_owned());
        let stale = judged.iter().any(|one| one.finding.code == "stale-exception");
        (judged.iter().any(|one| one.accepted.is_some()), stale)
    }

    #[test]
    fn an_exception_holds_for_that_content_until_that_day_and_is_told_when_it_does_not() {
        assert_eq!(judge(&policy("aa", "2027-01-31"), "2027-01-31"), (true, false));
        assert_eq!(judge(&policy("aa", "2027-01-31"), "2027-02-01"), (false, true));
        assert_eq!(judge(&policy("bb", "2027-01-31"), "2026-12-01"), (false, true));
        let unknown_day = policy("aa", "2027-01-31").judge(
            found(),
            None,
            |_| "dist/a.js".to_owned(),
            |_| "aa".to_owned(),
        );
        assert!(unknown_day.iter().all(|one| one.accepted.is_none()));
    }
}
