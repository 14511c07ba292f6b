//! The only place that talks to the kernel without the standard library.
//!
//! Takes: call numbers and borrowed arguments. Gives: results. Never: keeps a
//! pointer after the call. An attempt is made in a forked process that ends
//! right after it, so the worst that a wrong argument can do is a wrong
//! verdict of that one probe.
#![expect(
    unsafe_code,
    reason = "an attack program makes calls that no safe interface offers; they are kept here"
)]

mod memory;
mod process;

pub(crate) use memory::{
    Mapping, SharedSegment, int80, map_anonymous, map_file, map_shared, protect,
    remap_shared_executable,
};
pub(crate) use process::{
    Ended, alarm, clone_with, exec, leave_terminal, own_pid, spawn, spawn_many, wait, wait_or_kill,
};

use std::ffi::CStr;
use std::marker::PhantomData;
use std::os::fd::{FromRawFd, OwnedFd};

use crate::errno::Errno;

/// One argument of a call: a number, or memory borrowed for the time of it.
#[derive(Clone, Copy)]
pub(crate) struct Arg<'a>(libc::c_long, PhantomData<&'a mut [u8]>);

impl Arg<'_> {
    const NONE: Self = Self(0, PhantomData);
}

impl From<i32> for Arg<'_> {
    fn from(value: i32) -> Self {
        Self(value.into(), PhantomData)
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Self(value.into(), PhantomData)
    }
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self(value, PhantomData)
    }
}

impl From<u64> for Arg<'_> {
    fn from(value: u64) -> Self {
        Self(value.cast_signed(), PhantomData)
    }
}

impl From<usize> for Arg<'_> {
    fn from(value: usize) -> Self {
        Self(value.cast_signed() as libc::c_long, PhantomData)
    }
}

impl<'a> From<&'a CStr> for Arg<'a> {
    fn from(text: &'a CStr) -> Self {
        Self::from(text.as_ptr().expose_provenance())
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::from(bytes.as_ptr().expose_provenance())
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Arg<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl<'a, const N: usize> From<&'a mut [u8; N]> for Arg<'a> {
    fn from(bytes: &'a mut [u8; N]) -> Self {
        Self::from(bytes.as_mut_ptr().expose_provenance())
    }
}

impl<'a, const N: usize> From<&'a mut [u64; N]> for Arg<'a> {
    fn from(words: &'a mut [u64; N]) -> Self {
        Self::from(words.as_mut_ptr().expose_provenance())
    }
}

/// Calls that change this process's memory or flow of control under the
/// compiler's feet; they have functions of their own.
const KEPT_APART: &[libc::c_long] = &[
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_brk,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_shmat,
    libc::SYS_rt_sigreturn,
    libc::SYS_execve,
    libc::SYS_execveat,
];

/// Makes a call by number with up to six arguments.
///
/// Callers give a length no greater than the memory it speaks of.
pub(crate) fn by_number(number: libc::c_long, arguments: &[Arg<'_>]) -> Result<i64, Errno> {
    if KEPT_APART.contains(&number) {
        return Err(Errno(libc::ENOSYS));
    }
    raw(number, arguments)
}

fn raw(number: libc::c_long, arguments: &[Arg<'_>]) -> Result<i64, Errno> {
    let at = |index: usize| arguments.get(index).copied().unwrap_or(Arg::NONE).0;
    // SAFETY: needed because the calls attacked with have no safe form. Sound
    // because memory arguments are borrowed for the length of the call, every
    // caller gives the kernel a length within that memory, and the calls that
    // change memory or flow of control do not come this way.
    let value = unsafe { libc::syscall(number, at(0), at(1), at(2), at(3), at(4), at(5)) };
    if value < 0 { Err(last_error()) } else { Ok(value) }
}

fn last_error() -> Errno {
    Errno::from(std::io::Error::last_os_error())
}

/// Makes a call by number; arguments are converted by [`Arg`].
macro_rules! call {
    ($number:expr $(, $argument:expr)* $(,)?) => {
        $crate::sys::by_number($number, &[$($crate::sys::Arg::from($argument)),*])
    };
}
pub(crate) use call;

/// A call that only old instruction sets have.
pub(crate) fn legacy(number: libc::c_long, arguments: &[Arg<'_>]) -> Result<i64, Errno> {
    if cfg!(target_arch = "x86_64") {
        by_number(number, arguments)
    } else {
        Err(Errno(libc::ENOSYS))
    }
}

/// Makes a call that answers with a new descriptor, which is closed by drop.
pub(crate) fn descriptor(result: Result<i64, Errno>) -> Result<OwnedFd, Errno> {
    let number = i32::try_from(result?).map_err(|_| Errno(libc::EBADF))?;
    // SAFETY: needed to own what a raw call opened. Sound because callers pass
    // the answer of a call that has just opened this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Makes reads of a descriptor of ours return at once.
pub(crate) fn set_nonblocking(descriptor: i32) {
    // A failure only means that a read may wait until the probe ends.
    let _ = call!(libc::SYS_fcntl, descriptor, libc::F_SETFL, libc::O_NONBLOCK);
}

/// The descriptors from 3 to 1023 that are open now. Asked one by one and not
/// read from `/proc`, which the jail may hide.
pub(crate) fn open_descriptors() -> Vec<i32> {
    (3..1024).filter(|number| call!(libc::SYS_fcntl, *number, libc::F_GETFD).is_ok()).collect()
}

/// Fills a buffer with random bytes of the kernel.
pub(crate) fn random(buffer: &mut [u8; 16]) -> Result<(), Errno> {
    call!(libc::SYS_getrandom, buffer, 16, 0).map(|_| ())
}
