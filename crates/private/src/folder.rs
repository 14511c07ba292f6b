//! Opening files and folders so that nobody can have planted them.

use crate::error::PrivateError;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Opens a folder of ours, making it (0700) when it is absent. Its parent must exist.
///
/// # Errors
/// When it is not ours alone, or the system refuses.
pub fn open_or_create(path: &Path) -> Result<OwnedFd, PrivateError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => {
            match rustix::fs::mkdir(path, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => {
                    return Err(PrivateError::io("create", path)(error.into()));
                }
            }
            rustix::fs::open(path, flags, Mode::empty())
        }
        opened => opened,
    }
    .map_err(|error| refuse_link(error, path))?;
    let status = rustix::fs::fstat(&folder)
        .map_err(io::Error::from)
        .map_err(PrivateError::io("look at", path))?;
    check_owner(status.st_uid, path)?;
    if Mode::from_raw_mode(status.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        return Err(PrivateError::NotPrivate {
            path: path.to_owned(),
            reason: "can be written by others",
            mend: "make it yours alone with `chmod 700`",
        });
    }
    Ok(folder)
}

/// Opens a regular file of ours; none when it is absent.
///
/// # Errors
/// When it is not ours alone, or the system refuses.
pub fn open_existing(
    folder: impl AsFd,
    name: &str,
    flags: OFlags,
    path: &Path,
) -> Result<Option<File>, PrivateError> {
    // O_NONBLOCK: a planted FIFO must not hang us before we have looked at it.
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(refuse_link(error, path)),
    };
    check_file(&file, path)?;
    Ok(Some(File::from(file)))
}

/// Creates a file (0600) that must not exist.
///
/// # Errors
/// When it is not ours alone, or the system refuses.
pub fn create_new(folder: impl AsFd, name: &str, path: &Path) -> Result<File, PrivateError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)
        .map(File::from)
        .map_err(io::Error::from)
        .map_err(PrivateError::io("create", path))
}

/// Opens a regular file of ours for reading, making it (0600, empty) when it is
/// absent: for locks.
///
/// # Errors
/// When it is not ours alone, or the system refuses.
pub fn open_or_create_file(
    folder: impl AsFd,
    name: &str,
    path: &Path,
) -> Result<File, PrivateError> {
    let folder = folder.as_fd();
    if let Some(file) = open_existing(folder, name, OFlags::RDONLY, path)? {
        return Ok(file);
    }
    match create_new(folder, name, path) {
        Ok(file) => Ok(file),
        // Somebody else made it at the same moment.
        Err(error) => open_existing(folder, name, OFlags::RDONLY, path)?.ok_or(error),
    }
}

/// Refuses a file that its group or others can read or write.
///
/// # Errors
/// When they can.
pub fn refuse_readable(file: impl AsFd, path: &Path) -> Result<(), PrivateError> {
    let mode = rustix::fs::fstat(file)
        .map_err(io::Error::from)
        .map_err(PrivateError::io("look at", path))?
        .st_mode;
    if Mode::from_raw_mode(mode).intersects(Mode::RWXG | Mode::RWXO) {
        return Err(PrivateError::NotPrivate {
            path: path.to_owned(),
            reason: "can be read by others",
            mend: "make it yours alone with `chmod 600`, or better replace it",
        });
    }
    Ok(())
}

fn check_file(file: &OwnedFd, path: &Path) -> Result<(), PrivateError> {
    let status = rustix::fs::fstat(file)
        .map_err(io::Error::from)
        .map_err(PrivateError::io("look at", path))?;
    let kind = FileType::from_raw_mode(status.st_mode);
    // Who opens by O_PATH gets the link itself.
    if kind == FileType::Symlink {
        return Err(is_link(path));
    }
    if kind != FileType::RegularFile {
        return Err(PrivateError::NotPrivate {
            path: path.to_owned(),
            reason: "is not a regular file",
            mend: "find out who put it there, then remove it",
        });
    }
    check_owner(status.st_uid, path)
}

fn check_owner(uid: u32, path: &Path) -> Result<(), PrivateError> {
    if uid == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(PrivateError::NotPrivate {
        path: path.to_owned(),
        reason: "belongs to another user",
        mend: "use a home folder of your own, or run as its owner",
    })
}

fn refuse_link(error: Errno, path: &Path) -> PrivateError {
    // ELOOP for a file, ENOTDIR for a folder opened with O_DIRECTORY.
    if matches!(error, Errno::LOOP | Errno::NOTDIR) && path.is_symlink() {
        return is_link(path);
    }
    PrivateError::io("open", path)(error.into())
}

fn is_link(path: &Path) -> PrivateError {
    PrivateError::NotPrivate {
        path: path.to_owned(),
        reason: "is a symbolic link",
        mend: "find out who put it there, then remove it",
    }
}
