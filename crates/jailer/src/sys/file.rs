//! Files, descriptors and pipes.

use super::{CWD, Errno, OwnedFd, RawFd, Result, address, call, owned, raw};
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;

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
    Ok(status(fd)?.st_uid)
}

pub(crate) fn is_directory(fd: &OwnedFd) -> Result<bool> {
    Ok(status(fd)?.st_mode & libc::S_IFMT == libc::S_IFDIR)
}

fn status(fd: &OwnedFd) -> Result<libc::stat> {
    // SAFETY: needed to have a buffer for fstat. Sound because all-zero bytes
    // are a valid `stat`.
    let mut stat: libc::stat = unsafe { core::mem::zeroed() };
    let at = core::ptr::from_mut(&mut stat) as usize;
    call(libc::SYS_fstat, [raw(fd.as_raw_fd()), at, 0, 0, 0, 0])?;
    Ok(stat)
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
    let arguments = [raw(fd.as_raw_fd()), raw(libc::F_DUPFD_CLOEXEC), raw(lowest), 0, 0, 0];
    call(libc::SYS_fcntl, arguments).map(owned)
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
    let (how, flags) = (raw(libc::W_OK), raw(libc::AT_EACCESS));
    call(libc::SYS_faccessat2, [raw(CWD), path.as_ptr() as usize, how, flags, 0, 0]).is_ok()
}

/// Removes an empty folder.
pub(crate) fn remove_folder(path: &CStr) -> Result<()> {
    let arguments = [raw(CWD), path.as_ptr() as usize, raw(libc::AT_REMOVEDIR), 0, 0, 0];
    call(libc::SYS_unlinkat, arguments).map(drop)
}

/// The whole of a file that the kernel makes up while it is read, if it can be
/// read and is text. Such a file says that it is empty.
pub(crate) fn read_text(path: &str) -> Option<String> {
    /// More than all but the longest of them hold.
    const USUAL: usize = 16 * 1024;
    let file = open(CWD, &CString::new(path).ok()?, libc::O_RDONLY, 0).ok()?;
    let mut bytes = Vec::new();
    let mut length = 0;
    loop {
        if bytes.len() < length + USUAL / 2 {
            bytes.resize(bytes.len() + USUAL, 0);
        }
        match read(&file, bytes.get_mut(length..)?).ok()? {
            0 => break,
            more => length += more,
        }
    }
    bytes.truncate(length);
    String::from_utf8(bytes).ok()
}

/// The names in a folder, as far as they are text, with `.` and `..`.
pub(crate) fn names(path: &CStr) -> Result<Vec<String>> {
    /// Where a `linux_dirent64` has its length and its name; see getdents(2).
    const LENGTH: usize = 16;
    const NAME: usize = 19;
    let folder = open(CWD, path, libc::O_RDONLY | libc::O_DIRECTORY, 0)?;
    let mut buffer = [0_u8; 4096];
    let mut names = Vec::new();
    loop {
        let arguments =
            [raw(folder.as_raw_fd()), buffer.as_mut_ptr() as usize, buffer.len(), 0, 0, 0];
        let filled = usize::try_from(call(libc::SYS_getdents64, arguments)?).unwrap_or(0);
        let mut rest = buffer.get(..filled).unwrap_or_default();
        if rest.is_empty() {
            return Ok(names);
        }
        while let Some(&[low, high]) = rest.get(LENGTH..LENGTH + 2) {
            let Some((entry, others)) =
                rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])).max(NAME))
            else {
                break;
            };
            let name = entry.get(NAME..).and_then(|name| CStr::from_bytes_until_nul(name).ok());
            names.extend(name.and_then(|name| name.to_str().ok()).map(String::from));
            rest = others;
        }
    }
}
