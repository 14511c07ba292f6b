//! A package's folder that nobody may remove.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Says that a package's folder is in use, until it is dropped or its process ends. It is a
/// lock on the folder itself: there is no file of it that could be left behind.
#[derive(Debug)]
pub(crate) struct InUse {
    _folder: File,
}

/// Says that nobody uses a package's folder, and nobody will until this is dropped.
#[derive(Debug)]
pub(super) struct Unused {
    _folder: File,
}

impl InUse {
    /// # Errors
    /// When there is no such folder, or it was removed at this very moment.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        Ok(Self { _folder: locked(folder, FlockOperation::LockShared)? })
    }
}

impl Unused {
    /// None when somebody uses it.
    ///
    /// # Errors
    /// When there is no such folder.
    pub(super) fn of(folder: &Path) -> io::Result<Option<Self>> {
        match locked(folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(folder) => Ok(Some(Self { _folder: folder })),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn locked(folder: &Path, how: FlockOperation) -> io::Result<File> {
    let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = File::options().read(true).custom_flags(flags).open(folder)?;
    flock(&file, how)?;
    // Who removes a folder renames it first: what is locked may no longer be what is there.
    let (held, there) = (file.metadata()?, fs::symlink_metadata(folder)?);
    if (held.dev(), held.ino()) != (there.dev(), there.ino()) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(file)
}
