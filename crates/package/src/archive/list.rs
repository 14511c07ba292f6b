//! The files of a folder, with their content.

use super::{Archive, ArchiveError, ArchiveFile, LEFT_OUT, MAX_ARCHIVE_BYTES, paths};
use crate::digest;
use crate::folder;
use ringfence_types::{Digest, FileEntry};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

impl Archive {
    /// The files and links of the folder at `root`, without signatures. What belongs to a
    /// version control, and what Python compiled, is left out.
    ///
    /// # Errors
    /// When the folder cannot be read, is too large, or has a path that cannot be in an
    /// archive.
    pub fn of_folder(root: &Path) -> Result<Self, ArchiveError> {
        let left_out = |path: &str| path.split('/').any(|part| LEFT_OUT.contains(&part));
        Self::listed(root, left_out)
    }

    /// As [`of_folder`](Self::of_folder), with nothing left out: a folder with anything that
    /// cannot be in an archive is none that was unpacked from one.
    ///
    /// # Errors
    /// As for [`of_folder`](Self::of_folder).
    pub fn whole_folder(root: &Path) -> Result<Self, ArchiveError> {
        Self::listed(root, |_| false)
    }

    fn listed(root: &Path, left_out: impl Fn(&str) -> bool) -> Result<Self, ArchiveError> {
        let mut files = Vec::new();
        let mut left = MAX_ARCHIVE_BYTES;
        for (name, is_link) in digest::names(root)? {
            let shown = name.to_string_lossy().into_owned();
            let path = name
                .to_str()
                .ok_or_else(|| ArchiveError::path(&shown, "it is not UTF-8"))?
                .to_owned();
            if left_out(&path) {
                continue;
            }
            let place = root.join(&name);
            let file = if is_link { link(&place, path)? } else { file(&place, path, left)? };
            left = left.saturating_sub(file.entry.size);
            files.push(file);
        }
        paths::check(&files)?;
        Ok(Self { signatures: Vec::new(), sbom: Vec::new(), files })
    }
}

fn link(place: &Path, path: String) -> Result<ArchiveFile, ArchiveError> {
    let target = folder::read_link(place)?;
    let target =
        target.to_str().ok_or_else(|| ArchiveError::link(&path, "its target is not UTF-8"))?;
    Ok(ArchiveFile::link(path, target.to_owned()))
}

fn file(place: &Path, path: String, left: u64) -> Result<ArchiveFile, ArchiveError> {
    let (file, metadata) = folder::open_regular(place)?;
    let mut bytes = Vec::new();
    file.take(left.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| folder::unreadable(place, error))?;
    if bytes.len() as u64 > left {
        return Err(ArchiveError::TooLarge("more than 512 MiB of files"));
    }
    let executable = metadata.permissions().mode() & 0o111 != 0;
    Ok(ArchiveFile::file(path, executable, bytes))
}

impl ArchiveFile {
    /// A file of this content.
    #[must_use]
    pub fn file(path: String, executable: bool, bytes: Vec<u8>) -> Self {
        let digest = Digest::from_bytes(Sha256::digest(&bytes).into());
        let size = bytes.len() as u64;
        Self { entry: FileEntry { path, size, digest, executable, link: None }, bytes }
    }

    /// A link to `target`.
    pub(super) fn link(path: String, target: String) -> Self {
        let digest = Digest::from_bytes(Sha256::digest(target.as_bytes()).into());
        let entry = FileEntry { path, size: 0, digest, executable: false, link: Some(target) };
        Self { entry, bytes: Vec::new() }
    }
}
