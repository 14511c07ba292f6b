//! Why a package did not come from its name to a folder.

use crate::source::SourceError;
use crate::trusted::RegistryTrustError;
use ringfence_advisories::AdvisoriesError;
use ringfence_download::DownloadError;
use ringfence_lifecycle::{PackedError, ReviewError, RunError, TrustError};
use ringfence_package::PackageError;
use ringfence_private::PrivateError;
use ringfence_types::{ExitCode, UntrustedText};
use std::io;
use std::path::Path;

/// Why a package did not come from its name to a folder. Nothing of it ran, and the home
/// is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The text names no package.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The program that fetches is not here, or of a kind that cannot be used.
    #[error("`{program}` cannot be used: {why}")]
    Client {
        /// Which.
        program: &'static str,
        /// Why; safe to show.
        why: String,
        /// What mends it.
        help: &'static str,
    },
    /// The user's configuration names a registry that cannot be used.
    #[error("the registry `{url}`: {why}")]
    Registry {
        /// As configured, without user and password; safe to show.
        url: String,
        /// Why.
        why: String,
    },
    /// The client did not start, or was ended by a limit.
    #[error("fetching `{source_word}`: {error}")]
    Jail {
        /// What.
        source_word: String,
        /// Why.
        error: Box<RunError>,
    },
    /// The jail for the client could not be described.
    #[error("fetching in a jail: {0}")]
    Review(#[from] ReviewError),
    /// The client ended with an error.
    #[error("{program} could not fetch `{source_word}`: {said}{}", denied(denials))]
    Fetch {
        /// Which client.
        program: &'static str,
        /// What.
        source_word: String,
        /// What it said; safe to show.
        said: String,
        /// What the gate refused it; safe to show.
        denials: Vec<String>,
    },
    /// A registry or server did not give it.
    #[error(transparent)]
    Download(DownloadError),
    /// The list of publishers cannot be read.
    #[error(transparent)]
    Publishers(#[from] TrustError),
    /// What was fetched is not what the lock says, or cannot be unpacked safely.
    #[error("`{what}` is refused: {why}")]
    Refused {
        /// What; safe to show.
        what: String,
        /// Why; safe to show.
        why: String,
    },
    /// What it is signed by does not hold.
    #[error("`{what}` is refused: {why}")]
    Vouched {
        /// Which package; safe to show.
        what: String,
        /// What does not hold; safe to show.
        why: String,
        /// The registry, as configured.
        url: String,
        /// Whether its keys have a say in it, which an operator can tell.
        by_keys: bool,
    },
    /// A part of it is younger than what is taken, or nobody knows how old it is.
    #[error("`{what}` is refused: {why}")]
    Young {
        /// Which part; safe to show.
        what: String,
        /// Why; safe to show.
        why: String,
    },
    /// Whoever looked at it refused it.
    #[error("`{what}` is refused: {why}")]
    Blocked {
        /// What.
        what: String,
        /// Why; safe to show.
        why: String,
        /// With what it can be looked at.
        help: String,
    },
    /// Nobody could look at it.
    #[error("`{what}` could not be looked at: {why}")]
    Look {
        /// What.
        what: String,
        /// Why; safe to show.
        why: String,
    },
    /// A person ended it.
    #[error("it was interrupted")]
    Interrupted,
    /// The files are no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// They cannot be packed or unpacked.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// What the operator says of registries cannot be read.
    #[error(transparent)]
    Trust(#[from] RegistryTrustError),
    /// What is publicly known cannot be looked up.
    #[error(transparent)]
    Advisories(#[from] AdvisoriesError),
    /// A record of ours cannot be read or written.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// The operating system refuses.
    #[error("`{path}`: {error}")]
    Io {
        /// Of what; safe to show.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The log does not take it.
    #[error("the audit log: {0}")]
    Audit(String),
}

fn denied(denials: &[String]) -> String {
    if denials.is_empty() {
        return String::new();
    }
    format!("; the gate refused it {}", denials.join(", "))
}

impl From<DownloadError> for InstallError {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::Interrupted { .. } => Self::Interrupted,
            error => Self::Download(error),
        }
    }
}

impl InstallError {
    /// The exit status of the command line for it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Jail { error, .. } => error.exit_code(),
            Self::Packed(error) => error.exit_code(),
            Self::Publishers(error) => error.exit_code(),
            Self::Refused { .. }
            | Self::Young { .. }
            | Self::Vouched { .. }
            | Self::Blocked { .. } => ExitCode::Refused,
            Self::Audit(_) => ExitCode::Audit,
            Self::Look { .. } => ExitCode::Internal,
            Self::Interrupted => ExitCode::Interrupted,
            _ => ExitCode::Usage,
        }
    }

    /// What mends it, where it can be told.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Client { help, .. } => Some((*help).to_owned()),
            Self::Blocked { help, .. } => Some(help.clone()),
            Self::Jail { error, .. } => error.help(),
            Self::Packed(error) => error.help().map(str::to_owned),
            Self::Refused { .. } => {
                Some("do not use it; the registry or who is between you and it is at fault".to_owned())
            }
            Self::Young { .. } => Some(
                "name an older version, or take it at any age: --min-age 0".to_owned(),
            ),
            Self::Vouched { by_keys: false, .. } => {
                Some("do not use it; what is there is not what somebody published".to_owned())
            }
            Self::Vouched { url, .. } => Some(format!(
                "do not use it; only if you know from elsewhere that the registry has new keys: \
                 ringfence trust registry {url} KEYS"
            )),
            Self::Fetch { denials, .. } if !denials.is_empty() => Some(
                "only the registry of your own configuration may be asked; who depends on anything else is not installed"
                    .to_owned(),
            ),
            Self::Download(DownloadError::TooSlow { .. }) => {
                Some("`--fetch-timeout SECONDS` waits longer".to_owned())
            }
            _ => None,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = UntrustedText::new(&path.to_string_lossy()).to_string();
        |error| Self::Io { path, error }
    }

    pub(crate) fn refused(what: &str, why: impl Into<String>) -> Self {
        let what: String = what.chars().take(214).collect();
        Self::Refused { what: UntrustedText::new(&what).to_string(), why: why.into() }
    }
}
