//! The file: who may read it, how it is written, what its format is.

use crate::error::StorageError;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The format that this version writes.
const FORMAT: i64 = 1;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

const TABLES: &str = "
    CREATE TABLE entry (
        instance TEXT NOT NULL,
        key TEXT NOT NULL,
        is_json INTEGER NOT NULL,
        value BLOB NOT NULL,
        changed_ms INTEGER NOT NULL,
        PRIMARY KEY (instance, key)
    ) STRICT;
    CREATE TABLE used (
        instance TEXT NOT NULL PRIMARY KEY,
        bytes INTEGER NOT NULL
    ) STRICT;
";

/// Keys and documents of every instance of one home.
#[derive(Debug)]
pub struct Storage {
    connection: Mutex<Connection>,
}

impl Storage {
    /// Opens the file, and creates it readable for this user alone.
    ///
    /// # Errors
    /// When the file cannot be opened, is damaged, or is of a newer format.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        private_file(path)
            .map_err(|source| StorageError::Open { path: path.to_owned(), source })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // With WAL and NORMAL a killed process loses nothing; a power cut may
        // lose the newest changes, never the file.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match found {
            0 => {
                transaction.execute_batch(TABLES)?;
                transaction.pragma_update(None, "user_version", FORMAT)?;
            }
            FORMAT => {}
            _ => {
                return Err(StorageError::NewerFormat { found, known: FORMAT });
            }
        }
        transaction.commit()?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// The connection. A panic while it was held left at most an open
    /// transaction, which was rolled back when it was dropped.
    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// SQLite gives its journal files the mode of the main file.
fn private_file(path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
