//! Who is asked, and who may be asked because of what they said.

use ringfence_types::{Reach, reach};
use std::net::{IpAddr, SocketAddr};
use url::{Host, Url};

/// A server, as a browser tells them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The server of an address; nothing for one that is not of the web.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host_str()?.trim_end_matches('.').to_owned();
        Some(Self { secure, host, port: url.port_or_known_default()? })
    }

    /// Whether nobody can listen on the way there.
    pub(crate) const fn is_secure(&self) -> bool {
        self.secure
    }

    /// `HOST:PORT` as an address of HTTP has it.
    pub(crate) fn is_at(&self, host: &str, port: u16) -> bool {
        self.host == host.trim_end_matches('.') && self.port == port
    }
}

/// Whether an address is this machine by how it is written, before anybody is asked.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).to_canonical().is_loopback(),
        None => false,
    }
}

/// Of the addresses of a name, those that may be asked because somebody was led there.
pub(crate) fn is_public(address: &SocketAddr) -> bool {
    matches!(reach(address.ip()), Reach::Public)
}
