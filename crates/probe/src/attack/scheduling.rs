//! Taking precedence over others, and meddling with how they run.

use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::outcome::{Outcome, Probe};
use crate::sys::call;

const REAL_TIME_IO: i32 = 1 << 13;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("schedule-fifo", Kernel, "run before everything else, first in first out", |_| {
        priority(libc::SCHED_FIFO)
    }),
    Probe::new("schedule-round-robin", Kernel, "run before everything else, in turns", |_| {
        priority(libc::SCHED_RR)
    }),
    Probe::new("schedule-deadline", Kernel, "reserve the processor by deadline", |_| deadline()),
    Probe::new("schedule-nice", Kernel, "raise its own priority", |_| {
        Outcome::if_success(call!(libc::SYS_setpriority, libc::PRIO_PROCESS, 0, -20))
    }),
    Probe::new("schedule-io-real-time", Kernel, "put its disk access first", |_| {
        Outcome::if_success(call!(libc::SYS_ioprio_set, 1, 0, REAL_TIME_IO))
    }),
    Probe::new("schedule-oom-immune", Kernel, "make itself immune to lack of memory", |_| {
        match std::fs::write("/proc/self/oom_score_adj", "-1000") {
            Ok(()) => Outcome::open("set"),
            Err(error) => Outcome::shut(crate::errno::Errno::from(error).to_string()),
        }
    }),
    Probe::new("schedule-limit-raise", Kernel, "raise a hard limit of its own", |_| {
        let limits = [u64::MAX; 2].map(u64::to_ne_bytes);
        let mut bytes = [0_u8; 16];
        for (slot, byte) in bytes.iter_mut().zip(limits.iter().flatten()) {
            *slot = *byte;
        }
        // Memory that may be locked; unlimited is more than any user has.
        Outcome::if_success(call!(libc::SYS_prlimit64, 0, libc::RLIMIT_MEMLOCK, &bytes, 0))
    }),
    Probe::new("processor-choice-of-init", Boundary, "choose the processors of process 1", |c| {
        settle(c.init().map(same_processors))
    }),
    Probe::new("processor-choice-of-host", Boundary, "choose a host process's processors", |c| {
        settle(c.number("hostpid").map(same_processors))
    }),
    Probe::new("priority-of-init", Boundary, "change the priority of process 1", |c| {
        settle(c.init().map(same_priority))
    }),
    Probe::new("priority-of-host", Boundary, "change the priority of a host process", |c| {
        settle(c.number("hostpid").map(same_priority))
    }),
    Probe::new("limits-of-init", Boundary, "read and set the limits of process 1", |c| {
        settle(c.init().map(limits))
    }),
    Probe::new("limits-of-host", Boundary, "read and set the limits of a host process", |c| {
        settle(c.number("hostpid").map(limits))
    }),
    Probe::new("pages-migrate-init", Boundary, "move the memory of process 1", |c| {
        settle(c.init().map(migrate))
    }),
    Probe::new("pages-migrate-host", Boundary, "move the memory of a host process", |c| {
        settle(c.number("hostpid").map(migrate))
    }),
    Probe::new("pages-status-of-host", Boundary, "ask where a host process's memory lies", |c| {
        settle(pages_status(c))
    }),
];

fn priority(policy: i32) -> Outcome {
    let level = 1_i32.to_ne_bytes();
    Outcome::if_success(call!(libc::SYS_sched_setscheduler, 0, policy, &level))
}

fn deadline() -> Outcome {
    let mut attributes = [0_u8; 48];
    let head = 48_u32.to_ne_bytes().into_iter().chain(6_u32.to_ne_bytes());
    // One millisecond of every hundred.
    let times = [1_000_000_u64, 100_000_000, 100_000_000];
    let head = head.chain([0; 16]).chain(times.into_iter().flat_map(u64::to_ne_bytes));
    for (slot, byte) in attributes.iter_mut().zip(head) {
        *slot = byte;
    }
    Outcome::if_success(call!(libc::SYS_sched_setattr, 0, &attributes, 0))
}

/// Sets what is already set, which needs the right and changes nothing.
fn same_processors(pid: i32) -> Outcome {
    let mut mask = [0_u8; 128];
    match call!(libc::SYS_sched_getaffinity, pid, 128, &mut mask) {
        Ok(bytes) => Outcome::if_success(call!(libc::SYS_sched_setaffinity, pid, bytes, &mask)),
        Err(errno) => Outcome::shut(errno.to_string()),
    }
}

/// Sets the priority that the process has. The kernel call answers 20 - nice.
fn same_priority(pid: i32) -> Outcome {
    match call!(libc::SYS_getpriority, libc::PRIO_PROCESS, pid) {
        Ok(answer) => {
            Outcome::if_success(call!(libc::SYS_setpriority, libc::PRIO_PROCESS, pid, 20 - answer))
        }
        Err(errno) => Outcome::shut(errno.to_string()),
    }
}

/// Reads the limits and sets the same ones again.
fn limits(pid: i32) -> Outcome {
    let mut limits = [0_u8; 16];
    if let Err(errno) = call!(libc::SYS_prlimit64, pid, libc::RLIMIT_CORE, 0, &mut limits) {
        return Outcome::shut(errno.to_string());
    }
    Outcome::if_success(call!(libc::SYS_prlimit64, pid, libc::RLIMIT_CORE, &limits, 0))
}

/// From node 0 to node 0: the right is checked, nothing moves.
fn migrate(pid: i32) -> Outcome {
    let mut from = [1_u64];
    let mut to = [1_u64];
    Outcome::if_success(call!(libc::SYS_migrate_pages, pid, 64, &mut from, &mut to))
}

fn pages_status(context: &Context) -> Result<Outcome, Outcome> {
    let pid: i32 = context.number("hostpid")?;
    let mut page = [0x1000_u64];
    let mut status = [0_u8; 4];
    Ok(Outcome::if_success(call!(libc::SYS_move_pages, pid, 1, &mut page, 0, &mut status, 0)))
}
