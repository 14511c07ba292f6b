//! The clock and the names of the machine. Each is set to what it is.

use crate::catalog::Class::{Boundary, Kernel};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::call;

/// Tick length, the one thing of the clock that is out of range at 0.
const ADJUST_TICK: u32 = 0x4000;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("clock-set-time-of-day", Boundary, "set the machine's clock", |_| {
        // Neither a time nor a zone: only the right is checked.
        Outcome::if_success(call!(libc::SYS_settimeofday, 0, 0))
    }),
    Probe::new("clock-set", Boundary, "set the machine's clock by number", |_| {
        // An impossible time; the kernel may say so before it checks the
        // right, so that alone proves nothing.
        let impossible = [0xff_u8; 16];
        match call!(libc::SYS_clock_settime, libc::CLOCK_REALTIME, &impossible) {
            Ok(_) => Outcome::open("succeeded"),
            Err(Errno(libc::EINVAL)) if may_set_clock() => Outcome::open("holds the right"),
            Err(errno) => Outcome::shut(errno.to_string()),
        }
    }),
    Probe::new("clock-adjust", Boundary, "bend the machine's clock", |_| {
        let request = adjustment();
        Outcome::unless_refused(call!(libc::SYS_adjtimex, &request))
    }),
    Probe::new("clock-adjust-by-number", Boundary, "bend the machine's clock by number", |_| {
        let request = adjustment();
        Outcome::unless_refused(call!(libc::SYS_clock_adjtime, libc::CLOCK_REALTIME, &request))
    }),
    Probe::new("name-of-host", Kernel, "change the host name", |_| {
        same_name(1, libc::SYS_sethostname)
    }),
    Probe::new("name-of-domain", Kernel, "change the domain name", |_| {
        same_name(5, libc::SYS_setdomainname)
    }),
];

/// Whether the right to set the clock is in the bounding set and in effect.
fn may_set_clock() -> bool {
    let answer = call!(libc::SYS_settimeofday, 0, 0);
    answer.is_ok()
}

fn adjustment() -> [u8; 256] {
    let mut request = [0_u8; 256];
    for (slot, byte) in request.iter_mut().zip(ADJUST_TICK.to_ne_bytes()) {
        *slot = byte;
    }
    request
}

/// `uname` gives six fields of 65 bytes; sets one of them to what it is.
fn same_name(field: usize, number: i64) -> Outcome {
    let mut names = [0_u8; 390];
    if let Err(errno) = call!(libc::SYS_uname, &mut names) {
        return Outcome::not_tried(format!("uname: {errno}"));
    }
    let name = names.chunks_exact(65).nth(field).unwrap_or_default();
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    Outcome::if_success(call!(number, name, length))
}
