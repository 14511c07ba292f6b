//! Why something could not be kept.

use rusqlite::ErrorCode;
use std::path::PathBuf;

/// Why something could not be kept or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The file cannot be opened or created.
    #[error("the storage file `{}` cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The byte quota of the instance would be passed.
    #[error("{wanted} more bytes would pass the storage quota, {used} of {limit} bytes are used")]
    Quota {
        /// The quota in bytes.
        limit: u64,
        /// Used so far, in bytes.
        used: u64,
        /// What this change adds, in bytes.
        wanted: u64,
    },
    /// One value is larger than any may be.
    #[error("the value is larger than {limit} bytes")]
    ValueTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Another process holds the file for too long.
    #[error("the storage is busy")]
    Busy,
    /// No room on the file system.
    #[error("the file system is full")]
    Full,
    /// The file is not what was written.
    #[error("the storage file is damaged")]
    Damaged,
    /// Written by a newer version.
    #[error("the storage file has format {found}, this version knows up to {known}")]
    NewerFormat {
        /// The format of the file.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// Anything else.
    #[error("the storage failed")]
    Database {
        /// What the database said.
        source: rusqlite::Error,
    },
}

impl From<rusqlite::Error> for StorageError {
    fn from(source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Database { source },
        }
    }
}
