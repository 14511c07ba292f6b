//! Every system call that a jailed program may make, each with its reason.
//!
//! What is absent is refused: `EPERM` for calls that exist, `ENOSYS` for calls
//! newer than this list and for those where programs know how to do without.
//! Absent on purpose: all of mount, namespaces, ptrace and reading other
//! processes, keyrings, bpf, perf, `io_uring`, userfaultfd, System V IPC,
//! message queues, modules, kexec, clocks, quotas, swap, handles, `fanotify`,
//! NUMA placement; without a network gate `socket` itself, with one all but TCP and
//! UDP over IP.

use core::ffi::c_long;

/// What happens on one system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Always allowed.
    Allow,
    /// Refused as if the kernel did not have it: callers fall back.
    NoSuchCall,
    /// Refused with this error number.
    Refuse(i32),
    /// Allowed when argument `0`, masked, equals one of these values; else the error.
    OneOf {
        /// Argument number, from 0. Only its low 32 bits count.
        argument: u8,
        /// Bits that are compared.
        mask: u32,
        /// Allowed values.
        values: &'static [u32],
        /// Error for other values.
        errno: i32,
    },
    /// Allowed when these arguments are all zero: the calling process itself.
    OnlySelf {
        /// Argument numbers, from 0.
        arguments: &'static [u8],
    },
    /// Allowed but for the jail's own first process, whose number is always 1.
    NotFirstProcess {
        /// Argument number, from 0.
        argument: u8,
    },
    /// Allowed when the argument lies in one of these ranges, which ascend and
    /// include both ends; else the error.
    Between {
        /// Argument number, from 0. Only its low 32 bits count.
        argument: u8,
        /// First and last allowed values.
        values: &'static [(u32, u32)],
        /// Error for other values.
        errno: i32,
    },
    /// Allowed when none of these bits is set in the argument; else the error.
    WithoutBits {
        /// Argument number, from 0.
        argument: u8,
        /// Forbidden bits.
        bits: u32,
        /// Error when one is set.
        errno: i32,
    },
    /// With a just-in-time compiler as `Allow`, else as [`Rule::WithoutBits`].
    NoNewCode {
        /// Argument number, from 0.
        argument: u8,
        /// Bits that make memory executable.
        bits: u32,
    },
    /// As [`Rule::NoNewCode`], but refused only when all the bits are set together.
    NoWritableCode {
        /// Argument number, from 0.
        argument: u8,
        /// Bits that may not be set together.
        bits: u32,
    },
    /// `socketpair`: of the Unix family, and of a kind that speaks to its other
    /// end only.
    UnixStreamPair,
    /// Allowed where a network is attached, else refused with `EACCES`.
    WithNetwork,
    /// `socket`: as [`Rule::WithNetwork`], and only TCP and UDP over IP.
    InternetSocket,
    /// `setsockopt`: what `SOCKET_OPTIONS` lists for its level; without a
    /// network only the level of sockets themselves, whatever it says.
    SocketOption,
    /// `memfd_create`: refused without a just-in-time compiler, since a memory
    /// file can be mapped twice, writable and executable; with one, only files
    /// sealed against execution.
    SealedMemoryFile,
}

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Number on x86-64.
    pub number: c_long,
    /// Name.
    pub name: &'static str,
    /// What happens.
    pub rule: Rule,
    /// Why.
    pub reason: &'static str,
}

pub(super) const WRITE_AND_EXEC: u32 = 0x2 | 0x4;
pub(super) const PROT_EXEC: u32 = 0x4;
const SETUID_BITS: u32 = libc::S_ISUID | libc::S_ISGID;
const NODES: &[u32] = &[0, libc::S_IFREG, libc::S_IFIFO];

/// Every `CLONE_NEW*` bit of `clone`, with `CLONE_NEWTIME` left out: there it
/// is a bit of the exit signal and means nothing.
pub(super) const NAMESPACE_BITS: u32 =
    0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

/// Terminal attributes and size, and the flags of a descriptor. Programs ask
/// for the first two to learn that they have no terminal.
const IOCTL: Rule = Rule::OneOf {
    argument: 1,
    mask: u32::MAX,
    values: &[
        0x5401,      // TCGETS
        0x802c_542a, // TCGETS2
        0x5413,      // TIOCGWINSZ
        0x540f,      // TIOCGPGRP
        0x541b,      // FIONREAD
        0x5421,      // FIONBIO
        0x5450,      // FIONCLEX
        0x5451,      // FIOCLEX
        0x5452,      // FIOASYNC
    ],
    errno: libc::ENOTTY,
};

/// Commands of `fcntl`: all but leases (`F_SETLEASE` makes every other opener of a
/// shared file wait up to 45 seconds), `F_NOTIFY` and what is newer than this list.
const FCNTL: Rule = Rule::Between {
    argument: 1,
    // F_DUPFD to F_GETOWN_EX, the locks of open files, F_DUPFD_QUERY to F_GET_SEALS.
    values: &[(0, 16), (36, 38), (1027, 1034)],
    errno: libc::EINVAL,
};

/// Options that `setsockopt` may set on a socket pair, whatever the level: reuse,
/// sizes, keep-alive, time-outs. The numbers left out load filters (26, 50 to
/// 52) or need a network.
pub(super) const PAIR_OPTIONS: &[(u32, u32)] = &[(1, 2), (7, 13), (16, 21)];

/// Options that `setsockopt` may set on internet sockets, by level. Left out is
/// what loads filters, other protocols (`TCP_ULP`) or keys, copies nothing, or
/// joins groups.
pub(super) const SOCKET_OPTIONS: &[(u32, &[(u32, u32)])] = &[
    // SOL_SOCKET: the same, with SO_BROADCAST and SO_REUSEPORT, without sizes: what
    // waits in a connection that nobody accepts or has closed is counted nowhere.
    (1, &[(1, 2), (6, 6), (9, 13), (15, 21)]),
    // IPPROTO_TCP: TCP_NODELAY to TCP_CONGESTION without TCP_INFO, TCP_USER_TIMEOUT,
    // TCP_FASTOPEN, TCP_NOTSENT_LOWAT, TCP_FASTOPEN_CONNECT.
    (6, &[(1, 10), (12, 13), (18, 18), (23, 23), (25, 25), (30, 30)]),
    // IPPROTO_IP: type of service, time to live, IP_PKTINFO, path MTU, errors,
    // IP_BIND_ADDRESS_NO_PORT.
    (0, &[(1, 2), (8, 8), (10, 13), (24, 24)]),
    // IPPROTO_IPV6: hop limit, path MTU, errors, IPV6_V6ONLY, packet information, class.
    (41, &[(16, 16), (23, 26), (49, 49), (66, 67)]),
];

/// Options of `prctl` that cannot change privileges.
const PRCTLS: &[u32] = &[
    1,           // PR_SET_PDEATHSIG
    2,           // PR_GET_PDEATHSIG
    3,           // PR_GET_DUMPABLE
    4,           // PR_SET_DUMPABLE
    15,          // PR_SET_NAME
    16,          // PR_GET_NAME
    21,          // PR_GET_SECCOMP
    23,          // PR_CAPBSET_READ
    27,          // PR_GET_SECUREBITS
    29,          // PR_SET_TIMERSLACK
    30,          // PR_GET_TIMERSLACK
    36,          // PR_SET_CHILD_SUBREAPER
    37,          // PR_GET_CHILD_SUBREAPER
    38,          // PR_SET_NO_NEW_PRIVS: it is set already, and cannot be unset
    39,          // PR_GET_NO_NEW_PRIVS
    40,          // PR_GET_TID_ADDRESS
    41,          // PR_SET_THP_DISABLE
    42,          // PR_GET_THP_DISABLE
    47,          // PR_CAP_AMBIENT: raising needs a permitted capability, and there is none
    65,          // PR_SET_MDWE
    66,          // PR_GET_MDWE
    0x5356_4d41, // PR_SET_VMA: names memory areas
];

macro_rules! list {
    ($($name:ident $number:expr, $rule:expr, $reason:literal;)*) => {
        /// The list, by topic.
        pub const LIST: &[Entry] = &[$(Entry {
            number: $number,
            name: stringify!($name),
            rule: $rule,
            reason: $reason,
        },)*];
    };
}

list! {
    // Reading and writing what is already open.
    read libc::SYS_read, Rule::Allow, "moves bytes between descriptors the program already has";
    write libc::SYS_write, Rule::Allow, "moves bytes between descriptors the program already has";
    readv libc::SYS_readv, Rule::Allow, "moves bytes between descriptors the program already has";
    writev libc::SYS_writev, Rule::Allow, "moves bytes between descriptors the program already has";
    pread64 libc::SYS_pread64, Rule::Allow, "moves bytes between descriptors the program already has";
    pwrite64 libc::SYS_pwrite64, Rule::Allow, "moves bytes between descriptors the program already has";
    preadv libc::SYS_preadv, Rule::Allow, "moves bytes between descriptors the program already has";
    pwritev libc::SYS_pwritev, Rule::Allow, "moves bytes between descriptors the program already has";
    preadv2 libc::SYS_preadv2, Rule::Allow, "moves bytes between descriptors the program already has";
    pwritev2 libc::SYS_pwritev2, Rule::Allow, "moves bytes between descriptors the program already has";
    lseek libc::SYS_lseek, Rule::Allow, "moves bytes between descriptors the program already has";
    sendfile libc::SYS_sendfile, Rule::Allow, "moves bytes between descriptors the program already has";
    copy_file_range libc::SYS_copy_file_range, Rule::Allow, "moves bytes between descriptors the program already has";
    splice libc::SYS_splice, Rule::Allow, "moves bytes between descriptors the program already has";
    close libc::SYS_close, Rule::Allow, "manages own descriptors";
    close_range libc::SYS_close_range, Rule::Allow, "manages own descriptors";
    dup libc::SYS_dup, Rule::Allow, "manages own descriptors";
    dup2 libc::SYS_dup2, Rule::Allow, "manages own descriptors";
    dup3 libc::SYS_dup3, Rule::Allow, "manages own descriptors";
    fcntl libc::SYS_fcntl, FCNTL, "flags, locks and sizes; never leases or notices, which make other users of a shared file wait";
    flock libc::SYS_flock, Rule::Allow, "works on files it may already open";
    fsync libc::SYS_fsync, Rule::Allow, "works on files it may already open";
    fdatasync libc::SYS_fdatasync, Rule::Allow, "works on files it may already open";
    sync_file_range libc::SYS_sync_file_range, Rule::Allow, "works on files it may already open";
    fadvise64 libc::SYS_fadvise64, Rule::Allow, "works on files it may already open";
    readahead libc::SYS_readahead, Rule::Allow, "works on files it may already open";
    fallocate libc::SYS_fallocate, Rule::Allow, "works on files it may already open";
    ftruncate libc::SYS_ftruncate, Rule::Allow, "works on files it may already open";
    truncate libc::SYS_truncate, Rule::Allow, "works on files it may already open";
    pipe libc::SYS_pipe, Rule::Allow, "event sources of its own";
    pipe2 libc::SYS_pipe2, Rule::Allow, "event sources of its own";
    eventfd libc::SYS_eventfd, Rule::Allow, "event sources of its own";
    eventfd2 libc::SYS_eventfd2, Rule::Allow, "event sources of its own";
    signalfd libc::SYS_signalfd, Rule::Allow, "event sources of its own";
    signalfd4 libc::SYS_signalfd4, Rule::Allow, "event sources of its own";
    timerfd_create libc::SYS_timerfd_create, Rule::Allow, "event sources of its own";
    timerfd_settime libc::SYS_timerfd_settime, Rule::Allow, "event sources of its own";
    timerfd_gettime libc::SYS_timerfd_gettime, Rule::Allow, "event sources of its own";
    poll libc::SYS_poll, Rule::Allow, "waits for own descriptors";
    ppoll libc::SYS_ppoll, Rule::Allow, "waits for own descriptors";
    select libc::SYS_select, Rule::Allow, "waits for own descriptors";
    pselect6 libc::SYS_pselect6, Rule::Allow, "waits for own descriptors";
    epoll_create libc::SYS_epoll_create, Rule::Allow, "waits for own descriptors";
    epoll_create1 libc::SYS_epoll_create1, Rule::Allow, "waits for own descriptors";
    epoll_ctl libc::SYS_epoll_ctl, Rule::Allow, "waits for own descriptors";
    epoll_wait libc::SYS_epoll_wait, Rule::Allow, "waits for own descriptors";
    epoll_pwait libc::SYS_epoll_pwait, Rule::Allow, "waits for own descriptors";
    epoll_pwait2 libc::SYS_epoll_pwait2, Rule::Allow, "waits for own descriptors";
    ioctl libc::SYS_ioctl, IOCTL, "terminal size, non-blocking and close-on-exec only; TIOCSTI, TIOCLINUX and every driver are refused";
    // Files by path: what is visible is decided by the mounts and Landlock.
    open libc::SYS_open, Rule::Allow, "mount namespace and Landlock decide what is there";
    openat libc::SYS_openat, Rule::Allow, "mount namespace and Landlock decide what is there";
    openat2 libc::SYS_openat2, Rule::Allow, "mount namespace and Landlock decide what is there";
    creat libc::SYS_creat, Rule::Allow, "mount namespace and Landlock decide what is there";
    stat libc::SYS_stat, Rule::Allow, "looks at files";
    fstat libc::SYS_fstat, Rule::Allow, "looks at files";
    lstat libc::SYS_lstat, Rule::Allow, "looks at files";
    newfstatat libc::SYS_newfstatat, Rule::Allow, "looks at files";
    statx libc::SYS_statx, Rule::Allow, "looks at files";
    access libc::SYS_access, Rule::Allow, "looks at files";
    faccessat libc::SYS_faccessat, Rule::Allow, "looks at files";
    faccessat2 libc::SYS_faccessat2, Rule::Allow, "looks at files";
    statfs libc::SYS_statfs, Rule::Allow, "looks at files";
    fstatfs libc::SYS_fstatfs, Rule::Allow, "looks at files";
    readlink libc::SYS_readlink, Rule::Allow, "looks at files";
    readlinkat libc::SYS_readlinkat, Rule::Allow, "looks at files";
    getdents libc::SYS_getdents, Rule::Allow, "looks at files";
    getdents64 libc::SYS_getdents64, Rule::Allow, "looks at files";
    getcwd libc::SYS_getcwd, Rule::Allow, "looks at files";
    chdir libc::SYS_chdir, Rule::Allow, "own working folder and mask";
    fchdir libc::SYS_fchdir, Rule::Allow, "own working folder and mask";
    umask libc::SYS_umask, Rule::Allow, "own working folder and mask";
    mkdir libc::SYS_mkdir, Rule::Allow, "changes what is on writable mounts";
    mkdirat libc::SYS_mkdirat, Rule::Allow, "changes what is on writable mounts";
    rmdir libc::SYS_rmdir, Rule::Allow, "changes what is on writable mounts";
    unlink libc::SYS_unlink, Rule::Allow, "changes what is on writable mounts";
    unlinkat libc::SYS_unlinkat, Rule::Allow, "changes what is on writable mounts";
    rename libc::SYS_rename, Rule::Allow, "changes what is on writable mounts";
    renameat libc::SYS_renameat, Rule::Allow, "changes what is on writable mounts";
    renameat2 libc::SYS_renameat2, Rule::Allow, "changes what is on writable mounts";
    link libc::SYS_link, Rule::Allow, "changes what is on writable mounts";
    linkat libc::SYS_linkat, Rule::Allow, "changes what is on writable mounts";
    symlink libc::SYS_symlink, Rule::Allow, "changes what is on writable mounts";
    symlinkat libc::SYS_symlinkat, Rule::Allow, "changes what is on writable mounts";
    utime libc::SYS_utime, Rule::Allow, "changes what is on writable mounts";
    utimes libc::SYS_utimes, Rule::Allow, "changes what is on writable mounts";
    utimensat libc::SYS_utimensat, Rule::Allow, "changes what is on writable mounts";
    futimesat libc::SYS_futimesat, Rule::Allow, "changes what is on writable mounts";
    chown libc::SYS_chown, Rule::Allow, "the kernel refuses all but the own user; tools call it after copying";
    fchown libc::SYS_fchown, Rule::Allow, "the kernel refuses all but the own user; tools call it after copying";
    lchown libc::SYS_lchown, Rule::Allow, "the kernel refuses all but the own user; tools call it after copying";
    fchownat libc::SYS_fchownat, Rule::Allow, "the kernel refuses all but the own user; tools call it after copying";
    chmod libc::SYS_chmod, Rule::WithoutBits { argument: 1, bits: SETUID_BITS, errno: libc::EPERM }, "mode bits, but never set-user-id or set-group-id";
    fchmod libc::SYS_fchmod, Rule::WithoutBits { argument: 1, bits: SETUID_BITS, errno: libc::EPERM }, "mode bits, but never set-user-id or set-group-id";
    fchmodat libc::SYS_fchmodat, Rule::WithoutBits { argument: 2, bits: SETUID_BITS, errno: libc::EPERM }, "mode bits, but never set-user-id or set-group-id";
    fchmodat2 452, Rule::WithoutBits { argument: 2, bits: SETUID_BITS, errno: libc::EPERM }, "mode bits, but never set-user-id or set-group-id";
    mknod libc::SYS_mknod, Rule::OneOf { argument: 1, mask: libc::S_IFMT | SETUID_BITS, values: NODES, errno: libc::EPERM }, "named pipes and plain files; devices and set-user-id are refused";
    mknodat libc::SYS_mknodat, Rule::OneOf { argument: 2, mask: libc::S_IFMT | SETUID_BITS, values: NODES, errno: libc::EPERM }, "named pipes and plain files; devices and set-user-id are refused";
    getxattr libc::SYS_getxattr, Rule::Allow, "reads attributes of files";
    lgetxattr libc::SYS_lgetxattr, Rule::Allow, "reads attributes of files";
    fgetxattr libc::SYS_fgetxattr, Rule::Allow, "reads attributes of files";
    listxattr libc::SYS_listxattr, Rule::Allow, "reads attributes of files";
    llistxattr libc::SYS_llistxattr, Rule::Allow, "reads attributes of files";
    flistxattr libc::SYS_flistxattr, Rule::Allow, "reads attributes of files";
    setxattr libc::SYS_setxattr, Rule::Refuse(libc::ENOTSUP), "copying tools try it and go on without";
    lsetxattr libc::SYS_lsetxattr, Rule::Refuse(libc::ENOTSUP), "copying tools try it and go on without";
    fsetxattr libc::SYS_fsetxattr, Rule::Refuse(libc::ENOTSUP), "copying tools try it and go on without";
    removexattr libc::SYS_removexattr, Rule::Refuse(libc::ENOTSUP), "copying tools try it and go on without";
    lremovexattr libc::SYS_lremovexattr, Rule::Refuse(libc::ENOTSUP), "copying tools try it and go on without";
    fremovexattr libc::SYS_fremovexattr, Rule::Refuse(libc::ENOTSUP), "copying tools try it and go on without";
    inotify_init libc::SYS_inotify_init, Rule::Allow, "file watchers of development servers";
    inotify_init1 libc::SYS_inotify_init1, Rule::Allow, "file watchers of development servers";
    inotify_add_watch libc::SYS_inotify_add_watch, Rule::Allow, "file watchers of development servers";
    inotify_rm_watch libc::SYS_inotify_rm_watch, Rule::Allow, "file watchers of development servers";
    // Memory.
    brk libc::SYS_brk, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    munmap libc::SYS_munmap, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    mremap libc::SYS_mremap, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    madvise libc::SYS_madvise, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    msync libc::SYS_msync, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    mlock libc::SYS_mlock, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    mlock2 libc::SYS_mlock2, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    munlock libc::SYS_munlock, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    mlockall libc::SYS_mlockall, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    munlockall libc::SYS_munlockall, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    mseal 462, Rule::Allow, "manages own memory, under RLIMIT_MEMLOCK and the cgroup";
    mmap libc::SYS_mmap, Rule::NoWritableCode { argument: 2, bits: WRITE_AND_EXEC }, "maps memory; writable and executable at once only with a just-in-time compiler";
    mprotect libc::SYS_mprotect, Rule::NoNewCode { argument: 2, bits: PROT_EXEC }, "memory becomes executable later only with a just-in-time compiler";
    pkey_mprotect libc::SYS_pkey_mprotect, Rule::NoNewCode { argument: 2, bits: PROT_EXEC }, "memory becomes executable later only with a just-in-time compiler";
    pkey_alloc libc::SYS_pkey_alloc, Rule::Allow, "V8 protects its code space with memory keys";
    pkey_free libc::SYS_pkey_free, Rule::Allow, "V8 protects its code space with memory keys";
    memfd_create libc::SYS_memfd_create, Rule::SealedMemoryFile, "never a way to run code that is in no file";
    membarrier libc::SYS_membarrier, Rule::Allow, "user-space synchronisation of language runtimes";
    rseq libc::SYS_rseq, Rule::Allow, "user-space synchronisation of language runtimes";
    // Processes and threads of its own.
    clone libc::SYS_clone, Rule::WithoutBits { argument: 0, bits: NAMESPACE_BITS, errno: libc::EPERM }, "threads and children, but no new namespace";
    clone3 libc::SYS_clone3, Rule::NoSuchCall, "its flags are behind a pointer that a filter cannot read; libc falls back to clone";
    fork libc::SYS_fork, Rule::Allow, "children; their number is limited";
    vfork libc::SYS_vfork, Rule::Allow, "children; their number is limited";
    execve libc::SYS_execve, Rule::Allow, "which programs may start is decided by the mounts and Landlock";
    execveat libc::SYS_execveat, Rule::NoSuchCall, "can start a file that has no name; libc falls back to execve";
    exit libc::SYS_exit, Rule::Allow, "ends and waits";
    exit_group libc::SYS_exit_group, Rule::Allow, "ends and waits";
    wait4 libc::SYS_wait4, Rule::Allow, "ends and waits";
    waitid libc::SYS_waitid, Rule::Allow, "ends and waits";
    kill libc::SYS_kill, Rule::Allow, "signals inside its own process namespace";
    tkill libc::SYS_tkill, Rule::Allow, "signals inside its own process namespace";
    tgkill libc::SYS_tgkill, Rule::Allow, "signals inside its own process namespace";
    pidfd_open libc::SYS_pidfd_open, Rule::Allow, "signals inside its own process namespace";
    pidfd_send_signal libc::SYS_pidfd_send_signal, Rule::Allow, "signals inside its own process namespace";
    getpid libc::SYS_getpid, Rule::Allow, "own process tree";
    getppid libc::SYS_getppid, Rule::Allow, "own process tree";
    gettid libc::SYS_gettid, Rule::Allow, "own process tree";
    getpgid libc::SYS_getpgid, Rule::Allow, "own process tree";
    getpgrp libc::SYS_getpgrp, Rule::Allow, "own process tree";
    setpgid libc::SYS_setpgid, Rule::Allow, "own process tree";
    getsid libc::SYS_getsid, Rule::Allow, "own process tree";
    setsid libc::SYS_setsid, Rule::Allow, "own process tree";
    getuid libc::SYS_getuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    geteuid libc::SYS_geteuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    getgid libc::SYS_getgid, Rule::Allow, "asks who it is; changing fails without capabilities";
    getegid libc::SYS_getegid, Rule::Allow, "asks who it is; changing fails without capabilities";
    getresuid libc::SYS_getresuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    getresgid libc::SYS_getresgid, Rule::Allow, "asks who it is; changing fails without capabilities";
    getgroups libc::SYS_getgroups, Rule::Allow, "asks who it is; changing fails without capabilities";
    setuid libc::SYS_setuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setgid libc::SYS_setgid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setreuid libc::SYS_setreuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setregid libc::SYS_setregid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setresuid libc::SYS_setresuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setresgid libc::SYS_setresgid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setfsuid libc::SYS_setfsuid, Rule::Allow, "asks who it is; changing fails without capabilities";
    setfsgid libc::SYS_setfsgid, Rule::Allow, "asks who it is; changing fails without capabilities";
    capget libc::SYS_capget, Rule::Allow, "asks who it is; changing fails without capabilities";
    rt_sigaction libc::SYS_rt_sigaction, Rule::Allow, "own signal handling";
    rt_sigprocmask libc::SYS_rt_sigprocmask, Rule::Allow, "own signal handling";
    rt_sigreturn libc::SYS_rt_sigreturn, Rule::Allow, "own signal handling";
    rt_sigpending libc::SYS_rt_sigpending, Rule::Allow, "own signal handling";
    rt_sigtimedwait libc::SYS_rt_sigtimedwait, Rule::Allow, "own signal handling";
    rt_sigqueueinfo libc::SYS_rt_sigqueueinfo, Rule::Allow, "own signal handling";
    rt_tgsigqueueinfo libc::SYS_rt_tgsigqueueinfo, Rule::Allow, "own signal handling";
    rt_sigsuspend libc::SYS_rt_sigsuspend, Rule::Allow, "own signal handling";
    sigaltstack libc::SYS_sigaltstack, Rule::Allow, "own signal handling";
    restart_syscall libc::SYS_restart_syscall, Rule::Allow, "own signal handling";
    pause libc::SYS_pause, Rule::Allow, "own signal handling";
    futex libc::SYS_futex, Rule::Allow, "locks between own threads";
    futex_waitv 449, Rule::Allow, "locks between own threads";
    futex_wake 454, Rule::Allow, "locks between own threads";
    futex_wait 455, Rule::Allow, "locks between own threads";
    futex_requeue 456, Rule::Allow, "locks between own threads";
    set_robust_list libc::SYS_set_robust_list, Rule::Allow, "locks between own threads";
    get_robust_list libc::SYS_get_robust_list, Rule::Allow, "locks between own threads";
    set_tid_address libc::SYS_set_tid_address, Rule::Allow, "locks between own threads";
    arch_prctl libc::SYS_arch_prctl, Rule::Allow, "thread-local storage";
    prctl libc::SYS_prctl, Rule::OneOf { argument: 0, mask: u32::MAX, values: PRCTLS, errno: libc::EINVAL }, "names, death signal, timer slack and questions; nothing that changes privileges";
    personality libc::SYS_personality, Rule::OneOf { argument: 0, mask: u32::MAX, values: &[u32::MAX], errno: libc::EPERM }, "only the question which one is in force";
    getrlimit libc::SYS_getrlimit, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    setrlimit libc::SYS_setrlimit, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    prlimit64 libc::SYS_prlimit64, Rule::OnlySelf { arguments: &[0] }, "own limits; those of the jail's first process are not the plugin's";
    getrusage libc::SYS_getrusage, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    times libc::SYS_times, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    sysinfo libc::SYS_sysinfo, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    uname libc::SYS_uname, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    getcpu libc::SYS_getcpu, Rule::Allow, "asks for limits and use; hard limits cannot be raised";
    sched_yield libc::SYS_sched_yield, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    sched_getaffinity libc::SYS_sched_getaffinity, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    sched_setaffinity libc::SYS_sched_setaffinity, Rule::NotFirstProcess { argument: 0 }, "its own threads and children";
    sched_getparam libc::SYS_sched_getparam, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    sched_getscheduler libc::SYS_sched_getscheduler, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    sched_get_priority_max libc::SYS_sched_get_priority_max, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    sched_get_priority_min libc::SYS_sched_get_priority_min, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    sched_rr_get_interval libc::SYS_sched_rr_get_interval, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    getpriority libc::SYS_getpriority, Rule::Allow, "scheduling within its share; a better priority needs a capability";
    setpriority libc::SYS_setpriority, Rule::OnlySelf { arguments: &[0, 1] }, "its own priority, downwards; a user or group would include the jail's first process";
    // Time and chance.
    nanosleep libc::SYS_nanosleep, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    clock_nanosleep libc::SYS_clock_nanosleep, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    clock_gettime libc::SYS_clock_gettime, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    clock_getres libc::SYS_clock_getres, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    gettimeofday libc::SYS_gettimeofday, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    time libc::SYS_time, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    alarm libc::SYS_alarm, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    getitimer libc::SYS_getitimer, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    setitimer libc::SYS_setitimer, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    timer_create libc::SYS_timer_create, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    timer_settime libc::SYS_timer_settime, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    timer_gettime libc::SYS_timer_gettime, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    timer_getoverrun libc::SYS_timer_getoverrun, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    timer_delete libc::SYS_timer_delete, Rule::Allow, "reads clocks and sets own timers; never sets a clock";
    getrandom libc::SYS_getrandom, Rule::Allow, "random numbers";
    // Sockets: pairs between own processes, and where a network gate is attached
    // those that end there.
    socketpair libc::SYS_socketpair, Rule::UnixStreamPair, "pipes of both directions between parent and child; datagram pairs could send to any Unix socket in sight";
    socket libc::SYS_socket, Rule::InternetSocket, "only where a network gate is attached to this jail";
    connect libc::SYS_connect, Rule::WithNetwork, "only where a network gate is attached to this jail";
    bind libc::SYS_bind, Rule::WithNetwork, "only where a network gate is attached to this jail";
    listen libc::SYS_listen, Rule::WithNetwork, "only where a network gate is attached to this jail";
    accept libc::SYS_accept, Rule::WithNetwork, "only where a network gate is attached to this jail";
    accept4 libc::SYS_accept4, Rule::WithNetwork, "only where a network gate is attached to this jail";
    sendto libc::SYS_sendto, Rule::Allow, "uses the sockets it has";
    sendmsg libc::SYS_sendmsg, Rule::Allow, "uses the sockets it has";
    sendmmsg libc::SYS_sendmmsg, Rule::Allow, "uses the sockets it has";
    recvfrom libc::SYS_recvfrom, Rule::Allow, "uses the sockets it has";
    recvmsg libc::SYS_recvmsg, Rule::Allow, "uses the sockets it has";
    recvmmsg libc::SYS_recvmmsg, Rule::Allow, "uses the sockets it has";
    shutdown libc::SYS_shutdown, Rule::Allow, "uses the sockets it has";
    getsockname libc::SYS_getsockname, Rule::Allow, "uses the sockets it has";
    getpeername libc::SYS_getpeername, Rule::Allow, "uses the sockets it has";
    getsockopt libc::SYS_getsockopt, Rule::Allow, "uses the sockets it has";
    setsockopt libc::SYS_setsockopt, Rule::SocketOption, "sizes and time-outs of the sockets it has; never a packet filter";
    // Refused in a way that programs understand.
    io_uring_setup libc::SYS_io_uring_setup, Rule::NoSuchCall, "passes by every filter; runtimes fall back to epoll";
    io_uring_enter libc::SYS_io_uring_enter, Rule::NoSuchCall, "passes by every filter; runtimes fall back to epoll";
    io_uring_register libc::SYS_io_uring_register, Rule::NoSuchCall, "passes by every filter; runtimes fall back to epoll";
    sync libc::SYS_sync, Rule::NoSuchCall, "makes the host write out everything of everybody; fsync is allowed";
    syncfs libc::SYS_syncfs, Rule::NoSuchCall, "makes the host write out everything of everybody; fsync is allowed";
    statmount 457, Rule::NoSuchCall, "not needed; programs go on without";
    listmount 458, Rule::NoSuchCall, "not needed; programs go on without";
    cachestat 451, Rule::NoSuchCall, "not needed; programs go on without";
    io_setup libc::SYS_io_setup, Rule::NoSuchCall, "not needed; programs go on without";
    landlock_create_ruleset libc::SYS_landlock_create_ruleset, Rule::NoSuchCall, "not needed; programs go on without";
    landlock_add_rule libc::SYS_landlock_add_rule, Rule::NoSuchCall, "not needed; programs go on without";
    landlock_restrict_self libc::SYS_landlock_restrict_self, Rule::NoSuchCall, "not needed; programs go on without";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_a_reason_and_no_call_is_listed_twice() {
        let mut numbers: Vec<_> = LIST.iter().map(|entry| entry.number).collect();
        numbers.sort_unstable();
        let before = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), before);
        assert!(LIST.iter().all(|entry| entry.reason.len() > 10));
    }

    #[test]
    fn what_breaks_jails_is_not_on_the_list() {
        for forbidden in [
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "fsopen",
            "open_tree",
            "move_mount",
            "unshare",
            "setns",
            "ptrace",
            "process_vm_readv",
            "process_vm_writev",
            "kcmp",
            "bpf",
            "perf_event_open",
            "keyctl",
            "add_key",
            "request_key",
            "userfaultfd",
            "kexec_load",
            "init_module",
            "finit_module",
            "open_by_handle_at",
            "name_to_handle_at",
            "pidfd_getfd",
            "settimeofday",
            "clock_settime",
            "fanotify_init",
            "quotactl",
            "swapon",
            "acct",
            "iopl",
            "ioperm",
            "modify_ldt",
            "shmget",
            "msgget",
            "semget",
            "mq_open",
            "seccomp",
            "capset",
            "sethostname",
            "reboot",
            "syslog",
            "process_madvise",
            "move_pages",
            "vmsplice",
        ] {
            assert!(LIST.iter().all(|entry| entry.name != forbidden), "{forbidden} is listed");
        }
    }
}
