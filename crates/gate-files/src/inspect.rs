//! Reading: bytes, names, facts.

use crate::error::FilesError;
use crate::resolve::{open_below, open_file, open_folder};
use crate::roots::{Files, Located};
use ringfence_permission::{FilesRead, Permit};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, statat};
use rustix::io::{Errno, pread};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

/// Most entries of a folder that one listing looks at.
pub const MAX_SCANNED: usize = 100_000;

/// Bytes per read from the kernel.
const CHUNK: usize = 64 * 1024;

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The bytes from the offset asked for.
    pub bytes: Vec<u8>,
    /// The size of the whole file when it was opened, in bytes.
    pub size: u64,
    /// Whether the end of the file was reached.
    pub at_end: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link; this gate does not follow it.
    SymbolicLink,
    /// A device, FIFO or socket; this gate does not open it.
    Other,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name. Chosen by a stranger: neutralise it before showing it.
    pub name: String,
    /// What it stands for.
    pub kind: EntryKind,
}

/// A page of the names in a folder, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The names of this page.
    pub entries: Vec<Entry>,
    /// Whether there are names after the last one.
    pub more: bool,
    /// Names that are not UTF-8 and are therefore left out.
    pub unreadable: usize,
}

/// Facts about one file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// What it is.
    pub kind: EntryKind,
    /// Size in bytes; 0 for anything but a regular file.
    pub size: u64,
    /// Last change of the content, in milliseconds since 1970-01-01 UTC.
    pub modified_ms: u64,
}

impl Files {
    /// Reads at most `max` bytes from `offset`.
    ///
    /// # Errors
    /// When the path is no regular file below the granted folder, or reading
    /// fails.
    pub fn read(
        &self,
        permit: Permit<'_, FilesRead>,
        offset: u64,
        max: usize,
    ) -> Result<FileContent, FilesError> {
        let Located { root, rest, .. } = self.locate(permit)?;
        let (file, stat) = open_file(root, rest, OFlags::RDONLY)?;
        let mut bytes = Vec::new();
        let mut chunk = vec![0; CHUNK.min(max).max(1)];
        let mut at_end = false;
        // One byte more than wanted tells whether the end was reached.
        while bytes.len() <= max && !at_end {
            let room = max.saturating_add(1).saturating_sub(bytes.len());
            let at = offset.saturating_add(bytes.len() as u64);
            let want = room.min(chunk.len());
            let Some(buffer) = chunk.get_mut(..want) else {
                break;
            };
            match pread(&file, &mut *buffer, at) {
                Ok(0) => at_end = true,
                Ok(count) => bytes.extend(buffer.iter().take(count)),
                Err(Errno::INTR) => {}
                // An offset beyond what the file system can address.
                Err(Errno::INVAL | Errno::OVERFLOW) if bytes.is_empty() => at_end = true,
                Err(errno) => return Err(errno.into()),
            }
        }
        bytes.truncate(max);
        Ok(FileContent { bytes, size: size_of(&stat), at_end })
    }

    /// Lists at most `max` names that sort after `after`.
    ///
    /// # Errors
    /// When the path is no folder below the granted one, or it has more than
    /// [`MAX_SCANNED`] entries.
    pub fn list(
        &self,
        permit: Permit<'_, FilesRead>,
        after: Option<&str>,
        max: usize,
    ) -> Result<Listing, FilesError> {
        let Located { root, rest, .. } = self.locate(permit)?;
        let folder = open_folder(root, rest, OFlags::RDONLY)?;
        let mut page: BTreeMap<String, FileType> = BTreeMap::new();
        let (mut more, mut unreadable, mut scanned) = (false, 0, 0);
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            scanned += 1;
            if scanned > MAX_SCANNED {
                return Err(FilesError::TooManyEntries { limit: MAX_SCANNED });
            }
            let Ok(name) = name.to_str() else {
                unreadable += 1;
                continue;
            };
            if after.is_some_and(|after| name <= after) {
                continue;
            }
            page.insert(name.to_owned(), entry.file_type());
            if page.len() > max {
                page.pop_last();
                more = true;
            }
        }
        let entries = page
            .into_iter()
            .map(|(name, kind)| {
                let kind = known_type(&folder, &name, kind);
                Entry { name, kind }
            })
            .collect();
        Ok(Listing { entries, more, unreadable })
    }

    /// Tells what a path is, without opening it and without following a link.
    ///
    /// # Errors
    /// When there is nothing of that name below the granted folder.
    pub fn stat(&self, permit: Permit<'_, FilesRead>) -> Result<FileInfo, FilesError> {
        let Located { root, rest, .. } = self.locate(permit)?;
        let seen = open_below(root, rest, OFlags::PATH, Mode::empty())?;
        let stat = fstat(&seen)?;
        let kind = entry_kind(FileType::from_raw_mode(stat.st_mode));
        let millis = i128::from(stat.st_mtime) * 1000 + i128::from(stat.st_mtime_nsec) / 1_000_000;
        Ok(FileInfo {
            kind,
            size: if kind == EntryKind::File { size_of(&stat) } else { 0 },
            modified_ms: u64::try_from(millis.max(0)).unwrap_or(u64::MAX),
        })
    }
}

pub(crate) fn size_of(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// Some file systems do not say in the listing what an entry is.
fn known_type(folder: &OwnedFd, name: &str, listed: FileType) -> EntryKind {
    let kind = if listed == FileType::Unknown {
        statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode))
    } else {
        listed
    };
    entry_kind(kind)
}

fn entry_kind(kind: FileType) -> EntryKind {
    match kind {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Folder,
        FileType::Symlink => EntryKind::SymbolicLink,
        _ => EntryKind::Other,
    }
}
