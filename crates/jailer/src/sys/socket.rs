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
    let family = u16::try_from(family).map_err(|_| Errno(libc::EINVAL))?;
    let mut place = Address { family, port: port.to_be_bytes(), ..Address::default() };
    let fd = raw(socket.as_raw_fd());
    let length: u32 = if i32::from(family) == libc::AF_INET {
        place.first = [127, 0, 0, 1];
        16
    } else {
        place.inet6 = 1_u128.to_be_bytes();
        28
    };
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
