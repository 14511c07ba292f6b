//! What a plugin wants to reach on the network, as far as it is known.

use crate::host::Host;
use std::fmt;

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A connection.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What the client has said on the connection so far. It is decided about once
/// when the connection is opened and again when something is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen<'a> {
    /// Nothing: only the connection is known.
    Nothing,
    /// A TLS ClientHello that will not be looked into.
    Tls {
        /// The `server_name` extension.
        server_name: Option<&'a str>,
        /// The true name may be another one: there is an encrypted ClientHello.
        encrypted_hello: bool,
    },
    /// The head of an HTTP request.
    Http {
        /// Whether it was inside TLS.
        secure: bool,
        /// As it came.
        method: &'a str,
        /// Without the query, as [`crate::normal_url_path`] gives it.
        path: &'a str,
    },
    /// The client spoke, and it is neither.
    Other,
}

/// One connection, or one request on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkTarget<'a> {
    /// How.
    pub transport: Transport,
    /// The name that the client asked for, or the address when it named none.
    pub host: &'a Host,
    /// Where on the host.
    pub port: u16,
    /// What is known of what is said.
    pub seen: Seen<'a>,
}

impl<'a> NetworkTarget<'a> {
    /// A TCP connection on which nothing was said.
    #[must_use]
    pub const fn tcp(host: &'a Host, port: u16) -> Self {
        Self { transport: Transport::Tcp, host, port, seen: Seen::Nothing }
    }

    /// A datagram.
    #[must_use]
    pub const fn udp(host: &'a Host, port: u16) -> Self {
        Self { transport: Transport::Udp, host, port, seen: Seen::Nothing }
    }

    /// Either, before anything was said.
    #[must_use]
    pub const fn over(transport: Transport, host: &'a Host, port: u16) -> Self {
        Self { transport, host, port, seen: Seen::Nothing }
    }

    /// The same connection when more of it was seen.
    #[must_use]
    pub const fn with(self, seen: Seen<'a>) -> Self {
        Self { seen, ..self }
    }
}

/// The narrowest scope text that would allow it, with the port always written.
impl fmt::Display for NetworkTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        match (self.transport, self.seen) {
            (Transport::Udp, _) => write!(f, "udp://{host}:{port}"),
            (Transport::Tcp, Seen::Nothing | Seen::Other) => write!(f, "{host}:{port}"),
            (Transport::Tcp, Seen::Tls { server_name, encrypted_hello }) => {
                let is_open = !encrypted_hello && host.is_server_name(server_name);
                let scheme = if is_open { "https" } else { "tls-opaque" };
                write!(f, "{scheme}://{host}:{port}")
            }
            (Transport::Tcp, Seen::Http { secure, method, path }) => {
                let scheme = if secure { "https" } else { "http" };
                write!(f, "{method} {scheme}://{host}:{port}{path}")
            }
        }
    }
}
