//! Why advisories cannot be kept or looked up.

use crate::record::Malformed;
use ringfence_private::PrivateError;
use rusqlite::ErrorCode;
use std::io;
use std::path::PathBuf;

/// Why advisories cannot be kept or looked up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisoriesError {
    /// The home or the file in it is not ours alone, or the system refused.
    #[error("the advisories: {0}")]
    Private(#[from] PrivateError),
    /// What is to be imported or checked cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a zip, or one that does not fit together.
    #[error("`{}` is no whole zip: {why}", path.display())]
    Zip {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        why: &'static str,
    },
    /// A folder or an archive holds more than is read.
    #[error("`{}` holds more than {most} {what}", path.display())]
    TooMany {
        /// Which one.
        path: PathBuf,
        /// How many are read.
        most: u64,
        /// Of what.
        what: &'static str,
    },
    /// No record was found.
    #[error("no record was found in it; nothing was changed")]
    Empty,
    /// Most of it is not what it should be, so that it is not taken for a set of records.
    #[error("{malformed} of {read} records are malformed; nothing was changed")]
    MostlyMalformed {
        /// How many are.
        malformed: u64,
        /// How many there were.
        read: u64,
        /// The first of them: which, and why.
        first: Vec<(String, Malformed)>,
    },
    /// Another import has been going on for too long.
    #[error("another import is going on")]
    Busy,
    /// No room on the file system.
    #[error("the file system is full; nothing was changed")]
    Full,
    /// The file is not what was written.
    #[error("the file of advisories is damaged: {why}")]
    Damaged {
        /// In what.
        why: String,
    },
    /// Written by a newer version.
    #[error("the file of advisories has format {found}, this version knows up to {known}")]
    NewerFormat {
        /// The format of the file.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// Anything else.
    #[error("the database of advisories failed")]
    Database(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for AdvisoriesError {
    fn from(source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { why: source.to_string() }
            }
            _ => Self::Database(source),
        }
    }
}
