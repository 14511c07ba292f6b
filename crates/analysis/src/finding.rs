//! What a rule says.

use std::rc::Rc;

use crate::place::Place;

/// How bad something is. Capabilities only describe; chains weigh.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It describes what the package can do.
    Information,
    /// Look at it.
    Low,
    /// Unusual for an honest package.
    Medium,
    /// Rare in an honest package.
    High,
    /// No honest reason is known.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 5] =
        [Self::Information, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's stable code, such as `exfiltration-of-credentials`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// One sentence for a person, without text of the package that was not made safe.
    pub message: String,
    /// Where a person should look first.
    pub place: Place,
    /// How it comes about, source first, sink last; for one place only, empty.
    pub evidence: Vec<Step>,
}

/// One step of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub place: Place,
    /// What happens there.
    pub what: Rc<str>,
}
