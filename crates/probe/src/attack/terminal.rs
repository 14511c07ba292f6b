//! Terminals: typing into the caller's, and the tricks of their drivers.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};

use crate::catalog::Class::{Boundary, Kernel};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor, leave_terminal};

/// The line discipline that does nothing. It needs no right of its own and
/// loads nothing, and whoever may switch to it may switch to the others.
const NO_DISCIPLINE: i32 = 27;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("terminal-type-into-caller", Boundary, "type into the caller's terminal", |_| {
        on_callers(|terminal| {
            // No address for the byte: with the right to type, the kernel
            // complains of the address, and nothing is typed.
            call!(libc::SYS_ioctl, terminal, libc::TIOCSTI, 0)
        })
    }),
    Probe::new("terminal-console-selection", Boundary, "paste into the caller's console", |_| {
        on_callers(|terminal| call!(libc::SYS_ioctl, terminal, libc::TIOCLINUX, 0))
    }),
    Probe::new("terminal-open-controlling", Boundary, "open /dev/tty", |_| {
        match call!(libc::SYS_openat, libc::AT_FDCWD, c"/dev/tty", libc::O_RDWR | libc::O_CLOEXEC) {
            Ok(number) => Outcome::if_success(descriptor(Ok(number))),
            Err(errno) => Outcome::shut(errno.to_string()),
        }
    }),
    Probe::new("terminal-pair-create", Kernel, "create a pair of terminals", |_| {
        match pair(libc::O_RDWR) {
            Ok(_) => Outcome::open("created"),
            Err(errno) => Outcome::shut(errno.to_string()),
        }
    }),
    Probe::new("terminal-type-into-own", Kernel, "type into a terminal of its own", |_| {
        on_own(libc::O_RDWR, |terminal| call!(libc::SYS_ioctl, terminal, libc::TIOCSTI, 0))
    }),
    Probe::new("terminal-line-discipline", Kernel, "switch the driver of a terminal", |_| {
        on_own(libc::O_RDWR, |terminal| {
            let number = NO_DISCIPLINE.to_ne_bytes();
            call!(libc::SYS_ioctl, terminal, libc::TIOCSETD, &number)
        })
    }),
    Probe::new("terminal-console-redirect", Kernel, "redirect the console to its terminal", |_| {
        // Through a descriptor that cannot be written to, which is refused
        // after the right is checked.
        on_own(libc::O_RDONLY, |terminal| call!(libc::SYS_ioctl, terminal, libc::TIOCCONS, 0))
    }),
    Probe::new("terminal-request-without-one", Kernel, "make terminal requests unfiltered", |_| {
        // Any descriptor will do: a filter answers before the driver, which
        // says that this is no terminal.
        match call!(libc::SYS_ioctl, -1, libc::TIOCSTI, 0) {
            Err(Errno(libc::EBADF)) => Outcome::open("not filtered (EBADF)"),
            // No driver was reached, so this is a filter that says it politely.
            Err(Errno(libc::ENOTTY)) => Outcome::shut("filtered (ENOTTY)"),
            result => Outcome::unless_refused(result),
        }
    }),
];

/// Attempts on each terminal that came from the caller.
fn on_callers(attempt: impl Fn(i32) -> Result<i64, Errno>) -> Outcome {
    let controlling = File::open("/dev/tty").ok();
    let candidates = (0..3).chain(controlling.as_ref().map(AsRawFd::as_raw_fd));
    let mut last = None;
    for candidate in candidates {
        let mut size = [0_u8; 8];
        if call!(libc::SYS_ioctl, candidate, libc::TIOCGWINSZ, &mut size).is_err() {
            continue;
        }
        let result = attempt(candidate);
        if matches!(result, Ok(_) | Err(Errno(libc::EFAULT))) {
            return Outcome::open(format!("descriptor {candidate}"));
        }
        last = result.err();
    }
    match last {
        Some(errno) => Outcome::shut(errno.to_string()),
        None => Outcome::not_tried("no terminal came along"),
    }
}

/// Attempts on a terminal of our own that is our controlling one.
fn on_own(access: i32, attempt: impl Fn(i32) -> Result<i64, Errno>) -> Outcome {
    let (_main, other) = match pair(access) {
        Ok(pair) => pair,
        Err(errno) => return Outcome::shut(format!("no terminal: {errno}")),
    };
    if let Err(errno) = leave_terminal() {
        return Outcome::not_tried(format!("setsid: {errno}"));
    }
    let _ = call!(libc::SYS_ioctl, other.as_raw_fd(), libc::TIOCSCTTY, 0);
    match attempt(other.as_raw_fd()) {
        // What the driver does not know is no door.
        Err(errno) if errno.0 == libc::ENOTTY => Outcome::shut("ENOTTY"),
        Err(errno) if matches!(errno.0, libc::EIO | libc::EINVAL) => {
            Outcome::shut(errno.to_string())
        }
        result => Outcome::unless_refused(result),
    }
}

fn pair(access: i32) -> Result<(OwnedFd, OwnedFd), Errno> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    let main = descriptor(call!(libc::SYS_openat, libc::AT_FDCWD, c"/dev/ptmx", flags))?;
    let unlock = 0_i32.to_ne_bytes();
    call!(libc::SYS_ioctl, main.as_raw_fd(), libc::TIOCSPTLCK, &unlock)?;
    let flags = access | libc::O_NOCTTY | libc::O_CLOEXEC;
    let other = descriptor(call!(libc::SYS_ioctl, main.as_raw_fd(), libc::TIOCGPTPEER, flags))?;
    Ok((main, other))
}
