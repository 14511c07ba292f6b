//! Kernel calls with a history of exploits, and relics nobody needs.

use crate::catalog::Class::Kernel;
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor, legacy};

// Numbers newer than the C library's list; the same on every architecture.
const LANDLOCK_CREATE_RULESET: i64 = 444;
const MEMFD_SECRET: i64 = 447;
const PROCESS_MRELEASE: i64 = 448;
const SET_MEMPOLICY_HOME_NODE: i64 = 450;
const CACHESTAT: i64 = 451;
const STATMOUNT: i64 = 457;
const LISTMOUNT: i64 = 458;
const LSM_LIST_MODULES: i64 = 461;

const RING_SQPOLL: u32 = 2;
const RING_NO_MMAP: u32 = 1 << 14;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("ring-setup", Kernel, "set up an io_uring", |_| ring(0)),
    Probe::new(
        "ring-setup-kernel-thread",
        Kernel,
        "set up an io_uring with a kernel thread",
        |_| ring(RING_SQPOLL),
    ),
    Probe::new("ring-setup-user-memory", Kernel, "set up an io_uring in its own memory", |_| {
        ring(RING_NO_MMAP | 1 << 16)
    }),
    Probe::new("ring-enter", Kernel, "submit to an io_uring", |_| {
        Outcome::unless_refused(call!(libc::SYS_io_uring_enter, -1, 0, 0, 0, 0, 0))
    }),
    Probe::new("ring-register", Kernel, "register with an io_uring", |_| {
        Outcome::unless_refused(call!(libc::SYS_io_uring_register, -1, 0, 0, 0))
    }),
    Probe::new("bpf-map-create", Kernel, "create a BPF map", |_| bpf(0, &[2, 4, 4, 1])),
    Probe::new("bpf-program-load", Kernel, "load a BPF program", |_| bpf(5, &[1, 0])),
    Probe::new("bpf-program-list", Kernel, "list the BPF programs of the machine", |_| {
        bpf(11, &[0])
    }),
    Probe::new("perf-event-software", Kernel, "count software events", |_| perf(1, 0)),
    Probe::new("perf-event-hardware", Kernel, "count hardware events", |_| perf(0, 0)),
    Probe::new("perf-event-tracepoint", Kernel, "count a tracepoint", |_| perf(2, 1)),
    Probe::new("page-fault-handler", Kernel, "handle its own page faults in kernel code", |_| {
        Outcome::if_success(descriptor(call!(libc::SYS_userfaultfd, libc::O_CLOEXEC)))
    }),
    Probe::new("page-fault-handler-user", Kernel, "handle its own page faults", |_| {
        Outcome::if_success(descriptor(call!(libc::SYS_userfaultfd, libc::O_CLOEXEC | 1)))
    }),
    Probe::new("file-watch-machine", Kernel, "watch the files of the machine", |_| {
        Outcome::if_success(descriptor(call!(libc::SYS_fanotify_init, 0, 0)))
    }),
    Probe::new("file-watch-unprivileged", Kernel, "watch files by identity", |_| {
        Outcome::if_success(descriptor(call!(libc::SYS_fanotify_init, 0x200, 0)))
    }),
    Probe::new("secret-memory", Kernel, "take memory that the kernel cannot see", |_| {
        Outcome::if_success(descriptor(call!(MEMFD_SECRET, 0)))
    }),
    Probe::new("landlock-ruleset", Kernel, "restrict itself further", |_| {
        let mut rules = [0_u8; 8];
        rules[0] = 1;
        Outcome::if_success(descriptor(call!(LANDLOCK_CREATE_RULESET, &rules, 8, 0)))
    }),
    Probe::new("kernel-pointer-order", Kernel, "compare kernel pointers with kcmp", |_| {
        let own = std::process::id();
        Outcome::if_success(call!(libc::SYS_kcmp, own, own, 0, 0, 1))
    }),
    Probe::new("personality-no-randomise", Kernel, "turn off address randomisation", |_| {
        Outcome::if_success(call!(libc::SYS_personality, libc::ADDR_NO_RANDOMIZE))
    }),
    Probe::new(
        "personality-read-implies-exec",
        Kernel,
        "make all readable memory executable",
        |_| Outcome::if_success(call!(libc::SYS_personality, libc::READ_IMPLIES_EXEC)),
    ),
    Probe::new("memory-policy-set", Kernel, "set its memory policy", |_| {
        Outcome::unless_refused(call!(libc::SYS_set_mempolicy, 0, 0, 0))
    }),
    Probe::new("memory-policy-bind", Kernel, "bind memory to a node", |_| {
        Outcome::unless_refused(call!(libc::SYS_mbind, 0, 0, 0, 0, 0, 0))
    }),
    Probe::new("memory-policy-home", Kernel, "choose a home node for memory", |_| {
        Outcome::unless_refused(call!(SET_MEMPOLICY_HOME_NODE, 0, 0, 0, 1))
    }),
    Probe::new("pages-move-own", Kernel, "ask where its pages lie", |_| {
        Outcome::unless_refused(call!(libc::SYS_move_pages, 0, 0, 0, 0, 0, 0))
    }),
    Probe::new("process-release-memory", Kernel, "reap the memory of a process", |_| {
        Outcome::unless_refused(call!(PROCESS_MRELEASE, -1, 0))
    }),
    Probe::new("process-advise-memory", Kernel, "advise on another process's memory", |_| {
        Outcome::unless_refused(call!(libc::SYS_process_madvise, -1, 0, 0, 20, 0))
    }),
    Probe::new("page-cache-statistics", Kernel, "ask what others have in the page cache", |_| {
        Outcome::unless_refused(call!(CACHESTAT, -1, 0, 0, 0))
    }),
    Probe::new("mount-table-list", Kernel, "list mounts by the new call", |_| {
        // Root of the tree, no identity: refused by its arguments at most.
        Outcome::unless_refused(call!(LISTMOUNT, 0, 0, 0, 0))
    }),
    Probe::new("mount-table-status", Kernel, "describe a mount by the new call", |_| {
        Outcome::unless_refused(call!(STATMOUNT, 0, 0, 0, 0))
    }),
    Probe::new("security-modules-list", Kernel, "list the security modules", |_| {
        Outcome::unless_refused(call!(LSM_LIST_MODULES, 0, 0, 1))
    }),
    Probe::new("alarm-timer", Kernel, "set a timer that wakes the machine", |_| {
        let mut timer = [0_u8; 8];
        Outcome::if_success(call!(libc::SYS_timer_create, 8, 0, &mut timer))
    }),
    Probe::new("relic-dcookie", Kernel, "look up a directory cookie", |_| relic(212)),
    Probe::new("relic-nfs-server", Kernel, "call the old NFS server", |_| relic(180)),
    Probe::new("relic-shared-library", Kernel, "load a library the old way", |_| relic(134)),
    Probe::new("relic-file-system-status", Kernel, "ask for a file system the old way", |_| {
        relic(136)
    }),
    Probe::new("relic-file-system-list", Kernel, "list file system types the old way", |_| {
        Outcome::unless_refused(legacy(139, &[3.into()]))
    }),
    Probe::new("relic-system-control", Kernel, "change system settings the old way", |_| {
        relic(156)
    }),
    Probe::new("relic-kernel-symbols", Kernel, "read kernel symbols the old way", |_| relic(177)),
];

fn ring(flags: u32) -> Outcome {
    let mut parameters = [0_u8; 120];
    for (slot, byte) in parameters.iter_mut().skip(8).zip(flags.to_ne_bytes()) {
        *slot = byte;
    }
    Outcome::unless_refused(call!(libc::SYS_io_uring_setup, 4, &mut parameters))
}

fn bpf(command: i32, words: &[u32]) -> Outcome {
    let mut attributes = [0_u8; 128];
    for (slot, byte) in attributes.iter_mut().zip(words.iter().flat_map(|word| word.to_ne_bytes()))
    {
        *slot = byte;
    }
    match call!(libc::SYS_bpf, command, &mut attributes, 128) {
        // An answer about the table being empty is an answer.
        Err(Errno(libc::ENOENT)) => Outcome::open("answered"),
        result => Outcome::unless_refused(result),
    }
}

fn perf(kind: u32, config: u64) -> Outcome {
    let mut attributes = [0_u8; 128];
    let head = kind.to_ne_bytes().into_iter().chain(128_u32.to_ne_bytes());
    for (slot, byte) in attributes.iter_mut().zip(head.chain(config.to_ne_bytes())) {
        *slot = byte;
    }
    // Leave the kernel and the hypervisor out, which asks for the least right.
    if let Some(flags) = attributes.get_mut(40) {
        *flags = 0b0110_0001;
    }
    Outcome::if_success(descriptor(call!(libc::SYS_perf_event_open, &mut attributes, 0, -1, -1, 0)))
}

fn relic(number: i64) -> Outcome {
    Outcome::unless_refused(legacy(number, &[0.into(), 0.into(), 0.into()]))
}
