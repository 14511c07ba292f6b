//! Starting, ending and collecting processes.

use std::convert::Infallible;
use std::ffi::CStr;
use std::time::{Duration, Instant};

use super::{Arg, call, last_error, raw};
use crate::errno::Errno;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Exited(i32),
    Killed(i32),
}

/// Ends this process without running anything that belongs to its parent.
fn end(code: i32) -> ! {
    // SAFETY: needed because a forked copy must not run the destructors and
    // buffers of its parent. Sound: the call has no preconditions.
    unsafe { libc::_exit(code) }
}

/// Ends the process even when its task unwinds, so that a forked copy never
/// goes on as if it were the parent.
struct EndOnDrop;

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        end(101);
    }
}

/// Runs `task` in a new process, which ends with the number it gives.
pub(crate) fn spawn(task: impl FnOnce() -> i32) -> Result<i32, Errno> {
    // SAFETY: needed because the standard library cannot fork. Sound because
    // this program has a single thread, so the copy holds no lock of another.
    let pid = unsafe { libc::fork() };
    match pid {
        0 => {
            let _guard = EndOnDrop;
            // Die with whoever started us; failure only leaves the alarm.
            let _ = call!(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            end(task())
        }
        pid if pid < 0 => Err(last_error()),
        pid => Ok(pid),
    }
}

/// Starts up to `limit` processes that do nothing, and says how many there
/// were before a refusal. All are gone afterwards.
pub(crate) fn spawn_many(limit: usize) -> (usize, Option<Errno>) {
    let mut children = Vec::with_capacity(limit);
    let mut refusal = None;
    while children.len() < limit {
        let child = spawn(|| {
            alarm(10);
            // A killed or woken sleeper ends either way.
            let _ = call!(libc::SYS_pause);
            0
        });
        match child {
            Ok(child) => children.push(child),
            Err(errno) => {
                refusal = Some(errno);
                break;
            }
        }
    }
    for child in &children {
        let _ = call!(libc::SYS_kill, *child, libc::SIGKILL);
    }
    for child in &children {
        let _ = wait(*child);
    }
    (children.len(), refusal)
}

/// Waits for a child.
pub(crate) fn wait(pid: i32) -> Result<Ended, Errno> {
    loop {
        if let Some(ended) = ended(pid, libc::__WALL)? {
            return Ok(ended);
        }
    }
}

/// Waits for a child that far, then kills it; `None` says that it was killed. By
/// looking again and again, since a filter may refuse every timer and pipe.
pub(crate) fn wait_or_kill(pid: i32, longest: Duration) -> Result<Option<Ended>, Errno> {
    let deadline = Instant::now() + longest;
    let mut pause = Duration::from_micros(20);
    loop {
        if let Some(ended) = ended(pid, libc::__WALL | libc::WNOHANG)? {
            return Ok(Some(ended));
        }
        if Instant::now() >= deadline {
            // The one way to send a signal that every jail here leaves open.
            call!(libc::SYS_tgkill, pid, pid, libc::SIGKILL)?;
            return wait(pid).map(|_| None);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "nothing could wake it sooner: what is waited for has no descriptor"
        )]
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// How a child ended, if it has.
fn ended(pid: i32, options: i32) -> Result<Option<Ended>, Errno> {
    let mut status = [0_u8; 4];
    match call!(libc::SYS_wait4, pid, &mut status, options, 0) {
        Ok(0) | Err(Errno(libc::EINTR)) => Ok(None),
        Ok(_) => {
            let status = i32::from_ne_bytes(status);
            Ok(Some(if libc::WIFEXITED(status) {
                Ended::Exited(libc::WEXITSTATUS(status))
            } else {
                Ended::Killed(libc::WTERMSIG(status))
            }))
        }
        Err(errno) => Err(errno),
    }
}

/// Begins a session without a terminal, so that what is done to "the
/// terminal" afterwards cannot be done to the caller's.
///
/// The leader of a session is sent a hang-up when the terminal it gets for
/// itself is closed, so that signal is held back.
pub(crate) fn leave_terminal() -> Result<(), Errno> {
    let mut hang_up = [1_u64 << (libc::SIGHUP - 1)];
    call!(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, &mut hang_up, 0, 8)?;
    call!(libc::SYS_setsid).map(|_| ())
}

/// Ends this process after that many seconds.
pub(crate) fn alarm(seconds: u32) {
    // SAFETY: needed because the standard library has no alarm, and a filter
    // may refuse the timer calls a thread would need. No preconditions.
    unsafe { libc::alarm(seconds) };
}

/// This process's id.
pub(crate) fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(0)
}

/// Makes a `clone` or `clone3` call that copies the process; the copy ends at
/// once and is collected.
pub(crate) fn clone_with(number: libc::c_long, arguments: &[Arg<'_>]) -> Result<(), Errno> {
    let pid = raw(number, arguments)?;
    if pid == 0 {
        end(0);
    }
    let pid = i32::try_from(pid).map_err(|_| Errno(libc::ESRCH))?;
    // With a time namespace or an own init the copy ends just the same.
    let _ = wait(pid);
    Ok(())
}

/// Replaces this process with a program; returns only when that failed.
/// `directory` -100 (`AT_FDCWD`) with no flags is a plain `execve`.
pub(crate) fn exec(
    directory: i32,
    path: &CStr,
    arguments: &[&CStr],
    flags: i32,
) -> Result<Infallible, Errno> {
    let pointers: Vec<usize> = arguments
        .iter()
        .map(|argument| argument.as_ptr().expose_provenance())
        .chain(std::iter::once(0))
        .collect();
    let environment = [0_usize];
    let pointers = pointers.as_ptr().expose_provenance();
    let environment = environment.as_ptr().expose_provenance();
    let result = if flags == 0 && directory == libc::AT_FDCWD {
        raw(libc::SYS_execve, &[path.into(), pointers.into(), environment.into()])
    } else {
        raw(
            libc::SYS_execveat,
            &[directory.into(), path.into(), pointers.into(), environment.into(), flags.into()],
        )
    };
    match result {
        Ok(_) => Err(Errno(0)),
        Err(errno) => Err(errno),
    }
}
