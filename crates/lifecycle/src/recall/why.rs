//! Why something that ran was ended.

use ringfence_types::{Capability, UntrustedText};
use serde::Serialize;
use std::fmt;

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It, or the same bytes under another name, was put into quarantine.
    Quarantined,
    /// It was switched off.
    Disabled,
    /// It was removed.
    Removed,
    /// A grant was taken back that a running jail cannot give up.
    Revoked {
        /// Which.
        capability: Capability,
    },
    /// A grant has ended that a running jail cannot give up.
    Expired {
        /// Which.
        capability: Capability,
    },
    /// The list of what is installed cannot be read any more, so nobody would hear of it.
    ListLost,
}

/// Why something that ran was ended, or lost a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recall {
    /// The plugin.
    pub name: String,
    /// What was taken back.
    #[serde(flatten)]
    pub cause: Cause,
    /// By whom, where that is known; untrusted text.
    pub by: Option<String>,
    /// Why, in their words or in those of an error; untrusted text.
    pub reason: Option<String>,
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.cause {
            Cause::Quarantined => write!(f, "`{name}` was put into quarantine")?,
            Cause::Disabled => write!(f, "`{name}` was switched off")?,
            Cause::Removed => write!(f, "`{name}` was removed")?,
            Cause::Revoked { capability } => {
                write!(f, "`{name}` held `{}`, which was taken back", safe(capability))?;
            }
            Cause::Expired { capability } => {
                write!(f, "`{name}` held `{}`, whose time is over", safe(capability))?;
            }
            Cause::ListLost => {
                f.write_str("the list of installed plugins cannot be read any more")?;
            }
        }
        if let Some(by) = &self.by {
            write!(f, " by {}", UntrustedText::new(by))?;
        }
        if let Some(reason) = &self.reason {
            write!(f, ": {}", UntrustedText::new(reason))?;
        }
        Ok(())
    }
}

fn safe(capability: &Capability) -> String {
    UntrustedText::new(&capability.to_string()).to_string()
}

impl Recall {
    /// For `name`, when the list cannot be read.
    pub(crate) fn list_lost(name: &impl ToString, error: &impl ToString) -> Self {
        let (name, reason) = (name.to_string(), Some(error.to_string()));
        Self { name, cause: Cause::ListLost, by: None, reason }
    }

    /// What mends it, as a command.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let name = &self.name;
        match &self.cause {
            Cause::Quarantined => Some(format!(
                "if you know that it is harmless: ringfence quarantine --release {name}"
            )),
            Cause::Disabled => Some(format!("ringfence enable {name}")),
            Cause::Removed => None,
            Cause::Revoked { .. } | Cause::Expired { .. } => {
                Some(format!("run it again without, or: ringfence info {name}"))
            }
            Cause::ListLost => Some("what is wrong with it: ringfence list".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_as_a_reason_moves_no_cursor() {
        let recall = Recall {
            name: "tool".to_owned(),
            cause: Cause::Quarantined,
            by: Some("uid 0\n".to_owned()),
            reason: Some("\u{1b}[2J\u{202e}".to_owned()),
        };
        let said = recall.to_string();
        assert!(said.starts_with("`tool` was put into quarantine by uid 0"), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{202e}', '\n']), "{said:?}");
    }
}
