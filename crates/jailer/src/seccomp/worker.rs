//! The part of the list for our own programs that run WebAssembly. They bring all
//! they need, so it can be far shorter than what language runtimes want.

/// What the worker asks of descriptors beside: which pages of its own memory were
/// written (`PAGEMAP_SCAN`, Linux 6.7), so that only those are put back.
pub(super) const WORKER_IOCTLS: &[u32] = &[
    0x5401,      // TCGETS
    0x5413,      // TIOCGWINSZ
    0x541b,      // FIONREAD
    0x5421,      // FIONBIO
    0xc060_6610, // PAGEMAP_SCAN
];

/// The part of the list that our worker for WebAssembly gets, and the jail's first
/// process while it waits for it: no sockets, no children to start beside its own
/// threads, no other process to look at or to signal.
pub(super) const WORKER: &[&str] = &[
    // Streams and the control channel.
    "read",
    "write",
    "readv",
    "writev",
    "close",
    "close_range",
    "fcntl",
    "ioctl",
    "dup2",
    "dup3",
    "poll",
    "ppoll",
    "recvmsg",
    "sendmsg",
    // The waits of WASI.
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "signalfd4",
    // Files of WASI, in the folders that are shown.
    "open",
    "openat",
    "openat2",
    "fstat",
    "newfstatat",
    "statx",
    "readlink",
    "readlinkat",
    "getdents64",
    "mkdirat",
    "unlinkat",
    "renameat",
    "renameat2",
    "linkat",
    "symlinkat",
    "ftruncate",
    "fsync",
    "fdatasync",
    "fallocate",
    "fadvise64",
    "utimensat",
    "faccessat",
    "faccessat2",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "lseek",
    "chdir",
    // Memory and threads.
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "madvise",
    "brk",
    "clone",
    "clone3",
    "futex",
    "set_robust_list",
    "rseq",
    "set_tid_address",
    "arch_prctl",
    "membarrier",
    "sched_yield",
    "sched_getaffinity",
    "prctl",
    "prlimit64",
    // Signals: the engine turns faults into traps.
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "gettid",
    "getpid",
    "tgkill",
    // Time and chance.
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    // The first process starts the worker, which then finds no other program.
    "execve",
    "setsid",
    "wait4",
    "waitid",
    "exit",
    "exit_group",
    "getppid",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp::list::LIST;

    #[test]
    fn the_worker_gets_a_part_of_the_list_and_no_way_to_another_process() {
        for name in WORKER {
            assert!(LIST.iter().any(|entry| entry.name == *name), "{name} is not on the list");
        }
        for absent in [
            "socket",
            "connect",
            "socketpair",
            "kill",
            "fork",
            "vfork",
            "memfd_create",
            "timerfd_create",
        ] {
            assert!(!WORKER.contains(&absent), "{absent}");
        }
    }
}
