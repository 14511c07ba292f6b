//! A question whose answer is not shown.

use crate::output;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::{pipe, unregister};
use std::io::{self, Stdin};
use std::os::unix::net::UnixStream;
use zeroize::Zeroizing;

/// Longest line that a terminal gives, with its end (termios(3), canonical mode);
/// what is typed beyond it is dropped without a word.
const LONGEST: usize = 4096;

/// The terminal as it was, restored in any case.
struct Hidden {
    stdin: Stdin,
    before: Termios,
}

impl Hidden {
    fn new() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // What was typed ahead was shown; it is not the answer.
        tcsetattr(&stdin, OptionalActions::Flush, &quiet)?;
        Ok(Self { stdin, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.stdin, OptionalActions::Flush, &self.before);
        // The end of the line was not shown either.
        output::say("");
    }
}

/// Asks at the terminal; none when the person gave up.
pub(crate) fn hidden(question: &str) -> io::Result<Option<Zeroizing<String>>> {
    // A signal that ended us here would leave a terminal that shows nothing.
    let (signalled, writer) = UnixStream::pair()?;
    let mut registered = Vec::new();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        registered.push(pipe::register(signal, writer.try_clone()?)?);
    }
    let terminal = Hidden::new()?;
    output::say_part(question);
    let line = line(&terminal.stdin, &signalled);
    drop(terminal);
    for id in registered {
        unregister(id);
    }
    line
}

fn line(stdin: &Stdin, signalled: &UnixStream) -> io::Result<Option<Zeroizing<String>>> {
    let mut fds = [PollFd::new(stdin, PollFlags::IN), PollFd::new(signalled, PollFlags::IN)];
    loop {
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => break,
        }
    }
    let [_, signal] = &fds;
    if !signal.revents().is_empty() {
        return Ok(None);
    }
    // Not through the buffer of the standard library, which is never cleared.
    let mut bytes = Zeroizing::new([0; LONGEST]);
    let length = rustix::io::read(stdin, &mut bytes[..])?;
    let typed = bytes.get(..length).unwrap_or_default();
    let Some(typed) = typed.strip_suffix(b"\n") else {
        // The end of input, or a line that was cut.
        return match typed {
            [] => Ok(None),
            _ => Err(io::Error::other("it is too long for a terminal: give it on standard input")),
        };
    };
    if typed.len() + 1 >= LONGEST {
        return Err(io::Error::other("it is too long for a terminal: give it on standard input"));
    }
    let text = std::str::from_utf8(typed).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}
