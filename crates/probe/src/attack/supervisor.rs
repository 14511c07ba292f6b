//! The first process of the jail, which supervises the rest. Whoever can
//! write to it forges the report of how the plugin ended.

use std::os::fd::AsRawFd;

use super::scratch::{openable, readable, writable};
use crate::catalog::Class::Boundary;
use crate::context::settle;
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor};

macro_rules! of_init {
    ($($id:literal $what:literal $attempt:expr;)*) => {
        pub(super) const PROBES: &[Probe] = &[$(
            Probe::new($id, Boundary, $what, |context| {
                settle(context.init().map(|init| ($attempt)(init)))
            }),
        )*];
    };
}

of_init! {
    "init-environment-read" "read the environment of process 1"
        |_| readable(&["/proc/1/environ"]);
    "init-memory-write" "open the memory of process 1 for writing"
        |_| writable(&["/proc/1/mem"]);
    "init-memory-read" "open the memory of process 1 for reading"
        |_| openable(&["/proc/1/mem"]);
    "init-memory-map-read" "read where the memory of process 1 lies"
        |_| readable(&["/proc/1/maps"]);
    "init-root-reach" "reach another root through process 1"
        |_| root_of_init();
    "init-directory-reach" "reach the directory of process 1"
        |_| link_of_init("/proc/1/cwd/.");
    "init-program-read" "open the program of process 1"
        |_| openable(&["/proc/1/exe"]);
    "init-program-write" "overwrite the program of process 1"
        |_| writable(&["/proc/1/exe"]);
    "init-descriptors-list" "list the descriptors of process 1"
        |_| match std::fs::read_dir("/proc/1/fd") {
            Ok(list) => Outcome::open(format!("{} descriptors", list.count())),
            Err(error) => Outcome::shut(Errno::from(error).to_string()),
        };
    "init-stack-read" "read the kernel stack of process 1"
        |_| readable(&["/proc/1/stack"]);
    "init-call-read" "read the system call of process 1"
        |_| readable(&["/proc/1/syscall"]);
    "init-auxiliary-read" "read the start-up vector of process 1"
        |_| readable(&["/proc/1/auxv"]);
    "init-oom-score-write" "make process 1 the first to be killed"
        |_| writable(&["/proc/1/oom_score_adj", "/proc/1/oom_adj"]);
    "init-trace-seize" "trace process 1"
        |init: i32| Outcome::if_success(call!(libc::SYS_ptrace, libc::PTRACE_SEIZE, init, 0, 0));
    "init-memory-read-call" "read the memory of process 1 by a call"
        |init: i32| Outcome::unless_missing(
            call!(libc::SYS_process_vm_readv, init, 0, 0, 0, 0, 0)
        );
    "init-descriptor-steal" "take a descriptor out of process 1"
        steal;
}

impl Outcome {
    /// Like `if_success`, where an empty request succeeds without a check: the
    /// call is then only reachable, and the right is asked for separately.
    fn unless_missing(reached: Result<i64, Errno>) -> Self {
        match reached {
            Err(errno) => Self::shut(errno.to_string()),
            Ok(_) => readable(&["/proc/1/maps"]),
        }
    }
}

fn steal(pid: i32) -> Outcome {
    let process = match descriptor(call!(libc::SYS_pidfd_open, pid, 0)) {
        Ok(process) => process,
        Err(errno) => return Outcome::shut(format!("pidfd_open: {errno}")),
    };
    // Closed at once, unused.
    Outcome::if_success(descriptor(call!(libc::SYS_pidfd_getfd, process.as_raw_fd(), 0, 0)))
}

fn link_of_init(path: &str) -> Outcome {
    match std::fs::metadata(path) {
        Ok(_) => Outcome::open("reached"),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    }
}

/// Our own root behind that link is no gain.
fn root_of_init() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata("/proc/1/root/."), std::fs::metadata("/.")) {
        (Ok(theirs), Ok(ours)) if (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()) => {
            Outcome::shut("its root is ours")
        }
        (Ok(_), _) => Outcome::open("another root"),
        (Err(error), _) => Outcome::shut(Errno::from(error).to_string()),
    }
}
