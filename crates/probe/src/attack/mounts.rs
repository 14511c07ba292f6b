//! Changing what is mounted where.
//!
//! An attempt first moves to a mount namespace of its own if it can, so that
//! nothing it manages to do is seen outside.

use std::os::fd::AsRawFd;

use crate::catalog::Class::{Boundary, Kernel};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor};

const OPEN_TREE_CLONE: i32 = 1;
const OPEN_TREE_ATTR: i64 = 467;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("mount-tmpfs", Kernel, "mount a tmpfs", |_| mount(c"tmpfs")),
    Probe::new("mount-proc", Kernel, "mount a second /proc without masks", |_| mount(c"proc")),
    Probe::new("mount-sysfs", Kernel, "mount /sys", |_| mount(c"sysfs")),
    Probe::new("mount-cgroup", Kernel, "mount the cgroup tree", |_| mount(c"cgroup2")),
    Probe::new("mount-devpts", Kernel, "mount a terminal file system", |_| mount(c"devpts")),
    Probe::new("mount-mqueue", Kernel, "mount the message queues", |_| mount(c"mqueue")),
    Probe::new("mount-debugfs", Kernel, "mount the debug file system", |_| mount(c"debugfs")),
    Probe::new("mount-overlay", Kernel, "mount an overlay", |_| {
        apart();
        let options = c"lowerdir=/usr:/etc";
        let arguments = (c"overlay", c"/tmp");
        undo(call!(libc::SYS_mount, arguments.0, arguments.1, c"overlay", 1, options))
    }),
    Probe::new("mount-bind", Kernel, "bind a directory elsewhere", |_| {
        apart();
        undo(call!(libc::SYS_mount, c"/", c"/tmp", 0, libc::MS_BIND, 0))
    }),
    Probe::new("mount-propagation", Kernel, "change how mounts spread", |_| {
        // Two kinds at once are refused, after the right is checked.
        let both = libc::MS_PRIVATE | libc::MS_SHARED;
        Outcome::unless_refused(call!(libc::SYS_mount, 0, c"/", 0, both, 0))
    }),
    Probe::new("remount-usr-writable", Boundary, "make /usr writable", |_| remount(c"/usr")),
    Probe::new("remount-root-writable", Boundary, "make the root writable", |_| remount(c"/")),
    Probe::new("unmount-proc", Boundary, "unmount /proc to uncover what it hides", |_| {
        unmount(c"/proc")
    }),
    Probe::new("unmount-dev", Boundary, "unmount /dev to uncover what it hides", |_| {
        unmount(c"/dev")
    }),
    Probe::new("unmount-tmp", Boundary, "unmount /tmp to uncover what it hides", |_| {
        unmount(c"/tmp")
    }),
    Probe::new("mount-new-open-tmpfs", Kernel, "begin a tmpfs by fsopen", |_| fsopen(c"tmpfs")),
    Probe::new("mount-new-open-proc", Kernel, "begin a /proc by fsopen", |_| fsopen(c"proc")),
    Probe::new("mount-new-open-cgroup", Kernel, "begin a cgroup tree by fsopen", |_| {
        fsopen(c"cgroup2")
    }),
    Probe::new("mount-new-configure", Kernel, "configure a mount by fsconfig", |_| {
        Outcome::unless_refused(call!(libc::SYS_fsconfig, -1, 0, 0, 0, 0))
    }),
    Probe::new("mount-new-create", Kernel, "create a mount by fsmount", |_| {
        Outcome::unless_refused(call!(libc::SYS_fsmount, -1, 0, 0))
    }),
    Probe::new("mount-new-pick", Kernel, "pick a mount by fspick", |_| {
        Outcome::unless_refused(descriptor(call!(libc::SYS_fspick, libc::AT_FDCWD, c"/", 1)))
    }),
    Probe::new("mount-new-tree-clone", Kernel, "copy a tree of mounts", |_| {
        tree(OPEN_TREE_CLONE | libc::O_CLOEXEC)
    }),
    Probe::new("mount-new-tree-open", Kernel, "open a tree of mounts", |_| tree(libc::O_CLOEXEC)),
    Probe::new("mount-new-tree-attributes", Kernel, "open a tree with other attributes", |_| {
        Outcome::unless_refused(call!(OPEN_TREE_ATTR, libc::AT_FDCWD, c"/", 0, 0, 0))
    }),
    Probe::new("mount-new-move", Kernel, "attach a mount by move_mount", |_| {
        Outcome::unless_refused(call!(libc::SYS_move_mount, -1, c"", -1, c"", 0))
    }),
    Probe::new("mount-new-attributes", Kernel, "change mount flags by mount_setattr", |_| {
        // All zero: nothing to change, but the right to do it is checked.
        let nothing = [0_u8; 32];
        Outcome::unless_refused(call!(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c"/",
            0,
            &nothing,
            32
        ))
    }),
    Probe::new("root-change", Kernel, "change its root directory", |_| {
        Outcome::if_success(call!(libc::SYS_chroot, c"/tmp"))
    }),
    Probe::new("root-change-escape", Boundary, "climb out of a changed root", |_| escape()),
    Probe::new("root-pivot", Kernel, "swap the root mount", |_| {
        // The root onto itself is refused as busy after the right is checked.
        let _ = call!(libc::SYS_chdir, c"/");
        Outcome::unless_refused(call!(libc::SYS_pivot_root, c".", c"."))
    }),
];

/// Moves to a mount namespace of its own, when allowed, where nothing spreads.
fn apart() {
    if call!(libc::SYS_unshare, libc::CLONE_NEWNS).is_ok() {
        let flags = libc::MS_REC | libc::MS_PRIVATE;
        let _ = call!(libc::SYS_mount, 0, c"/", 0, flags, 0);
    }
}

/// Undoes a mount on `/tmp`, for the case that it was made in the jail itself.
fn undo(result: Result<i64, Errno>) -> Outcome {
    if result.is_ok() {
        let _ = call!(libc::SYS_umount2, c"/tmp", libc::MNT_DETACH);
    }
    Outcome::if_success(result)
}

fn mount(kind: &std::ffi::CStr) -> Outcome {
    apart();
    undo(call!(libc::SYS_mount, kind, c"/tmp", kind, 0, 0))
}

fn remount(path: &std::ffi::CStr) -> Outcome {
    apart();
    let flags = libc::MS_REMOUNT | libc::MS_BIND;
    let was_read_only = is_read_only(path);
    let result = call!(libc::SYS_mount, 0, path, 0, flags, 0);
    if result.is_ok() && was_read_only {
        let _ = call!(libc::SYS_mount, 0, path, 0, flags | libc::MS_RDONLY, 0);
    }
    Outcome::if_success(result)
}

fn is_read_only(path: &std::ffi::CStr) -> bool {
    let probe = call!(libc::SYS_faccessat, libc::AT_FDCWD, path, libc::W_OK);
    probe == Err(Errno(libc::EROFS))
}

/// Asks to expire the mount: the first time only marks it.
fn unmount(path: &std::ffi::CStr) -> Outcome {
    apart();
    match call!(libc::SYS_umount2, path, libc::MNT_EXPIRE) {
        Err(Errno(libc::EAGAIN | libc::EBUSY)) => Outcome::open("would be unmounted"),
        result => Outcome::if_success(result),
    }
}

fn fsopen(kind: &std::ffi::CStr) -> Outcome {
    Outcome::if_success(descriptor(call!(libc::SYS_fsopen, kind, 1)))
}

fn tree(flags: i32) -> Outcome {
    let tree = call!(libc::SYS_open_tree, libc::AT_FDCWD, c"/", flags);
    Outcome::if_success(descriptor(tree))
}

/// Keeps the old root open, changes into a deeper one, and climbs from the
/// descriptor, which lies outside the new root.
fn escape() -> Outcome {
    let root = match std::fs::File::open("/") {
        Ok(root) => root,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    if let Err(errno) = call!(libc::SYS_chroot, c"/tmp") {
        return Outcome::shut(format!("chroot: {errno}"));
    }
    Outcome::if_success(call!(libc::SYS_fchdir, root.as_raw_fd()))
}
