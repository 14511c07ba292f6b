//! A way to end a run from another thread or a signal handler.

use crate::error::RunError;
use crate::recall::Recall;
use ringfence_sandbox::Killer;
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Ends the runs that watch it. Clones share one state; once raised, it stays.
#[derive(Clone)]
pub struct Interrupt(Arc<Shared>);

struct Shared {
    read: OwnedFd,
    write: OwnedFd,
    /// Jails that nobody may be waiting for just now.
    killers: Mutex<Vec<Weak<Killer>>>,
    /// Why, when it was not raised on request.
    recall: OnceLock<Recall>,
}

impl Interrupt {
    /// One that has not been raised.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn new() -> std::io::Result<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self(Arc::new(Shared {
            read,
            write,
            killers: Mutex::default(),
            recall: OnceLock::new(),
        })))
    }

    /// Ends every run that watches it, also one that is not in a call just now.
    /// Safe to call at any time, any number of times.
    pub fn raise(&self) {
        // A full pipe has been raised already.
        let _ = rustix::io::write(&self.0.write, b"!");
        let killers = self.killers().clone();
        for killer in killers.iter().filter_map(Weak::upgrade) {
            killer();
        }
    }

    /// Raises it because what let the runs be was taken back.
    pub(crate) fn recall(&self, why: Recall) {
        // The first reason stands.
        let _ = self.0.recall.set(why);
        self.raise();
    }

    /// Why it was raised, when that was not on request.
    pub(crate) fn recalled(&self) -> Option<&Recall> {
        self.0.recall.get()
    }

    /// What the runs that watch these are told when one is raised.
    pub(crate) fn told(all: &[Self]) -> RunError {
        let recall = all.iter().find_map(Self::recalled);
        recall.map_or(RunError::Interrupted, |recall| RunError::Recalled(Box::new(recall.clone())))
    }

    /// Has this jail killed when it is raised, or now if it was.
    pub(crate) fn kills(&self, killer: &Arc<Killer>) {
        let mut killers = self.killers();
        killers.retain(|known| known.strong_count() > 0);
        killers.push(Arc::downgrade(killer));
        drop(killers);
        if self.is_raised() {
            killer();
        }
    }

    fn killers(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Killer>>> {
        self.0.killers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A descriptor that raises it when a byte is written: for signal handlers,
    /// which may do little else. It ends the runs that are in a call.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn writer(&self) -> std::io::Result<OwnedFd> {
        self.0.write.try_clone()
    }

    /// Whether it has been raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        let mut fds = [rustix::event::PollFd::new(&self.0.read, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut fds, Some(&rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 }))
            .is_ok_and(|ready| ready > 0)
    }

    /// Readable once raised.
    #[must_use]
    pub fn watch(&self) -> BorrowedFd<'_> {
        self.0.read.as_fd()
    }
}

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interrupt").field("raised", &self.is_raised()).finish_non_exhaustive()
    }
}
