//! Processes of the host, and the debugging calls tried on our own.

use std::os::fd::AsRawFd;

use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{self, call, descriptor};

pub(super) const PROBES: &[Probe] = &[
    Probe::new("host-process-visible", Boundary, "see a host process in /proc", |c| {
        settle(visible(c))
    }),
    Probe::new("host-process-signal", Boundary, "send a signal to a host process", |c| {
        settle(on_host(c, |pid| call!(libc::SYS_kill, pid, 0)))
    }),
    Probe::new("host-thread-signal", Boundary, "send a signal to a host thread", |c| {
        settle(on_host(c, |pid| call!(libc::SYS_tgkill, pid, pid, 0)))
    }),
    Probe::new(
        "host-process-signal-by-descriptor",
        Boundary,
        "signal a host process by pidfd",
        |c| settle(with_process(c, |process| call!(libc::SYS_pidfd_send_signal, process, 0, 0, 0))),
    ),
    Probe::new(
        "host-process-descriptor-steal",
        Boundary,
        "take a descriptor of a host process",
        |c| {
            settle(with_process(c, |process| {
                descriptor(call!(libc::SYS_pidfd_getfd, process, 0, 0)).map(|_| 0)
            }))
        },
    ),
    Probe::new("host-process-trace", Boundary, "trace a host process", |c| {
        settle(on_host(c, |pid| call!(libc::SYS_ptrace, libc::PTRACE_SEIZE, pid, 0, 0)))
    }),
    Probe::new("host-process-compare", Boundary, "compare a host process with itself", |c| {
        settle(on_host(c, |pid| call!(libc::SYS_kcmp, pid, pid, 1, 0, 0)))
    }),
    Probe::new("host-process-group", Boundary, "find the group of a host process", |c| {
        settle(on_host(c, |pid| call!(libc::SYS_getpgid, pid)))
    }),
    Probe::new("host-process-locks", Boundary, "read the lock list of a host process", |c| {
        settle(on_host(c, |pid| {
            let mut head = [0_u64; 2];
            let mut length = [0_u64; 1];
            call!(libc::SYS_get_robust_list, pid, &mut head, &mut length)
        }))
    }),
    Probe::new("host-process-program-write", Boundary, "open a host process's memory", |c| {
        settle(
            c.number::<i32>("hostpid")
                .map(|pid| super::scratch::writable(&[&format!("/proc/{pid}/mem")])),
        )
    }),
    Probe::new("signal-everything", Boundary, "reach processes beyond its own by kill -1", |c| {
        settle(everything(c))
    }),
    Probe::new("trace-own-child", Kernel, "trace a child of its own", |_| {
        on_child(|child| call!(libc::SYS_ptrace, libc::PTRACE_SEIZE, child, 0, 0))
    }),
    Probe::new("trace-own-child-attach", Kernel, "attach to a child of its own", |_| {
        on_child(|child| call!(libc::SYS_ptrace, libc::PTRACE_ATTACH, child, 0, 0))
    }),
    Probe::new("trace-by-parent", Kernel, "ask to be traced by its parent", |_| {
        Outcome::if_success(call!(libc::SYS_ptrace, libc::PTRACE_TRACEME, 0, 0, 0))
    }),
    Probe::new("memory-of-child-read", Kernel, "read the memory of a child by a call", |_| {
        on_child(|child| call!(libc::SYS_process_vm_readv, child, 0, 0, 0, 0, 0))
    }),
    Probe::new("memory-of-child-write", Kernel, "write the memory of a child by a call", |_| {
        on_child(|child| call!(libc::SYS_process_vm_writev, child, 0, 0, 0, 0, 0))
    }),
    Probe::new("memory-of-child-advise", Kernel, "page out the memory of a child", |_| {
        on_child(|child| {
            let process = descriptor(call!(libc::SYS_pidfd_open, child, 0))?;
            call!(libc::SYS_process_madvise, process.as_raw_fd(), 0, 0, 20, 0)
        })
    }),
    Probe::new("descriptor-of-child-steal", Kernel, "take a descriptor out of a child", |_| {
        on_child(|child| {
            let process = descriptor(call!(libc::SYS_pidfd_open, child, 0))?;
            descriptor(call!(libc::SYS_pidfd_getfd, process.as_raw_fd(), 0, 0)).map(|_| 0)
        })
    }),
];

/// A process id of the host may by chance name a process in here as well; the
/// bait is a `sleep`, which nothing in a jail of ours is.
fn is_bait(pid: i32) -> bool {
    match std::fs::read(format!("/proc/{pid}/comm")) {
        Ok(name) => name.starts_with(b"sleep"),
        // Hidden: the call has to answer for itself.
        Err(_) => true,
    }
}

fn on_host(
    context: &Context,
    attempt: impl FnOnce(i32) -> Result<i64, Errno>,
) -> Result<Outcome, Outcome> {
    let pid = context.number("hostpid")?;
    Ok(match attempt(pid) {
        Ok(_) if !is_bait(pid) => Outcome::shut("a process of ours has that number"),
        result => Outcome::if_success(result),
    })
}

fn with_process(
    context: &Context,
    attempt: impl FnOnce(i32) -> Result<i64, Errno>,
) -> Result<Outcome, Outcome> {
    on_host(context, |pid| {
        let process = descriptor(call!(libc::SYS_pidfd_open, pid, 0))?;
        attempt(process.as_raw_fd())
    })
}

fn visible(context: &Context) -> Result<Outcome, Outcome> {
    let pid: i32 = context.number("hostpid")?;
    let path = format!("/proc/{pid}/cmdline");
    Ok(match std::fs::read(path) {
        Ok(_) if is_bait(pid) => Outcome::open(format!("process {pid} is there")),
        Ok(_) => Outcome::shut("a process of ours has that number"),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    })
}

/// Signal 0 to everything reports success when there is anybody else to reach.
/// In a jail of one process there is only its first process, which is exempt.
fn everything(context: &Context) -> Result<Outcome, Outcome> {
    let pid: i32 = context.number("hostpid")?;
    Ok(match call!(libc::SYS_kill, -1, 0) {
        Ok(_) if call!(libc::SYS_kill, pid, 0).is_ok() && is_bait(pid) => {
            Outcome::open("the host's processes are among them")
        }
        Ok(_) => Outcome::shut("only its own"),
        Err(errno) => Outcome::shut(errno.to_string()),
    })
}

/// Starts a child that waits, attempts, and ends it again.
fn on_child(attempt: impl FnOnce(i32) -> Result<i64, Errno>) -> Outcome {
    let child = sys::spawn(|| {
        sys::alarm(2);
        let _ = call!(libc::SYS_pause);
        0
    });
    let child = match child {
        Ok(child) => child,
        Err(errno) => return Outcome::not_tried(format!("fork: {errno}")),
    };
    let outcome = Outcome::if_success(attempt(child));
    let _ = call!(libc::SYS_kill, child, libc::SIGKILL);
    let _ = sys::wait(child);
    outcome
}
