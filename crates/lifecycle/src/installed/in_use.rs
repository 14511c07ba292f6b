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
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_is_unused_when_nobody_uses_it_and_used_by_as_many_as_like() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("package");
        assert!(InUse::of(&folder).is_err() && Unused::of(&folder).is_err(), "it is not there");
        fs::create_dir(&folder).unwrap();
        let (one, two) = (InUse::of(&folder).unwrap(), InUse::of(&folder).unwrap());
        assert!(Unused::of(&folder).unwrap().is_none());
        drop(one);
        assert!(Unused::of(&folder).unwrap().is_none());
        drop(two);
        assert!(Unused::of(&folder).unwrap().is_some());
    }

    #[test]
    fn a_folder_that_was_replaced_while_somebody_waited_for_it_is_not_the_one() {
        let home = tempfile::tempdir().unwrap();
        let (folder, away) = (home.path().join("package"), home.path().join("away"));
        fs::create_dir(&folder).unwrap();
        let unused = Unused::of(&folder).unwrap().unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| InUse::of(&folder));
            // Long enough that it stands at the lock; what it finds is the same if not.
            std::thread::park_timeout(std::time::Duration::from_millis(100));
            fs::rename(&folder, &away).unwrap();
            drop(unused);
            assert!(waiting.join().unwrap().is_err());
        });
    }

    #[test]
    fn a_link_is_no_folder() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("package");
        symlink(home.path(), &link).unwrap();
        assert!(InUse::of(&link).is_err() && Unused::of(&link).is_err());
    }
}
