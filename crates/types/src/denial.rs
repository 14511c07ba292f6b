//! The typed answer no.

use crate::capability::Kind;
use serde::Serialize;
use std::fmt;

/// Which of the three sets of a grant withheld a capability.
///
/// A grant is the meet of what the package declares, what the operator's policy
/// allows and what a person consented to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WithheldBy {
    /// The package never asked for it in its manifest.
    Declared,
    /// The operator's policy forbids it.
    Policy,
    /// Nobody has said yes to it.
    Consent,
    /// It was granted, but the object is outside every granted scope.
    Scope,
    /// It was granted once and is revoked or expired.
    Revoked,
    /// Nothing in this build can perform it, so it is never granted.
    Unavailable,
}

impl WithheldBy {
    /// The reason as a sentence fragment for people.
    #[must_use]
    pub const fn plain(self) -> &'static str {
        match self {
            Self::Declared => "the plugin's manifest does not declare it",
            Self::Policy => "the operator's policy does not allow it",
            Self::Consent => "nobody has consented to it",
            Self::Scope => "it is outside the granted scope",
            Self::Revoked => "the grant was revoked or has expired",
            Self::Unavailable => "this version cannot enforce it, so it is never granted",
        }
    }
}

/// Why an effect was refused: stable codes, part of the `--json` output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DenialCode {
    /// No grant allows it.
    NotGranted,
    /// A rate, a count or a quota is used up.
    Budget,
    /// The request is malformed or larger than allowed.
    Invalid,
    /// The log cannot be written, so nothing may happen.
    NotRecorded,
}

/// A refusal of one effect: what, why, which set withheld it, what mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// Stable code.
    pub code: DenialCode,
    /// What was tried.
    pub kind: Kind,
    /// On what: a path, key, subject, program. From the plugin, so untrusted.
    pub object: String,
    /// Which set withheld it; `None` for budgets and malformed requests.
    pub withheld_by: Option<WithheldBy>,
    /// Why, as a lowercase fragment.
    pub reason: String,
    /// The exact option or command that would allow it, when one exists.
    pub repair: Option<String>,
}

impl Denial {
    /// A refusal because `withheld_by` holds the capability back.
    #[must_use]
    pub fn not_granted(kind: Kind, object: &str, withheld_by: WithheldBy) -> Self {
        let repair = match withheld_by {
            WithheldBy::Consent | WithheldBy::Scope if object.is_empty() => {
                Some(format!("--grant {kind}"))
            }
            WithheldBy::Consent | WithheldBy::Scope => {
                Some(format!("--grant {}", quoted(&format!("{kind}={object}"))))
            }
            WithheldBy::Declared => Some(format!("declare `{kind}` in plugin.yaml")),
            WithheldBy::Policy | WithheldBy::Revoked | WithheldBy::Unavailable => None,
        };
        Self {
            code: DenialCode::NotGranted,
            kind,
            object: object.to_owned(),
            withheld_by: Some(withheld_by),
            reason: withheld_by.plain().to_owned(),
            repair,
        }
    }

    /// A refusal because a limit is used up.
    #[must_use]
    pub fn budget(kind: Kind, object: &str, reason: impl Into<String>) -> Self {
        Self::other(DenialCode::Budget, kind, object, reason)
    }

    /// A refusal because the request itself is not acceptable.
    #[must_use]
    pub fn invalid(kind: Kind, object: &str, reason: impl Into<String>) -> Self {
        Self::other(DenialCode::Invalid, kind, object, reason)
    }

    /// A refusal because the decision could not be recorded.
    #[must_use]
    pub fn not_recorded(kind: Kind, object: &str, reason: impl Into<String>) -> Self {
        Self::other(DenialCode::NotRecorded, kind, object, reason)
    }

    fn other(code: DenialCode, kind: Kind, object: &str, reason: impl Into<String>) -> Self {
        Self {
            code,
            kind,
            object: object.to_owned(),
            withheld_by: None,
            reason: reason.into(),
            repair: None,
        }
    }
}

/// Quotes for a POSIX shell when anything in `text` would not survive one.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} denied", self.kind)?;
        if !self.object.is_empty() {
            write!(f, " for `{}`", crate::UntrustedText::new(&self.object))?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for Denial {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_cause_object_and_the_option_that_mends_it() {
        let denial = Denial::not_granted(Kind::FilesRead, "/data/a", WithheldBy::Consent);
        assert_eq!(
            denial.to_string(),
            "files.read denied for `/data/a`: nobody has consented to it"
        );
        assert_eq!(denial.repair.as_deref(), Some("--grant files.read=/data/a"));
    }

    #[test]
    fn a_repair_command_cannot_be_turned_into_another_command() {
        let denial = Denial::not_granted(Kind::FilesRead, "/a'; rm -rf ~;'", WithheldBy::Scope);
        assert_eq!(denial.repair.as_deref(), Some(r"--grant 'files.read=/a'\''; rm -rf ~;'\'''"));
    }
}
