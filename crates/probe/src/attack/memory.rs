//! Memory that is writable and executable at once, or one after the other.

use std::os::fd::AsRawFd;

use super::scratch;
use crate::catalog::Class::Kernel;
use crate::context::settle;
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{self, SharedSegment, call, descriptor, map_anonymous, map_file, protect};

const READ_WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;
const READ_EXEC: i32 = libc::PROT_READ | libc::PROT_EXEC;
const ALL: i32 = READ_WRITE | libc::PROT_EXEC;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("memory-write-and-execute", Kernel, "map memory writable and executable", |_| {
        Outcome::if_success(map_anonymous(4096, ALL))
    }),
    Probe::new("memory-write-then-execute", Kernel, "make written memory executable", |_| {
        protected(READ_WRITE, READ_EXEC, false)
    }),
    Probe::new("memory-write-then-execute-key", Kernel, "do so by the call with keys", |_| {
        protected(READ_WRITE, READ_EXEC, true)
    }),
    Probe::new("memory-execute-then-write", Kernel, "make executable memory writable", |_| {
        protected(READ_EXEC, ALL, false)
    }),
    Probe::new("memory-two-views", Kernel, "map one memory writable and executable apart", |_| {
        two_views()
    }),
    Probe::new("memory-segment-execute", Kernel, "attach System V memory executable", |_| {
        segment()
    }),
    Probe::new("memory-file-execute", Kernel, "map a file it wrote executable", |_| {
        settle(scratch::create(0o700).map(|scratch| {
            let _ = scratch.file.set_len(4096);
            Outcome::if_success(map_file(scratch.file.as_raw_fd(), READ_EXEC, libc::MAP_PRIVATE))
        }))
    }),
    Probe::new("memory-own-write-file", Kernel, "write read-only memory by /proc/self/mem", |_| {
        scratch::writable(&["/proc/self/mem"])
    }),
    Probe::new("memory-nonlinear", Kernel, "remap memory out of order", |_| {
        match map_anonymous(4096, READ_WRITE) {
            Ok(mapping) => Outcome::unless_refused(sys::remap_shared_executable(&mapping)),
            Err(errno) => Outcome::not_tried(errno.to_string()),
        }
    }),
    Probe::new("memory-shadow-stack", Kernel, "map a shadow stack", |_| {
        // An impossible size: refused after the call is reached.
        Outcome::unless_refused(call!(453_i64, 0, 0, 0))
    }),
    Probe::new("memory-lowest-page", Kernel, "ask the kernel for the lowest address", |_| {
        match std::fs::read_to_string("/proc/sys/vm/mmap_min_addr") {
            Ok(text) if text.trim() == "0" => Outcome::open("may be mapped"),
            Ok(text) => Outcome::shut(format!("from {}", text.trim())),
            Err(error) => Outcome::shut(Errno::from(error).to_string()),
        }
    }),
];

fn protected(before: i32, after: i32, with_key: bool) -> Outcome {
    match map_anonymous(4096, before) {
        Ok(mapping) => Outcome::if_success(protect(&mapping, after, with_key)),
        Err(errno) => Outcome::shut(format!("mmap: {errno}")),
    }
}

fn two_views() -> Outcome {
    let file = match descriptor(call!(libc::SYS_memfd_create, c"probe", libc::MFD_CLOEXEC)) {
        Ok(file) => file,
        Err(errno) => return Outcome::shut(format!("memfd_create: {errno}")),
    };
    let number = file.as_raw_fd();
    if let Err(errno) = call!(libc::SYS_ftruncate, number, 4096) {
        return Outcome::not_tried(errno.to_string());
    }
    match map_file(number, READ_WRITE, libc::MAP_SHARED) {
        Ok(_writable) => Outcome::if_success(map_file(number, READ_EXEC, libc::MAP_SHARED)),
        Err(errno) => Outcome::shut(errno.to_string()),
    }
}

fn segment() -> Outcome {
    let id = match call!(libc::SYS_shmget, libc::IPC_PRIVATE, 4096, 0o700) {
        Ok(id) => id,
        Err(errno) => return Outcome::shut(format!("shmget: {errno}")),
    };
    let attached = SharedSegment::attach(id, libc::SHM_EXEC, 4096);
    let _ = call!(libc::SYS_shmctl, id, libc::IPC_RMID, 0);
    Outcome::if_success(attached)
}
