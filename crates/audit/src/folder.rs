//! Opening files and folders so that nobody can have planted them.

use crate::error::AuditOpenError;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Opens a folder of ours, making it (0700) when it is absent. Its parent must exist.
pub(crate) fn open_or_create(path: &Path) -> Result<OwnedFd, AuditOpenError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => {
            match rustix::fs::mkdir(path, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => {
                    return Err(AuditOpenError::io("create", path)(error.into()));
                }
            }
            rustix::fs::open(path, flags, Mode::empty())
        }
        opened => opened,
    }
    .map_err(|error| refuse_link(error, path))?;
    let status = rustix::fs::fstat(&folder)
        .map_err(io::Error::from)
        .map_err(AuditOpenError::io("look at", path))?;
    check_owner(status.st_uid, path)?;
    if Mode::from_raw_mode(status.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        return Err(AuditOpenError::NotPrivate {
            path: path.to_owned(),
            reason: "can be written by others",
            mend: "make it yours alone with `chmod 700`",
        });
    }
    Ok(folder)
}

/// Opens a regular file of ours; none when it is absent.
pub(crate) fn open_existing(
    folder: impl AsFd,
    name: &str,
    flags: OFlags,
    path: &Path,
) -> Result<Option<File>, AuditOpenError> {
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
pub(crate) fn create_new(
    folder: impl AsFd,
    name: &str,
    path: &Path,
) -> Result<File, AuditOpenError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)
        .map(File::from)
        .map_err(io::Error::from)
        .map_err(AuditOpenError::io("create", path))
}

fn check_file(file: &OwnedFd, path: &Path) -> Result<(), AuditOpenError> {
    let status = rustix::fs::fstat(file)
        .map_err(io::Error::from)
        .map_err(AuditOpenError::io("look at", path))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(AuditOpenError::NotPrivate {
            path: path.to_owned(),
            reason: "is not a regular file",
            mend: "find out who put it there, then remove it",
        });
    }
    check_owner(status.st_uid, path)
}

fn check_owner(uid: u32, path: &Path) -> Result<(), AuditOpenError> {
    if uid == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(AuditOpenError::NotPrivate {
        path: path.to_owned(),
        reason: "belongs to another user",
        mend: "use a home folder of your own, or run as its owner",
    })
}

fn refuse_link(error: Errno, path: &Path) -> AuditOpenError {
    // ELOOP for a file, ENOTDIR for a folder opened with O_DIRECTORY.
    if matches!(error, Errno::LOOP | Errno::NOTDIR) && path.is_symlink() {
        return AuditOpenError::NotPrivate {
            path: path.to_owned(),
            reason: "is a symbolic link",
            mend: "find out who put it there, then remove it",
        };
    }
    AuditOpenError::io("open", path)(error.into())
}
