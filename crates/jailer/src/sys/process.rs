//! Processes, identities, limits.

use super::{Errno, OwnedFd, Result, address, call, owned, raw};
use alloc::vec::Vec;
use core::ffi::CStr;

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
pub(crate) fn fork_with(flags: u64, cgroup: Option<&OwnedFd>) -> Result<Forked> {
    let mut pidfd: i32 = -1;
    let mut args = CloneArgs {
        flags: flags | libc::CLONE_PIDFD as u64,
        pidfd: core::ptr::from_mut(&mut pidfd) as u64,
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
pub fn exit_now(status: i32) -> ! {
    loop {
        let _ = call(libc::SYS_exit_group, [raw(status), 0, 0, 0, 0, 0]);
    }
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
    number(libc::SYS_geteuid)
}

pub(crate) fn effective_gid() -> u32 {
    number(libc::SYS_getegid)
}

pub(crate) fn process_id() -> u32 {
    number(libc::SYS_getpid)
}

/// What a call gives that cannot fail.
fn number(of: libc::c_long) -> u32 {
    call(of, [0; 6]).ok().and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX)
}

pub(crate) fn set_session() -> Result<()> {
    call(libc::SYS_setsid, [0; 6]).map(drop)
}

/// Sets soft and hard limit, or leaves a hard limit that is lower already: the
/// host's own limit cannot be raised from a user namespace, and need not be.
pub(crate) fn set_rlimit(resource: u32, value: u64) -> Result<()> {
    let mut old = libc::rlimit64 { rlim_cur: 0, rlim_max: libc::RLIM64_INFINITY };
    let old_at = core::ptr::from_mut(&mut old) as usize;
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
    collect(pid, libc::__WALL)
}

/// A child that has ended, if there is one.
pub(crate) fn wait_without_waiting() -> Result<Option<Ended>> {
    collect(-1, libc::__WALL | libc::WNOHANG).map(|ended| Some(ended).filter(|e| e.pid != 0))
}

/// A descriptor that is readable when children have ended; reading it never waits.
pub(crate) fn ends_of_children() -> Result<OwnedFd> {
    const SIGCHLD_ALONE: u64 = 1 << (libc::SIGCHLD - 1);
    let (set, size) = (address(&SIGCHLD_ALONE), size_of::<u64>());
    call(libc::SYS_rt_sigprocmask, [raw(libc::SIG_BLOCK), set, 0, size, 0, 0])?;
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    call(libc::SYS_signalfd4, [raw(-1), set, size, raw(flags), 0, 0]).map(owned)
}

fn collect(pid: i32, flags: i32) -> Result<Ended> {
    let mut status = 0_i32;
    // SAFETY: needed to have a buffer for wait4. Sound because all-zero bytes
    // are a valid `rusage`.
    let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
    loop {
        let result = call(
            libc::SYS_wait4,
            [
                raw(pid),
                core::ptr::from_mut(&mut status) as usize,
                raw(flags),
                core::ptr::from_mut(&mut usage) as usize,
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
        let arguments = [fds.as_mut_ptr() as usize, fds.len(), raw(timeout_ms), 0, 0, 0];
        match call(libc::SYS_poll, arguments) {
            Err(Errno(libc::EINTR)) => {}
            other => return other.map(drop),
        }
    }
}

/// Puts a signal back to its default action.
pub(crate) fn default_signal(signal: i32) {
    /// The kernel's `struct sigaction`; all zero is the default action.
    const DEFAULT: [u64; 4] = [0; 4];
    let _ = call(libc::SYS_rt_sigaction, [raw(signal), address(&DEFAULT), 0, 8, 0, 0]);
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
    // SAFETY: needed to name the end of the stack, which grows down. Sound
    // because one past the end of the allocation is a valid pointer to form.
    let top = unsafe { stack.as_mut_ptr().add(STACK / 16) };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let pid: libc::c_long;
    // SAFETY: needed because fork would copy page tables, and because a child on
    // another stack cannot come back from a function of Rust. Sound because
    // CLONE_VFORK suspends this process until the child has left this address
    // space, so `stack` and `data` are live and not shared with a running thread;
    // the program has one thread. The child enters `child` on a stack aligned as
    // the calling convention asks, and never returns.
    unsafe {
        core::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone => pid,
            in("rdi") raw(flags), in("rsi") top, in("rdx") 0, in("r10") 0, in("r8") 0,
            in("r12") core::ptr::from_mut(data), in("r13") child,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    match i32::try_from(pid) {
        Ok(pid @ 0..) => Ok(pid),
        Ok(error) => Err(Errno(-error)),
        Err(_) => Err(Errno(libc::EINVAL)),
    }
}

/// Starts another program in place of this one; returns only on failure.
pub(crate) fn execute(
    program: &CStr,
    arguments: &[*const libc::c_char],
    environment: &[*const libc::c_char],
) -> Errno {
    // Both lists end with a null pointer, which the caller built, and their
    // strings outlive the call.
    let lists = (arguments.as_ptr() as usize, environment.as_ptr() as usize);
    let all = [program.as_ptr() as usize, lists.0, lists.1, 0, 0, 0];
    call(libc::SYS_execve, all).err().unwrap_or(Errno(libc::EIO))
}

/// Waits about that long; a signal may end it sooner.
pub(crate) fn sleep_a_millisecond() {
    let time = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    let _ = call(libc::SYS_nanosleep, [address(&time), 0, 0, 0, 0, 0]);
}

/// New memory, all zero, in whole pages.
pub(crate) fn map_memory(bytes: usize) -> Option<*mut u8> {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let address = call(libc::SYS_mmap, [0, bytes, raw(access), raw(kind), raw(-1), 0]).ok()?;
    Some(core::ptr::with_exposed_provenance_mut(usize::try_from(address).ok()?))
}

/// Gives back what [`map_memory`] gave.
pub(crate) fn unmap_memory(at: *mut u8, bytes: usize) {
    let _ = call(libc::SYS_munmap, [at as usize, bytes, 0, 0, 0, 0]);
}
