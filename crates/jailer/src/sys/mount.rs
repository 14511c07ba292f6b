//! Mounts, by the calls that work on descriptors.

use super::file::{RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, open_restricted};
use super::{CWD, EMPTY, OwnedFd, RawFd, Result, address, call, owned, raw};
use core::ffi::CStr;

const FSOPEN_CLOEXEC: usize = 1;
const FSCONFIG_SET_FLAG: usize = 0;
const FSCONFIG_SET_STRING: usize = 1;
const FSCONFIG_CMD_CREATE: usize = 6;
const FSMOUNT_CLOEXEC: usize = 1;
const OPEN_TREE_CLONE: usize = 1;
const OPEN_TREE_CLOEXEC: usize = 0o2_000_000;
const AT_RECURSIVE: usize = 0x8000;
const AT_EMPTY_PATH: usize = 0x1000;
const MOVE_MOUNT_F_EMPTY_PATH: usize = 4;
const MOVE_MOUNT_T_EMPTY_PATH: usize = 0x40;
const MS_PRIVATE: u64 = 1 << 18;

pub(crate) const MOUNT_ATTR_RDONLY: u64 = 0x1;
pub(crate) const MOUNT_ATTR_NOSUID: u64 = 0x2;
pub(crate) const MOUNT_ATTR_NODEV: u64 = 0x4;
pub(crate) const MOUNT_ATTR_NOEXEC: u64 = 0x8;
pub(crate) const MOUNT_ATTR_IDMAP: u64 = 0x10_0000;

#[repr(C)]
#[derive(Default)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

/// A new, detached mount of a virtual file system with `name=value` options.
pub(crate) fn new_mount(
    kind: &CStr,
    options: &[(&CStr, &CStr)],
    attributes: u64,
) -> Result<OwnedFd> {
    let context =
        owned(call(libc::SYS_fsopen, [kind.as_ptr() as usize, FSOPEN_CLOEXEC, 0, 0, 0, 0])?);
    let fd = raw(context.as_raw_fd());
    for (name, value) in options {
        let (how, value) = if value.is_empty() {
            (FSCONFIG_SET_FLAG, 0)
        } else {
            (FSCONFIG_SET_STRING, value.as_ptr() as usize)
        };
        call(libc::SYS_fsconfig, [fd, how, name.as_ptr() as usize, value, 0, 0])?;
    }
    call(libc::SYS_fsconfig, [fd, FSCONFIG_CMD_CREATE, 0, 0, 0, 0])?;
    #[expect(clippy::cast_possible_truncation, reason = "mount attributes fit 32 bits")]
    let attributes = attributes as usize;
    call(libc::SYS_fsmount, [fd, FSMOUNT_CLOEXEC, attributes, 0, 0, 0]).map(owned)
}

/// A detached copy of the mount tree at `path`.
pub(crate) fn clone_tree(path: &CStr) -> Result<OwnedFd> {
    call(
        libc::SYS_open_tree,
        [
            raw(CWD),
            path.as_ptr() as usize,
            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE,
            0,
            0,
            0,
        ],
    )
    .map(owned)
}

/// As [`clone_tree`], but a symbolic link anywhere in `path` is an error.
pub(crate) fn clone_tree_without_links(path: &CStr) -> Result<OwnedFd> {
    let fd = open_restricted(CWD, path, RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS)?;
    let flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;
    let empty = EMPTY.as_ptr() as usize;
    call(libc::SYS_open_tree, [raw(fd.as_raw_fd()), empty, flags, 0, 0, 0]).map(owned)
}

/// Sets attributes on the mount `fd`, and with `recursive` on all below it.
pub(crate) fn set_attributes(
    fd: &OwnedFd,
    set: u64,
    recursive: bool,
    userns: Option<&OwnedFd>,
) -> Result<()> {
    let attr = MountAttr {
        attr_set: set,
        // Nothing that is mounted on the host later appears inside.
        propagation: MS_PRIVATE,
        userns_fd: userns.map_or(0, |fd| raw(fd.as_raw_fd()) as u64),
        ..MountAttr::default()
    };
    let flags = AT_EMPTY_PATH | if recursive { AT_RECURSIVE } else { 0 };
    call(
        libc::SYS_mount_setattr,
        [
            raw(fd.as_raw_fd()),
            EMPTY.as_ptr() as usize,
            flags,
            address(&attr),
            size_of::<MountAttr>(),
            0,
        ],
    )?;
    Ok(())
}

/// Attaches the detached mount `mount` at `path` below `folder`.
pub(crate) fn attach(mount: &OwnedFd, folder: RawFd, path: &CStr) -> Result<()> {
    call(
        libc::SYS_move_mount,
        [
            raw(mount.as_raw_fd()),
            EMPTY.as_ptr() as usize,
            raw(folder),
            path.as_ptr() as usize,
            MOVE_MOUNT_F_EMPTY_PATH,
            0,
        ],
    )?;
    Ok(())
}

/// Attaches the detached mount `mount` over what `target` is.
pub(crate) fn attach_over(mount: &OwnedFd, target: &OwnedFd) -> Result<()> {
    let (from, to) = (raw(mount.as_raw_fd()), raw(target.as_raw_fd()));
    let empty = EMPTY.as_ptr() as usize;
    let flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    call(libc::SYS_move_mount, [from, empty, to, empty, flags, 0]).map(drop)
}

/// Makes the current folder the root and drops the old root.
pub(crate) fn pivot_to_current_folder() -> Result<()> {
    let dot = c".".as_ptr() as usize;
    call(libc::SYS_pivot_root, [dot, dot, 0, 0, 0, 0])?;
    // The old root now lies on top of the new one at ".".
    let detach = libc::MNT_DETACH as usize;
    call(libc::SYS_umount2, [dot, detach, 0, 0, 0, 0])?;
    call(libc::SYS_chdir, [c"/".as_ptr() as usize, 0, 0, 0, 0, 0])?;
    Ok(())
}
