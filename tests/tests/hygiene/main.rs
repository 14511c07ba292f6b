//! Nothing is left behind, whatever ends first, and what is limited stays
//! within its limit.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests wait for what must not happen, and fail where they stand"
)]
#![expect(unsafe_code, reason = "signals and subreapers have no safe interface in std")]

mod failing;
mod killed;
mod limits;
mod many;
mod namespaces;
mod walls;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::PermissionsExt;

/// These tests look at the whole process, and those that kill a jailer leave
/// cgroups until the next start, so only one may run at a time, in whichever
/// process and as whichever user.
fn alone() -> File {
    let path = "/var/tmp/hygiene-tests.lock";
    let file = OpenOptions::new().read(true).write(true).open(path).or_else(|_| {
        let made =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let _ = made.set_permissions(std::fs::Permissions::from_mode(0o666));
        Ok::<_, std::io::Error>(made)
    });
    let file = file.unwrap();
    file.lock().unwrap();
    // What a test with a killed jailer left goes with the next start.
    let nothing = ringfence_tests::system_program("/bin/true", &[]);
    let limit = std::time::Duration::from_secs(5);
    ringfence_tests::run(&ringfence_tests::backend(), &nothing, limit).unwrap();
    file
}

/// Sends a signal to a process that this test made.
fn signal(pid: u32, number: i32) {
    // SAFETY: needed because std kills only its own children. Sound: plain numbers.
    unsafe { libc::kill(i32::try_from(pid).unwrap(), number) };
}
