//! Sockets of a jail's own network.

use super::{Errno, OwnedFd, Result, address, call, owned, raw};

/// A socket that is closed on exec.
pub(crate) fn socket(family: i32, kind: i32) -> Result<OwnedFd> {
    open(family, kind, 0)
}

/// A netlink socket.
pub(crate) fn netlink(protocol: i32) -> Result<OwnedFd> {
    open(libc::AF_NETLINK, libc::SOCK_RAW, protocol)
}

fn open(family: i32, kind: i32, protocol: i32) -> Result<OwnedFd> {
    let kind = kind | libc::SOCK_CLOEXEC;
    call(libc::SYS_socket, [raw(family), raw(kind), raw(protocol), 0, 0, 0]).map(owned)
}

/// `sockaddr_in` and `sockaddr_in6` in one: family, port, and then what the
/// family says.
#[repr(C)]
#[derive(Default)]
struct Address {
    family: u16,
    port: [u8; 2],
    /// IPv4 address or IPv6 flow label.
    first: [u8; 4],
    /// IPv6 address.
    inet6: [u8; 16],
    scope: u32,
}

/// Binds to `port` of the family's loopback, or to any free one for 0, and says
/// which.
pub(crate) fn bind_loopback(socket: &OwnedFd, family: i32, port: u16) -> Result<u16> {
    if family == libc::AF_INET {
        bind_ipv4(socket, [127, 0, 0, 1], port)
    } else {
        bind_ipv6(socket, 1_u128.to_be_bytes(), port)
    }
}

/// Binds to `port` of an address of IPv4 and says which port it is.
pub(crate) fn bind_ipv4(socket: &OwnedFd, address: [u8; 4], port: u16) -> Result<u16> {
    bind(socket, libc::AF_INET, Address { first: address, ..Address::default() }, port, 16)
}

/// The same for IPv6.
pub(crate) fn bind_ipv6(socket: &OwnedFd, address: [u8; 16], port: u16) -> Result<u16> {
    bind(socket, libc::AF_INET6, Address { inet6: address, ..Address::default() }, port, 28)
}

/// Lets a socket of IPv6 bind to an address that no interface has.
pub(crate) fn bind_freely(socket: &OwnedFd) -> Result<()> {
    const IPV6_FREEBIND: i32 = 78;
    let (fd, yes) = (raw(socket.as_raw_fd()), 1_i32);
    let (level, option) = (raw(libc::IPPROTO_IPV6), raw(IPV6_FREEBIND));
    call(libc::SYS_setsockopt, [fd, level, option, address(&yes), size_of::<i32>(), 0]).map(drop)
}

fn bind(socket: &OwnedFd, family: i32, mut place: Address, port: u16, length: u32) -> Result<u16> {
    place.family = u16::try_from(family).map_err(|_| Errno(libc::EINVAL))?;
    place.port = port.to_be_bytes();
    let fd = raw(socket.as_raw_fd());
    call(libc::SYS_bind, [fd, address(&place), length as usize, 0, 0, 0])?;
    let mut length = length;
    let (to, size) = (core::ptr::from_mut(&mut place) as usize, core::ptr::from_mut(&mut length));
    call(libc::SYS_getsockname, [fd, to, size as usize, 0, 0, 0])?;
    Ok(u16::from_be_bytes(place.port))
}

/// Accepts connections, as many waiting at once as the kernel lets.
pub(crate) fn listen(socket: &OwnedFd) -> Result<()> {
    let fd = raw(socket.as_raw_fd());
    call(libc::SYS_listen, [fd, 4096, 0, 0, 0, 0]).map(drop)
}
