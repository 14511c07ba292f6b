//! The raw system calls, each behind a function with checked arguments.
//!
//! Every `unsafe` block of the jailer that is not `clone` is in this module. They are
//! needed because neither std nor the `libc` wrappers cover these calls; they
//! are sound because every pointer handed to the kernel comes from a live Rust
//! reference of at least the size the call reads or writes.

mod file;
mod mount;
mod packet;
mod process;
mod restrict;
mod socket;

pub(crate) use file::{
    chdir, close_all_but, close_range, duplicate_above, fchdir, is_directory, make_file, may_write,
    mkdir, open, open_in_root, owner, pipe, place, read, symlink, write_all, write_file,
};
pub(crate) use mount::{
    MOUNT_ATTR_IDMAP, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY,
    attach, attach_over, clone_tree, clone_tree_without_links, new_mount, pivot_to_current_folder,
    set_attributes,
};
pub(crate) use packet::{receive, send};
pub(crate) use process::{
    Forked, clear_domain_name, clear_groups, default_signal, drop_capability_sets, effective_gid,
    effective_uid, execute, exit_now, fork_with, kill, poll, prctl, process_id, set_hostname,
    set_ids, set_rlimit, set_session, spawn_sharing_memory, unshare, wait,
};
pub(crate) use restrict::{
    install_filter, landlock_allow, landlock_create, landlock_owned, landlock_restrict,
};
pub(crate) use socket::{bind_loopback, listen, netlink, socket};

use std::ffi::CStr;
use std::fmt;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// An error number of the kernel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// The error of the last call that failed in this thread.
    #[must_use]
    pub fn last() -> Self {
        Self(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&std::io::Error::from_raw_os_error(self.0), f)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Errno>;

fn check(value: libc::c_long) -> Result<libc::c_long> {
    if value < 0 { Err(Errno::last()) } else { Ok(value) }
}

/// Makes the raw call `number` with up to six arguments.
///
/// Not `unsafe fn` for the callers in this file only: each of them passes
/// numbers and pointers that live across the call.
fn call(number: libc::c_long, args: [usize; 6]) -> Result<libc::c_long> {
    let [a, b, c, d, e, f] = args;
    // SAFETY: needed because libc has no wrappers for the mount, Landlock and
    // seccomp calls. Sound because the callers in this file pass only integers
    // and pointers derived from references that outlive the call, with the
    // sizes that the kernel interface states.
    check(unsafe { libc::syscall(number, a, b, c, d, e, f) })
}

#[expect(clippy::cast_sign_loss, reason = "the kernel takes descriptors and AT_FDCWD as registers")]
const fn raw(fd: RawFd) -> usize {
    fd as usize
}

fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "descriptors are small non-negative ints")]
fn owned(value: libc::c_long) -> OwnedFd {
    // SAFETY: needed to take ownership of what the kernel just returned. Sound
    // because the call succeeded and nobody else knows the descriptor.
    unsafe { OwnedFd::from_raw_fd(value as RawFd) }
}

const EMPTY: &CStr = c"";
/// `AT_FDCWD`, the folder the process stands in.
pub(crate) const CWD: RawFd = libc::AT_FDCWD;
