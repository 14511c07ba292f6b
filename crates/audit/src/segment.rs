//! One file of the log.

use crate::error::AuditOpenError;
use crate::folder;
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Names have eight digits.
pub(crate) const LAST_NUMBER: u32 = 99_999_999;

pub(crate) fn name(number: u32) -> String {
    format!("{number:08}.jsonl")
}

fn number(name: &[u8]) -> Option<u32> {
    let digits = name.strip_suffix(b".jsonl")?;
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|number| *number > 0)
}

/// The lowest and highest segment of a folder; other files are not looked at.
pub(crate) fn range(folder: impl AsFd) -> io::Result<Option<(u32, u32)>> {
    let mut found: Option<(u32, u32)> = None;
    for entry in rustix::fs::Dir::read_from(folder)? {
        if let Some(number) = number(entry?.file_name().to_bytes()) {
            found =
                Some(found.map_or((number, number), |(first, last)| {
                    (first.min(number), last.max(number))
                }));
        }
    }
    Ok(found)
}

/// A segment that is open for appending.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) file: File,
}

impl Segment {
    pub(crate) fn open(
        folder: &OwnedFd,
        number: u32,
        path: &Path,
    ) -> Result<Option<Self>, AuditOpenError> {
        let path = path.join(name(number));
        let file =
            folder::open_existing(folder, &name(number), OFlags::RDWR | OFlags::APPEND, &path)?;
        Ok(file.map(|file| Self { number, file }))
    }

    pub(crate) fn create(
        folder: &OwnedFd,
        number: u32,
        path: &Path,
    ) -> Result<Self, AuditOpenError> {
        let full = path.join(name(number));
        drop(folder::create_new(folder, &name(number), &full)?);
        // Opened again for O_APPEND, which the other use of create_new must not have.
        Self::open(folder, number, path)?
            .ok_or_else(|| AuditOpenError::io("open", &full)(io::ErrorKind::NotFound.into()))
    }

    /// Appends all of `bytes`; on an error an unknown part of them was written.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        if let Some(part) = faults::next_write(bytes.len()) {
            (&self.file).write_all(bytes.get(..part).unwrap_or(bytes))?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        (&self.file).write_all(bytes)
    }

    pub(crate) fn truncate(&self, length: u64) -> io::Result<()> {
        #[cfg(test)]
        if faults::truncate_fails() {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.file.set_len(length)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        if faults::sync_fails() {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.file.sync_data()
    }
}

/// Errors of the disk, put in by tests of this crate, for the current thread.
#[cfg(test)]
pub(crate) mod faults {
    use std::cell::Cell;

    thread_local! {
        /// The next write stops after so many bytes.
        pub(crate) static WRITE_STOPS_AFTER: Cell<Option<usize>> = const { Cell::new(None) };
        /// Truncating fails.
        pub(crate) static TRUNCATE_FAILS: Cell<bool> = const { Cell::new(false) };
        /// Syncing fails.
        pub(crate) static SYNC_FAILS: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn next_write(length: usize) -> Option<usize> {
        WRITE_STOPS_AFTER.get().map(|after| after.min(length))
    }

    pub(super) fn truncate_fails() -> bool {
        TRUNCATE_FAILS.get()
    }

    pub(super) fn sync_fails() -> bool {
        SYNC_FAILS.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_written_are_segments() {
        assert_eq!(number(b"00000001.jsonl"), Some(1));
        for other in [
            "00000000.jsonl",
            "1.jsonl",
            "00000001.json",
            "000000001.jsonl",
            "+0000001.jsonl",
            "head.json",
        ] {
            assert_eq!(number(other.as_bytes()), None, "{other}");
        }
    }
}
