//! What the first process of a jail does while the program runs: collects every
//! process, and hands out sockets of the jail's network when its ports are published.
//!
//! The host cannot make a socket in there, and this process can: it stands in the
//! network namespace, has given up every privilege, is behind the plugin's own
//! filter, and ends with the jail. It connects nowhere and reads nothing of what
//! is said: what it hands out is unconnected, and the host connects it.
//!
//! The plugin can slow this down, by using up the jail's processor time or memory.
//! It can only keep out its own visitors so.

use crate::sys::{self, Errno, OwnedFd};

/// A family in requests and answers.
const IPV4: u8 = 4;
const IPV6: u8 = 6;

/// Collects every process of the jail until the program itself has ended.
/// When this process ends, the kernel kills whatever is left.
pub(crate) fn silently(status: &OwnedFd, program: i32) -> ! {
    // Nothing but the report socket is needed any more.
    let _ = sys::close_all_but(&[status.as_raw_fd()]);
    loop {
        match sys::wait(-1) {
            Ok(ended) if ended.pid == program => end(status, ended.status),
            Ok(_) => {}
            Err(_) => sys::exit_now(1),
        }
    }
}

/// The same, and for every request at `requests` a socket.
pub(crate) fn answering(status: &OwnedFd, requests: &OwnedFd, program: i32) -> ! {
    let _ = sys::close_all_but(&[status.as_raw_fd(), requests.as_raw_fd()]);
    // The program was started before, so it has the signals that it should have.
    let Ok(children) = sys::ends_of_children() else { sys::exit_now(1) };
    let mut asked = requests.as_raw_fd();
    loop {
        // Signals of children that end together are one.
        loop {
            match sys::wait_without_waiting() {
                Ok(Some(ended)) if ended.pid == program => end(status, ended.status),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => sys::exit_now(1),
            }
        }
        let entry = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut fds = [entry(children.as_raw_fd()), entry(asked)];
        if sys::poll(&mut fds, -1).is_err() {
            sys::exit_now(1);
        }
        let [ended, request] = fds;
        if ended.revents != 0 {
            let _ = sys::read(&children, &mut [0; 128]);
        }
        if request.revents != 0 && answer(requests).is_err() {
            // The host wants no more of them.
            asked = -1;
        }
    }
}

/// One request: a family. One answer: the family and a socket, or without one why.
fn answer(requests: &OwnedFd) -> Result<(), Errno> {
    let mut request = [0; 1];
    let family = match sys::receive(requests, &mut request)? {
        (1, _) => request[0],
        _ => return Err(Errno(libc::EPIPE)),
    };
    let made = match family {
        IPV4 => sys::socket(libc::AF_INET, libc::SOCK_STREAM),
        IPV6 => sys::socket(libc::AF_INET6, libc::SOCK_STREAM),
        _ => return Err(Errno(libc::EBADMSG)),
    };
    match made {
        Ok(socket) => sys::send(requests, &[family], &[socket.as_raw_fd()]),
        Err(Errno(why)) => sys::send(requests, &[family, u8::try_from(why).unwrap_or(0)], &[]),
    }
}

fn end(status: &OwnedFd, how: i32) -> ! {
    let _ = sys::send(status, &crate::wire::Report::Exited { status: how }.encode(), &[]);
    sys::exit_now(0)
}
