//! Running code that the host did not put there.

use std::ffi::{CStr, CString};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;

use super::scratch::{self, ScratchFile, c_path};
use crate::catalog::Class::Kernel;
use crate::context::settle;
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{self, Ended, call, descriptor};

/// The number that the tiny program below ends with.
const PROOF: u8 = 77;

/// A whole program: ELF header, one loadable segment, and three instructions
/// that make the call `exit(77)`.
const PROGRAM: [u8; 132] = {
    let mut bytes = [0_u8; 132];
    let parts: [(usize, &[u8]); 14] = [
        (0, b"\x7fELF\x02\x01\x01"),
        // Executable, for x86-64, version 1.
        (16, &[2, 0, 62, 0, 1, 0, 0, 0]),
        // Begins at 0x400078.
        (24, &[0x78, 0, 0x40, 0, 0, 0, 0, 0]),
        // Segment table at 64; header sizes; one segment.
        (32, &[64, 0, 0, 0, 0, 0, 0, 0]),
        (52, &[64, 0, 56, 0, 1, 0]),
        // Loadable; readable and executable.
        (64, &[1, 0, 0, 0, 5, 0, 0, 0]),
        // At 0x400000, in memory and by the file.
        (80, &[0, 0, 0x40, 0, 0, 0, 0, 0]),
        (88, &[0, 0, 0x40, 0, 0, 0, 0, 0]),
        (96, &[132, 0, 0, 0, 0, 0, 0, 0]),
        (104, &[132, 0, 0, 0, 0, 0, 0, 0]),
        (112, &[0, 0x10, 0, 0, 0, 0, 0, 0]),
        // mov edi, 77; mov eax, 60; syscall
        (120, &[0xbf, PROOF, 0, 0, 0]),
        (125, &[0xb8, 60, 0, 0, 0]),
        (130, &[0x0f, 0x05]),
    ];
    let mut rest: &[(usize, &[u8])] = &parts;
    while let Some(((offset, part), others)) = rest.split_first() {
        let (_, tail) = bytes.split_at_mut(*offset);
        let (place, _) = tail.split_at_mut(part.len());
        place.copy_from_slice(part);
        rest = others;
    }
    bytes
};

pub(super) const PROBES: &[Probe] = &[
    Probe::new("execute-memory-file", Kernel, "run a program from memory by execveat", |_| {
        memory_file(libc::MFD_CLOEXEC, |number| {
            sys::exec(number, c"", &[c"x"], libc::AT_EMPTY_PATH)
        })
    }),
    Probe::new("execute-memory-file-by-path", Kernel, "run a program from memory by path", |_| {
        memory_file(libc::MFD_CLOEXEC, |number| {
            let path = CString::new(format!("/proc/self/fd/{number}"));
            match path {
                Ok(path) => sys::exec(libc::AT_FDCWD, &path, &[c"x"], 0),
                Err(_) => Err(Errno(libc::EINVAL)),
            }
        })
    }),
    Probe::new("execute-memory-file-marked", Kernel, "do so with memory marked executable", |_| {
        memory_file(libc::MFD_CLOEXEC | libc::MFD_EXEC, |number| {
            sys::exec(number, c"", &[c"x"], libc::AT_EMPTY_PATH)
        })
    }),
    Probe::new("execute-from-tmp", Kernel, "run a program written to /tmp", |_| from("/tmp")),
    Probe::new("execute-from-shared-memory", Kernel, "run a program written to /dev/shm", |_| {
        from("/dev/shm")
    }),
    Probe::new("execute-from-var-tmp", Kernel, "run a program written to /var/tmp", |_| {
        from("/var/tmp")
    }),
    Probe::new("execute-from-run", Kernel, "run a program written to /run", |_| from("/run")),
    Probe::new("execute-from-work", Kernel, "run a program written to its own folder", |_| {
        settle(everywhere())
    }),
    Probe::new("execute-unnamed-file", Kernel, "run a program that has no name", |_| unnamed()),
    Probe::new(
        "execute-script-from-tmp",
        Kernel,
        "run a script written to /tmp by its mark",
        |_| settle(script()),
    ),
    Probe::new("execute-by-loader", Kernel, "have the loader run a program from /tmp", |_| {
        settle(by_loader())
    }),
];

/// Runs `exec` in a child and looks for the proof.
fn proven(exec: impl FnOnce() -> Result<std::convert::Infallible, Errno>) -> Outcome {
    if !cfg!(target_arch = "x86_64") {
        return Outcome::not_tried("the tiny program is for another processor");
    }
    let child = sys::spawn(|| match exec() {
        Ok(_) => 0,
        // Error numbers of interest are below 77 and above 0.
        Err(errno) => errno.0,
    });
    match child.and_then(sys::wait) {
        Ok(Ended::Exited(code)) if code == i32::from(PROOF) => Outcome::open("it ran"),
        Ok(Ended::Exited(number)) => Outcome::shut(Errno(number).to_string()),
        Ok(Ended::Killed(signal)) => Outcome::shut(format!("killed by signal {signal}")),
        Err(errno) => Outcome::not_tried(errno.to_string()),
    }
}

fn memory_file(
    flags: u32,
    exec: impl FnOnce(i32) -> Result<std::convert::Infallible, Errno>,
) -> Outcome {
    let file = match descriptor(call!(libc::SYS_memfd_create, c"probe", flags)) {
        Ok(file) => file,
        Err(errno) => return Outcome::shut(format!("memfd_create: {errno}")),
    };
    if let Err(errno) = call!(libc::SYS_write, file.as_raw_fd(), &PROGRAM, PROGRAM.len()) {
        return Outcome::not_tried(errno.to_string());
    }
    proven(|| exec(file.as_raw_fd()))
}

/// Writes a program file and closes it: the kernel runs nothing that is open
/// for writing.
fn closed_file(directory: &Path, content: &[u8]) -> Result<ScratchFile, Outcome> {
    let mut scratch = scratch::create_in(directory, 0o755)
        .map_err(|errno| Outcome::shut(format!("no place to write: {errno}")))?;
    scratch
        .file
        .write_all(content)
        .map_err(|error| Outcome::not_tried(Errno::from(error).to_string()))?;
    let reading = std::fs::File::open(&scratch.path)
        .map_err(|error| Outcome::shut(Errno::from(error).to_string()))?;
    scratch.file = reading;
    Ok(scratch)
}

fn from(directory: &str) -> Outcome {
    settle(run_in(Path::new(directory)))
}

fn run_in(directory: &Path) -> Result<Outcome, Outcome> {
    let scratch = closed_file(directory, &PROGRAM)?;
    let path = c_path(&scratch.path)?;
    Ok(proven(|| sys::exec(libc::AT_FDCWD, &path, &[c"x"], 0)))
}

/// Tries the working directory, the home, and every mount that is writable.
fn everywhere() -> Result<Outcome, Outcome> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let places = mounts.lines().take(64).filter_map(|line| line.split(' ').nth(1));
    let home = std::env::var("HOME").unwrap_or_default();
    let mut last = Outcome::shut("no place to write");
    for place in [".", home.as_str()].into_iter().chain(places).filter(|place| !place.is_empty()) {
        if ["/proc", "/sys", "/dev"].iter().any(|start| place.starts_with(start)) {
            continue;
        }
        match run_in(Path::new(place)) {
            Ok(outcome) if outcome.verdict == crate::outcome::Verdict::Open => {
                return Ok(Outcome::open(place));
            }
            Ok(outcome) => last = outcome,
            Err(_) => {}
        }
    }
    Ok(last)
}

fn unnamed() -> Outcome {
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .mode(0o755)
        .custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC)
        .open("/tmp");
    let mut file = match file {
        Ok(file) => file,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    if let Err(error) = file.write_all(&PROGRAM) {
        return Outcome::not_tried(Errno::from(error).to_string());
    }
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // A second descriptor for reading, so that the writing one can go.
    let reading = match std::fs::File::open(path) {
        Ok(reading) => reading,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    drop(file);
    proven(|| sys::exec(reading.as_raw_fd(), c"", &[c"x"], libc::AT_EMPTY_PATH))
}

fn script() -> Result<Outcome, Outcome> {
    let scratch = closed_file(Path::new("/tmp"), b"#!/bin/sh\nexit 77\n")?;
    let path = c_path(&scratch.path)?;
    Ok(proven(|| sys::exec(libc::AT_FDCWD, &path, &[c"x"], 0)))
}

/// The loader maps the program itself, so only the mount can stop it. It must
/// be a program that a loader understands, so one of the system is copied.
fn by_loader() -> Result<Outcome, Outcome> {
    const LOADERS: [&CStr; 2] = [c"/lib64/ld-linux-x86-64.so.2", c"/lib/ld-musl-x86_64.so.1"];
    let loader = LOADERS
        .iter()
        .find(|path| path.to_str().is_ok_and(|path| Path::new(path).exists()))
        .ok_or_else(|| Outcome::shut("no loader"))?;
    let content =
        std::fs::read("/usr/bin/true").map_err(|_| Outcome::not_tried("no program to copy"))?;
    let scratch = closed_file(Path::new("/tmp"), &content)?;
    let path = c_path(&scratch.path)?;
    let child =
        sys::spawn(|| match sys::exec(libc::AT_FDCWD, loader, &[loader, path.as_c_str()], 0) {
            Ok(_) => 0,
            Err(errno) => errno.0,
        });
    Ok(match child.and_then(sys::wait) {
        Ok(Ended::Exited(0)) => Outcome::open("it ran"),
        Ok(Ended::Exited(number)) => Outcome::shut(format!("ended with {number}")),
        Ok(Ended::Killed(signal)) => Outcome::shut(format!("killed by signal {signal}")),
        Err(errno) => Outcome::not_tried(errno.to_string()),
    })
}
