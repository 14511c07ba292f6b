//! Why an archive is refused.

use crate::error::PackageError;
use std::io;

/// Why a package cannot be packed, or an archive not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] PackageError),
    /// A path that cannot be in an archive.
    #[error("`{path}` cannot be in an archive: {why}")]
    Path {
        /// The path, safe to show.
        path: String,
        /// Why, as a lowercase fragment.
        why: &'static str,
    },
    /// A link that leads somewhere else.
    #[error("the link `{path}` cannot be in an archive: {why}")]
    Link {
        /// The path, safe to show.
        path: String,
        /// Why, as a lowercase fragment.
        why: &'static str,
    },
    /// It is not an archive of ours.
    #[error("it is not an archive of this program: {0}")]
    Form(String),
    /// It is one and is written in another way than the only one.
    #[error(
        "it is not written in the one way in which archives are: something may be hidden in it"
    )]
    NotCanonical,
    /// It is larger than what is read.
    #[error("it is larger than what is read: {0}")]
    TooLarge(&'static str),
    /// It cannot be written.
    #[error("it cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl ArchiveError {
    pub(super) fn path(path: &str, why: &'static str) -> Self {
        Self::Path { path: path.escape_debug().to_string(), why }
    }

    pub(super) fn link(path: &str, why: &'static str) -> Self {
        Self::Link { path: path.escape_debug().to_string(), why }
    }
}
