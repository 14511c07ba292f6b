//! Keyrings, which no namespace keeps apart.

use crate::catalog::Class::{Boundary, Kernel};
use crate::outcome::{Outcome, Probe};
use crate::sys::call;

const THREAD_KEYRING: i32 = -1;
const SESSION_KEYRING: i32 = -3;
const USER_KEYRING: i32 = -4;

const GET_KEYRING_ID: i32 = 0;
const JOIN_SESSION: i32 = 1;
const DESCRIBE: i32 = 6;
const READ: i32 = 11;
const GET_PERSISTENT: i32 = 22;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("key-add", Kernel, "add a key to its thread keyring", |_| {
        Outcome::if_success(call!(
            libc::SYS_add_key,
            c"user",
            c"ringfence-probe",
            b"x",
            1,
            THREAD_KEYRING,
        ))
    }),
    Probe::new("key-request", Kernel, "ask the kernel to find a key", |_| {
        Outcome::unless_refused(call!(
            libc::SYS_request_key,
            c"user",
            c"ringfence-probe-absent",
            0,
            0,
        ))
    }),
    Probe::new("keyring-join-session", Kernel, "join a fresh session keyring", |_| {
        Outcome::if_success(call!(libc::SYS_keyctl, JOIN_SESSION, 0))
    }),
    Probe::new("keyring-persistent", Kernel, "get the user's persistent keyring", |_| {
        Outcome::unless_refused(call!(libc::SYS_keyctl, GET_PERSISTENT, -1, THREAD_KEYRING))
    }),
    Probe::new("keyring-user-id", Kernel, "find the user's keyring", |_| {
        Outcome::if_success(call!(libc::SYS_keyctl, GET_KEYRING_ID, USER_KEYRING, 0))
    }),
    Probe::new("keyring-user-describe", Kernel, "describe the user's keyring", |_| {
        Outcome::if_success(call!(libc::SYS_keyctl, DESCRIBE, USER_KEYRING, 0, 0))
    }),
    Probe::new("keyring-session-read", Boundary, "list the keys of the host's session", |_| {
        let mut keys = [0_u8; 64];
        match call!(libc::SYS_keyctl, READ, SESSION_KEYRING, &mut keys, 64) {
            Ok(bytes) if bytes > 0 => Outcome::open(format!("{} keys", bytes / 4)),
            Ok(_) => Outcome::shut("empty"),
            Err(errno) => Outcome::shut(errno.to_string()),
        }
    }),
];
