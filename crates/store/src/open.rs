//! The file: whose it is, how it is written, whether it is whole.

use crate::error::StateError;
use crate::migrations::{STEPS, migrate, refuse_foreign};
use ringfence_private::{self as private, PrivateError};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use rustix::fs::OFlags;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Name of the file in the home.
pub const FILE: &str = "state.sqlite";

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(10);

/// What is installed in one home.
#[derive(Debug)]
pub struct StateStore {
    connection: Mutex<Connection>,
}

impl StateStore {
    /// Opens the file of this home, and makes it when there is none.
    ///
    /// # Errors
    /// When it is not ours alone, is reached through a link, is damaged, or is of another
    /// program or of a newer version. Then it is as it was.
    pub fn open(home: &Path) -> Result<Self, StateError> {
        Self::open_within(home, BUSY)
    }

    fn open_within(home: &Path, busy: Duration) -> Result<Self, StateError> {
        let folder = private::open_or_create(home)?;
        let home = home.canonicalize().map_err(PrivateError::io("find", home))?;
        let path = home.join(FILE);
        // Looked at by O_PATH: who closes a file that was opened otherwise gives up every lock
        // that this process has on it (fcntl(2)), those of another connection too, and another
        // process then takes the journal for one that nobody uses.
        let look =
            |name: &str| private::open_existing(&folder, name, OFlags::PATH, &home.join(name));
        if look(FILE)?.is_none() {
            private::open_or_create_file(&folder, FILE, &path)?;
        }
        if let Some(file) = look(FILE)? {
            private::refuse_readable(&file, &path)?;
        }
        // SQLite writes what stands in a journal that it finds.
        for journal in ["-wal", "-shm", "-journal"] {
            look(&format!("{FILE}{journal}"))?;
        }
        Self::open_at(&path, busy).map_err(|error| match error {
            StateError::Damaged { .. } => StateError::Damaged { path },
            other => other,
        })
    }

    /// Opens the file of this home if there is one, and waits no longer than `busy` for
    /// other processes: for those who look again and again. Makes nothing.
    ///
    /// # Errors
    /// As [`StateStore::open`].
    pub fn open_existing(home: &Path, busy: Duration) -> Result<Option<Self>, StateError> {
        let path = home.join(FILE);
        // Only so that nothing is made where a home has gone; what counts is looked at below.
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // Another process is about to write the first tables into it.
            Ok(found) if found.len() == 0 => Err(StateError::Busy),
            _ => Self::open_within(home, busy).map(Some),
        }
    }

    fn open_at(path: &Path, busy: Duration) -> Result<Self, StateError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(busy)?;
        // Before anything is written: it may be somebody's.
        refuse_foreign(&connection, path)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A folder is removed only after its row was: that order must survive a power cut.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // The file is small, and a page that was damaged could say yes where nobody did.
        let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if whole != "ok" {
            return Err(StateError::Damaged { path: path.to_owned() });
        }
        migrate(&mut connection, STEPS, path)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// The connection. A panic while it was held left at most an open transaction, which
    /// was rolled back when it was dropped.
    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does all of `work` or nothing.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}
