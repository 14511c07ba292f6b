//! From a granted folder to a descriptor below it.

use crate::error::FilesError;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How often a resolution that raced with a rename is tried again.
const ATTEMPTS: usize = 8;

/// The only way in which this crate resolves a path.
fn walls() -> ResolveFlags {
    ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV
}

/// Opens `rest` below `root`.
pub(crate) fn open_below(
    root: BorrowedFd<'_>,
    rest: &str,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, FilesError> {
    let path = if rest.is_empty() { "." } else { rest };
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut attempt = 0;
    loop {
        match openat2(root, path, flags, mode, walls()) {
            // The kernel saw a rename while it walked and will not guess.
            Err(Errno::AGAIN | Errno::INTR) if attempt < ATTEMPTS => attempt += 1,
            Ok(file) => return Ok(file),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Opens `rest` as a folder.
pub(crate) fn open_folder(
    root: BorrowedFd<'_>,
    rest: &str,
    flags: OFlags,
) -> Result<OwnedFd, FilesError> {
    match open_below(root, rest, flags | OFlags::DIRECTORY, Mode::empty()) {
        // The kernel calls a link at the end "not a directory"; people should
        // hear that it is a link.
        Err(FilesError::NotAFolder) => {
            let seen = open_below(root, rest, OFlags::PATH, Mode::empty())?;
            match FileType::from_raw_mode(fstat(&seen)?.st_mode) {
                FileType::Symlink => Err(FilesError::SymbolicLink),
                _ => Err(FilesError::NotAFolder),
            }
        }
        other => other,
    }
}

/// Opens `rest` as a regular file. It is looked at before it is opened, because
/// opening alone can act (a FIFO wakes its writer, a device rewinds), and again
/// afterwards, because the name may have been given to something else.
pub(crate) fn open_file(
    root: BorrowedFd<'_>,
    rest: &str,
    flags: OFlags,
) -> Result<(OwnedFd, Stat), FilesError> {
    let seen = open_below(root, rest, OFlags::PATH, Mode::empty())?;
    regular(seen.as_fd())?;
    let file = open_below(root, rest, flags | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())?;
    let stat = regular(file.as_fd())?;
    Ok((file, stat))
}

/// The facts about an open regular file.
pub(crate) fn regular(file: BorrowedFd<'_>) -> Result<Stat, FilesError> {
    let stat = fstat(file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(stat),
        FileType::Symlink => Err(FilesError::SymbolicLink),
        _ => Err(FilesError::NotAFile),
    }
}

/// The folder around `rest`, opened, and the last name.
pub(crate) fn open_parent<'r>(
    root: BorrowedFd<'_>,
    rest: &'r str,
) -> Result<(OwnedFd, &'r str), FilesError> {
    let (folder, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    if name.is_empty() {
        return Err(FilesError::GrantedFolder);
    }
    let folder = open_folder(root, folder, OFlags::PATH)?;
    Ok((folder, name))
}
