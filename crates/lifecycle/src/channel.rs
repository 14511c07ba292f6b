//! One stream in both directions, with bounded buffers.

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Most bytes taken in one read.
const CHUNK: usize = 64 * 1024;
/// Most bytes written at once to a descriptor that others share: never blocks
/// on a pipe that says it is writable (PIPE_BUF of pipe(7)).
const SHARED_CHUNK: usize = 4096;
/// More unsent bytes than this stop the reading that causes them.
const FULL: usize = 256 * 1024;

/// A stream of bytes from and to somebody.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    input: Option<OwnedFd>,
    output: Option<OwnedFd>,
    unsent: Vec<u8>,
    sent: usize,
    /// Close the output once everything is sent.
    closing: bool,
    /// The descriptors belong to somebody else too: never set them non-blocking.
    shared: bool,
}

impl Channel {
    /// A channel of our own; its ends become non-blocking.
    pub(crate) fn own(input: Option<OwnedFd>, output: Option<OwnedFd>) -> Result<Self, Errno> {
        for fd in input.iter().chain(&output) {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        Ok(Self { input, output, ..Self::default() })
    }

    /// One end of a pipe that does not block already, to be read.
    pub(crate) fn signal(input: OwnedFd) -> Self {
        Self { input: Some(input), ..Self::default() }
    }

    /// A channel over descriptors that others use too, such as our own stdin.
    pub(crate) fn shared(input: OwnedFd, output: OwnedFd) -> Self {
        Self { input: Some(input), output: Some(output), shared: true, ..Self::default() }
    }

    /// Sends what can be sent without waiting, and keeps the rest for
    /// [`Channel::write`].
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if self.output.is_none() || bytes.is_empty() {
            return;
        }
        // A descriptor that others share may block: only after it was asked.
        let at_once = !self.shared && !self.has_unsent();
        self.unsent.extend_from_slice(bytes);
        if at_once {
            self.write();
        }
    }

    /// Closes the output as soon as everything is sent.
    pub(crate) fn close_output(&mut self) {
        self.closing = true;
        self.close_if_done();
    }

    pub(crate) fn is_full(&self) -> bool {
        self.unsent.len().saturating_sub(self.sent) > FULL
    }

    /// Whether more than `most` bytes wait for a reader that does not come.
    pub(crate) fn is_stuffed(&self, most: u64) -> bool {
        u64::try_from(self.unsent.len().saturating_sub(self.sent)).unwrap_or(u64::MAX) > most
    }

    pub(crate) fn has_unsent(&self) -> bool {
        self.sent < self.unsent.len()
    }

    pub(crate) fn readable(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().map(AsFd::as_fd)
    }

    pub(crate) fn writable(&self) -> Option<BorrowedFd<'_>> {
        if self.has_unsent() { self.output.as_ref().map(AsFd::as_fd) } else { None }
    }

    /// Reads once; `None` when there is nothing now, an empty chunk at the end.
    pub(crate) fn read(&mut self) -> Option<Vec<u8>> {
        let fd = self.input.as_ref()?;
        // Most of it is never touched: there is little to read, and often nothing.
        let mut buffer = Vec::with_capacity(CHUNK);
        match rustix::io::read(fd, spare_capacity(&mut buffer)) {
            Ok(length) => {
                if length == 0 {
                    self.input = None;
                }
                Some(buffer)
            }
            Err(Errno::AGAIN | Errno::INTR) => None,
            Err(_) => {
                self.input = None;
                Some(Vec::new())
            }
        }
    }

    /// Writes what it can without waiting.
    pub(crate) fn write(&mut self) {
        let Some(fd) = &self.output else { return };
        let rest = self.unsent.get(self.sent..).unwrap_or(&[]);
        let most = if self.shared { SHARED_CHUNK } else { rest.len() };
        match rustix::io::write(fd, rest.get(..most.min(rest.len())).unwrap_or(rest)) {
            Ok(length) => self.sent = self.sent.saturating_add(length),
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Nobody reads any more: what is unsent has no reader.
            Err(_) => {
                self.output = None;
                self.sent = self.unsent.len();
            }
        }
        if !self.has_unsent() {
            self.unsent.clear();
            self.sent = 0;
            self.close_if_done();
        } else if self.sent > FULL {
            // A reader that is always a little behind must not keep all of it here.
            self.unsent.drain(..self.sent);
            self.sent = 0;
        }
    }

    fn close_if_done(&mut self) {
        if self.closing && !self.has_unsent() {
            self.output = None;
        }
    }
}

/// The last bytes of a stream.
#[derive(Debug, Default)]
pub(crate) struct Tail(Vec<u8>);

/// How much of standard error is kept for an error message.
const TAIL: usize = 8 * 1024;

impl Tail {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(TAIL);
        self.0.drain(..over);
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_always_a_little_behind_does_not_make_a_channel_grow() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut channel = Channel::own(None, Some(write)).unwrap();
        let mut buffer = vec![0; CHUNK];
        channel.send(&[0; 2 * CHUNK]);
        for _ in 0..200 {
            channel.send(&[0; CHUNK]);
            channel.write();
            rustix::io::read(&read, &mut buffer[..]).unwrap();
        }
        assert!(channel.has_unsent());
        assert!(channel.unsent.len() < 2 * FULL, "{}", channel.unsent.len());
    }

    #[test]
    fn what_is_sent_is_there_at_once_and_waits_only_behind_what_waits() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut channel = Channel::own(None, Some(write)).unwrap();
        let mut buffer = vec![0; 2 * CHUNK];
        channel.send(b"call");
        assert!(!channel.has_unsent());
        assert_eq!(rustix::io::read(&read, &mut buffer[..]).unwrap(), 4);
        channel.send(&[1; 2 * CHUNK]);
        channel.send(b"end");
        assert!(channel.has_unsent());
        let mut got = Vec::new();
        while channel.has_unsent() {
            let length = rustix::io::read(&read, &mut buffer[..]).unwrap();
            got.extend_from_slice(&buffer[..length]);
            channel.write();
        }
        let length = rustix::io::read(&read, &mut buffer[..]).unwrap();
        got.extend_from_slice(&buffer[..length]);
        assert_eq!(got.len(), 2 * CHUNK + 3);
        assert!(got.ends_with(b"end"), "nothing overtakes what waits");
    }

    #[test]
    fn a_channel_is_stuffed_by_what_its_reader_does_not_take() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut channel = Channel::own(None, Some(write)).unwrap();
        channel.send(&vec![0; 300 * 1024]);
        channel.write();
        assert!(channel.is_full() == channel.is_stuffed(FULL as u64));
        assert!(channel.is_stuffed(128 * 1024));
        drop(read);
        channel.write();
        assert!(!channel.is_stuffed(0), "nobody reads any more: nothing is kept");
    }
}
