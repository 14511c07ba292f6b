//! Changing: replace, append, make a folder, delete.

use crate::error::FilesError;
use crate::inspect::size_of;
use crate::resolve::{open_below, open_file, open_folder, open_parent, regular};
use crate::roots::{Files, Located};
use ringfence_permission::{FilesDelete, FilesWrite, Permit};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid, fchmod, fchown, fdatasync, fstat, ftruncate,
    mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::{Errno, write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often another temporary name is tried.
const ATTEMPTS: usize = 16;

static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

impl Files {
    /// Gives the file this content, all of it or none: readers see the old
    /// bytes or the new ones, also when the machine stops in between.
    ///
    /// # Errors
    /// When the content is over the file size limit, the name belongs to
    /// anything but a regular file with one name, the folder around it does not
    /// exist, or writing fails. The old content is then untouched.
    pub fn replace(&self, permit: Permit<'_, FilesWrite>, bytes: &[u8]) -> Result<(), FilesError> {
        let Located { root, rest, file_bytes: limit } = self.locate(permit)?;
        if bytes.len() as u64 > limit {
            return Err(FilesError::TooLarge { limit });
        }
        let (folder, name) = open_parent(root, rest)?;
        let old = existing_file(&folder, name)?;
        let temporary = Temporary::create(&folder)?;
        write_all(temporary.file.as_fd(), bytes)?;
        inherit(&folder, temporary.file.as_fd(), old.as_ref())?;
        fdatasync(&temporary.file)?;
        temporary.rename_to(name)
    }

    /// Adds to the end of a file; creates it when it is not there.
    ///
    /// # Errors
    /// As [`Files::replace`]. When writing fails half-way, what was added is cut
    /// off again.
    pub fn append(&self, permit: Permit<'_, FilesWrite>, bytes: &[u8]) -> Result<(), FilesError> {
        let Located { root, rest, file_bytes: limit } = self.locate(permit)?;
        // A poisoned lock guards nothing but time.
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let flags = OFlags::WRONLY | OFlags::APPEND;
        let (file, stat) = match open_file(root, rest, flags) {
            Err(FilesError::NotFound) => create_file(root, rest, flags)?,
            other => other?,
        };
        if stat.st_nlink > 1 {
            return Err(FilesError::HardLinked);
        }
        let size = size_of(&stat);
        if size.saturating_add(bytes.len() as u64) > limit {
            return Err(FilesError::TooLarge { limit });
        }
        write_all(file.as_fd(), bytes).inspect_err(|_| {
            // Nothing more can be done when this fails too; the caller is told
            // of the failure that came first.
            let _ = ftruncate(&file, size);
        })
    }

    /// Makes one folder; the folder around it must exist.
    ///
    /// # Errors
    /// When something of this name exists, or the folder around it does not.
    pub fn make_folder(&self, permit: Permit<'_, FilesWrite>) -> Result<(), FilesError> {
        let Located { root, rest, .. } = self.locate(permit)?;
        let (folder, name) = open_parent(root, rest)?;
        mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
        if let Some((uid, gid)) = owner_to_keep(&fstat(&folder)?) {
            let made = open_folder(folder.as_fd(), name, OFlags::RDONLY)?;
            fchown(&made, Some(uid), Some(gid))?;
        }
        Ok(())
    }

    /// Deletes a regular file or an empty folder.
    ///
    /// # Errors
    /// When there is nothing of this name, the folder is not empty, or it is a
    /// link, device, FIFO, socket or the granted folder itself.
    pub fn delete(&self, permit: Permit<'_, FilesDelete>) -> Result<(), FilesError> {
        let Located { root, rest, .. } = self.locate(permit)?;
        let (folder, name) = open_parent(root, rest)?;
        let stat = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let flags = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => AtFlags::empty(),
            FileType::Directory => AtFlags::REMOVEDIR,
            FileType::Symlink => return Err(FilesError::SymbolicLink),
            _ => return Err(FilesError::NotAFile),
        };
        unlinkat(&folder, name, flags)?;
        Ok(())
    }
}

/// The facts about the file of this name, when there is one that may be
/// replaced.
fn existing_file(folder: &OwnedFd, name: &str) -> Result<Option<Stat>, FilesError> {
    match open_below(folder.as_fd(), name, OFlags::PATH, Mode::empty()) {
        Err(FilesError::NotFound) => Ok(None),
        Err(error) => Err(error),
        Ok(file) => {
            let stat = regular(file.as_fd())?;
            if stat.st_nlink > 1 {
                return Err(FilesError::HardLinked);
            }
            Ok(Some(stat))
        }
    }
}

fn create_file(
    root: BorrowedFd<'_>,
    rest: &str,
    flags: OFlags,
) -> Result<(OwnedFd, Stat), FilesError> {
    let (folder, name) = open_parent(root, rest)?;
    let file = open_below(
        folder.as_fd(),
        name,
        flags | OFlags::CREATE | OFlags::EXCL | OFlags::NONBLOCK | OFlags::NOCTTY,
        Mode::from_raw_mode(0o644),
    )?;
    inherit(&folder, file.as_fd(), None)?;
    let stat = regular(file.as_fd())?;
    Ok((file, stat))
}

/// A new file gets the permission bits and the owner of the one it replaces, or
/// the owner of its folder: a gate that runs as root must not leave root's files
/// in a person's folder.
fn inherit(folder: &OwnedFd, file: BorrowedFd<'_>, old: Option<&Stat>) -> Result<(), FilesError> {
    let mode = old.map_or(0o644, |old| old.st_mode & 0o777);
    let around = fstat(folder)?;
    if let Some((uid, gid)) = owner_to_keep(old.unwrap_or(&around)) {
        fchown(file, Some(uid), Some(gid))?;
    }
    // After the change of owner, which clears bits.
    fchmod(file, Mode::from_raw_mode(mode))?;
    Ok(())
}

/// Only root can, and need, give a file to somebody else.
fn owner_to_keep(stat: &Stat) -> Option<(Uid, Gid)> {
    (rustix::process::geteuid().is_root() && stat.st_uid != 0)
        .then(|| (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid)))
}

fn write_all(file: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), FilesError> {
    while !bytes.is_empty() {
        match write(file, bytes) {
            Ok(0) => return Err(Errno::IO.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or(&[]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// A file under a name of its own, removed again unless it was renamed.
struct Temporary<'f> {
    folder: &'f OwnedFd,
    file: OwnedFd,
    name: String,
    renamed: bool,
}

impl<'f> Temporary<'f> {
    fn create(folder: &'f OwnedFd) -> Result<Self, FilesError> {
        for _ in 0..ATTEMPTS {
            let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
            let name = format!(".ringfence-{}-{number}.part", std::process::id());
            // Not beneath-resolved: one plain name in an open folder, which must
            // not exist.
            match openat(
                folder,
                name.as_str(),
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                Mode::from_raw_mode(0o600),
            ) {
                Ok(file) => {
                    return Ok(Self { folder, file, name, renamed: false });
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(FilesError::Exists)
    }

    fn rename_to(mut self, name: &str) -> Result<(), FilesError> {
        renameat(self.folder, self.name.as_str(), self.folder, name)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            // The failure that led here is what the caller hears of.
            let _ = unlinkat(self.folder, self.name.as_str(), AtFlags::empty());
        }
    }
}
