//! A way to end a run from another thread or a signal handler.

use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Ends the runs that watch it. Clones share one state; once raised, it stays.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<(OwnedFd, OwnedFd)>);

impl Interrupt {
    /// One that has not been raised.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self(Arc::new(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)))
    }

    /// Ends every run that watches it. Safe to call at any time, any number of times.
    pub fn raise(&self) {
        // A full pipe has been raised already.
        let _ = rustix::io::write(&self.0.1, b"!");
    }

    /// A descriptor that raises it when a byte is written: for signal handlers,
    /// which may do little else.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn writer(&self) -> std::io::Result<OwnedFd> {
        self.0.1.try_clone()
    }

    /// Whether it has been raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        let mut fds = [rustix::event::PollFd::new(&self.0.0, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut fds, Some(&rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 }))
            .is_ok_and(|ready| ready > 0)
    }

    /// Readable once raised.
    #[must_use]
    pub fn watch(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}
