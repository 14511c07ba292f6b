//! The raw system calls, each behind a function with checked arguments.
//!
//! Every `unsafe` block of the jailer that is not `clone`, its start or its heap is
//! in this module. They are needed because nothing safe covers these calls; they
//! are sound because every pointer handed to the kernel comes from a live Rust
//! reference of at least the size the call reads or writes.

mod descriptor;
mod file;
mod mount;
mod packet;
mod process;
mod restrict;
mod socket;

pub(crate) use descriptor::OwnedFd;
pub(crate) use descriptor::{RawFd, input};
pub(crate) use file::{
    chdir, close_all_but, close_range, duplicate_above, fchdir, is_directory, make_file, may_write,
    mkdir, names, open, open_in_root, owner, pipe, place, read, read_text, remove_folder, symlink,
    write_all, write_file,
};
pub(crate) use mount::{
    MOUNT_ATTR_IDMAP, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY,
    attach, attach_over, clone_tree, clone_tree_without_links, new_mount, pivot_to_current_folder,
    set_attributes,
};
pub(crate) use packet::{MAX_FDS, receive, send};
pub use process::exit_now;
pub(crate) use process::{
    Forked, clear_domain_name, clear_groups, default_signal, drop_capability_sets, effective_gid,
    effective_uid, ends_of_children, execute, fork_with, kill, map_memory, poll, prctl, process_id,
    set_hostname, set_ids, set_rlimit, set_session, sleep_a_millisecond, spawn_sharing_memory,
    unmap_memory, unshare, wait, wait_without_waiting,
};
pub(crate) use restrict::{
    install_filter, landlock_allow, landlock_create, landlock_owned, landlock_restrict,
};
pub(crate) use socket::{
    bind_freely, bind_ipv4, bind_ipv6, bind_loopback, listen, netlink, socket,
};

use core::ffi::CStr;

/// An error number of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

pub(crate) type Result<T> = core::result::Result<T, Errno>;

/// What the kernel answers is an error from here up to 0.
const LOWEST_ERROR: libc::c_long = -4095;

/// Makes the raw call `number` with up to six arguments.
///
/// Not `unsafe fn` for the callers in this file only: each of them passes
/// numbers and pointers that live across the call.
fn call(number: libc::c_long, args: [usize; 6]) -> Result<libc::c_long> {
    let [a, b, c, d, e, f] = args;
    let answer: libc::c_long;
    // SAFETY: needed because this program has no C library. Sound because the
    // callers in this module pass only integers and pointers derived from
    // references that outlive the call, with the sizes that the kernel interface
    // states; the kernel keeps every register but the three that are named.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number => answer,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    match i32::try_from(answer) {
        Ok(error @ ..0) if answer >= LOWEST_ERROR => Err(Errno(-error)),
        _ => Ok(answer),
    }
}

#[expect(clippy::cast_sign_loss, reason = "the kernel takes descriptors and AT_FDCWD as registers")]
const fn raw(fd: RawFd) -> usize {
    fd as usize
}

fn address<T>(value: &T) -> usize {
    core::ptr::from_ref(value) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "descriptors are small non-negative ints")]
fn owned(value: libc::c_long) -> OwnedFd {
    // Nobody else knows what the kernel just returned.
    OwnedFd::from_raw_fd(value as RawFd)
}

const EMPTY: &CStr = c"";
/// `AT_FDCWD`, the folder the process stands in.
pub(crate) const CWD: RawFd = libc::AT_FDCWD;
