//! Processes, identities, limits.

use super::{Errno, Result, address, call, check, owned, raw};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

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

/// The host's NIS domain, which a new namespace copies.
pub(crate) fn clear_domain_name() -> Result<()> {
    call(libc::SYS_setdomainname, [c"(none)".as_ptr() as usize, 6, 0, 0, 0, 0]).map(drop)
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
    // Said to the caller when there is no room: an abort would write its message
    // to descriptor 2, which may be the plugin's by now.
    let mut stack: Vec<u128> = Vec::new();
    stack.try_reserve_exact(STACK / 16).map_err(|_| Errno(libc::ENOMEM))?;
    stack.resize(STACK / 16, 0);
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
