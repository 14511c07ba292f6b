//! Sockets at which granted datagrams end: one for each address and port.
//!
//! They are bound before the program starts, each to the one address that stands for
//! what was granted, so the kernel itself refuses every other address and port, and
//! what the host sends back comes from where the program has sent to.

use crate::spec::DatagramPlace;
use crate::sys::{self, Errno, OwnedFd};
use alloc::vec::Vec;

/// One socket for each place, in their order.
pub(super) fn sockets(places: &[DatagramPlace]) -> Result<Vec<OwnedFd>, Errno> {
    places.iter().map(socket).collect()
}

fn socket(place: &DatagramPlace) -> Result<OwnedFd, Errno> {
    match place.ipv4() {
        Some(address) => {
            let socket = sys::socket(libc::AF_INET, libc::SOCK_DGRAM)?;
            sys::bind_ipv4(&socket, address, place.port)?;
            Ok(socket)
        }
        None => {
            let socket = sys::socket(libc::AF_INET6, libc::SOCK_DGRAM)?;
            // The route makes the address a local one, but IPv6 binds only to those
            // of an interface unless it is told not to look.
            sys::bind_freely(&socket)?;
            sys::bind_ipv6(&socket, place.address, place.port)?;
            Ok(socket)
        }
    }
}
