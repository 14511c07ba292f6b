//! The operator's list of publishers, in the home.

use crate::recorded::{Changed, RecordError, recorded};
use ringfence_private::{self as private, PrivateError};
use ringfence_signing::{PublisherError, Publishers};
use ringfence_types::{EventKind, ExitCode};
use rustix::fs::{FlockOperation, OFlags};
use std::io::{self, Read as _};
use std::path::PathBuf;

const FILE: &str = "publishers.json";
const LOCK: &str = "publishers.lock";
/// Most bytes of the file: some ten thousand keys.
const MAX_BYTES: u64 = 16 << 20;

/// The operator's list of publishers. It is read anew at every use; only this user can
/// write it, and no plugin can reach the home.
#[derive(Clone, Debug)]
pub struct TrustStore {
    home: PathBuf,
}

/// Why the list cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file is not ours alone, or the system refused.
    #[error("the list of publishers: {0}")]
    Private(#[from] PrivateError),
    /// The file cannot be read.
    #[error("the list of publishers `{}`: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not as it was written, or cannot be changed so.
    #[error(transparent)]
    Publisher(#[from] PublisherError),
    /// The change cannot be recorded, so it is not made.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl TrustError {
    /// The exit status of the command line for it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Record(_) => ExitCode::Audit,
            _ => ExitCode::Usage,
        }
    }
}

impl TrustStore {
    /// The list in this home folder.
    #[must_use]
    pub const fn new(home: PathBuf) -> Self {
        Self { home }
    }

    /// Everybody who is trusted; nobody when there is no list yet.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one of ours. A list that cannot be read is
    /// not one on which nobody stands.
    pub fn load(&self) -> Result<Publishers, TrustError> {
        let path = self.home.join(FILE);
        let folder = private::open_or_create(&self.home)?;
        let Some(file) = private::open_existing(&folder, FILE, OFlags::RDONLY, &path)? else {
            return Ok(Publishers::default());
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| TrustError::Io { path, error })?;
        Ok(Publishers::parse(&bytes)?)
    }

    /// Changes the list, after the log has taken what is said of it.
    ///
    /// # Errors
    /// When `change` refuses, or the list cannot be read, recorded or written. It is then
    /// as it was.
    pub fn change<E: From<TrustError>>(
        &self,
        said: &str,
        key: &str,
        change: impl FnOnce(&mut Publishers) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.home.join(LOCK);
        let folder = private::open_or_create(&self.home).map_err(TrustError::from)?;
        let lock = private::open_or_create_file(&folder, LOCK, &path).map_err(TrustError::from)?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| TrustError::Io { path, error: error.into() })?;
        let mut publishers = self.load()?;
        change(&mut publishers)?;
        let bytes = publishers.to_bytes().map_err(TrustError::from)?;
        let changed = Changed {
            kind: EventKind::TrustChanged,
            said,
            not_done: "the list of publishers was not changed",
            what: ("key", key.into()),
        };
        let write = || private::replace(&folder, &self.home, FILE, &bytes);
        recorded(&self.home, &changed, write)
            .map_err(TrustError::from)?
            .map_err(TrustError::from)?;
        Ok(())
    }
}
