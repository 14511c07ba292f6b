//! The one module that reads files: never through a symbolic link in the last
//! component, never anything but regular files, never more than a bound.

use crate::error::PackageError;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Most names in one folder that inference looks at.
const MAX_NAMES: usize = 20_000;

pub(crate) fn unreadable(path: &Path, source: io::Error) -> PackageError {
    PackageError::Read { path: path.to_owned(), source }
}

/// The absolute path without symbolic links.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf, PackageError> {
    fs::canonicalize(path).map_err(|error| unreadable(path, error))
}

/// Where a link leads, as it is written.
pub(crate) fn read_link(path: &Path) -> Result<PathBuf, PackageError> {
    fs::read_link(path).map_err(|error| unreadable(path, error))
}

/// Whether a name is there, without following it if it is a link.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether `path` leads to a regular file.
pub(crate) fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether `path` leads to a folder.
pub(crate) fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Opens a regular file. A named pipe or device in the place of a file neither
/// blocks nor is read; a link put there since the path was resolved is refused.
pub(crate) fn open_regular(path: &Path) -> Result<(File, Metadata), PackageError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file: File = rustix::fs::open(path, flags, Mode::empty())
        .map_err(|error| match error {
            // The kernel's own words speak of many levels.
            Errno::LOOP => {
                unreadable(path, io::Error::other("it is a symbolic link, which is not followed"))
            }
            other => unreadable(path, other.into()),
        })?
        .into();
    let metadata = regular(&file, path)?;
    Ok((file, metadata))
}

fn regular(file: &File, path: &Path) -> Result<Metadata, PackageError> {
    let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
    if !metadata.is_file() {
        return Err(unreadable(path, io::Error::other("it is not a regular file")));
    }
    Ok(metadata)
}

/// The whole file, if it has at most `max` bytes.
pub(crate) fn read(path: &Path, max: u64, bound: &'static str) -> Result<Vec<u8>, PackageError> {
    let (file, metadata) = open_regular(path)?;
    read_whole(file, &metadata, path, (max, bound))
}

/// Opens a folder, to read below it.
pub(crate) fn open_folder(path: &Path) -> Result<OwnedFd, PackageError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map_err(|error| unreadable(path, error.into()))
}

/// As [`read`], for what lies below an open folder, with whether it may be executed. `None` when a link leads out of
/// it: the kernel says so while it opens, whoever swaps one name for another meanwhile.
pub(crate) fn read_below(
    folder: &OwnedFd,
    path: &Path,
    max: u64,
    bound: &'static str,
) -> Result<Option<(Vec<u8>, bool)>, PackageError> {
    let Some((file, metadata)) = open_below(folder, path)? else { return Ok(None) };
    let executable = metadata.permissions().mode() & 0o111 != 0;
    read_whole(file, &metadata, path, (max, bound)).map(|bytes| Some((bytes, executable)))
}

/// The first eight bytes of what [`read_below`] would read.
pub(crate) fn begins_below(folder: &OwnedFd, path: &Path) -> Result<Vec<u8>, PackageError> {
    let mut bytes = Vec::new();
    if let Some((file, _)) = open_below(folder, path)? {
        file.take(8).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    }
    Ok(bytes)
}

fn open_below(folder: &OwnedFd, path: &Path) -> Result<Option<(File, Metadata)>, PackageError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let walls = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let file: File = match rustix::fs::openat2(folder, path, flags, Mode::empty(), walls) {
        Ok(file) => file.into(),
        Err(Errno::XDEV | Errno::LOOP) => return Ok(None),
        Err(error) => return Err(unreadable(path, error.into())),
    };
    let metadata = regular(&file, path)?;
    Ok(Some((file, metadata)))
}

fn read_whole(
    file: File,
    metadata: &Metadata,
    path: &Path,
    (max, bound): (u64, &'static str),
) -> Result<Vec<u8>, PackageError> {
    let too_large = || PackageError::TooLarge { path: path.to_owned(), bound };
    if metadata.len() > max {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // One byte more than allowed shows a file that grew in between.
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > max {
        return Err(too_large());
    }
    Ok(bytes)
}

/// As [`read`], for a file that may be missing.
pub(crate) fn read_if_there(
    path: &Path,
    max: u64,
    bound: &'static str,
) -> Result<Option<Vec<u8>>, PackageError> {
    if exists(path) { read(path, max, bound).map(Some) } else { Ok(None) }
}

/// The first `max` bytes.
pub(crate) fn head(path: &Path, max: u64) -> Result<Vec<u8>, PackageError> {
    let (file, _) = open_regular(path)?;
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    Ok(bytes)
}

/// Names and kinds in a folder, sorted by bytes; links are not followed.
pub(crate) fn names(path: &Path) -> Result<Vec<(OsString, FileType)>, PackageError> {
    let mut names = Vec::new();
    for item in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
        let item = item.map_err(|error| unreadable(path, error))?;
        let kind = item.file_type().map_err(|error| unreadable(path, error))?;
        if names.len() == MAX_NAMES {
            return Err(PackageError::TooLarge {
                path: path.to_owned(),
                bound: "20,000 names in one folder",
            });
        }
        names.push((item.file_name(), kind));
    }
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(names)
}
