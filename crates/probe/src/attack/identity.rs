//! Rights that a jailed program should have lost.

use super::inherited::status_field;
use crate::catalog::Class::{Credential, Kernel};
use crate::outcome::{Outcome, Probe};
use crate::sys::{self, call};

/// Capability numbers asked one by one when there is no status file.
const CAPABILITIES: std::ops::RangeInclusive<i32> = 0..=40;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("no-new-privileges-off", Credential, "run without no_new_privs", |_| {
        match call!(libc::SYS_prctl, libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) {
            Ok(1) => Outcome::shut("set"),
            Ok(_) => Outcome::open("not set"),
            Err(errno) => Outcome::not_tried(errno.to_string()),
        }
    }),
    Probe::new("capabilities-effective", Credential, "hold an effective capability", |_| {
        mask("CapEff:")
    }),
    Probe::new("capabilities-permitted", Credential, "hold a permitted capability", |_| {
        mask("CapPrm:")
    }),
    Probe::new("capabilities-inheritable", Credential, "hold an inheritable capability", |_| {
        mask("CapInh:")
    }),
    Probe::new("capabilities-ambient", Credential, "hold an ambient capability", |_| ambient()),
    Probe::new(
        "capabilities-bounding",
        Credential,
        "hold a capability in the bounding set",
        |_| bounding(),
    ),
    Probe::new("capability-raise-ambient", Credential, "raise an ambient capability", |_| {
        Outcome::if_success(call!(libc::SYS_prctl, libc::PR_CAP_AMBIENT, 2, 13, 0, 0))
    }),
    Probe::new("capability-set-all", Credential, "give itself every capability", |_| set_all()),
    Probe::new("seccomp-off", Credential, "run without a call filter", |_| {
        match status_field("Seccomp:").as_deref() {
            Some("2") => Outcome::shut("filter"),
            Some("1") => Outcome::shut("strict"),
            Some(other) => Outcome::open(format!("mode {other}")),
            None => match call!(libc::SYS_prctl, libc::PR_GET_SECCOMP, 0, 0, 0, 0) {
                Ok(0) => Outcome::open("mode 0"),
                Ok(mode) => Outcome::shut(format!("mode {mode}")),
                Err(errno) => Outcome::shut(errno.to_string()),
            },
        }
    }),
    Probe::new("user-id-zero", Credential, "run as user 0", |_| {
        zero(call!(libc::SYS_getuid), call!(libc::SYS_geteuid))
    }),
    Probe::new("group-id-zero", Credential, "run as group 0", |_| {
        zero(call!(libc::SYS_getgid), call!(libc::SYS_getegid))
    }),
    Probe::new("supplementary-group-zero", Credential, "belong to group 0 besides", |_| groups()),
    Probe::new("user-map-host-root", Credential, "be the host's user 0 behind a user map", |_| {
        host_root("/proc/self/uid_map", call!(libc::SYS_geteuid))
    }),
    Probe::new(
        "group-map-host-root",
        Credential,
        "be the host's group 0 behind a group map",
        |_| host_root("/proc/self/gid_map", call!(libc::SYS_getegid)),
    ),
    Probe::new("become-user-zero", Credential, "become user 0", |_| {
        Outcome::if_success(call!(libc::SYS_setresuid, 0, 0, 0))
    }),
    Probe::new("become-group-zero", Credential, "become group 0", |_| {
        Outcome::if_success(call!(libc::SYS_setresgid, 0, 0, 0))
    }),
    Probe::new("become-other-user", Credential, "become another user", |_| {
        Outcome::if_success(call!(libc::SYS_setresuid, 4242, 4242, 4242))
    }),
    Probe::new("drop-groups", Credential, "change its supplementary groups", |_| {
        Outcome::if_success(call!(libc::SYS_setgroups, 0, 0))
    }),
    Probe::new("secure-bits-change", Credential, "change its secure bits", |_| {
        Outcome::if_success(call!(libc::SYS_prctl, libc::PR_SET_SECUREBITS, 1, 0, 0, 0))
    }),
    Probe::new(
        "seccomp-listener",
        Kernel,
        "install a filter that hands calls to a listener",
        |_| listener(),
    ),
];

fn mask(field: &str) -> Outcome {
    match status_field(field) {
        Some(mask) if mask.bytes().all(|digit| digit == b'0') => Outcome::shut("none"),
        Some(mask) => Outcome::open(mask),
        None => capget(),
    }
}

/// Asks the kernel directly; any bit in any of the three sets counts.
fn capget() -> Outcome {
    let mut header = [0_u8; 8];
    for (slot, byte) in header.iter_mut().zip(0x2008_0522_u32.to_ne_bytes()) {
        *slot = byte;
    }
    let mut data = [0_u8; 24];
    match call!(libc::SYS_capget, &header, &mut data) {
        Ok(_) if data == [0; 24] => Outcome::shut("none"),
        Ok(_) => Outcome::open("some"),
        Err(errno) => Outcome::not_tried(errno.to_string()),
    }
}

fn asked(ask: impl Fn(i32) -> Result<i64, crate::errno::Errno>) -> Outcome {
    let mut held = 0_usize;
    for number in CAPABILITIES {
        match ask(number) {
            Ok(1) => held += 1,
            Ok(_) => {}
            Err(errno) if number == 0 => return Outcome::not_tried(errno.to_string()),
            Err(_) => {}
        }
    }
    if held == 0 { Outcome::shut("none") } else { Outcome::open(format!("{held} of 41")) }
}

fn ambient() -> Outcome {
    asked(|number| call!(libc::SYS_prctl, libc::PR_CAP_AMBIENT, 1, number, 0, 0))
}

fn bounding() -> Outcome {
    asked(|number| call!(libc::SYS_prctl, libc::PR_CAPBSET_READ, number, 0, 0, 0))
}

fn set_all() -> Outcome {
    let mut header = [0_u8; 8];
    for (slot, byte) in header.iter_mut().zip(0x2008_0522_u32.to_ne_bytes()) {
        *slot = byte;
    }
    // Effective and permitted: everything a kernel of today knows.
    let mut data = [0_u8; 24];
    let wanted = [0xffff_ffff_u32, 0xffff_ffff, 0, 0x1ff, 0x1ff, 0];
    for (slot, byte) in data.iter_mut().zip(wanted.iter().flat_map(|word| word.to_ne_bytes())) {
        *slot = byte;
    }
    Outcome::if_success(call!(libc::SYS_capset, &header, &data))
}

fn zero(
    real: Result<i64, crate::errno::Errno>,
    effective: Result<i64, crate::errno::Errno>,
) -> Outcome {
    match (real, effective) {
        (Ok(0), _) | (_, Ok(0)) => Outcome::open("0"),
        (Ok(id), _) => Outcome::shut(id.to_string()),
        (Err(errno), _) => Outcome::not_tried(errno.to_string()),
    }
}

fn groups() -> Outcome {
    let mut list = [0_u8; 4096];
    match call!(libc::SYS_getgroups, 1024, &mut list) {
        Ok(count) => {
            let count = usize::try_from(count).unwrap_or(0);
            if list.chunks_exact(4).take(count).any(|id| id == [0; 4]) {
                Outcome::open("among its groups")
            } else {
                Outcome::shut(format!("{count} groups"))
            }
        }
        Err(errno) => Outcome::not_tried(errno.to_string()),
    }
}

fn host_root(map: &str, id: Result<i64, crate::errno::Errno>) -> Outcome {
    let Ok(id) = id else { return Outcome::not_tried("no id") };
    let Ok(text) = std::fs::read_to_string(map) else {
        return Outcome::not_tried(format!("no {map}"));
    };
    for line in text.lines() {
        let numbers: Vec<i64> = line.split_whitespace().flat_map(str::parse).collect();
        let [inside, outside, length] = numbers.as_slice() else { continue };
        if id >= *inside && id - inside < *length && outside.saturating_add(id - inside) == 0 {
            return confirmed(line.trim(), id);
        }
    }
    Outcome::shut(text.lines().next().unwrap_or("empty map").trim())
}

/// The map shows ids as the next namespace up sees them, which in nested ones
/// is not the host. The host's root owns the system's programs; an owner whom
/// the map does not know is shown as the overflow id.
fn confirmed(map: &str, id: i64) -> Outcome {
    use std::os::unix::fs::MetadataExt;
    const OVERFLOW: i64 = 65_534;
    match std::fs::metadata("/usr") {
        Ok(_) if id == OVERFLOW => Outcome::not_tried(format!("{map}: host or overflow, unclear")),
        Ok(data) if i64::from(data.uid()) != id && i64::from(data.gid()) != id => {
            Outcome::shut(format!("{map}: not the host's 0"))
        }
        _ => Outcome::open(map),
    }
}

fn listener() -> Outcome {
    // One instruction: allow everything. The filter ends with this attempt.
    let filter: [u8; 8] = {
        let mut instruction = [0_u8; 8];
        if let Some(slot) = instruction.first_mut() {
            *slot = 0x06;
        }
        for (slot, byte) in instruction.iter_mut().skip(4).zip(0x7fff_0000_u32.to_ne_bytes()) {
            *slot = byte;
        }
        instruction
    };
    let mut program = [0_u64; 2];
    for (slot, word) in program.iter_mut().zip([1, filter.as_ptr().expose_provenance() as u64]) {
        *slot = word;
    }
    // Without the right to filter this needs no_new_privs, which an attacker
    // is free to set.
    let _ = call!(libc::SYS_prctl, libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    Outcome::if_success(sys::descriptor(call!(
        libc::SYS_seccomp,
        libc::SECCOMP_SET_MODE_FILTER,
        libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
        &mut program,
    )))
}
