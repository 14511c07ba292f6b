//! The folder of one errand, which is gone afterwards whatever a client made of it.

use crate::error::InstallError;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
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
        let _ = flatten(self.path());
    }
}

/// Removes all that is below `top`. A folder may be locked, and lie deeper than descriptors
/// or the stack of who goes down reach: each is brought up to `top`, and emptied there.
fn flatten(top: &Path) -> io::Result<()> {
    let open = |folder: &Path| fs::set_permissions(folder, Permissions::from_mode(0o700));
    open(top)?;
    let mut number = 0_u64;
    // No name of a client's, so that none is in the way.
    let mut next = || {
        number += 1;
        top.join(format!(".ringfence-{}-{number}", std::process::id()))
    };
    let mut folders = Vec::new();
    for entry in fs::read_dir(top)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    while let Some(folder) = folders.pop() {
        open(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let (entry, place) = (entry?, next());
            if entry.file_type()?.is_dir() {
                // To move it is to write it: it has another folder above it then.
                open(&entry.path())?;
                fs::rename(entry.path(), &place)?;
                folders.push(place);
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_dir(&folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_a_client_left_is_removed_however_deep_or_locked_it_is_and_nothing_else() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("mine"), "").unwrap();
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        let (inner, outer) = (path.join("inner"), path.join("outer"));
        fs::create_dir(&inner).unwrap();
        symlink(outside.path(), inner.join("link")).unwrap();
        // Deeper than anybody may hold folders open, or name them from the root.
        for _ in 0..5_000 {
            fs::create_dir(&outer).unwrap();
            fs::write(outer.join("file"), "").unwrap();
            fs::rename(&inner, outer.join("inner")).unwrap();
            fs::rename(&outer, &inner).unwrap();
        }
        fs::set_permissions(&inner, Permissions::from_mode(0o0)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o500)).unwrap();
        drop(scratch);
        assert!(!path.exists());
        assert!(outside.path().join("mine").exists(), "no link is followed");
    }
}
