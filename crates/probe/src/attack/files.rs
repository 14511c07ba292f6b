//! Files that carry rights, and nodes that are more than files.

use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::inherited::status_field;
use super::scratch::{self, ScratchFile, c_path};
use crate::catalog::Class::{Boundary, Kernel};
use crate::context::settle;
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::call;

const FCHMODAT2: i64 = 452;
const SETXATTRAT: i64 = 463;
const IMMUTABLE: i64 = 0x10;
/// First sector of the usual disks, by major and minor number.
const DISKS: &[(u32, u32)] = &[(254, 0), (8, 0), (259, 0), (252, 0), (202, 0), (7, 0)];

pub(super) const PROBES: &[Probe] = &[
    Probe::new("file-set-user-id", Kernel, "create a program that runs as its owner", |_| {
        with_scratch(|scratch| special_mode(scratch, 0o4755))
    }),
    Probe::new("file-set-group-id", Kernel, "create a program that runs as its group", |_| {
        with_scratch(|scratch| special_mode(scratch, 0o2755))
    }),
    Probe::new("file-mode-new-call", Kernel, "set such a mode by the newest call", |_| {
        with_scratch(|scratch| {
            let path = c_path(&scratch.path)?;
            let result = call!(FCHMODAT2, libc::AT_FDCWD, path.as_c_str(), 0o4755, 0);
            Ok(gained_mode(scratch, result.map(|_| ()), 0o4000))
        })
    }),
    Probe::new("file-capability-set", Kernel, "give a program of its own a capability", |_| {
        attribute(c"security.capability")
    }),
    Probe::new("file-trusted-attribute", Kernel, "set an attribute that only root may set", |_| {
        attribute(c"trusted.ringfence")
    }),
    Probe::new("file-attribute-new-call", Kernel, "set an attribute by the newest call", |_| {
        with_scratch(|scratch| {
            let path = c_path(&scratch.path)?;
            Ok(Outcome::unless_refused(call!(
                SETXATTRAT,
                libc::AT_FDCWD,
                path.as_c_str(),
                0,
                c"security.capability",
                0,
                0
            )))
        })
    }),
    Probe::new("file-give-away", Kernel, "give a file of its own to root", |_| {
        with_scratch(|scratch| {
            let owner = scratch.file.metadata().map(|data| data.uid()).unwrap_or(0);
            if owner == 0 {
                return Ok(Outcome::not_tried("is root itself"));
            }
            Ok(Outcome::if_success(call!(libc::SYS_fchown, scratch.file.as_raw_fd(), 0, 0)))
        })
    }),
    Probe::new("file-immutable", Kernel, "make a file that cannot be removed", |_| {
        with_scratch(|scratch| {
            let number = scratch.file.as_raw_fd();
            let mut flags = [0_u8; 8];
            if let Err(errno) = call!(libc::SYS_ioctl, number, libc::FS_IOC_GETFLAGS, &mut flags) {
                return Ok(Outcome::shut(errno.to_string()));
            }
            let immutable = (i64::from_ne_bytes(flags) | IMMUTABLE).to_ne_bytes();
            let result = call!(libc::SYS_ioctl, number, libc::FS_IOC_SETFLAGS, &immutable);
            if result.is_ok() {
                let _ = call!(libc::SYS_ioctl, number, libc::FS_IOC_SETFLAGS, &flags);
            }
            Ok(Outcome::if_success(result))
        })
    }),
    Probe::new("set-user-id-program-usable", Boundary, "find a program that makes it root", |_| {
        usable_program()
    }),
    Probe::new("node-host-disk", Boundary, "create and open the host's disk", |_| disk()),
    Probe::new("node-kernel-log", Boundary, "create and open the kernel log", |_| {
        node(libc::S_IFCHR, 1, 11)
    }),
    Probe::new("node-memory", Boundary, "create and open the machine's memory", |_| {
        node(libc::S_IFCHR, 1, 1)
    }),
    Probe::new("node-null", Kernel, "create a device node", |_| node(libc::S_IFCHR, 1, 3)),
    Probe::new("file-link-by-descriptor", Kernel, "link a file not its own by descriptor", |_| {
        by_descriptor()
    }),
    Probe::new("file-swap", Kernel, "use a file of its own as swap", |_| {
        with_scratch(|scratch| {
            let path = c_path(&scratch.path)?;
            // An empty file is refused, after the right is checked.
            Ok(Outcome::unless_refused(call!(libc::SYS_swapon, path.as_c_str(), 0)))
        })
    }),
];

fn with_scratch(attempt: impl FnOnce(&ScratchFile) -> Result<Outcome, Outcome>) -> Outcome {
    settle(scratch::create(0o700).and_then(|scratch| attempt(&scratch)))
}

fn special_mode(scratch: &ScratchFile, mode: u32) -> Result<Outcome, Outcome> {
    let result = scratch.file.set_permissions(std::fs::Permissions::from_mode(mode));
    Ok(gained_mode(scratch, result.map_err(Errno::from), mode & 0o6000))
}

/// The mode counts only where it is obeyed.
fn gained_mode(scratch: &ScratchFile, result: Result<(), Errno>, bits: u32) -> Outcome {
    if let Err(errno) = result {
        return Outcome::shut(errno.to_string());
    }
    let mode = scratch.file.metadata().map(|data| data.mode()).unwrap_or(0);
    if mode & bits == 0 {
        Outcome::shut("the bit was dropped")
    } else if ignores_modes(&scratch.path) {
        Outcome::shut("set, but mounted nosuid")
    } else {
        Outcome::open(format!("mode {mode:o}"))
    }
}

/// Whether the file lies on a mount where such modes have no effect.
fn ignores_modes(path: &Path) -> bool {
    let Ok(path) = c_path(path) else { return false };
    let mut status = [0_u64; 15];
    // The flags are the eleventh word, and "no set-user-id" its second bit.
    call!(libc::SYS_statfs, path.as_c_str(), &mut status).is_ok()
        && status.get(10).is_some_and(|flags| flags & 2 != 0)
}

fn attribute(name: &std::ffi::CStr) -> Outcome {
    with_scratch(|scratch| {
        // Revision 2, one permitted capability: to bind to low ports.
        let mut value = [0_u8; 20];
        let words = [0x0200_0001_u32, 1 << 10];
        for (slot, byte) in value.iter_mut().zip(words.iter().flat_map(|word| word.to_le_bytes())) {
            *slot = byte;
        }
        let number = scratch.file.as_raw_fd();
        let result = call!(libc::SYS_fsetxattr, number, name, &value, 20, 0);
        Ok(if result.is_ok() && ignores_modes(&scratch.path) {
            Outcome::shut("set, but mounted nosuid")
        } else {
            Outcome::if_success(result)
        })
    })
}

/// A set-user-id program is of use when neither its mount nor this process
/// has given up on gaining rights that way.
fn usable_program() -> Outcome {
    if status_field("NoNewPrivs:").as_deref() == Some("1") {
        return Outcome::shut("no_new_privs is set");
    }
    for name in ["su", "sudo", "mount", "passwd", "newgrp", "chsh", "pkexec", "fusermount3"] {
        let path = format!("/usr/bin/{name}");
        let Ok(data) = std::fs::metadata(&path) else { continue };
        if data.mode() & 0o4000 != 0 && !ignores_modes(Path::new(&path)) {
            return Outcome::open(path);
        }
    }
    Outcome::shut("none")
}

fn disk() -> Outcome {
    let mut last = Outcome::shut("none");
    for (major, minor) in DISKS {
        last = node(libc::S_IFBLK, *major, *minor);
        if last.verdict == crate::outcome::Verdict::Open {
            break;
        }
    }
    last
}

/// Creates a device node in the first place that allows it, opens it for
/// reading only, reads nothing, and removes it.
fn node(kind: u32, major: u32, minor: u32) -> Outcome {
    let device = u64::from(minor & 0xff) | u64::from(major) << 8;
    let mut last = Errno(libc::ENOENT);
    for directory in scratch::WRITABLE_HOPES {
        let path = Path::new(directory).join(format!(".ringfence-node-{}", std::process::id()));
        let Ok(name) = c_path(&path) else { continue };
        let made = call!(libc::SYS_mknodat, libc::AT_FDCWD, name.as_c_str(), kind | 0o600, device);
        if let Err(errno) = made {
            if errno.0 != libc::ENOENT {
                last = errno;
            }
            continue;
        }
        let outcome = scratch::openable(&[&path.to_string_lossy()]);
        let _ = std::fs::remove_file(&path);
        if outcome.verdict == crate::outcome::Verdict::Open {
            return outcome;
        }
        last = Errno(libc::EACCES);
    }
    Outcome::shut(last.to_string())
}

/// The newest kernels allow this for files one opened oneself, with the same
/// care for mounts as any other link.
fn by_descriptor() -> Outcome {
    let file = match std::fs::File::open("/etc/passwd") {
        Ok(file) => file,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    let mut last = Errno(libc::ENOENT);
    for directory in scratch::WRITABLE_HOPES {
        let path = Path::new(directory).join(format!(".ringfence-link-{}", std::process::id()));
        let Ok(name) = c_path(&path) else { continue };
        let result = call!(
            libc::SYS_linkat,
            file.as_raw_fd(),
            c"",
            libc::AT_FDCWD,
            name.as_c_str(),
            libc::AT_EMPTY_PATH
        );
        match result {
            Ok(_) => {
                let _ = std::fs::remove_file(&path);
                return Outcome::open(*directory);
            }
            Err(errno) if errno.0 != libc::ENOENT => last = errno,
            Err(_) => {}
        }
    }
    Outcome::shut(last.to_string())
}
