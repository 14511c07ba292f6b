//! Why something was not done with an installed plugin.

use crate::error::RunError;
use crate::packed::PackedError;
use crate::recorded::RecordError;
use crate::review::ReviewError;
use crate::trust::TrustError;
use ringfence_advisories::AdvisoriesError;
use ringfence_package::PackageError;
use ringfence_store::StateError;
use ringfence_types::{Capability, ExitCode, UntrustedText, WithheldBy};
use std::io;
use std::path::PathBuf;

/// Why something was not done with an installed plugin. What was installed is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstalledError {
    /// What is installed cannot be read or changed so.
    #[error(transparent)]
    State(#[from] StateError),
    /// The log does not take it.
    #[error("the audit log: {0}")]
    Record(#[from] RecordError),
    /// It is no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It is no packed package, or one whose signatures do not hold.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// Whom the operator trusts cannot be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It cannot be reviewed on these terms.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// Somebody has to say yes first.
    #[error(transparent)]
    Denied(Box<RunError>),
    /// A file or folder cannot be used.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What lies in the home is not what was installed.
    #[error("the files of `{name}` in `{}` are not those that were installed; nothing of it was run", folder.display())]
    Altered {
        /// Which plugin.
        name: String,
        /// Where they lie.
        folder: PathBuf,
        /// Where it came from; untrusted.
        came_from: String,
    },
    /// What it is made of cannot be looked up.
    #[error("what is known of it: {0}")]
    Advisories(#[from] AdvisoriesError),
    /// Something is publicly known to be wrong with a part of it.
    #[error("`{name}` is not run: {why}")]
    Known {
        /// Which plugin.
        name: String,
        /// Which parts, and what; safe to show.
        why: String,
        /// Whether a part of it is made to harm.
        malware: bool,
    },
    /// Somebody switched it off.
    #[error("`{name}` is {state}: {}", UntrustedText::new(reason))]
    Off {
        /// Which plugin.
        name: String,
        /// `disabled` or `quarantined`.
        state: &'static str,
        /// Why.
        reason: String,
    },
    /// It is older than what is installed, or nobody can tell.
    #[error("`{name}` {} is {order} {}, which is installed", version(to.as_deref()), version(from.as_deref()))]
    Downgrade {
        /// Which plugin.
        name: String,
        /// What is installed; untrusted.
        from: Option<String>,
        /// What would be; untrusted.
        to: Option<String>,
        /// How they compare, in words.
        order: &'static str,
    },
    /// Somebody else stands for it than for what is installed.
    #[error("`{name}` does not come from where it came from before: {}", UntrustedText::new(what))]
    Publisher {
        /// Which plugin.
        name: String,
        /// What is different.
        what: String,
    },
    /// The new version does not start; the old one was not touched.
    #[error("the new version of `{name}` does not start, so {} stays: {error}", version(stays.as_deref()))]
    Canary {
        /// Which plugin.
        name: String,
        /// The version that stays; untrusted.
        stays: Option<String>,
        /// What happened.
        error: Box<RunError>,
    },
    /// A grant would have no effect.
    #[error("`{capability}` would not be granted to `{name}`: {}", withheld(*by))]
    Withheld {
        /// Which plugin.
        name: String,
        /// What.
        capability: Capability,
        /// Which set withholds it.
        by: WithheldBy,
    },
    /// There is nothing to take back.
    #[error("`{name}` {}", not_granted(capability, wider.as_ref()))]
    NotGranted {
        /// Which plugin.
        name: String,
        /// What.
        capability: Capability,
        /// A grant of which it is a part.
        wider: Option<Capability>,
    },
    /// Nothing is known of the tools of what was named.
    #[error(
        "nothing is pinned of `{}`, or of more than one of that name",
        UntrustedText::new(word)
    )]
    NoPins {
        /// What was typed.
        word: String,
    },
    /// What is held cannot be agreed to.
    #[error(
        "`{}` cannot be agreed to: it is not held, or cannot be read in one way only",
        UntrustedText::new(name)
    )]
    NotAgreeable {
        /// What it is called.
        name: String,
    },
    /// There is a folder or file of that name, too.
    #[error("`{name}` is an installed plugin, and a file or folder here")]
    Ambiguous {
        /// What was typed.
        name: String,
    },
}

fn version(text: Option<&str>) -> String {
    text.map_or_else(|| "without a version".to_owned(), |text| UntrustedText::new(text).to_string())
}

fn not_granted(capability: &Capability, wider: Option<&Capability>) -> String {
    match wider {
        None => format!("was not granted `{capability}`"),
        Some(wider) => format!("has `{capability}` as a part of `{wider}`"),
    }
}

fn withheld(by: WithheldBy) -> &'static str {
    match by {
        WithheldBy::Declared => "its manifest does not ask for it",
        WithheldBy::Policy => "the operator's policy does not allow it",
        WithheldBy::Unavailable => "nothing here performs it",
        WithheldBy::Consent | WithheldBy::Revoked | WithheldBy::Scope => "the yes does not stand",
    }
}

impl InstalledError {
    /// The exit status of the command line for it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::State(
                StateError::Similar { .. } | StateError::State { .. } | StateError::Recalled { .. },
            )
            | Self::Known { .. }
            | Self::Altered { .. }
            | Self::Off { .. } => ExitCode::Refused,
            Self::Record(_) => ExitCode::Audit,
            Self::Packed(error) => error.exit_code(),
            Self::Trust(error) => error.exit_code(),
            Self::Denied(error) | Self::Canary { error, .. } => error.exit_code(),
            Self::Downgrade { .. } | Self::Publisher { .. } | Self::Withheld { .. } => {
                ExitCode::Denied
            }
            _ => ExitCode::Usage,
        }
    }

    /// What mends it, where it can be told.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::State(StateError::State { name, state: "quarantined", .. }) => {
                Some(release(name))
            }
            Self::State(error) => error.help(),
            Self::Packed(error) => error.help().map(str::to_owned),
            Self::Denied(error) => error.help(),
            Self::Altered { came_from, .. } => Some(format!(
                "find out who changed them, then unpack them anew: ringfence install {}",
                UntrustedText::new(came_from.strip_prefix("file:").unwrap_or(came_from))
            )),
            Self::Known { name, malware: true, .. } => {
                Some(format!("nothing runs it; ringfence update {name}, or ringfence remove {name}"))
            }
            Self::Known { name, .. } => Some(format!(
                "ringfence update {name}; to run it all the same: --despite-findings"
            )),
            Self::Off { name, state: "quarantined", .. } => Some(release(name)),
            Self::Off { name, .. } => Some(format!("ringfence enable {name}")),
            Self::Downgrade { .. } => Some("if that is meant: --allow-downgrade".to_owned()),
            Self::Publisher { .. } => Some(
                "ask its publisher, by another way than the package; then: --allow-publisher-change"
                    .to_owned(),
            ),
            Self::Canary { .. } => Some("its publisher has to mend it".to_owned()),
            Self::NotGranted { name, wider: Some(wider), .. } => {
                Some(format!("ringfence revoke {name} '{wider}'"))
            }
            Self::NotGranted { name, .. } => {
                Some(format!("what it was granted: ringfence info {name}"))
            }
            Self::NoPins { .. } => Some("what there is: ringfence tools".to_owned()),
            Self::Ambiguous { name } => Some(format!(
                "`installed:{name}` is the plugin, `./{name}` what lies here"
            )),
            _ => None,
        }
    }
}

fn release(name: &str) -> String {
    format!("if you know that it is harmless: ringfence quarantine --release {name}")
}
