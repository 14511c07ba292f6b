//! How bad it is: from CVSS vectors and from the word of the database.

use cvss::Cvss;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The longest vector that is read, in bytes.
const MAX_VECTOR: usize = 512;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Scores below 4.
    Low,
    /// Scores from 4.
    Medium,
    /// Scores from 7.
    High,
    /// Scores from 9.
    Critical,
}

impl Severity {
    /// All of them, rising.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// By the word of a database; `moderate` is GitHub's.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("moderate") {
            return Some(Self::Medium);
        }
        Self::ALL.into_iter().find(|severity| word.eq_ignore_ascii_case(severity.word()))
    }

    /// By a CVSS vector of version 2, 3.0, 3.1 or 4.0. Version 2 has no words of its own;
    /// its scores are read with those of version 3, as NVD does since it shows both.
    #[must_use]
    pub fn from_vector(vector: &str) -> Option<Self> {
        if vector.len() > MAX_VECTOR {
            return None;
        }
        let vector = vector.trim();
        let base: &[&str] = if vector.starts_with("CVSS:4") {
            &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]
        } else if vector.starts_with("CVSS:3") {
            &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]
        } else {
            &["AV", "AC", "Au", "C", "I", "A"]
        };
        // What is left out would count as harmless.
        let says =
            |metric: &&str| vector.split('/').any(|part| part.split(':').next() == Some(*metric));
        if !base.iter().all(says) {
            return None;
        }
        let score = Cvss::from_str(vector).ok()?.score();
        Some(match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            _ => Self::Low,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_of_every_version_and_words_of_databases_are_understood() {
        for (vector, severity) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", Severity::Critical),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Severity::High),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:L/I:L/A:N", Severity::Medium),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Severity::Low),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Severity::Critical),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Severity::Critical),
            ("AV:N/AC:M/Au:N/C:N/I:P/A:N", Severity::Medium),
        ] {
            assert_eq!(Severity::from_vector(vector), Some(severity), "{vector}");
        }
        assert_eq!(Severity::from_word("MODERATE"), Some(Severity::Medium));
        assert_eq!(Severity::from_word("Critical"), Some(Severity::Critical));
        for unknown in ["", "CVSS:9.9/AV:N", "CVSS:3.1/AV:N", "9.8", "\u{1b}[2J"] {
            assert_eq!(Severity::from_vector(unknown), None, "{unknown:?}");
            assert_eq!(Severity::from_word(unknown), None, "{unknown:?}");
        }
    }

    proptest! {
        #[test]
        fn no_vector_ends_the_reader(
            text in "(CVSS:[234]\\.[0-9]/)?([A-Za-z]{1,4}:[A-Za-z]{1,2}/?){0,40}|.{0,80}",
            whole in prop::collection::vec(prop::sample::select(vec![
                "AV:N", "AV:P", "AC:L", "AT:N", "AT:P", "PR:N", "UI:N", "UI:A", "S:U", "C:H", "I:H",
                "A:H", "Au:N", "VC:H", "VI:N", "VA:L", "SC:H", "SI:S", "MSI:S", "SA:N", "E:U", "CR:H",
                "MAV:A", "RE:L", "U:Red", "AU:Y", "R:A", "V:C", "S:P", "E:X", "MPR:H", "C:C", "I:C",
                "A:C", "RL:OF", "RC:C", "TD:H",
            ]), 0..40),
            head in prop::sample::select(vec!["CVSS:4.0/", "CVSS:3.1/", "CVSS:3.0/", "CVSS:2.0/", ""]),
        ) {
            let _ = Severity::from_vector(&text);
            let _ = Severity::from_vector(&format!("{head}{}", whole.join("/")));
        }
    }
}
