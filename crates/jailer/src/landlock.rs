//! The second wall around files: Landlock, where the kernel has it.

use crate::spec::{LandlockRule, access};
use crate::sys::{self, Errno};

/// What file access rights exist, by ABI; see landlock(7).
const EXECUTE: u64 = 1 << 0;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
/// Removing folders and files.
const REMOVE: u64 = 1 << 4 | 1 << 5;
/// Making everything but device nodes: bits 6 to 12.
const MAKE: u64 = 0x1fc0 & !MAKE_CHAR & !MAKE_BLOCK;
const MAKE_CHAR: u64 = 1 << 6;
const MAKE_BLOCK: u64 = 1 << 11;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;

/// Rights that make sense for a file that is not a folder.
const FILE_RIGHTS: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

/// Binding and connecting TCP sockets, ABI 4.
const NETWORK: u64 = 0b11;
/// Abstract Unix sockets and signals, ABI 6.
const SCOPES: u64 = 0b11;

#[repr(C)]
#[derive(Default)]
struct Ruleset {
    files: u64,
    network: u64,
    scoped: u64,
}

/// The ABI version that the kernel offers; 0 when it has none or it is off.
#[must_use]
pub fn abi() -> u32 {
    sys::landlock_create::<Ruleset>(None).ok().and_then(|v| u32::try_from(v).ok()).unwrap_or(0)
}

/// Restricts this process and all it starts to `rules`. Returns the ABI in
/// force, 0 when there is none.
///
/// With `network`, TCP is left to the jail's own network, which ends at the
/// gate. A path that does not exist is skipped: what is not there needs no rule.
pub(crate) fn restrict(rules: &[LandlockRule], network: bool) -> Result<u32, Errno> {
    let abi = abi();
    if abi == 0 {
        return Ok(0);
    }
    let files = match abi {
        1 => (1 << 13) - 1,
        2 => (1 << 14) - 1,
        3 | 4 => (1 << 15) - 1,
        _ => (1 << 16) - 1,
    };
    let ruleset = Ruleset {
        files,
        network: if abi >= 4 && !network { NETWORK } else { 0 },
        scoped: if abi >= 6 { SCOPES } else { 0 },
    };
    let ruleset = sys::landlock_owned(sys::landlock_create(Some(&ruleset))?);
    for rule in rules {
        let path = match sys::open(sys::CWD, &rule.path, libc::O_PATH, 0) {
            Ok(path) => path,
            Err(Errno(libc::ENOENT)) => continue,
            Err(error) => return Err(error),
        };
        let mut rights = 0;
        if rule.access & access::READ != 0 {
            rights |= READ_FILE | READ_DIR;
        }
        if rule.access & access::WRITE != 0 {
            rights |= WRITE_FILE | MAKE | TRUNCATE;
        }
        if rule.access & access::REMOVE != 0 {
            rights |= REMOVE | REFER;
        }
        if rule.access & access::EXECUTE != 0 {
            rights |= EXECUTE;
        }
        if rule.access & access::DEVICE != 0 {
            rights |= IOCTL_DEV;
        }
        if !sys::is_directory(&path)? {
            rights &= FILE_RIGHTS;
        }
        rights &= files;
        if rights != 0 {
            sys::landlock_allow(&ruleset, &path, rights)?;
        }
    }
    sys::landlock_restrict(&ruleset)?;
    Ok(abi)
}
