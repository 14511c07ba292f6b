//! Everything that a host can meet, in one type.

use ringfence_lifecycle::{EngineError, PackedError, ReviewError, RunError};
use ringfence_package::PackageError;
use ringfence_types::{Denial, ExitCode};

/// Why something did not work. [`Error::Run`] holds the kinds that a host acts
/// on: time-outs, used-up resources, denials, crashes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no folder for keys, log and storage.
    #[error("Ringfence has no home: {0}")]
    Home(#[source] std::io::Error),
    /// The engine cannot work.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The plugin cannot be read, or its manifest is wrong.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A packed package cannot be read, or a signature of it does not hold.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// What is to be granted is no capability.
    #[error("`{text}` is not a capability: {reason}")]
    Grant {
        /// As it was written.
        text: String,
        /// Why not.
        reason: String,
    },
    /// A host whose address is given is none.
    #[error("`{text}` is not a host to give an address for: {reason}")]
    Host {
        /// As it was written.
        text: String,
        /// Why not.
        reason: String,
    },
    /// What is to be granted cannot be granted.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// It was refused, could not be started, or did not end with an answer.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Error {
    /// The denial, when that is what it is.
    #[must_use]
    pub const fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Run(RunError::Denied(denial)) => Some(denial),
            _ => None,
        }
    }

    /// The exit status of the command line for it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Home(_) | Self::Engine(_) => ExitCode::Audit,
            Self::Package(_) | Self::Grant { .. } | Self::Host { .. } | Self::Review(_) => {
                ExitCode::Usage
            }
            Self::Packed(error) => error.exit_code(),
            Self::Run(error) => error.exit_code(),
        }
    }
}
