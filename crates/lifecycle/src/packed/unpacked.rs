//! A packed package as a folder of the home, under the name of its digest.

use super::{Packed, PackedError, extract};
use ringfence_package::Archive;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folder of the home with a folder for each package.
const FOLDER: &str = "packages";
/// Name of the files' folder while it is beside its place.
const PACKAGE: &str = "package";

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
        let place = self.place(home)?;
        if self.is_in(&place) {
            return Ok(place);
        }
        self.unpack_beside(home)?.keep()
    }

    /// Writes its files into `folder`, which must not exist yet.
    ///
    /// # Errors
    /// When it exists or cannot be written; what was written is left for the caller to remove.
    pub fn unpack_to(&self, folder: &Path) -> Result<(), PackedError> {
        Ok(extract::extract(&self.archive, folder)?)
    }

    /// Its files in a folder of the home that is not yet the one of its digest, for who
    /// looks at them first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unpack_beside(&self, home: &Path) -> Result<Beside<'_>, PackedError> {
        let place = self.place(home)?;
        let wrong = || PackedError::io(&place);
        let packages = packages(home);
        fs::create_dir_all(&packages).map_err(wrong())?;
        // So that it comes to its place whole or not at all.
        let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&packages).map_err(wrong())?;
        extract::extract(&self.archive, &new.path().join(PACKAGE))?;
        Ok(Beside { packed: self, new, place })
    }

    fn place(&self, home: &Path) -> Result<PathBuf, PackedError> {
        Ok(packages(home).join(self.digest()?.hex()))
    }

    /// Whether the files at `place` are these and no others.
    fn is_in(&self, place: &Path) -> bool {
        place.symlink_metadata().is_ok_and(|found| found.is_dir())
            && Archive::whole_folder(place).is_ok_and(|found| found.files == self.archive.files)
    }
}

/// A packed package's files beside their place. Dropped, they are removed.
#[derive(Debug)]
pub struct Beside<'p> {
    packed: &'p Packed,
    new: tempfile::TempDir,
    place: PathBuf,
}

impl Beside<'_> {
    /// Where they are now.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.new.path().join(PACKAGE)
    }

    /// Moves them to the folder of their digest, and gives that.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn keep(self) -> Result<PathBuf, PackedError> {
        let Self { packed, new, place } = self;
        let wrong = || PackedError::io(&place);
        for _ in 0..TRIES {
            match fs::rename(new.path().join(PACKAGE), &place) {
                Ok(()) => return Ok(place),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(wrong()(error)),
            }
            // Another process was first, or what is there was changed.
            if packed.is_in(&place) {
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
}

/// How often two processes may be in each other's way.
const TRIES: u32 = 5;

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}
