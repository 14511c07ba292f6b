//! The raw system calls, each behind a function with checked arguments.
//!
//! Every `unsafe` block of the jailer that is not `clone` is here. They are
//! needed because neither std nor the `libc` wrappers cover these calls; they
//! are sound because every pointer handed to the kernel comes from a live Rust
//! reference of at least the size the call reads or writes.

use std::ffi::CStr;
use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

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

// === mounts ===

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

// === files ===

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

const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_IN_ROOT: u64 = 0x10;

/// `openat2` for a place in the tree only.
fn open_restricted(folder: RawFd, path: &CStr, resolve: u64) -> Result<OwnedFd> {
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

// === processes ===

/// What `clone3` takes; see clone(2).
#[repr(C, align(8))]
#[derive(Default)]
pub(crate) struct CloneArgs {
    pub(crate) flags: u64,
    pub(crate) pidfd: u64,
    pub(crate) child_tid: u64,
    pub(crate) parent_tid: u64,
    pub(crate) exit_signal: u64,
    pub(crate) stack: u64,
    pub(crate) stack_size: u64,
    pub(crate) tls: u64,
    pub(crate) set_tid: u64,
    pub(crate) set_tid_size: u64,
    pub(crate) cgroup: u64,
}

pub(crate) const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// What a fork-like clone gives to each side.
pub(crate) enum Forked {
    /// In the parent.
    Parent { pid: i32, pidfd: OwnedFd },
    /// In the child.
    Child,
}

/// Forks into new namespaces.
///
/// The child runs with a copy of this address space. That is sound only in a
/// program with one thread, which the jailer is: no lock can be held by a
/// thread that does not exist in the child.
pub(crate) fn fork_with(flags: u64, cgroup: Option<BorrowedFd<'_>>) -> Result<Forked> {
    let mut pidfd: i32 = -1;
    let mut args = CloneArgs {
        flags: flags | libc::CLONE_PIDFD as u64,
        pidfd: std::ptr::from_mut(&mut pidfd) as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = raw(cgroup.as_raw_fd()) as u64;
    }
    let pid = call(libc::SYS_clone3, [address(&args), size_of::<CloneArgs>(), 0, 0, 0, 0])?;
    if pid == 0 {
        return Ok(Forked::Child);
    }
    #[expect(clippy::cast_possible_truncation, reason = "process ids fit i32")]
    Ok(Forked::Parent { pid: pid as i32, pidfd: owned(pidfd.into()) })
}

pub(crate) fn unshare(flags: i32) -> Result<()> {
    call(libc::SYS_unshare, [raw(flags), 0, 0, 0, 0, 0]).map(drop)
}

/// Ends this process at once, without running destructors of a copied parent.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: needed because std::process::exit would run the parent's atexit
    // handlers in a copy of it. Sound because _exit takes a number and does not
    // return.
    unsafe { libc::_exit(status) }
}

pub(crate) fn set_hostname(name: &[u8]) -> Result<()> {
    call(libc::SYS_sethostname, [name.as_ptr() as usize, name.len(), 0, 0, 0, 0]).map(drop)
}

pub(crate) fn set_ids(uid: u32, gid: u32) -> Result<()> {
    let (u, g) = (uid as usize, gid as usize);
    call(libc::SYS_setresgid, [g, g, g, 0, 0, 0])?;
    call(libc::SYS_setresuid, [u, u, u, 0, 0, 0])?;
    Ok(())
}

pub(crate) fn clear_groups() -> Result<()> {
    call(libc::SYS_setgroups, [0, 0, 0, 0, 0, 0]).map(drop)
}

pub(crate) fn effective_uid() -> u32 {
    // SAFETY: needed because std has no geteuid. Sound because it only reads.
    unsafe { libc::geteuid() }
}

pub(crate) fn effective_gid() -> u32 {
    // SAFETY: needed because std has no getegid. Sound because it only reads.
    unsafe { libc::getegid() }
}

pub(crate) fn process_id() -> u32 {
    std::process::id()
}

pub(crate) fn set_session() -> Result<()> {
    call(libc::SYS_setsid, [0; 6]).map(drop)
}

/// Sets soft and hard limit, or leaves a hard limit that is lower already: the
/// host's own limit cannot be raised from a user namespace, and need not be.
pub(crate) fn set_rlimit(resource: u32, value: u64) -> Result<()> {
    let mut old = libc::rlimit64 { rlim_cur: 0, rlim_max: libc::RLIM64_INFINITY };
    let old_at = std::ptr::from_mut(&mut old) as usize;
    call(libc::SYS_prlimit64, [0, resource as usize, 0, old_at, 0, 0])?;
    let value = value.min(old.rlim_max);
    let limit = libc::rlimit64 { rlim_cur: value, rlim_max: value };
    call(libc::SYS_prlimit64, [0, resource as usize, address(&limit), 0, 0, 0]).map(drop)
}

pub(crate) fn prctl(option: i32, a: usize, b: usize) -> Result<()> {
    call(libc::SYS_prctl, [raw(option), a, b, 0, 0, 0]).map(drop)
}

/// Empties the permitted, effective and inheritable capability sets.
pub(crate) fn drop_capability_sets() -> Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    /// `_LINUX_CAPABILITY_VERSION_3` of capset(2).
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header { version: VERSION_3, pid: 0 };
    let data = [0_u32; 6];
    call(libc::SYS_capset, [address(&header), address(&data), 0, 0, 0, 0]).map(drop)
}

pub(crate) fn kill(pidfd: &OwnedFd, signal: i32) -> Result<()> {
    call(libc::SYS_pidfd_send_signal, [raw(pidfd.as_raw_fd()), raw(signal), 0, 0, 0, 0]).map(drop)
}

/// What a finished child was and used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    pub(crate) pid: i32,
    pub(crate) status: i32,
    pub(crate) user_micros: u64,
    pub(crate) system_micros: u64,
    pub(crate) peak_rss_bytes: u64,
}

/// Waits for a child; `pid` -1 for any of them.
pub(crate) fn wait(pid: i32) -> Result<Ended> {
    let mut status = 0_i32;
    // SAFETY: needed to have a buffer for wait4. Sound because all-zero bytes
    // are a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        let result = call(
            libc::SYS_wait4,
            [
                raw(pid),
                std::ptr::from_mut(&mut status) as usize,
                raw(libc::__WALL),
                std::ptr::from_mut(&mut usage) as usize,
                0,
                0,
            ],
        );
        match result {
            Err(Errno(libc::EINTR)) => {}
            Err(error) => return Err(error),
            #[expect(clippy::cast_possible_truncation, reason = "process ids fit i32")]
            Ok(pid) => {
                return Ok(Ended {
                    pid: pid as i32,
                    status,
                    user_micros: micros(usage.ru_utime),
                    system_micros: micros(usage.ru_stime),
                    peak_rss_bytes: u64::try_from(usage.ru_maxrss)
                        .unwrap_or(0)
                        .saturating_mul(1024),
                });
            }
        }
    }
}

fn micros(time: libc::timeval) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000).saturating_add(u64::try_from(time.tv_usec).unwrap_or(0))
}

/// Waits until one of `fds` has one of its events, and says which have.
pub(crate) fn poll(fds: &mut [libc::pollfd], timeout_ms: i32) -> Result<()> {
    loop {
        let count = fds.len() as libc::nfds_t;
        // SAFETY: needed because std has no poll. Sound because pointer and
        // length describe one live slice.
        let result = unsafe { libc::poll(fds.as_mut_ptr(), count, timeout_ms) };
        match check(result.into()) {
            Err(Errno(libc::EINTR)) => {}
            other => return other.map(drop),
        }
    }
}

/// Puts a signal back to its default action.
pub(crate) fn default_signal(signal: i32) {
    // SAFETY: needed because std ignores SIGPIPE in every program and the
    // plugin would inherit that. Sound because SIG_DFL installs no handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Runs `child` in a new process that shares this address space until it
/// starts another program or ends, and returns its process id.
pub(crate) fn spawn_sharing_memory<T>(
    child: extern "C" fn(*mut libc::c_void) -> i32,
    data: &mut T,
) -> Result<i32> {
    const STACK: usize = 64 * 1024;
    let mut stack = vec![0_u128; STACK / 16];
    // SAFETY: needed to name the end of the stack, which grows down. Sound
    // because one past the end of the allocation is a valid pointer to form.
    let top = unsafe { stack.as_mut_ptr().add(STACK / 16) };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: needed because fork would copy page tables and std's Command
    // cannot place descriptors. Sound because CLONE_VFORK suspends this process
    // until the child has left this address space, so `stack` and `data` are
    // live and not shared with a running thread; the program has one thread.
    let pid = unsafe { libc::clone(child, top.cast(), flags, std::ptr::from_mut(data).cast()) };
    check(pid.into()).map(|_| pid)
}

/// Starts another program in place of this one; returns only on failure.
pub(crate) fn execute(
    program: &CStr,
    arguments: &[*const libc::c_char],
    environment: &[*const libc::c_char],
) -> Errno {
    // SAFETY: needed because std's exec takes no ready-made environment. Sound
    // because both lists end with a null pointer, which the caller built, and
    // their strings outlive the call.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    Errno::last()
}

// === sockets that carry descriptors ===

/// Most descriptors in one message.
pub(crate) const MAX_FDS: usize = 8;

#[repr(C, align(8))]
struct ControlBuffer([u8; 128]);

/// Sends one packet and descriptors with it.
pub(crate) fn send(socket: &OwnedFd, bytes: &[u8], fds: &[RawFd]) -> Result<()> {
    let mut control = ControlBuffer([0; 128]);
    let mut iov = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: needed to build a msghdr, which has private padding. Sound
    // because all-zero bytes are a valid `msghdr`.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut iov;
    message.msg_iovlen = 1;
    let fds = fds.get(..fds.len().min(MAX_FDS)).unwrap_or(&[]);
    if !fds.is_empty() {
        let length = size_of_val(fds);
        #[expect(clippy::cast_possible_truncation, reason = "at most 8 descriptors of 4 bytes")]
        let length = length as u32;
        message.msg_control = control.0.as_mut_ptr().cast();
        // SAFETY: needed to size a control message. Sound because it is arithmetic.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(length) } as usize;
        // SAFETY: needed to find the header in the buffer. Sound because
        // msg_control and msg_controllen describe `control`.
        let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        // SAFETY: needed to size a control message. Sound because it is arithmetic.
        let cmsg_len = unsafe { libc::CMSG_LEN(length) } as usize;
        // SAFETY: needed to fill the header. Sound because the buffer is zeroed,
        // aligned and larger than CMSG_SPACE of 8 descriptors (48 bytes).
        unsafe {
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = cmsg_len;
            std::ptr::copy_nonoverlapping(
                fds.as_ptr().cast::<u8>(),
                libc::CMSG_DATA(header),
                length as usize,
            );
        }
    }
    loop {
        // SAFETY: needed because std cannot send descriptors. Sound because
        // `message` points to live buffers.
        let result =
            unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
        match check(result as libc::c_long) {
            Err(Errno(libc::EINTR)) => {}
            other => return other.map(drop),
        }
    }
}

/// Receives one packet into `buffer`; 0 bytes mean that the other side is gone.
pub(crate) fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Result<(usize, Vec<OwnedFd>)> {
    let mut control = ControlBuffer([0; 128]);
    let mut iov = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: needed to build a msghdr, which has private padding. Sound
    // because all-zero bytes are a valid `msghdr`.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut iov;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    let length = loop {
        // SAFETY: needed because std cannot receive descriptors. Sound because
        // `message` points to live buffers.
        let result =
            unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
        match check(result as libc::c_long) {
            Err(Errno(libc::EINTR)) => {}
            Err(error) => return Err(error),
            Ok(length) => break usize::try_from(length).unwrap_or(0),
        }
    };
    let mut fds = Vec::new();
    // SAFETY: needed to walk the control messages. Sound because the kernel
    // filled msg_control and msg_controllen.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: needed to read the header. Sound because CMSG_FIRSTHDR and
        // CMSG_NXTHDR return only headers inside the buffer, or null.
        let (level, kind, size) =
            unsafe { ((*header).cmsg_level, (*header).cmsg_type, (*header).cmsg_len) };
        if level == libc::SOL_SOCKET && kind == libc::SCM_RIGHTS {
            // SAFETY: needed to size the data. Sound because it is arithmetic.
            let count =
                size.saturating_sub(unsafe { libc::CMSG_LEN(0) } as usize) / size_of::<RawFd>();
            for index in 0..count {
                // SAFETY: needed to read the descriptors. Sound because `index`
                // is below the count that the kernel wrote; unaligned read.
                let fd =
                    unsafe { libc::CMSG_DATA(header).cast::<RawFd>().add(index).read_unaligned() };
                fds.push(owned(fd.into()));
            }
        }
        // SAFETY: needed to walk on. Sound as above.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(Errno(libc::EMSGSIZE));
    }
    Ok((length, fds))
}

// === seccomp and Landlock ===

/// Installs a seccomp program for this process and its children.
pub(crate) fn install_filter(program: &[libc::sock_filter]) -> Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| Errno(libc::E2BIG))?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    call(libc::SYS_seccomp, [libc::SECCOMP_SET_MODE_FILTER as usize, 0, address(&program), 0, 0, 0])
        .map(drop)
}

/// `landlock_create_ruleset`; with `None` the ABI version is asked for.
pub(crate) fn landlock_create<T>(attributes: Option<&T>) -> Result<libc::c_long> {
    match attributes {
        Some(value) => {
            call(libc::SYS_landlock_create_ruleset, [address(value), size_of::<T>(), 0, 0, 0, 0])
        }
        None => call(libc::SYS_landlock_create_ruleset, [0, 0, 1, 0, 0, 0]),
    }
}

/// Takes ownership of the descriptor that [`landlock_create`] returned.
pub(crate) fn landlock_owned(fd: libc::c_long) -> OwnedFd {
    owned(fd)
}

#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: i32,
}

pub(crate) fn landlock_allow(ruleset: &OwnedFd, path: &OwnedFd, access: u64) -> Result<()> {
    let rule = PathBeneath { allowed_access: access, parent_fd: path.as_raw_fd() };
    let address = std::ptr::from_ref(&rule) as usize;
    call(libc::SYS_landlock_add_rule, [raw(ruleset.as_raw_fd()), 1, address, 0, 0, 0]).map(drop)
}

pub(crate) fn landlock_restrict(ruleset: &OwnedFd) -> Result<()> {
    call(libc::SYS_landlock_restrict_self, [raw(ruleset.as_raw_fd()), 0, 0, 0, 0, 0]).map(drop)
}

/// Whether this process may write to `path`, by its effective identity.
pub(crate) fn may_write(path: &CStr) -> bool {
    // SAFETY: needed because std cannot ask without opening. Sound because the
    // path is a live C string.
    unsafe { libc::faccessat(CWD, path.as_ptr(), libc::W_OK, libc::AT_EACCESS) == 0 }
}
