//! Descriptors that close themselves. The standard library has such a type, and
//! this crate goes without it; `lib.rs` says why.

use super::{Errno, Result, call, owned, raw};

/// The number of a descriptor.
pub(crate) type RawFd = i32;

/// A descriptor that nobody else closes.
#[derive(Debug)]
pub(crate) struct OwnedFd(RawFd);

impl OwnedFd {
    pub(super) const fn from_raw_fd(fd: RawFd) -> Self {
        Self(fd)
    }

    pub(crate) const fn as_raw_fd(&self) -> RawFd {
        self.0
    }

    /// Another descriptor of the same thing, above the standard three.
    pub(crate) fn try_clone(&self) -> Result<Self> {
        super::duplicate_above(self, 3)
    }
}

impl Drop for OwnedFd {
    fn drop(&mut self) {
        // On Linux the number is free whatever the answer.
        let _: core::result::Result<_, Errno> = call(libc::SYS_close, [raw(self.0), 0, 0, 0, 0, 0]);
    }
}

/// A copy of the descriptor that the program was started with as its input.
pub(crate) fn input() -> Result<OwnedFd> {
    let lowest = 3;
    call(libc::SYS_fcntl, [0, raw(libc::F_DUPFD_CLOEXEC), lowest, 0, 0, 0]).map(owned)
}
