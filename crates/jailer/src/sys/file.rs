//! Files, descriptors and pipes.

use super::{CWD, Errno, Result, address, call, check, owned, raw};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

pub(crate) fn fchdir(fd: &OwnedFd) -> Result<()> {
    call(libc::SYS_fchdir, [raw(fd.as_raw_fd()), 0, 0, 0, 0, 0]).map(drop)
}

pub(crate) fn chdir(path: &CStr) -> Result<()> {
    call(libc::SYS_chdir, [path.as_ptr() as usize, 0, 0, 0, 0, 0]).map(drop)
}

pub(crate) fn mkdir(folder: RawFd, path: &CStr, mode: u32) -> Result<()> {
    call(libc::SYS_mkdirat, [raw(folder), path.as_ptr() as usize, mode as usize, 0, 0, 0]).map(drop)
}

/// An empty regular file.
pub(crate) fn make_file(folder: RawFd, path: &CStr) -> Result<()> {
    let mode = (libc::S_IFREG | 0o444) as usize;
    call(libc::SYS_mknodat, [raw(folder), path.as_ptr() as usize, mode, 0, 0, 0]).map(drop)
}

pub(crate) fn symlink(target: &CStr, folder: RawFd, path: &CStr) -> Result<()> {
    call(
        libc::SYS_symlinkat,
        [target.as_ptr() as usize, raw(folder), path.as_ptr() as usize, 0, 0, 0],
    )
    .map(drop)
}

pub(crate) fn open(folder: RawFd, path: &CStr, flags: i32, mode: u32) -> Result<OwnedFd> {
    let flags = (flags | libc::O_CLOEXEC).cast_unsigned() as usize;
    call(libc::SYS_openat, [raw(folder), path.as_ptr() as usize, flags, mode as usize, 0, 0])
        .map(owned)
}

pub(super) const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
pub(super) const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_IN_ROOT: u64 = 0x10;

/// `openat2` for a place in the tree only.
pub(super) fn open_restricted(folder: RawFd, path: &CStr, resolve: u64) -> Result<OwnedFd> {
    #[repr(C)]
    struct How {
        flags: u64,
        mode: u64,
        resolve: u64,
    }
    let flags = libc::O_PATH | libc::O_CLOEXEC;
    let how = How { flags: u64::from(flags.cast_unsigned()), mode: 0, resolve };
    let arguments = [raw(folder), path.as_ptr() as usize, address(&how), size_of::<How>(), 0, 0];
    loop {
        match call(libc::SYS_openat2, arguments) {
            // Somebody renames meanwhile; the kernel will not guess.
            Err(Errno(libc::EAGAIN | libc::EINTR)) => {}
            other => return other.map(owned),
        }
    }
}

/// The place `path` as seen by somebody whose root is `folder`.
pub(crate) fn open_in_root(folder: RawFd, path: &CStr) -> Result<OwnedFd> {
    open_restricted(folder, path, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
}

pub(crate) fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        let n = call(
            libc::SYS_write,
            [raw(fd.as_raw_fd()), bytes.as_ptr() as usize, bytes.len(), 0, 0, 0],
        )?;
        bytes = usize::try_from(n).ok().and_then(|n| bytes.get(n..)).unwrap_or(&[]);
    }
    Ok(())
}

/// Opens, writes once and closes: for files of procfs and cgroupfs, which take
/// a value in one write.
pub(crate) fn write_file(path: &CStr, bytes: &[u8]) -> Result<()> {
    let fd = open(CWD, path, libc::O_WRONLY, 0)?;
    write_all(&fd, bytes)
}

pub(crate) fn read(fd: &OwnedFd, buffer: &mut [u8]) -> Result<usize> {
    loop {
        let result = call(
            libc::SYS_read,
            [raw(fd.as_raw_fd()), buffer.as_mut_ptr() as usize, buffer.len(), 0, 0, 0],
        );
        match result {
            Err(Errno(libc::EINTR)) => {}
            other => return other.map(|n| usize::try_from(n).unwrap_or(0)),
        }
    }
}

/// The user id that owns the file behind `fd`.
pub(crate) fn owner(fd: &OwnedFd) -> Result<u32> {
    // SAFETY: needed to have a buffer for fstat. Sound because all-zero bytes
    // are a valid `stat`.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: needed because std cannot stat an O_PATH descriptor it does not
    // own as a File. Sound because `stat` is live and of the right type.
    check(libc::c_long::from(unsafe { libc::fstat(fd.as_raw_fd(), &raw mut stat) }))?;
    Ok(stat.st_uid)
}

pub(crate) fn is_directory(fd: &OwnedFd) -> Result<bool> {
    // SAFETY: needed to have a buffer for fstat. Sound because all-zero bytes
    // are a valid `stat`.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: needed because std cannot stat an O_PATH descriptor it does not
    // own as a File. Sound because `stat` is live and of the right type.
    check(libc::c_long::from(unsafe { libc::fstat(fd.as_raw_fd(), &raw mut stat) }))?;
    Ok(stat.st_mode & libc::S_IFMT == libc::S_IFDIR)
}

/// A pipe, both ends closed on exec: (read end, write end).
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0_i32; 2];
    let flags = libc::O_CLOEXEC as usize;
    call(libc::SYS_pipe2, [fds.as_mut_ptr() as usize, flags, 0, 0, 0, 0])?;
    let [read, write] = fds;
    Ok((owned(read.into()), owned(write.into())))
}

/// A copy of `fd` at or above `lowest`, closed on exec.
pub(crate) fn duplicate_above(fd: &OwnedFd, lowest: RawFd) -> Result<OwnedFd> {
    // SAFETY: needed because std duplicates only to the lowest number. Sound
    // because fcntl with F_DUPFD_CLOEXEC takes and returns plain integers.
    check(libc::c_long::from(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) }))
        .map(owned)
}

/// Puts a copy of `fd` at the number `at`, kept over exec.
pub(crate) fn place(fd: RawFd, at: RawFd) -> Result<()> {
    call(libc::SYS_dup3, [raw(fd), raw(at), 0, 0, 0, 0]).map(drop)
}

/// Closes every descriptor from `first` to `last`.
pub(crate) fn close_range(first: u32, last: u32) -> Result<()> {
    call(libc::SYS_close_range, [first as usize, last as usize, 0, 0, 0, 0]).map(drop)
}

/// Closes every descriptor but those in `keep`.
pub(crate) fn close_all_but(keep: &[RawFd]) -> Result<()> {
    let mut keep: Vec<u32> = keep.iter().filter_map(|&fd| u32::try_from(fd).ok()).collect();
    keep.sort_unstable();
    let mut next = 0;
    for fd in keep {
        if fd > next {
            close_range(next, fd - 1)?;
        }
        next = fd + 1;
    }
    close_range(next, u32::MAX)
}

/// Whether this process may write to `path`, by its effective identity.
pub(crate) fn may_write(path: &CStr) -> bool {
    // SAFETY: needed because std cannot ask without opening. Sound because the
    // path is a live C string.
    unsafe { libc::faccessat(CWD, path.as_ptr(), libc::W_OK, libc::AT_EACCESS) == 0 }
}
