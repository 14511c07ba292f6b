//! The text of a policy, in TOML. All mistakes are told at once, each with its line, its
//! column and, where a word is near, what was meant.

use std::borrow::Cow;
use std::fmt;

use ringfence_types::UntrustedText;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::finding::Severity;
use crate::glob::Glob;
use crate::policy::{Exception, Level, Policy};
use crate::rules::RULES;

/// The largest policy that is read, in bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// One mistake in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyProblem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What mends it.
    pub help: Option<String>,
}

/// Every mistake in a policy, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PolicyError {
    /// The mistakes; at least one.
    pub problems: Vec<PolicyProblem>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "line {}, column {}: {}", problem.line, problem.column, problem.message)?;
            if let Some(help) = &problem.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl Policy {
    /// Reads a policy. What it does not say is as in [`Policy::default`].
    ///
    /// # Errors
    /// With every mistake and its place.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reading = Reading { text, problems: Vec::new() };
        if text.len() > MAX_POLICY_BYTES {
            reading.add(0, format!("a policy has at most {MAX_POLICY_BYTES} bytes"), None);
            return Err(PolicyError { problems: reading.problems });
        }
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                reading.add(at, format!("this is not TOML: {}", error.message()), None);
                return Err(PolicyError { problems: reading.problems });
            }
        };
        let policy = reading.policy(table.get_ref());
        if reading.problems.is_empty() {
            Ok(policy)
        } else {
            reading.problems.sort_by_key(|problem| (problem.line, problem.column));
            Err(PolicyError { problems: reading.problems })
        }
    }
}

struct Reading<'a> {
    text: &'a str,
    problems: Vec<PolicyProblem>,
}

type Key<'a> = Spanned<Cow<'a, str>>;

impl Reading<'_> {
    fn add(&mut self, at: usize, message: String, help: Option<String>) {
        let (line, column) = self.line_and_column(at);
        self.problems.push(PolicyProblem { line, column, message, help });
    }

    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        (line, last.chars().count() + 1)
    }

    fn unknown(&mut self, key: &Key<'_>, within: &str, known: &[&str]) {
        let name = key.get_ref();
        let help = nearest(name, known.iter().copied());
        let message = format!("unknown key `{}` in {within}", UntrustedText::new(name));
        let help = help.map_or_else(
            || Some(format!("the keys are {}", known.join(", "))),
            |near| Some(format!("did you mean `{near}`?")),
        );
        self.add(key.span().start, message, help);
    }

    fn policy(&mut self, table: &DeTable<'_>) -> Policy {
        let mut policy = Policy::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "block" => self.level(value, "`block`", &mut policy.block),
                "warn" => self.level(value, "`warn`", &mut policy.warn),
                "accept" => {
                    if let Some(table) = self.table(value, "`accept`") {
                        for (key, value) in table {
                            match key.get_ref().as_ref() {
                                "codes" => policy.accept.extend(self.codes(value)),
                                _ => self.unknown(key, "`accept`", &["codes"]),
                            }
                        }
                    }
                }
                "exception" => match value.get_ref() {
                    DeValue::Array(all) => {
                        let exceptions = all.iter().filter_map(|one| self.exception(one));
                        policy.exceptions = exceptions.collect();
                    }
                    _ => self.add(
                        value.span().start,
                        "`exception` is a list of tables".to_owned(),
                        Some("begin each one with `[[exception]]`".to_owned()),
                    ),
                },
                _ => self.unknown(key, "the policy", &["block", "warn", "accept", "exception"]),
            }
        }
        policy
    }

    fn table<'b, 'c>(
        &mut self,
        value: &'b Spanned<DeValue<'c>>,
        what: &str,
    ) -> Option<&'b DeTable<'c>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.add(value.span().start, format!("{what} is a table"), None);
                None
            }
        }
    }

    fn level(&mut self, value: &Spanned<DeValue<'_>>, what: &str, level: &mut Level) {
        let Some(table) = self.table(value, what) else { return };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "codes" => level.codes = self.codes(value).into_iter().collect(),
                "severity" => level.severity = self.severity(value),
                "score_below" => match number(value.get_ref()).filter(|score| *score <= 100) {
                    Some(score) => level.score_below = score,
                    None => self.add(
                        value.span().start,
                        "`score_below` is a whole number from 0 to 100".to_owned(),
                        None,
                    ),
                },
                _ => self.unknown(key, what, &["codes", "severity", "score_below"]),
            }
        }
    }

    fn severity(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Severity> {
        let words = Severity::ALL.map(Severity::word);
        let text = self.string(value, "`severity`")?;
        if text == "none" {
            return None;
        }
        let found = Severity::ALL.into_iter().find(|severity| severity.word() == text);
        if found.is_none() {
            let help = Some(format!("the severities are {}, or none", words.join(", ")));
            let message = format!("unknown severity `{}`", UntrustedText::new(&text));
            self.add(value.span().start, message, help);
        }
        found
    }

    fn codes(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<&'static str> {
        let DeValue::Array(all) = value.get_ref() else {
            self.add(value.span().start, "`codes` is a list of texts".to_owned(), None);
            return Vec::new();
        };
        all.iter().filter_map(|one| self.code(one)).collect()
    }

    fn code(&mut self, value: &Spanned<DeValue<'_>>) -> Option<&'static str> {
        let text = self.string(value, "a code")?;
        let found = Policy::code(&text);
        if found.is_none() {
            let near = nearest(&text, RULES.iter().map(|rule| rule.code));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("there is no rule `{}`", UntrustedText::new(&text));
            self.add(value.span().start, message, help);
        }
        found
    }

    fn string(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                let help = Some("put it in quotes".to_owned());
                self.add(value.span().start, format!("{what} is text"), help);
                None
            }
        }
    }

    fn exception(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Exception> {
        const KEYS: [&str; 5] = ["path", "code", "sha256", "reason", "expires"];
        let at = value.span().start;
        let table = self.table(value, "an exception")?;
        let before = self.problems.len();
        let (mut path, mut code, mut content, mut reason, mut expires) =
            (None, None, None, None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "path" => path = self.string(value, "`path`"),
                "code" => code = self.code(value),
                "sha256" => content = self.content(value),
                "reason" => reason = self.string(value, "`reason`"),
                "expires" => expires = self.day(value),
                _ => self.unknown(key, "an exception", &KEYS),
            }
        }
        if self.problems.len() > before {
            return None;
        }
        let missing: Vec<&str> = KEYS
            .into_iter()
            .filter(|key| !table.keys().any(|there| there.get_ref().as_ref() == *key))
            .collect();
        if !missing.is_empty() {
            let message = format!("the exception lacks {}", missing.join(", "));
            self.add(at, message, Some("every exception says all five".to_owned()));
            return None;
        }
        let line = self.line_and_column(at).0;
        let path = Glob::new(&path?);
        Some(Exception {
            path,
            code: code?,
            content: content?,
            reason: reason?,
            expires: expires?,
            line,
        })
    }

    fn content(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = self.string(value, "`sha256`")?.to_ascii_lowercase();
        let digits = text.strip_prefix("sha256:").unwrap_or(&text);
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(digits.to_owned());
        }
        let help = Some("`ringfence scan --format json` tells it beside each finding".to_owned());
        self.add(value.span().start, "`sha256` has 64 hexadecimal digits".to_owned(), help);
        None
    }

    /// A day, as a date of TOML or as text.
    fn day(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            _ => String::new(),
        };
        let parts: Vec<&str> = text.split('-').collect();
        let number = |part: &str| part.parse::<u16>().ok();
        let is_day = match parts.as_slice() {
            [year, month, day] => {
                year.len() == 4
                    && month.len() == 2
                    && day.len() == 2
                    && number(year).is_some()
                    && number(month).is_some_and(|month| (1..=12).contains(&month))
                    && number(day).is_some_and(|day| (1..=31).contains(&day))
            }
            _ => false,
        };
        if is_day {
            return Some(text);
        }
        let help = Some("such as 2027-01-31".to_owned());
        self.add(value.span().start, "`expires` is a day".to_owned(), help);
        None
    }
}

fn number(value: &DeValue<'_>) -> Option<u8> {
    match value {
        DeValue::Integer(number) => u8::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// The known word that is nearest to another one, where one is near.
pub(crate) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > 64 {
        return None;
    }
    known
        .map(|word| (strsim::jaro_winkler(text, word), word))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_policy_is_read_whole() {
        let digits = "a".repeat(64);
        let text = format!(
            "[block]\ncodes = [\"persistence\"]\nseverity = \"critical\"\nscore_below = 40\n\
             [warn]\nseverity = \"none\"\n[accept]\ncodes = [\"endless-loop\"]\n\
             [[exception]]\npath = \"dist/**\"\ncode = \"dynamic-code\"\nsha256 = \"{digits}\"\n\
             reason = \"a compiler of templates\"\nexpires = 2027-01-31\n"
        );
        let policy = Policy::parse(&text).unwrap();
        assert_eq!(policy.block.score_below, 40);
        assert!(policy.block.codes.contains("persistence"));
        assert_eq!(policy.warn.severity, None);
        assert_eq!(policy.warn.score_below, Policy::default().warn.score_below);
        assert_eq!(policy.exceptions.first().unwrap().expires, "2027-01-31");
        assert_eq!(policy.exceptions.first().unwrap().line, 9);
        assert_eq!(Policy::parse("").unwrap(), Policy::default());
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_what_was_meant() {
        let text = "blok = 1\n[block]\ncodes = [\"persistance\"]\nscore_below = 101\n\
                    [[exception]]\npath = 1\n[[exception]]\npath = \"a\"\n";
        let error = Policy::parse(text).unwrap_err();
        let told: Vec<(usize, usize)> =
            error.problems.iter().map(|problem| (problem.line, problem.column)).collect();
        assert_eq!(told, [(1, 1), (3, 10), (4, 15), (6, 8), (7, 1)], "{error}");
        assert!(error.to_string().contains("did you mean `block`?"));
        assert!(error.to_string().contains("did you mean `persistence`?"));
        assert!(error.to_string().contains("lacks code, sha256, reason, expires"));
        assert_eq!(Policy::parse("a = ").unwrap_err().problems.first().unwrap().line, 1);
    }

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_a_list_of_mistakes(text in "\\PC{0,100}") {
            if let Err(error) = Policy::parse(&text) {
                prop_assert!(!error.problems.is_empty());
            }
        }
    }
}
