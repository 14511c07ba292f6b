//! What a grant of `network.request` reaches: matching and comparing.
//!
//! | scope | reaches |
//! |---|---|
//! | `api.example.com` | that name, TCP port 443, any protocol |
//! | `api.example.com:8443`, `api.example.com:*` | another port, every port |
//! | `*.example.com`, with a port as above | every name below `example.com`, not itself |
//! | `*` | every name of two or more labels, every TCP port; never an address |
//! | `192.0.2.1:5432`, `[2001:db8::1]` | that address, asked for as an address |
//! | `https://HOST[:PORT]` | TLS that shows the name, 443 if no port; nothing else |
//! | `https://HOST[:PORT]/path`, `.../path/*` | one path, or all that begin so; needs a gate that sees inside TLS |
//! | `http://HOST[:PORT][/path]` | plain HTTP, 80 if no port |
//! | `GET,HEAD https://HOST[/path]` | these methods only, with `https` or `http` |
//! | `tls-opaque://HOST[:PORT]` | TLS whatever name it shows, or none; 443 if no port |
//! | `udp://HOST:PORT` | datagrams to that one port; granted for one host at a time |
//!
//! `HOST` is a name, an address or `*.name`. With any TLS but `tls-opaque`, the
//! server name of the ClientHello must be the name that was asked for, and no
//! encrypted ClientHello may hide another. A name never reaches an address that
//! was asked for as an address, nor the other way round.

use crate::host::Host;
use crate::target::{NetworkTarget, Seen, Transport};
use crate::url_path::may_be_same_path;

/// What a grant of `network.request` reaches. See the table in
/// [`crate::Pattern`]; parsed once, matched without allocation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkScope {
    pub(crate) hosts: Hosts,
    pub(crate) port: Ports,
    pub(crate) protocol: Protocol,
    /// Sorted, each once; empty for every method.
    pub(crate) methods: Vec<Box<str>>,
    pub(crate) path: Option<PathScope>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Hosts {
    /// Every name of two or more labels.
    EveryName,
    /// Every name below this one.
    Below(Host),
    One(Host),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ports {
    Every,
    One(u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Protocol {
    /// No scheme: whatever is spoken over TCP.
    AnyTcp,
    Https,
    Http,
    TlsOpaque,
    Udp,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PathScope {
    /// In the form of [`crate::normal_url_path`].
    pub(crate) stem: Box<str>,
    pub(crate) is_prefix: bool,
}

/// Every name over TCP: what `*` means.
pub(crate) static EVERY_NAME: NetworkScope = NetworkScope {
    hosts: Hosts::EveryName,
    port: Ports::Every,
    protocol: Protocol::AnyTcp,
    methods: Vec::new(),
    path: None,
};

impl NetworkScope {
    /// Whether all that is known of `target` is in scope. While nothing was
    /// seen, a yes only opens the connection: decide again when it speaks.
    #[must_use]
    pub fn matches(&self, target: &NetworkTarget<'_>) -> bool {
        let udp = self.protocol == Protocol::Udp;
        if udp != (target.transport == Transport::Udp)
            || !self.port.holds(target.port)
            || !self.hosts.hold(target.host)
        {
            return false;
        }
        match (self.protocol, target.seen) {
            (Protocol::Udp, _) | (_, Seen::Nothing) => true,
            (Protocol::AnyTcp, Seen::Other | Seen::Http { .. }) => true,
            (
                Protocol::AnyTcp | Protocol::Https,
                Seen::Tls { server_name, encrypted_hello: false },
            ) => !self.looks_inside() && target.host.is_server_name(server_name),
            (Protocol::TlsOpaque, Seen::Tls { .. }) => true,
            (Protocol::Https, Seen::Http { secure: true, method, path })
            | (Protocol::Http, Seen::Http { secure: false, method, path }) => {
                self.holds_method(method)
                    && self.path.as_ref().is_none_or(|scope| scope.holds(path))
            }
            _ => false,
        }
    }

    /// Whether `target` is to be refused when this scope is denied. Errs on the
    /// side of yes, with one exception: when nothing was seen yet, a denied
    /// path, method or opaque TLS is left to the decision that will follow.
    #[must_use]
    pub fn may_touch(&self, target: &NetworkTarget<'_>) -> bool {
        let udp = target.transport == Transport::Udp;
        let other_transport = match self.protocol {
            // Who denies a name does not mean to leave QUIC open.
            Protocol::AnyTcp => false,
            Protocol::Udp => !udp,
            Protocol::Https | Protocol::Http | Protocol::TlsOpaque => udp,
        };
        if other_transport || !self.port.holds(target.port) || !self.hosts.hold_denied(target.host)
        {
            return false;
        }
        let may_be_inside = |method: &str, path: &str| {
            self.holds_method(method)
                && self
                    .path
                    .as_ref()
                    .is_none_or(|scope| may_be_same_path(&scope.stem, scope.is_prefix, path))
        };
        match (self.protocol, target.seen) {
            (Protocol::AnyTcp | Protocol::Udp, _) => true,
            (Protocol::TlsOpaque, Seen::Tls { server_name, encrypted_hello }) => {
                encrypted_hello || !target.host.is_server_name(server_name)
            }
            (Protocol::Https, Seen::Tls { .. }) => true,
            (Protocol::Https, Seen::Http { secure: true, method, path })
            | (Protocol::Http, Seen::Http { secure: false, method, path }) => {
                may_be_inside(method, path)
            }
            (Protocol::Https | Protocol::Http, Seen::Nothing) => !self.looks_inside(),
            _ => false,
        }
    }

    /// Whether some port or protocol of `host` is in scope: whether its name may
    /// be looked up.
    #[must_use]
    pub fn resolves(&self, host: &Host) -> bool {
        self.hosts.hold(host)
    }

    /// Whether this scope, when denied, leaves nothing of `host`.
    #[must_use]
    pub fn denies_all_of(&self, host: &Host) -> bool {
        self.protocol == Protocol::AnyTcp
            && self.port == Ports::Every
            && self.hosts.hold_denied(host)
    }

    /// Whether TLS is let through whatever name it shows.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.protocol == Protocol::TlsOpaque
    }

    /// Whether only a gate that reads the requests can hold this scope: it has
    /// a method or a path.
    #[must_use]
    pub fn looks_inside(&self) -> bool {
        !self.methods.is_empty() || self.path.is_some()
    }

    /// Whether it is about this host and port, whatever is asked for there.
    #[must_use]
    pub fn may_be_at(&self, place: &NetworkTarget<'_>) -> bool {
        self.port.holds(place.port) && self.hosts.hold_denied(place.host)
    }

    /// Whether it is about HTTP, in TLS or without.
    #[must_use]
    pub fn is_http(&self) -> bool {
        matches!(self.protocol, Protocol::Https | Protocol::Http)
    }

    /// Whether it is about datagrams.
    #[must_use]
    pub fn is_udp(&self) -> bool {
        self.protocol == Protocol::Udp
    }

    /// The one host, or none where it is about several.
    #[must_use]
    pub const fn host(&self) -> Option<&Host> {
        match &self.hosts {
            Hosts::One(host) => Some(host),
            Hosts::EveryName | Hosts::Below(_) => None,
        }
    }

    /// Whether it is about HTTP in TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.protocol == Protocol::Https
    }

    /// Whether TLS has to be opened to hold this scope.
    #[must_use]
    pub fn opens_tls(&self) -> bool {
        self.protocol == Protocol::Https && self.looks_inside()
    }

    /// Whether TLS with this place has to be opened to hold this scope.
    #[must_use]
    pub fn opens_tls_with(&self, host: &Host, port: u16) -> bool {
        self.opens_tls() && self.port.holds(port) && self.hosts.hold(host)
    }

    /// The port, or none for every port.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        match self.port {
            Ports::Every => None,
            Ports::One(port) => Some(port),
        }
    }

    /// Whether everything that `other` matches is matched by `self`. May say no
    /// when it cannot tell.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let protocol = self.protocol == other.protocol
            || (self.protocol == Protocol::AnyTcp
                && matches!(other.protocol, Protocol::Https | Protocol::Http));
        let methods = self.methods.is_empty()
            || (!other.methods.is_empty()
                && other.methods.iter().all(|method| self.holds_method(method)));
        let path = match (&self.path, &other.path) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wide), Some(narrow)) if narrow.is_prefix => {
                wide.is_prefix && narrow.stem.starts_with(&*wide.stem)
            }
            (Some(wide), Some(narrow)) => wide.holds(&narrow.stem),
        };
        let port = self.port == Ports::Every || self.port == other.port;
        protocol && methods && path && port && self.hosts.cover(&other.hosts)
    }

    /// Whether some connection may be in both. Errs on the side of yes.
    #[must_use]
    pub fn may_overlap(&self, other: &Self) -> bool {
        let ports =
            self.port == Ports::Every || other.port == Ports::Every || self.port == other.port;
        let udp = (self.protocol == Protocol::Udp, other.protocol == Protocol::Udp);
        let any = self.protocol == Protocol::AnyTcp || other.protocol == Protocol::AnyTcp;
        ports && (any || udp.0 == udp.1) && self.hosts.may_overlap(&other.hosts)
    }

    fn holds_method(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|known| **known == *method)
    }
}

impl Ports {
    const fn holds(self, port: u16) -> bool {
        match self {
            Self::Every => true,
            Self::One(one) => one == port,
        }
    }
}

impl PathScope {
    fn holds(&self, path: &str) -> bool {
        if self.is_prefix { path.starts_with(&*self.stem) } else { *self.stem == *path }
    }
}

impl Hosts {
    fn hold(&self, host: &Host) -> bool {
        match self {
            Self::EveryName => host.name().is_some() && !host.is_single_label(),
            Self::Below(suffix) => is_below(host, suffix),
            Self::One(one) => one == host,
        }
    }

    /// As [`Self::hold`], but `*` leaves nothing out.
    fn hold_denied(&self, host: &Host) -> bool {
        matches!(self, Self::EveryName) || self.hold(host)
    }

    fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::EveryName, Self::EveryName | Self::Below(_)) => true,
            (Self::Below(wide), Self::Below(narrow)) => wide == narrow || is_below(narrow, wide),
            (wide, Self::One(host)) => wide.hold(host),
            _ => false,
        }
    }

    fn may_overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::EveryName, _) | (_, Self::EveryName) => true,
            _ => self.cover(other) || other.cover(self),
        }
    }
}

fn is_below(host: &Host, suffix: &Host) -> bool {
    match (host.name(), suffix.name()) {
        (Some(name), Some(suffix)) => name
            .strip_suffix(suffix)
            .and_then(|front| front.strip_suffix('.'))
            .is_some_and(|front| !front.is_empty()),
        _ => false,
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
