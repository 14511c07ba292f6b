//! The part of the list for a process of ours that has read all it needs and now looks
//! into what a stranger wrote: memory, threads of its own, and writing to the streams
//! it was started with. It opens nothing, reads nothing more, starts nothing.

use super::list::{NAMESPACE_BITS, PROT_EXEC, Rule};

/// `CLONE_THREAD`; the kernel demands with it that memory and signals are shared.
const THREAD: u32 = 0x0001_0000;

const READER: &[&str] = &[
    // The answer.
    "write",
    "writev",
    "poll",
    "ppoll",
    "close",
    // Memory.
    "munmap",
    "mremap",
    "madvise",
    "brk",
    // Locks, and what the library of C does for each thread.
    "futex",
    "set_robust_list",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "gettid",
    "getpid",
    // Signals: how a thread that used up its stack says so.
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    // Time and chance.
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    // The end.
    "exit",
    "exit_group",
];

/// What happens on the call of this name, for which the list has `rule`; nothing when
/// it is as if it were not on the list.
pub(super) fn rule(name: &str, rule: Rule) -> Option<Rule> {
    let errno = libc::EPERM;
    match name {
        "mmap" | "mprotect" => Some(Rule::WithoutBits { argument: 2, bits: PROT_EXEC, errno }),
        "clone" => Some(Rule::OneOf {
            argument: 0,
            mask: NAMESPACE_BITS | THREAD,
            values: &[THREAD],
            errno,
        }),
        // Its flags are behind a pointer; the library of C falls back to `clone`.
        "clone3" => Some(Rule::NoSuchCall),
        // PR_SET_NAME, and PR_SET_VMA, which names memory.
        "prctl" => Some(Rule::OneOf {
            argument: 0,
            mask: u32::MAX,
            values: &[15, 0x5356_4d41],
            errno: libc::EINVAL,
        }),
        // TCGETS, TIOCGWINSZ and TCGETS2.
        "ioctl" => Some(Rule::OneOf {
            argument: 1,
            mask: u32::MAX,
            values: &[0x5401, 0x5413, 0x802c_542a],
            errno: libc::ENOTTY,
        }),
        _ => READER.contains(&name).then_some(rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp::list::LIST;

    #[test]
    fn a_reader_gets_a_part_of_the_list_and_no_way_out_of_its_memory_but_its_streams() {
        for name in READER {
            let entry = LIST.iter().find(|entry| entry.name == *name);
            assert!(entry.is_some_and(|entry| entry.rule == Rule::Allow), "{name}");
        }
        let ways_out = [
            "open",
            "openat",
            "openat2",
            "creat",
            "read",
            "pread64",
            "readv",
            "recvmsg",
            "sendmsg",
            "socket",
            "socketpair",
            "connect",
            "execve",
            "execveat",
            "fork",
            "vfork",
            "kill",
            "tgkill",
            "prlimit64",
            "memfd_create",
            "dup",
            "fcntl",
            "unlink",
            "rename",
            "stat",
        ];
        for entry in LIST.iter().filter(|entry| ways_out.contains(&entry.name)) {
            assert_eq!(rule(entry.name, entry.rule), None, "{}", entry.name);
        }
    }
}
