//! Runs one plan for a bounded time and reads what it prints.

use ringfence_limits::{Budget, MIB, Preset};
use ringfence_sandbox::{Backend, End, Plan, Programs, Running, Runtime, StartError, Usage};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How a bounded run went.
#[derive(Debug)]
pub struct Outcome {
    /// Both streams together, at most a mebibyte.
    pub printed: String,
    /// How it ended.
    pub end: End,
    /// What it used.
    pub usage: Usage,
    /// Whether it had to be killed at the deadline.
    pub stopped: bool,
    /// From the request to kill it until nothing of it was left.
    pub ending: Duration,
}

/// Most output that is kept.
const KEPT: usize = 1 << 20;

/// A backend for the tests of this machine.
#[must_use]
pub fn backend() -> ProcessBackend {
    ProcessBackend::new(Limits::AsTheMachineCan)
}

/// A plan for a program of the system with the smallest budget.
#[must_use]
pub fn system_program(program: &str, arguments: &[&str]) -> Plan {
    Plan {
        runtime: Runtime::Command,
        program: Path::new(program).canonicalize().unwrap_or_else(|_| PathBuf::from(program)),
        arguments: arguments.iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: None,
        exposed: Vec::new(),
        files: Vec::new(),
        programs: Programs::All,
        just_in_time_compiler: false,
        control: false,
        network: false,
        published: Vec::new(),
        datagrams: Vec::new(),
        trusted: None,
        code: Vec::new(),
        long_lived: false,
        budget: budget(),
    }
}

/// The smallest preset, with a processor share that keeps the suite short.
fn budget() -> Budget {
    Budget {
        cpu_percent: 100,
        cpu_time: Duration::from_secs(20),
        file_bytes: 95 * MIB,
        ..Preset::Untrusted.budget()
    }
}

/// Starts `plan` and drives it to its end.
///
/// # Errors
/// When it cannot be started.
pub fn run(
    backend: &ProcessBackend,
    plan: &Plan,
    deadline: Duration,
) -> Result<Outcome, StartError> {
    backend.start(plan).map(|running| drive(running, deadline))
}

/// Environment variable that says how many times slower than usual the machine
/// is, such as an emulated one: a whole number, 1 when absent.
const SLOWNESS: &str = "RINGFENCE_TEST_SLOWNESS";

/// How many times slower than usual this machine is, at least 1.
pub(crate) fn slowness() -> u32 {
    std::env::var(SLOWNESS).map_or(1, |text| {
        let times: NonZeroU32 =
            text.parse().expect("RINGFENCE_TEST_SLOWNESS is a whole number from 1 on");
        times.get()
    })
}

/// How long to wait on this machine for what takes `usual` on an ordinary one.
/// Only waiting grows: what a test demands stays the same.
#[must_use]
pub fn patience(usual: Duration) -> Duration {
    usual.saturating_mul(slowness())
}

/// Reads both streams until the program ends, at most until the deadline, which
/// a slow machine puts off, then ends it.
#[must_use]
pub fn drive(mut running: Box<dyn Running>, deadline: Duration) -> Outcome {
    let deadline = patience(deadline);
    let begin = Instant::now();
    let mut streams = running.streams();
    if let Some(stdin) = &streams.stdin {
        // Whoever does not read must not hold up whoever writes.
        rustix::io::ioctl_fionbio(stdin, true).unwrap();
        let _ = rustix::io::write(stdin, &[b'x'; 4096]);
    }
    drop(streams.stdin.take());
    let mut open: Vec<OwnedFd> =
        [streams.stdout.take(), streams.stderr.take(), streams.control.take()]
            .into_iter()
            .flatten()
            .collect();
    for fd in &open {
        rustix::io::ioctl_fionbio(fd, true).unwrap();
    }
    let mut bytes = Vec::new();
    let mut stopped = false;
    loop {
        let ended = running.poll_end().expect("the jailer works").is_some();
        open.retain(|fd| read_all(fd, &mut bytes));
        if ended {
            break;
        }
        let left = deadline.saturating_sub(begin.elapsed());
        if left.is_zero() || bytes.len() >= KEPT {
            stopped = true;
            break;
        }
        let mut fds: Vec<PollFd<'_>> =
            open.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        let watch = running.watch();
        fds.push(PollFd::from_borrowed_fd(watch, PollFlags::IN));
        let wait = Timespec::try_from(left).unwrap();
        let _ = poll(&mut fds, Some(&wait));
    }
    let killed = Instant::now();
    let (end, usage) = running.finish();
    let ending = killed.elapsed();
    open.retain(|fd| read_all(fd, &mut bytes));
    Outcome { printed: String::from_utf8_lossy(&bytes).into_owned(), end, usage, stopped, ending }
}

/// Reads what is there; `false` at the end.
fn read_all(fd: &impl AsFd, bytes: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 16384];
    loop {
        match rustix::io::read(fd, &mut buffer) {
            Ok(0) => return false,
            Ok(length) => {
                if bytes.len() < KEPT {
                    bytes.extend_from_slice(buffer.get(..length).unwrap_or(&[]));
                } else {
                    return true;
                }
            }
            Err(rustix::io::Errno::AGAIN) => return true,
            Err(_) => return false,
        }
    }
}
