//! Talking to the host through shared memory, queues and named sockets.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};

use super::scratch::readable_bait;
use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{SharedSegment, call, descriptor};

/// The queue of these probes; created and removed at once.
const QUEUE: &std::ffi::CStr = c"ringfence-probe";

pub(super) const PROBES: &[Probe] = &[
    Probe::new("shared-memory-file", Boundary, "read the host's file in /dev/shm", |c| {
        settle(c.need("shm").map(|path| readable_bait(&[path])))
    }),
    Probe::new("shared-memory-segment", Boundary, "read the host's System V memory", |c| {
        settle(segment(c))
    }),
    Probe::new("shared-memory-list", Boundary, "see the host's System V memory listed", |c| {
        settle(listed(c))
    }),
    Probe::new("abstract-socket", Boundary, "connect to the host's abstract socket", |c| {
        settle(abstract_socket(c))
    }),
    Probe::new("abstract-socket-datagram", Boundary, "send to the host's abstract socket", |c| {
        settle(abstract_datagram(c))
    }),
    Probe::new("path-socket", Boundary, "connect to a socket file of the host", |c| {
        settle(
            c.path("unix")
                .map(|path| Outcome::if_success(UnixStream::connect(path).map_err(Errno::from))),
        )
    }),
    Probe::new("socket-list", Boundary, "see the host's Unix sockets listed", |c| {
        settle(socket_list(c))
    }),
    Probe::new("container-daemon-socket", Boundary, "reach a container or system daemon", |_| {
        for path in [
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/run/containerd/containerd.sock",
            "/run/podman/podman.sock",
            "/run/dbus/system_bus_socket",
            "/run/systemd/private",
            "/run/systemd/journal/socket",
            "/dev/log",
        ] {
            if std::fs::symlink_metadata(path).is_ok() {
                return Outcome::open(path);
            }
        }
        Outcome::shut("absent")
    }),
    Probe::new("message-queue-open", Kernel, "create a POSIX message queue", |_| {
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC;
        let queue = descriptor(call!(libc::SYS_mq_open, QUEUE, flags, 0o600, 0));
        if queue.is_ok() {
            let _ = call!(libc::SYS_mq_unlink, QUEUE);
        }
        Outcome::if_success(queue)
    }),
    Probe::new("message-queue-system-five", Kernel, "create a System V message queue", |_| {
        create_and_remove(libc::SYS_msgget, &[0, 0o600], libc::SYS_msgctl, false)
    }),
    Probe::new("semaphore-system-five", Kernel, "create System V semaphores", |_| {
        create_and_remove(libc::SYS_semget, &[0, 1, 0o600], libc::SYS_semctl, true)
    }),
    Probe::new("shared-memory-system-five", Kernel, "create System V shared memory", |_| {
        create_and_remove(libc::SYS_shmget, &[0, 4096, 0o600], libc::SYS_shmctl, false)
    }),
];

fn segment(context: &Context) -> Result<Outcome, Outcome> {
    let key: i32 = context.number("shmkey")?;
    let id = match call!(libc::SYS_shmget, key, 0, 0) {
        Ok(id) => id,
        Err(errno) => return Ok(Outcome::shut(errno.to_string())),
    };
    Ok(match SharedSegment::attach(id, libc::SHM_RDONLY, 64) {
        Ok(segment) => Outcome::open(String::from_utf8_lossy(&segment.read()).into_owned()),
        Err(errno) => Outcome::shut(errno.to_string()),
    })
}

fn listed(context: &Context) -> Result<Outcome, Outcome> {
    let key: i32 = context.number("shmkey")?;
    let list = match std::fs::read_to_string("/proc/sysvipc/shm") {
        Ok(list) => list,
        Err(error) => return Ok(Outcome::shut(Errno::from(error).to_string())),
    };
    let key = key.to_string();
    let found = list.lines().any(|line| line.split_whitespace().next() == Some(&key));
    Ok(if found { Outcome::open("listed") } else { Outcome::shut("not listed") })
}

fn abstract_address(context: &Context) -> Result<SocketAddr, Outcome> {
    SocketAddr::from_abstract_name(context.need("abs")?)
        .map_err(|_| Outcome::not_tried("abs= is not a socket name"))
}

fn abstract_socket(context: &Context) -> Result<Outcome, Outcome> {
    let address = abstract_address(context)?;
    Ok(Outcome::if_success(UnixStream::connect_addr(&address).map_err(Errno::from)))
}

fn abstract_datagram(context: &Context) -> Result<Outcome, Outcome> {
    let address = abstract_address(context)?;
    let socket = UnixDatagram::unbound()
        .map_err(|error| Outcome::shut(format!("socket: {}", Errno::from(error))))?;
    Ok(match socket.connect_addr(&address).map_err(Errno::from) {
        // It is there, only of the other kind.
        Err(Errno(libc::EPROTOTYPE)) => Outcome::open("it is there"),
        result => Outcome::if_success(result),
    })
}

fn socket_list(context: &Context) -> Result<Outcome, Outcome> {
    let name = context.need("abs")?;
    Ok(match std::fs::read("/proc/net/unix") {
        Ok(list) if String::from_utf8_lossy(&list).contains(name) => Outcome::open("listed"),
        Ok(_) => Outcome::shut("not listed"),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    })
}

/// Creates a private object and removes it again.
fn create_and_remove(create: i64, arguments: &[i32], control: i64, with_index: bool) -> Outcome {
    let arguments: Vec<_> = arguments.iter().map(|value| (*value).into()).collect();
    let created = crate::sys::by_number(create, &arguments);
    if let Ok(id) = created {
        let removed = if with_index {
            call!(control, id, 0, libc::IPC_RMID, 0)
        } else {
            call!(control, id, libc::IPC_RMID, 0)
        };
        if let Err(errno) = removed {
            return Outcome::open(format!("created {id}, not removed: {errno}"));
        }
    }
    Outcome::if_success(created)
}
