//! Where datagrams end inside a jail, in the words of the jailer.

use ringfence_jailer::DatagramPlace;
use ringfence_sandbox::StartError;
use std::net::{IpAddr, SocketAddr};

/// Any address does, since every question for a name is redirected; one of the
/// block for tests of devices (RFC 2544), so that no other block changes meaning.
pub(crate) const NAME_SERVER: &str = "198.18.0.1";
/// The port of it.
const NAMES: u16 = 53;

/// The places of a jail, unless one is where its programs ask for names.
pub(crate) fn places(all: &[SocketAddr]) -> Result<Vec<DatagramPlace>, StartError> {
    all.iter().map(place).collect()
}

fn place(inside: &SocketAddr) -> Result<DatagramPlace, StartError> {
    if inside.port() == NAMES && inside.ip().to_string() == NAME_SERVER {
        return Err(StartError::Plan(format!(
            "datagrams to {inside} cannot be granted: inside, names are asked for there"
        )));
    }
    let address = match inside.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    Ok(DatagramPlace { address: address.octets(), port: inside.port() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_names_are_asked_for_no_datagram_of_another_kind_goes() {
        let place = |text: &str| places(&[text.parse().unwrap()]);
        assert!(place("198.18.0.1:53").unwrap_err().to_string().contains("names are asked for"));
        assert!(place("198.18.0.1:54").is_ok() && place("192.0.2.1:53").is_ok());
        assert_eq!(place("[2001:db8::1]:9").unwrap()[0].address[..2], [0x20, 1]);
        assert_eq!(place("192.0.2.1:9").unwrap()[0].address[10..], [255, 255, 192, 0, 2, 1]);
    }
}
