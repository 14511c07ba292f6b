//! Reaching the host and the world over the network.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor};

const PATIENCE: Duration = Duration::from_millis(700);

pub(super) const PROBES: &[Probe] = &[
    Probe::new("tcp-host-loopback", Boundary, "connect to the host's loopback", |c| {
        settle(loopback(c).map(tcp))
    }),
    Probe::new(
        "tcp-host-loopback-mapped",
        Boundary,
        "connect to the host's loopback over IPv6",
        |c| settle(loopback(c).map(|address| tcp(mapped(address)))),
    ),
    Probe::new("tcp-host-any-address", Boundary, "connect to the host by address 0.0.0.0", |c| {
        settle(c.number("tcp2").map(|port| tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))))
    }),
    Probe::new("tcp-host-address", Boundary, "connect to the host's own address", |c| {
        settle(host(c, "tcp2").map(tcp))
    }),
    Probe::new(
        "multipath-host-loopback",
        Boundary,
        "connect by MPTCP to the host's loopback",
        |c| settle(loopback(c).map(|address| raw_connect(address, libc::SOCK_STREAM, 262))),
    ),
    Probe::new("multipath-host-address", Boundary, "connect by MPTCP to the host's address", |c| {
        settle(host(c, "tcp2").map(|address| raw_connect(address, libc::SOCK_STREAM, 262)))
    }),
    Probe::new("fast-open-host-loopback", Boundary, "reach the host by TCP without connect", |c| {
        settle(loopback(c).map(fast_open))
    }),
    Probe::new(
        "fast-open-host-address",
        Boundary,
        "reach the host's address without connect",
        |c| settle(host(c, "tcp2").map(fast_open)),
    ),
    Probe::new("udp-host-loopback", Boundary, "send to the host's loopback", |c| {
        settle(c.number("udp").map(|port| udp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))))
    }),
    Probe::new("udp-host-address", Boundary, "send to the host's own address", |c| {
        settle(host(c, "udp").map(udp))
    }),
    Probe::new("route-to-world", Boundary, "have a route to the internet", |_| {
        route(Ipv4Addr::new(192, 0, 2, 1))
    }),
    Probe::new("route-to-metadata", Boundary, "have a route to a cloud's metadata service", |_| {
        route(Ipv4Addr::new(169, 254, 169, 254))
    }),
    Probe::new("host-interfaces-visible", Boundary, "see network interfaces but loopback", |_| {
        interfaces()
    }),
    Probe::new("host-routes-visible", Boundary, "see a routing table", |_| routes()),
    Probe::new("tcp-bind-listen", Kernel, "listen on a loopback port", |_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        Outcome::if_success(listener.map_err(Errno::from))
    }),
    Probe::new("tcp-bind-privileged", Kernel, "listen on a port below 1024", |_| {
        Outcome::if_success(TcpListener::bind((Ipv4Addr::LOCALHOST, 1019)).map_err(Errno::from))
    }),
    Probe::new("tcp-connect-own", Kernel, "talk to itself over loopback", |_| own()),
    Probe::new("interface-bring-down", Kernel, "change an interface", |_| interface_flags()),
    Probe::new("socket-option-force-buffer", Kernel, "force larger socket buffers", |_| {
        option(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE)
    }),
    Probe::new("socket-option-mark", Kernel, "mark packets to pass the firewall", |_| {
        option(libc::SOL_SOCKET, libc::SO_MARK)
    }),
    Probe::new("socket-option-transparent", Kernel, "send with addresses not its own", |_| {
        option(libc::SOL_IP, libc::IP_TRANSPARENT)
    }),
    Probe::new("socket-option-firewall", Kernel, "replace firewall tables", |_| {
        // Table of size 0: refused after the right is checked.
        match udp_socket() {
            Ok(socket) => Outcome::unless_refused(call!(
                libc::SYS_setsockopt,
                socket.as_raw_fd(),
                libc::SOL_IP,
                64,
                0,
                0
            ))
            .but_shut_for(libc::ENOPROTOOPT),
            Err(errno) => Outcome::shut(format!("socket: {errno}")),
        }
    }),
];

impl Outcome {
    /// An answer that says the kernel has no such thing.
    fn but_shut_for(self, number: i32) -> Self {
        if self.detail.contains(&Errno(number).to_string()) {
            Self::shut(Errno(number).to_string())
        } else {
            self
        }
    }
}

fn loopback(context: &Context) -> Result<SocketAddr, Outcome> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, context.number("tcp")?)))
}

fn host(context: &Context, port: &str) -> Result<SocketAddr, Outcome> {
    let address: IpAddr = context
        .need("hostip")?
        .parse()
        .map_err(|_| Outcome::not_tried("hostip= is not an address"))?;
    Ok(SocketAddr::new(address, context.number(port)?))
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

fn tcp(address: SocketAddr) -> Outcome {
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(_) => Outcome::open(format!("connected to {address}")),
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Outcome::shut("no answer"),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    }
}

fn udp(address: SocketAddr) -> Outcome {
    let sent = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.send_to(b"ringfence-probe", address));
    // Sent is not received: the host looks at its end as well.
    Outcome::if_success(sent.map_err(Errno::from))
}

/// Choosing a peer for a datagram socket looks for a route and sends nothing.
fn route(address: Ipv4Addr) -> Outcome {
    let chosen = udp_socket().and_then(|socket| socket.connect((address, 9)).map_err(Errno::from));
    Outcome::if_success(chosen)
}

fn udp_socket() -> Result<UdpSocket, Errno> {
    Ok(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?)
}

/// The kernel's form of an IPv4 address.
fn kernel_address(address: SocketAddr) -> Option<[u8; 16]> {
    let IpAddr::V4(ip) = address.ip() else { return None };
    let mut bytes = [0_u8; 16];
    let family = u16::try_from(libc::AF_INET).ok()?.to_ne_bytes();
    let head = family.into_iter().chain(address.port().to_be_bytes()).chain(ip.octets());
    for (slot, byte) in bytes.iter_mut().zip(head) {
        *slot = byte;
    }
    Some(bytes)
}

fn raw_connect(address: SocketAddr, kind: i32, protocol: i32) -> Outcome {
    let Some(bytes) = kernel_address(address) else { return Outcome::not_tried("not IPv4") };
    let kind = kind | libc::SOCK_CLOEXEC;
    match descriptor(call!(libc::SYS_socket, libc::AF_INET, kind, protocol)) {
        Ok(socket) => Outcome::if_success(call!(libc::SYS_connect, socket.as_raw_fd(), &bytes, 16)),
        Err(errno) => Outcome::shut(format!("socket: {errno}")),
    }
}

fn fast_open(address: SocketAddr) -> Outcome {
    let Some(bytes) = kernel_address(address) else { return Outcome::not_tried("not IPv4") };
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    match descriptor(call!(libc::SYS_socket, libc::AF_INET, kind, 0)) {
        Ok(socket) => Outcome::if_success(call!(
            libc::SYS_sendto,
            socket.as_raw_fd(),
            b"x",
            1,
            libc::MSG_FASTOPEN | libc::MSG_NOSIGNAL,
            &bytes,
            16
        )),
        Err(errno) => Outcome::shut(format!("socket: {errno}")),
    }
}

fn interfaces() -> Outcome {
    let list = match std::fs::read_to_string("/proc/net/dev") {
        Ok(list) => list,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim())
        // Every new network namespace is born with these, down and unused.
        .filter(|name| !matches!(*name, "lo" | "tunl0" | "sit0" | "ip6tnl0" | "gre0" | "gretap0"))
        .collect();
    if names.is_empty() { Outcome::shut("loopback only") } else { Outcome::open(names.join(" ")) }
}

fn routes() -> Outcome {
    match std::fs::read_to_string("/proc/net/route") {
        Ok(table) if table.lines().count() > 1 => {
            Outcome::open(format!("{} routes", table.lines().count() - 1))
        }
        Ok(_) => Outcome::shut("empty"),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    }
}

fn own() -> Outcome {
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(listener) => listener,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    match listener.local_addr() {
        Ok(address) => tcp(address),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    }
}

/// Sets the flags of the loopback interface to what they are.
fn interface_flags() -> Outcome {
    let socket = match udp_socket() {
        Ok(socket) => socket,
        Err(errno) => return Outcome::shut(format!("socket: {errno}")),
    };
    let mut request = [0_u8; 40];
    for (slot, byte) in request.iter_mut().zip(*b"lo") {
        *slot = byte;
    }
    let number = socket.as_raw_fd();
    if let Err(errno) = call!(libc::SYS_ioctl, number, libc::SIOCGIFFLAGS, &mut request) {
        return Outcome::shut(errno.to_string());
    }
    Outcome::if_success(call!(libc::SYS_ioctl, number, libc::SIOCSIFFLAGS, &request))
}

fn option(level: i32, name: i32) -> Outcome {
    let one = 1_i32.to_ne_bytes();
    match udp_socket() {
        Ok(socket) => Outcome::if_success(call!(
            libc::SYS_setsockopt,
            socket.as_raw_fd(),
            level,
            name,
            &one,
            4
        )),
        Err(errno) => Outcome::shut(format!("socket: {errno}")),
    }
}
