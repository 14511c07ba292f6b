//! Files of several archives in one folder.

use crate::error::InstallError;
use ringfence_package::{ArchiveFile, MAX_ARCHIVE_BYTES, ReadTree, TreeLimits, unpack};
use ringfence_types::UntrustedText;
use std::collections::BTreeMap;

/// Where Python keeps what it compiled.
const COMPILED: &str = "__pycache__";

/// The files of a package and all that it needs, by path.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: BTreeMap<String, ArchiveFile>,
    bytes: u64,
}

impl Files {
    /// Adds a file. Of two with one path, both must be the same: packages of Python that
    /// share a folder bring the same empty file each. What Python compiled is left out.
    pub(crate) fn add(
        &mut self,
        what: &str,
        path: String,
        executable: bool,
        bytes: Vec<u8>,
    ) -> Result<(), InstallError> {
        // Python would run it in place of the source beside it, which is what is looked at.
        if path.split('/').any(|part| part == COMPILED) {
            return Ok(());
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > MAX_ARCHIVE_BYTES {
            return Err(InstallError::refused(
                what,
                "with all that it needs it is larger than 512 MiB",
            ));
        }
        let file = ArchiveFile::file(path.clone(), executable, bytes);
        match self.files.get(&path) {
            Some(known) if known.bytes == file.bytes => Ok(()),
            Some(_) => Err(InstallError::refused(
                what,
                format!("two packages bring different files `{}`", UntrustedText::new(&path)),
            )),
            None => {
                self.files.insert(path, file);
                Ok(())
            }
        }
    }

    /// In the order of their paths' bytes.
    pub(crate) fn into_sorted(self) -> Vec<ArchiveFile> {
        self.files.into_values().collect()
    }
}

/// The files of one archive, if nothing about it is odd: what two programs could unpack in
/// two ways is not unpacked.
pub(crate) fn unpacked(what: &str, name: &str, bytes: Vec<u8>) -> Result<ReadTree, InstallError> {
    let tree = unpack(name, bytes, &TreeLimits::default());
    match tree.oddities.first() {
        None => Ok(tree),
        Some(odd) => {
            let path: String = odd.path.chars().take(200).collect();
            let at = if path.is_empty() {
                String::new()
            } else {
                format!(" (`{}`)", UntrustedText::new(&path))
            };
            Err(InstallError::refused(what, format!("{}{at}", odd.why)))
        }
    }
}
