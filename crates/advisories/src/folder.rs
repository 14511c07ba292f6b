//! Folders of strangers: walked without following a link, read in bounds.

use crate::component::Found;
use crate::error::AdvisoriesError;
use crate::lists::{Lists, MAX_LIST_BYTES, is_list};
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Most names in all folders together. GitHub's database has a million.
const MAX_NAMES: u64 = 5_000_000;
/// Most folders in each other.
const MAX_DEPTH: usize = 64;
/// Histories of repositories hold no records and no lists.
const HISTORIES: [&str; 3] = [".git", ".hg", ".svn"];

/// A file, or a link where one could be, below the folder that is walked.
pub(crate) struct Walked {
    pub(crate) path: PathBuf,
    /// Below the folder, with `/`, made text.
    pub(crate) below: String,
    pub(crate) is_file: bool,
}

/// Calls `each` for everything below `root` that `wanted` names, in the order of names.
pub(crate) fn walk(
    root: &Path,
    wanted: impl Fn(&str) -> bool,
    mut each: impl FnMut(Walked) -> Result<(), AdvisoriesError>,
) -> Result<(), AdvisoriesError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |source| AdvisoriesError::Read { path, source }
    };
    let too_many = |most: u64, what| AdvisoriesError::TooMany { path: root.to_owned(), most, what };
    let mut seen = 0_u64;
    let mut folders = vec![(root.to_owned(), String::new(), 0_usize)];
    while let Some((folder, below, depth)) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(unreadable(&folder))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unreadable(&folder))?;
            seen += 1;
            if seen > MAX_NAMES {
                return Err(too_many(MAX_NAMES, "names"));
            }
            let kind = entry.file_type().map_err(unreadable(&entry.path()))?;
            names.push((entry.file_name(), kind));
        }
        names.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut deeper = Vec::new();
        for (name, kind) in names {
            let path = folder.join(&name);
            let name = name.to_string_lossy();
            let below = if below.is_empty() { name.to_string() } else { format!("{below}/{name}") };
            if kind.is_dir() {
                if depth >= MAX_DEPTH {
                    return Err(too_many(MAX_DEPTH as u64, "folders in each other"));
                }
                if !HISTORIES.contains(&name.as_ref()) {
                    deeper.push((path, below, depth + 1));
                }
            } else if wanted(&below) {
                each(Walked { path, below, is_file: kind.is_file() })?;
            }
        }
        folders.extend(deeper.into_iter().rev());
    }
    Ok(())
}

/// A whole file; none when it is no regular one or larger than `most` bytes. A link is
/// not followed, and a pipe is not waited for.
pub(crate) fn read_file(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    read_opened(File::from(file), most)
}

fn read_opened(file: File, most: usize) -> io::Result<Option<Vec<u8>>> {
    let status = rustix::fs::fstat(&file)?;
    let size = u64::try_from(status.st_size).unwrap_or(u64::MAX);
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile || size > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((u64::try_from(read).unwrap_or(u64::MAX) <= most).then_some(bytes))
}

/// What a folder or one list on the disk says that a target is made of.
///
/// # Errors
/// When it cannot be read, or is one file that is no list.
pub fn read_lists(path: &Path) -> Result<Found, AdvisoriesError> {
    let unreadable = |source| AdvisoriesError::Read { path: path.to_owned(), source };
    let mut lists = Lists::default();
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty())
            .map_err(io::Error::from)
            .map_err(unreadable)?;
        let bytes = read_opened(File::from(file), MAX_LIST_BYTES).map_err(unreadable)?;
        let no_list = |why: &str| unreadable(io::Error::new(io::ErrorKind::InvalidData, why));
        let bytes = bytes.ok_or_else(|| no_list("no regular file, or larger than 16 MiB"))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !lists.read_alone(&name, &bytes) {
            return Err(no_list("not a list of packages that is known here"));
        }
        return Ok(lists.finish());
    }
    walk(path, is_list, |walked| {
        if !walked.is_file {
            lists.unread(&walked.below, "it is a link or no file");
            return Ok(());
        }
        match read_file(&walked.path, MAX_LIST_BYTES) {
            Ok(Some(bytes)) => lists.read(&walked.below, &bytes),
            Ok(None) => lists.unread(&walked.below, "it is no file, or larger than 16 MiB"),
            Err(error) => lists.unread(&walked.below, &error.to_string()),
        }
        Ok(())
    })?;
    Ok(lists.finish())
}
