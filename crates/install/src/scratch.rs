//! The folder of one errand, which is gone afterwards whatever a client made of it.

use crate::error::InstallError;
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, chmodat, fstat, openat, unlinkat};
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::path::Path;
use tempfile::TempDir;

/// A folder that a client in its jail may write. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// Outside of the home: no jail is given anything of that.
    pub(crate) fn new() -> Result<Self, InstallError> {
        let make = |place: &Path| tempfile::Builder::new().prefix("ringfence-").tempdir_in(place);
        // What is fetched can be larger than a `/tmp` that is kept in memory.
        let temporary = std::env::temp_dir();
        make(Path::new("/var/tmp"))
            .or_else(|_| make(&temporary))
            .map(Self)
            .map_err(InstallError::io(&temporary))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What then is left, the folder's own end tries to remove once more.
        let _ = empty(self.path());
    }
}

/// A folder on the way down.
struct Level {
    /// In the folder above it.
    name: CString,
    /// Device and number, by which it is known again on the way up.
    own: (u64, u64),
    /// Folders in it that are still there.
    folders: Vec<CString>,
}

/// Removes all that is below `top`. A folder may be locked, and lie deeper than descriptors
/// or the stack of who goes down reach: one is open at a time, and the way is on the heap.
fn empty(top: &Path) -> rustix::io::Result<()> {
    chmodat(CWD, top, Mode::RWXU, AtFlags::empty())?;
    let mut here = openat(CWD, top, FOLDER, Mode::empty())?;
    let mut way = vec![Level::of(&here, CString::default())?];
    while let Some(level) = way.last_mut() {
        if let Some(name) = level.folders.pop() {
            chmodat(&here, &name, Mode::RWXU, AtFlags::empty())?;
            here = openat(&here, &name, FOLDER, Mode::empty())?;
            way.push(Level::of(&here, name)?);
            continue;
        }
        let done = way.pop();
        let (Some(done), Some(above)) = (done, way.last()) else { break };
        here = openat(&here, c"..", FOLDER, Mode::empty())?;
        if number(&here)? != above.own {
            // Somebody moves folders meanwhile: nobody knows what this one is.
            return Err(Errno::AGAIN);
        }
        unlinkat(&here, &done.name, AtFlags::REMOVEDIR)?;
    }
    Ok(())
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn number(folder: &OwnedFd) -> rustix::io::Result<(u64, u64)> {
    fstat(folder).map(|found| (found.st_dev, found.st_ino))
}

impl Level {
    /// Removes what is no folder in it.
    fn of(folder: &OwnedFd, name: CString) -> rustix::io::Result<Self> {
        let mut level = Self { name, own: number(folder)?, folders: Vec::new() };
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            match unlinkat(folder, name, AtFlags::empty()) {
                Err(Errno::ISDIR) => level.folders.push(name.to_owned()),
                removed => removed?,
            }
        }
        Ok(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{mkdirat, open};
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn what_a_client_left_is_removed_however_deep_it_is_and_nothing_else() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("mine"), "").unwrap();
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        symlink(outside.path(), path.join("link")).unwrap();
        let folder = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut deepest = open(&path, folder, Mode::empty()).unwrap();
        // More than anybody may hold open, and more than can be named from the root.
        for _ in 0..15_000 {
            mkdirat(&deepest, "deeper", Mode::RWXU).unwrap();
            deepest = openat(&deepest, "deeper", folder, Mode::empty()).unwrap();
        }
        drop((deepest, scratch));
        assert!(!path.exists());
        assert!(outside.path().join("mine").exists(), "no link is followed");
    }

    #[test]
    fn what_a_client_locked_away_is_removed() {
        // Root may enter what is locked, as long as it has these.
        let mut rights = capabilities(None).unwrap();
        rights.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        set_capabilities(None, rights).unwrap();
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        let inner = path.join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("c"), "").unwrap();
        for (folder, mode) in [(&inner, 0o500), (&path.join("a"), 0), (&path, 0)] {
            fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
        }
        assert!(fs::read_dir(&path).is_err(), "it is locked");
        drop(scratch);
        assert!(!path.exists());
    }
}
