//! Where granted datagrams end inside a jail: one address and port for each grant.

use crate::names::Names;
use ringfence_types::Host;
use std::net::{IpAddr, SocketAddr};

/// Most places of one jail. Each is a socket, with what waits in it.
const MOST: usize = 64;

/// One host and port to which datagrams were granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatagramPlace {
    /// The name, or the address where one was granted as such.
    pub host: Host,
    /// The port, inside and outside.
    pub port: u16,
    /// Where the plugin sends to: what stands for the name, or the address itself.
    pub inside: SocketAddr,
}

/// More places than a jail may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("datagrams were granted to more than {MOST} hosts and ports, which is the most")]
pub struct TooManyPlaces;

impl DatagramPlace {
    /// The places for what was granted, each once. The same grants in the same order
    /// have the same places.
    ///
    /// # Errors
    /// When there are too many.
    pub fn all<'a>(
        granted: impl IntoIterator<Item = (&'a Host, u16)>,
    ) -> Result<Vec<Self>, TooManyPlaces> {
        let mut names = Names::default();
        let mut places: Vec<Self> = Vec::new();
        for (host, port) in granted {
            let Some(address) = inside(host, &mut names) else { continue };
            let place = Self { host: host.clone(), port, inside: SocketAddr::new(address, port) };
            // An address could be one that stands for a name here; the name has it.
            if places.iter().any(|known| known.inside == place.inside) {
                continue;
            }
            if places.len() >= MOST {
                return Err(TooManyPlaces);
            }
            places.push(place);
        }
        Ok(places)
    }
}

/// `None` for the loopback, which inside a jail is the jail's own.
fn inside(host: &Host, names: &mut Names) -> Option<IpAddr> {
    match host.address() {
        Some(address) => Some(address.to_canonical()).filter(|address| !address.is_loopback()),
        None => names.address_of(host).map(IpAddr::from),
    }
}

/// The names of a jail with these places, each with the address that it has there.
pub(crate) fn names_of<'a>(places: impl IntoIterator<Item = &'a DatagramPlace>) -> Names {
    let mut names = Names::default();
    for place in places {
        let _ = inside(&place.host, &mut names);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(granted: &[(&str, u16)]) -> Result<Vec<DatagramPlace>, TooManyPlaces> {
        let hosts: Vec<(Host, u16)> =
            granted.iter().map(|(host, port)| (host.parse().unwrap(), *port)).collect();
        DatagramPlace::all(hosts.iter().map(|(host, port)| (host, *port)))
    }

    #[test]
    fn a_name_has_one_address_for_all_its_ports_and_an_address_is_itself() {
        let all = places(&[
            ("a.example", 443),
            ("b.example", 443),
            ("192.0.2.1", 53),
            ("[2001:db8::1]", 53),
            ("A.example.", 53),
            ("a.example", 443),
        ])
        .unwrap();
        let inside: Vec<String> = all.iter().map(|place| place.inside.to_string()).collect();
        assert_eq!(
            inside,
            [
                "29.198.0.1:443",
                "29.198.0.2:443",
                "192.0.2.1:53",
                "[2001:db8::1]:53",
                "29.198.0.1:53"
            ]
        );
        let names = names_of(&all);
        for place in &all {
            assert_eq!(names.meant_by(place.inside.ip()), place.host);
        }
    }

    #[test]
    fn the_loopback_of_the_jail_is_never_a_place_nor_what_stands_for_a_name_taken_twice() {
        assert_eq!(places(&[("127.0.0.1", 443), ("[::1]", 443), ("127.9.9.9", 1)]), Ok(Vec::new()));
        assert_eq!(places(&[("a.example", 443), ("29.198.0.1", 443)]).unwrap().len(), 1);
    }

    #[test]
    fn a_jail_has_no_more_places_than_it_may() {
        let ports = |count: u16| (1..=count).map(|port| ("a.example", port)).collect::<Vec<_>>();
        assert_eq!(places(&ports(64)).unwrap().len(), 64);
        assert_eq!(places(&ports(65)), Err(TooManyPlaces));
    }
}
