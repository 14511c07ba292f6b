//! Folders to open, made for one test and gone after it.

use ringfence_package::{Package, PackageError};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Files with their content.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        for (name, content) in files {
            place.file(name, content);
        }
        place
    }

    /// The folder without symbolic links, as packages give it.
    pub(crate) fn path(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn program(&self, name: &str, content: impl AsRef<[u8]>) {
        self.file(name, content);
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn link(&self, name: &str, target: impl AsRef<Path>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub(crate) fn open(&self) -> Result<Package, PackageError> {
        Package::open(self.folder.path())
    }

    pub(crate) fn open_at(&self, name: &str) -> Result<Package, PackageError> {
        Package::open(&self.folder.path().join(name))
    }

    /// Why opening fails, causes included.
    pub(crate) fn refusal(&self) -> String {
        told(&self.open().unwrap_err())
    }
}

pub(crate) fn told(error: &PackageError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
