//! What an attempt found.

use crate::catalog::{Class, ProbeInfo};
use crate::context::Context;
use crate::errno::Errno;

/// Longest detail that is passed on, in bytes. A line of a report stays well
/// under the bound of the reader with it.
pub(crate) const DETAIL_BYTES: usize = 160;

/// One word for what an attempt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The attack would have worked.
    Open,
    /// The attack was refused, or what it needs is not there.
    Shut,
    /// The attack could not be attempted, so nothing is known.
    NotTried,
}

impl Verdict {
    /// The word used in the report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Shut => "shut",
            Self::NotTried => "not-tried",
        }
    }

    /// The verdict that a word of a report stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Shut, Self::NotTried].into_iter().find(|verdict| verdict.word() == word)
    }
}

/// What an attempt found, and how one can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) detail: String,
}

impl Outcome {
    pub(crate) fn open(detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Open, detail: detail.into() }
    }

    pub(crate) fn shut(detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Shut, detail: detail.into() }
    }

    pub(crate) fn not_tried(detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotTried, detail: detail.into() }
    }

    /// Only success is an open door: any error stopped the attack.
    #[expect(clippy::needless_pass_by_value, reason = "what a call opened is closed here")]
    pub(crate) fn if_success<T>(result: Result<T, Errno>) -> Self {
        match result {
            Ok(_) => Self::open("succeeded"),
            Err(errno) => Self::shut(errno.to_string()),
        }
    }

    /// For calls made with arguments that cannot succeed, so that nothing is
    /// changed: an answer about the arguments shows that the code behind the
    /// door was reached.
    #[expect(clippy::needless_pass_by_value, reason = "what a call opened is closed here")]
    pub(crate) fn unless_refused<T>(result: Result<T, Errno>) -> Self {
        match result {
            Ok(_) => Self::open("succeeded"),
            Err(errno) if errno.is_refusal() => Self::shut(errno.to_string()),
            Err(errno) => Self::open(format!("reached the kernel ({errno})")),
        }
    }
}

/// One attack.
pub(crate) struct Probe {
    pub(crate) info: ProbeInfo,
    /// Opens the door and looks; never walks through. Runs in a process of
    /// its own, which may be killed for it.
    pub(crate) attempt: fn(&Context) -> Outcome,
}

impl Probe {
    pub(crate) const fn new(
        id: &'static str,
        class: Class,
        what: &'static str,
        attempt: fn(&Context) -> Outcome,
    ) -> Self {
        Self { info: ProbeInfo { id, class, what }, attempt }
    }
}

/// Makes text safe to print on one line between tabs.
pub(crate) fn neutralise(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            ' '..='~' => character,
            _ => '?',
        })
        .take(DETAIL_BYTES)
        .collect()
}
