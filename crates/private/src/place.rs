//! Content that is there entirely or not at all, whatever happens meanwhile.

use crate::error::PrivateError;
use crate::{folder, hex};
use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Writes a new file beside its final name and links it there, so that it is
/// whole or absent, and the first of two processes wins. False when the name was
/// taken. `path` is that of the folder, for errors.
///
/// # Errors
/// When the disk refuses.
pub fn place(
    folder: &OwnedFd,
    path: &Path,
    name: &str,
    content: &[u8],
) -> Result<bool, PrivateError> {
    let path = path.join(name);
    let mut unique = [0; 8];
    getrandom::fill(&mut unique)
        .map_err(io::Error::from)
        .map_err(PrivateError::io("find a name beside", &path))?;
    let draft = format!("{name}.{}", hex::text(&unique));
    let mut file = folder::create_new(folder, &draft, &path)?;
    let linked = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| {
        match rustix::fs::linkat(folder, draft.as_str(), folder, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    });
    let removed = rustix::fs::unlinkat(folder, draft.as_str(), AtFlags::empty());
    let synced = rustix::fs::fsync(folder);
    linked
        .and_then(|linked| {
            removed?;
            synced?;
            Ok(linked)
        })
        .map_err(PrivateError::io("write", &path))
}

/// Writes the file anew: who opens the name finds the old content or the new one.
/// The caller holds a lock. What a crash left beside it is removed first.
///
/// # Errors
/// When the disk refuses; then the old content stays, unless only the last
/// synchronisation of the folder failed.
pub fn replace(
    folder: &OwnedFd,
    path: &Path,
    name: &str,
    content: &[u8],
) -> Result<(), PrivateError> {
    let path = path.join(name);
    let draft = format!("{name}.new");
    match rustix::fs::unlinkat(folder, draft.as_str(), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(PrivateError::io("clear the way for", &path)(error.into())),
    }
    let mut file = folder::create_new(folder, &draft, &path)?;
    let renamed = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| Ok(rustix::fs::renameat(folder, draft.as_str(), folder, name)?));
    if renamed.is_err() {
        // A full disk is not made fuller.
        let _ = rustix::fs::unlinkat(folder, draft.as_str(), AtFlags::empty());
    }
    renamed.and_then(|()| Ok(rustix::fs::fsync(folder)?)).map_err(PrivateError::io("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_draft_that_a_crash_left_or_an_attacker_linked_harms_nothing() {
        let home = tempfile::tempdir().unwrap();
        let folder = folder::open_or_create(home.path()).unwrap();
        let victim = home.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        symlink(&victim, home.path().join("file.new")).unwrap();
        replace(&folder, home.path(), "file", b"one").unwrap();
        std::fs::write(home.path().join("file.new"), "half of tw").unwrap();
        assert_eq!(std::fs::read(home.path().join("file")).unwrap(), b"one");
        replace(&folder, home.path(), "file", b"two").unwrap();
        assert_eq!(std::fs::read(home.path().join("file")).unwrap(), b"two");
        assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
        assert!(!home.path().join("file.new").exists());
        let mode = home.path().join("file").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_first_of_two_that_place_a_file_wins() {
        let home = tempfile::tempdir().unwrap();
        let folder = folder::open_or_create(home.path()).unwrap();
        assert!(place(&folder, home.path(), "file", b"one").unwrap());
        assert!(!place(&folder, home.path(), "file", b"two").unwrap());
        assert_eq!(std::fs::read(home.path().join("file")).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
