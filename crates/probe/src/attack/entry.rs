//! Other doors into the kernel, which a filter written for one may not guard.

use crate::catalog::Class::Kernel;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, int80};

/// Marks a call number as one of the x32 interface.
const X32: i64 = 0x4000_0000;

// Call numbers of the 32-bit interface.
const GETPID_32: i32 = 20;
const PTRACE_32: i32 = 26;
const UNSHARE_32: i32 = 310;
const KEYCTL_32: i32 = 288;
const SOCKET_32: i32 = 359;
const PERSONALITY_32: i32 = 136;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("entry-32-bit", Kernel, "enter the kernel by the 32-bit door", |_| {
        Outcome::unless_refused(int80(GETPID_32, 0, 0, 0))
    }),
    Probe::new("entry-32-bit-keyring", Kernel, "use keyrings by the 32-bit door", |_| {
        Outcome::unless_refused(int80(KEYCTL_32, 0, -4, 0))
    }),
    Probe::new("entry-32-bit-trace", Kernel, "trace by the 32-bit door", |_| {
        Outcome::unless_refused(int80(PTRACE_32, 0, 0, 0))
    }),
    Probe::new("entry-32-bit-namespace", Kernel, "make namespaces by the 32-bit door", |_| {
        Outcome::if_success(int80(UNSHARE_32, libc::CLONE_NEWUSER, 0, 0))
    }),
    Probe::new("entry-32-bit-socket", Kernel, "create sockets by the 32-bit door", |_| {
        Outcome::if_success(int80(SOCKET_32, libc::AF_NETLINK, libc::SOCK_RAW, 0))
    }),
    Probe::new("entry-32-bit-personality", Kernel, "change personality by the 32-bit door", |_| {
        Outcome::if_success(int80(PERSONALITY_32, libc::ADDR_NO_RANDOMIZE, 0, 0))
    }),
    Probe::new("entry-x32", Kernel, "enter the kernel by the x32 door", |_| x32(libc::SYS_getpid)),
    Probe::new("entry-x32-trace", Kernel, "trace by the x32 door", |_| {
        // Its own number there, beyond the shared ones.
        x32(521)
    }),
    Probe::new("entry-x32-namespace", Kernel, "make namespaces by the x32 door", |_| {
        x32(libc::SYS_unshare)
    }),
];

fn x32(number: i64) -> Outcome {
    if !cfg!(target_arch = "x86_64") {
        return Outcome::shut("no such door on this processor");
    }
    Outcome::unless_refused(call!(X32 | number, 0, 0, 0, 0))
}
