//! A folder for this run, gone with it.

use crate::Result;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// A private folder, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("ringfence-bench-{}", std::process::id()));
        // Readable by others: rivals and jails run programs in it as somebody else.
        DirBuilder::new().mode(0o755).create(&path)?;
        Ok(Self(path))
    }

    /// A new folder in it that only this user may enter.
    pub(crate) fn private(&self, name: &str) -> Result<PathBuf> {
        self.folder(name, 0o700)
    }

    /// A new folder in it.
    pub(crate) fn public(&self, name: &str) -> Result<PathBuf> {
        self.folder(name, 0o755)
    }

    fn folder(&self, name: &str, mode: u32) -> Result<PathBuf> {
        let path = self.0.join(name);
        DirBuilder::new().mode(mode).create(&path)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
