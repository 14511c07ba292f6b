//! The network of a jail: no way out but sockets whose other ends the host holds.
//!
//! In a network namespace with nothing but a loopback, every address is made a
//! local one, and every connection and every question for a name is redirected
//! to the listeners made here. They are handed to the host, which then speaks
//! to the plugin through them from outside; nothing of the gate is inside, and
//! no interface, route, rule or privilege of the host is needed.
//!
//! Datagrams that were granted end in a socket of their own each. What is neither of
//! all these finds nobody listening, and the kernel itself answers that the port is
//! closed.

mod datagrams;
mod netlink;
mod redirect;
mod route;

use crate::spec::{DatagramPlace, JailSpec};
use crate::sys::OwnedFd;
use crate::sys::{self, Errno, RawFd};
use crate::wire::Report;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// What the host gets.
pub(crate) struct Ends {
    /// For IPv4 and then, where the kernel has it, for IPv6, a TCP listener and a UDP
    /// socket for names. None takes a port that the program listens at, or that
    /// datagrams are for.
    listeners: Vec<OwnedFd>,
    /// For each place, a UDP socket.
    datagrams: Vec<OwnedFd>,
}

/// Builds the network of a jail.
pub(crate) fn build(spec: &JailSpec) -> Result<Ends, Errno> {
    let published: &[u16] = &spec.published;
    let inet6 = match sys::socket(libc::AF_INET6, libc::SOCK_STREAM) {
        Ok(socket) => Some(socket),
        Err(Errno(libc::EAFNOSUPPORT)) => None,
        Err(error) => return Err(error),
    };
    let families: &[i32] =
        if inet6.is_some() { &[libc::AF_INET, libc::AF_INET6] } else { &[libc::AF_INET] };
    route::everything_is_local(families)?;

    let datagrams = datagrams::sockets(&spec.datagrams)?;
    let (listener, port) = free_port(published, &spec.datagrams)?;
    let names = sys::socket(libc::AF_INET, libc::SOCK_DGRAM)?;
    sys::bind_loopback(&names, libc::AF_INET, port)?;
    sys::listen(&listener)?;
    let mut listeners = vec![listener, names];
    if let Some(listener) = inet6 {
        sys::bind_loopback(&listener, libc::AF_INET6, port)?;
        let names = sys::socket(libc::AF_INET6, libc::SOCK_DGRAM)?;
        sys::bind_loopback(&names, libc::AF_INET6, port)?;
        sys::listen(&listener)?;
        listeners.extend([listener, names]);
    }
    redirect::everything_to(port, &spec.datagrams)?;
    keep_little();
    if published.iter().any(|port| *port < 1024) {
        // On a loopback of its own nobody is robbed of a port.
        set("ipv4/ip_unprivileged_port_start", b"0");
    }
    Ok(Ends { listeners, datagrams })
}

/// A socket at any port but those that the program itself will listen at, or that
/// datagrams are for.
fn free_port(published: &[u16], datagrams: &[DatagramPlace]) -> Result<(OwnedFd, u16), Errno> {
    // Held, so that the kernel gives each port once.
    let mut others = Vec::new();
    loop {
        let socket = sys::socket(libc::AF_INET, libc::SOCK_STREAM)?;
        let port = sys::bind_loopback(&socket, libc::AF_INET, 0)?;
        if !published.contains(&port) && datagrams.iter().all(|place| place.port != port) {
            return Ok((socket, port));
        }
        others.push(socket);
    }
}

/// What the kernel keeps for connections is memory that no cgroup counts. Both
/// ends are on this machine, so little of it and for a short time is enough.
/// Some of these settings are the namespace's own only on newer kernels.
const SETTINGS: &[(&str, &[u8])] = &[
    ("netfilter/nf_conntrack_tcp_timeout_time_wait", b"1"),
    ("netfilter/nf_conntrack_tcp_timeout_close", b"1"),
    // One side has closed: it lives, and counts, until the other one does.
    ("netfilter/nf_conntrack_tcp_timeout_close_wait", b"86400"),
    ("netfilter/nf_conntrack_tcp_timeout_fin_wait", b"86400"),
    ("netfilter/nf_conntrack_tcp_timeout_last_ack", b"1"),
    ("netfilter/nf_conntrack_udp_timeout", b"5"),
    ("ipv4/tcp_max_tw_buckets", b"1024"),
    // Least, first and most bytes that wait to be read, and to be sent.
    ("ipv4/tcp_rmem", b"4096 131072 262144"),
    ("ipv4/tcp_wmem", b"4096 16384 262144"),
];

fn keep_little() {
    for (name, value) in SETTINGS {
        set(name, value);
    }
}

fn set(name: &str, value: &[u8]) {
    let path = format!("/proc/sys/net/{name}\0");
    if let Ok(path) = core::ffi::CStr::from_bytes_with_nul(path.as_bytes()) {
        let _ = sys::write_file(path, value);
    }
}

/// Gives the sockets to the host. None stays here.
pub(crate) fn hand_over(ends: &Ends, status: &OwnedFd) -> Result<(), Errno> {
    let numbers =
        |sockets: &[OwnedFd]| -> Vec<RawFd> { sockets.iter().map(OwnedFd::as_raw_fd).collect() };
    sys::send(status, &Report::Network.encode(), &numbers(&ends.listeners))?;
    for some in ends.datagrams.chunks(sys::MAX_FDS) {
        sys::send(status, &Report::Datagrams.encode(), &numbers(some))?;
    }
    Ok(())
}
