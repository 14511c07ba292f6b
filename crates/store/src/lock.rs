//! One process at a time changes what is installed.

use crate::error::StateError;
use ringfence_private::{self as private, PrivateError};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::Path;

const FILE: &str = "state.lock";

/// Held by the one process that changes what is installed, folders and rows together. The
/// kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateLock {
    /// Waits until no other process changes what is installed in this home.
    ///
    /// # Errors
    /// When the lock is not ours alone, or the system refuses.
    pub fn take(home: &Path) -> Result<Self, StateError> {
        let path = home.join(FILE);
        let folder = private::open_or_create(home)?;
        let file = private::open_or_create_file(&folder, FILE, &path)?;
        loop {
            match flock(&file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(PrivateError::io("lock", &path)(error.into()).into()),
            }
        }
    }
}
