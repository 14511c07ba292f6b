//! A packed package as a folder of the home, under the name of its digest.

use super::{Packed, PackedError, extract};
use ringfence_package::Archive;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folder of the home with a folder for each package.
const FOLDER: &str = "packages";

/// Where they are in a home.
pub(crate) fn packages(home: &Path) -> PathBuf {
    home.join(FOLDER)
}

impl Packed {
    /// The folder of the home with exactly these files. It is made when it is not there,
    /// and made again when one byte in it is not as it was packed: nothing is run only
    /// because it lies under the right name.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn unpacked_in(&self, home: &Path) -> Result<PathBuf, PackedError> {
        let packages = packages(home);
        let place = packages.join(self.digest()?.hex());
        if self.is_in(&place) {
            return Ok(place);
        }
        let wrong = || PackedError::io(&place);
        fs::create_dir_all(&packages).map_err(wrong())?;
        // Beside its place, so that it comes there whole or not at all.
        let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&packages).map_err(wrong())?;
        extract::extract(&self.archive, &new.path().join("package"))?;
        for _ in 0..TRIES {
            match fs::rename(new.path().join("package"), &place) {
                Ok(()) => return Ok(place),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(wrong()(error)),
            }
            // Another process was first, or what is there was changed.
            if self.is_in(&place) {
                return Ok(place);
            }
            let old = new.path().join("old");
            match fs::rename(&place, &old) {
                Ok(()) => fs::remove_dir_all(&old).map_err(wrong())?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(wrong()(error)),
            }
        }
        Err(wrong()(io::Error::other("other processes change it again and again")))
    }

    /// Whether the files at `place` are these and no others.
    fn is_in(&self, place: &Path) -> bool {
        place.symlink_metadata().is_ok_and(|found| found.is_dir())
            && Archive::of_folder(place).is_ok_and(|found| found.files == self.archive.files)
    }
}

/// How often two processes may be in each other's way.
const TRIES: u32 = 5;

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}
