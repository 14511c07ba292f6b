//! Making namespaces, entering others, and what a fresh one opens up.

use std::fs::{File, read_link};
use std::os::fd::AsRawFd;

use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::outcome::{Outcome, Probe};
use crate::sys::{self, call, descriptor};

const TIME: i32 = 0x80;

macro_rules! namespace_probes {
    ($($unshare:literal $clone:literal $clone3:literal $what:literal $flag:expr;)*) => {
        pub(super) const MAKING: &[Probe] = &[$(
            Probe::new($unshare, Kernel, concat!("leave for an own ", $what, " namespace"), |_| {
                Outcome::if_success(call!(libc::SYS_unshare, $flag))
            }),
            Probe::new($clone, Kernel, concat!("clone into an own ", $what, " namespace"), |_| {
                clone($flag)
            }),
            Probe::new($clone3, Kernel, concat!("clone3 into an own ", $what, " namespace"), |_| {
                clone3($flag)
            }),
        )*];
    };
}

namespace_probes! {
    "unshare-user" "clone-user" "clone3-user" "user" libc::CLONE_NEWUSER;
    "unshare-mount" "clone-mount" "clone3-mount" "mount" libc::CLONE_NEWNS;
    "unshare-process" "clone-process" "clone3-process" "process" libc::CLONE_NEWPID;
    "unshare-network" "clone-network" "clone3-network" "network" libc::CLONE_NEWNET;
    "unshare-ipc" "clone-ipc" "clone3-ipc" "IPC" libc::CLONE_NEWIPC;
    "unshare-names" "clone-names" "clone3-names" "host name" libc::CLONE_NEWUTS;
    "unshare-cgroup" "clone-cgroup" "clone3-cgroup" "cgroup" libc::CLONE_NEWCGROUP;
}

pub(super) const PROBES: &[Probe] = &[
    Probe::new("unshare-time", Kernel, "leave for an own time namespace", |_| {
        Outcome::if_success(call!(libc::SYS_unshare, TIME))
    }),
    Probe::new("clone3-time", Kernel, "clone3 into an own time namespace", |_| clone3(TIME)),
    Probe::new("clone3-plain", Kernel, "use clone3, whose flags no filter can read", |_| clone3(0)),
    boundary("enter-network-of-init", "enter the network of process 1", |c| {
        settle(enter_init(c, "net"))
    }),
    boundary("enter-mounts-of-init", "enter the mounts of process 1", |c| {
        settle(enter_init(c, "mnt"))
    }),
    boundary("enter-users-of-init", "enter the users of process 1", |c| {
        settle(enter_init(c, "user"))
    }),
    boundary("enter-processes-of-init", "enter the processes of process 1", |c| {
        settle(enter_init(c, "pid"))
    }),
    boundary("enter-ipc-of-init", "enter the IPC of process 1", |c| settle(enter_init(c, "ipc"))),
    boundary("enter-names-of-init", "enter the host name of process 1", |c| {
        settle(enter_init(c, "uts"))
    }),
    boundary("enter-cgroup-of-init", "enter the cgroup view of process 1", |c| {
        settle(enter_init(c, "cgroup"))
    }),
    boundary("enter-all-of-init-by-descriptor", "enter process 1 by a process descriptor", |c| {
        settle(c.init().map(enter_by_descriptor))
    }),
    boundary("enter-all-of-host-by-descriptor", "enter a host process by descriptor", |c| {
        settle(c.number("hostpid").map(enter_by_descriptor))
    }),
    boundary("share-network", "share the host's network namespace", |c| settle(same(c, "net"))),
    boundary("share-mounts", "share the host's mount namespace", |c| settle(same(c, "mnt"))),
    boundary("share-processes", "share the host's process namespace", |c| settle(same(c, "pid"))),
    boundary("share-ipc", "share the host's IPC namespace", |c| settle(same(c, "ipc"))),
    boundary("share-names", "share the host's host-name namespace", |c| settle(same(c, "uts"))),
    boundary("share-cgroup", "share the host's cgroup namespace", |c| settle(same(c, "cgroup"))),
    boundary("share-users", "share the host's user namespace", |c| settle(same(c, "user"))),
    Probe::new("fresh-namespace-nftables", Kernel, "reach nf_tables from fresh namespaces", |_| {
        after_unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET, nftables)
    }),
    Probe::new("fresh-namespace-routing", Kernel, "reach routing from fresh namespaces", |_| {
        after_unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET, routing)
    }),
    Probe::new(
        "fresh-namespace-cgroup-mount",
        Kernel,
        "mount cgroups from fresh namespaces",
        |_| {
            let flags = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWCGROUP;
            after_unshare(flags, || mount_over_tmp(c"cgroup2"))
        },
    ),
    Probe::new(
        "fresh-namespace-tmpfs-mount",
        Kernel,
        "mount a tmpfs from fresh namespaces",
        |_| after_unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS, || mount_over_tmp(c"tmpfs")),
    ),
];

const fn boundary(id: &'static str, what: &'static str, attempt: fn(&Context) -> Outcome) -> Probe {
    Probe::new(id, Boundary, what, attempt)
}

const SIGNAL_AT_END: i32 = libc::SIGCHLD;

fn clone(flag: i32) -> Outcome {
    let arguments = [(flag | SIGNAL_AT_END).into()];
    Outcome::if_success(sys::clone_with(libc::SYS_clone, &arguments))
}

fn clone3(flag: i32) -> Outcome {
    // flags, pidfd, child_tid, parent_tid, exit_signal, and no stack.
    let mut arguments = [0_u64; 11];
    let wanted = [u64::from(flag.cast_unsigned()), 0, 0, 0, 17];
    for (slot, word) in arguments.iter_mut().zip(wanted) {
        *slot = word;
    }
    let arguments = [(&mut arguments).into(), 88.into()];
    Outcome::if_success(sys::clone_with(libc::SYS_clone3, &arguments))
}

fn enter_init(context: &Context, kind: &str) -> Result<Outcome, Outcome> {
    let init = context.init()?;
    Ok(match File::open(format!("/proc/{init}/ns/{kind}")) {
        Ok(file) => Outcome::if_success(call!(libc::SYS_setns, file.as_raw_fd(), 0)),
        Err(error) => Outcome::shut(crate::errno::Errno::from(error).to_string()),
    })
}

fn enter_by_descriptor(pid: i32) -> Outcome {
    let process = match descriptor(call!(libc::SYS_pidfd_open, pid, 0)) {
        Ok(process) => process,
        Err(errno) => return Outcome::shut(format!("pidfd_open: {errno}")),
    };
    for flag in [libc::CLONE_NEWNET, libc::CLONE_NEWNS, libc::CLONE_NEWUTS, libc::CLONE_NEWUSER] {
        if call!(libc::SYS_setns, process.as_raw_fd(), flag).is_ok() {
            return Outcome::open(format!("entered {flag:#x}"));
        }
    }
    Outcome::if_success(call!(libc::SYS_setns, process.as_raw_fd(), libc::CLONE_NEWIPC))
}

/// Compares our namespace with the number that the host gave for its own.
fn same(context: &Context, kind: &str) -> Result<Outcome, Outcome> {
    let host = context.need(&format!("ns-{kind}"))?;
    let own = read_link(format!("/proc/self/ns/{kind}"))
        .map_err(|_| Outcome::not_tried("own namespace not readable"))?;
    let own = own.to_string_lossy().into_owned();
    Ok(if own.contains(&format!("[{host}]")) { Outcome::open(own) } else { Outcome::shut(own) })
}

fn after_unshare(flags: i32, then: impl FnOnce() -> Outcome) -> Outcome {
    match call!(libc::SYS_unshare, flags) {
        Ok(_) => then(),
        Err(errno) => Outcome::shut(format!("unshare: {errno}")),
    }
}

fn netlink(protocol: i32, message: &[u8; 32]) -> Outcome {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    match descriptor(call!(libc::SYS_socket, libc::AF_NETLINK, kind, protocol)) {
        Ok(socket) => Outcome::if_success(call!(
            libc::SYS_sendto,
            socket.as_raw_fd(),
            message,
            u32::from_ne_bytes([message[0], message[1], message[2], message[3]]),
            0,
            0,
            0
        )),
        Err(errno) => Outcome::shut(format!("socket: {errno}")),
    }
}

/// Asks nf_tables for its generation, which changes nothing.
fn nftables() -> Outcome {
    netlink(libc::NETLINK_NETFILTER, &netlink_message(20, 10 << 8 | 16))
}

/// Asks for the interfaces, which changes nothing.
fn routing() -> Outcome {
    netlink(libc::NETLINK_ROUTE, &netlink_message(32, libc::RTM_GETLINK))
}

fn netlink_message(length: u32, kind: u16) -> [u8; 32] {
    let mut message = [0_u8; 32];
    let request = 1_u16;
    let head = length
        .to_ne_bytes()
        .into_iter()
        .chain(kind.to_ne_bytes())
        .chain(request.to_ne_bytes())
        .chain(1_u32.to_ne_bytes());
    for (slot, byte) in message.iter_mut().zip(head) {
        *slot = byte;
    }
    message
}

/// The mount lives in a namespace that ends with this attempt.
fn mount_over_tmp(kind: &std::ffi::CStr) -> Outcome {
    Outcome::if_success(call!(libc::SYS_mount, kind, c"/tmp", kind, 0, 0))
}
