//! Files of the host.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::scratch::{create_in, openable, readable_bait, writable};
use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor};

pub(super) const PROBES: &[Probe] = &[
    Probe::new("host-secret-read", Boundary, "read a secret file of the host", |c| {
        settle(c.need("secret").map(|path| readable_bait(&[path])))
    }),
    Probe::new(
        "host-secret-by-symlink",
        Boundary,
        "read the secret through a link of its own",
        |c| settle(by_symlink(c)),
    ),
    Probe::new("host-secret-by-dots", Boundary, "read the secret by climbing with dots", |c| {
        settle(c.need("secret").map(|path| {
            readable_bait(&[
                &format!("{}{path}", "../".repeat(40)),
                &format!("/proc/self/root{path}"),
            ])
        }))
    }),
    Probe::new(
        "host-secret-by-own-directory",
        Boundary,
        "read the secret by /proc/self/cwd",
        |c| {
            settle(c.need("secret").map(|path| {
                readable_bait(&[&format!("/proc/self/cwd/{}{path}", "../".repeat(40))])
            }))
        },
    ),
    Probe::new("host-shadow-read", Boundary, "read the password file", |_| {
        openable(&["/etc/shadow", "/etc/gshadow", "/etc/shadow-"])
    }),
    Probe::new("host-accounts-list", Boundary, "find people in the list of accounts", |_| {
        accounts()
    }),
    Probe::new("host-home-list", Boundary, "list the home of the host's user", |c| {
        settle(c.need("home").map(|home| listed(Path::new(home))))
    }),
    Probe::new("host-root-home-list", Boundary, "list the home of the host's root", |_| {
        listed(Path::new("/root"))
    }),
    Probe::new("host-keys-read", Boundary, "read the keys of the host's user", |c| {
        settle(c.need("home").map(|home| {
            let files = [".ssh/id_ed25519", ".ssh/id_rsa", ".aws/credentials", ".netrc", ".npmrc"];
            let paths = files.map(|file| format!("{home}/{file}"));
            openable(&paths.each_ref().map(String::as_str))
        }))
    }),
    Probe::new("host-directory-write", Boundary, "write into a directory of the host", |c| {
        settle(c.need("wdir").map(|directory| writes(&[directory])))
    }),
    Probe::new("host-programs-write", Boundary, "write into /usr", |_| {
        writes(&["/usr", "/usr/bin", "/usr/local/bin", "/bin", "/lib", "/usr/lib"])
    }),
    Probe::new("host-settings-write", Boundary, "write into /etc", |_| {
        writes(&["/etc", "/etc/cron.d", "/etc/ssh", "/etc/systemd/system"])
    }),
    Probe::new("host-root-write", Kernel, "write into the root directory", |_| writes(&["/"])),
    Probe::new("host-state-write", Boundary, "write into /var", |_| {
        writes(&["/var", "/var/lib", "/var/spool/cron", "/var/log"])
    }),
    Probe::new("host-boot-read", Boundary, "list what the machine boots from", |_| {
        listed(Path::new("/boot"))
    }),
    Probe::new("host-by-file-handle", Boundary, "open a directory by handle past the root", |_| {
        by_handle()
    }),
    Probe::new("file-handle-make", Kernel, "make a handle of a file", |_| {
        Outcome::if_success(handle().map(|_| 0))
    }),
    Probe::new("host-accounts-link", Kernel, "make a hard link to a file not its own", |_| {
        hard_link()
    }),
    Probe::new("program-of-own-overwrite", Boundary, "overwrite the program that runs it", |_| {
        writable(&["/proc/self/exe"])
    }),
    Probe::new("program-of-runtime-write", Boundary, "overwrite an interpreter", |_| {
        writable(&["/usr/bin/node", "/usr/bin/python3", "/bin/sh", "/lib64/ld-linux-x86-64.so.2"])
    }),
];

fn by_symlink(context: &Context) -> Result<Outcome, Outcome> {
    let secret = context.path("secret")?;
    let scratch = super::scratch::create(0o600)?;
    let link = scratch.path.with_extension("link");
    std::os::unix::fs::symlink(&secret, &link)
        .map_err(|error| Outcome::shut(Errno::from(error).to_string()))?;
    let outcome = readable_bait(&[&link.to_string_lossy()]);
    let _ = std::fs::remove_file(&link);
    Ok(outcome)
}

/// Names of accounts that packages bring along are no secret; an ordinary
/// person's (user ids from 1000 to 59999) is.
fn accounts() -> Outcome {
    let Ok(text) = std::fs::read_to_string("/etc/passwd") else {
        return Outcome::shut("absent");
    };
    let own = std::fs::metadata("/proc/self").map(|data| data.uid()).unwrap_or(u32::MAX);
    let person = text.lines().find(|line| {
        let id = line.split(':').nth(2).and_then(|id| id.parse::<u32>().ok());
        id.is_some_and(|id| (1000..60_000).contains(&id) && id != own)
    });
    match person {
        Some(line) => Outcome::open(line.split(':').next().unwrap_or_default()),
        None => Outcome::shut("no people in it"),
    }
}

fn listed(directory: &Path) -> Outcome {
    match std::fs::read_dir(directory) {
        Ok(entries) => match entries.flatten().next() {
            Some(entry) => Outcome::open(entry.file_name().to_string_lossy()),
            None => Outcome::shut("empty"),
        },
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    }
}

fn writes(directories: &[&str]) -> Outcome {
    let mut last = Errno(libc::ENOENT);
    for directory in directories {
        match create_in(Path::new(directory), 0o600) {
            Ok(_) => return Outcome::open(*directory),
            Err(errno) if errno.0 != libc::ENOENT => last = errno,
            Err(_) => {}
        }
    }
    Outcome::shut(last.to_string())
}

/// A handle of the root directory.
fn handle() -> Result<[u8; 136], Errno> {
    let mut handle = [0_u8; 136];
    for (slot, byte) in handle.iter_mut().zip(128_u32.to_ne_bytes()) {
        *slot = byte;
    }
    let mut mount = [0_u8; 4];
    call!(libc::SYS_name_to_handle_at, libc::AT_FDCWD, c"/", &mut handle, &mut mount, 0)?;
    Ok(handle)
}

fn by_handle() -> Outcome {
    let handle = match handle() {
        Ok(handle) => handle,
        // The root of an in-memory file system may have none; its inode
        // number does on every disk.
        Err(errno) => return Outcome::shut(format!("name_to_handle_at: {errno}")),
    };
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    Outcome::if_success(descriptor(call!(
        libc::SYS_open_by_handle_at,
        libc::AT_FDCWD,
        &handle,
        flags
    )))
}

fn hard_link() -> Outcome {
    let mut last = Errno(libc::ENOENT);
    for directory in super::scratch::WRITABLE_HOPES {
        let link = Path::new(directory).join(format!(".ringfence-link-{}", std::process::id()));
        match std::fs::hard_link("/etc/passwd", &link).map_err(Errno::from) {
            Ok(()) => {
                let _ = std::fs::remove_file(&link);
                return Outcome::open(*directory);
            }
            Err(errno) if errno.0 != libc::ENOENT => last = errno,
            Err(_) => {}
        }
    }
    Outcome::shut(last.to_string())
}
