//! Where on the host a port of a plugin is published: `PORT=PLACE`.
//!
//! | place | who can connect |
//! |---|---|
//! | `unix:/path` | who may open the socket, which is made for its owner alone |
//! | `127.0.0.1:PORT`, `[::1]:PORT` | every user of this machine; port 0 is any free one |

use core::net::SocketAddr;
use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;

/// A port of a plugin's own loopback, and where the host listens for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Inside.
    pub port: NonZeroU16,
    /// Outside.
    pub at: Place,
}

/// Where the host listens. No address of another machine's is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A Unix socket that is made there.
    Unix(PathBuf),
    /// A port of the host's loopback.
    Loopback(SocketAddr),
}

/// Why a text is not such a place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// There is no `=`, or nothing behind it.
    #[error("want PORT=unix:/PATH, PORT=127.0.0.1:HOSTPORT or PORT=[::1]:HOSTPORT")]
    Form,
    /// Before the `=` is no port.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// Other machines could connect there.
    #[error("{0} is not a loopback address: other machines could connect")]
    NotLoopback(SocketAddr),
    /// It would depend on the folder one stands in.
    #[error("the path of a Unix socket is absolute")]
    Relative,
}

impl FromStr for Publish {
    type Err = PublishError;

    fn from_str(text: &str) -> Result<Self, PublishError> {
        let (port, place) = text.split_once('=').ok_or(PublishError::Form)?;
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number).ok_or(PublishError::Port)?;
        let at = match place.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Place::Unix(path.into()),
            Some(_) => return Err(PublishError::Relative),
            None => Place::Loopback(place.parse().map_err(|_| PublishError::Form)?),
        };
        match at {
            Place::Loopback(at) if !at.ip().is_loopback() => Err(PublishError::NotLoopback(at)),
            at => Ok(Self { port, at }),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Loopback(at) => at.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_published_on_a_socket_or_on_the_loopback() {
        for text in ["80=unix:/run/x", "3001=127.0.0.1:0", "3001=[::1]:8080", "1=127.1.2.3:65535"] {
            let read: Publish = text.parse().unwrap();
            assert_eq!(format!("{}={}", read.port, read.at), text);
        }
    }

    #[test]
    fn no_other_machine_is_ever_let_in() {
        for text in [
            "80=0.0.0.0:8080",
            "80=[::]:8080",
            "80=192.168.1.2:80",
            "80=10.0.0.1:0",
            "80=[fe80::1]:80",
            // The loopback of IPv4 in the clothes of IPv6, which some kernels route.
            "80=[::ffff:127.0.0.1]:80",
        ] {
            let refused = text.parse::<Publish>().unwrap_err();
            assert!(matches!(refused, PublishError::NotLoopback(_)), "{text}: {refused}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            "80",
            "80=",
            "=127.0.0.1:1",
            "0=127.0.0.1:1",
            "65536=127.0.0.1:1",
            "+80=127.0.0.1:1",
            "80=localhost:80",
            "80=127.0.0.1",
            "80=8080",
            "80=unix:",
            "80=unix:x.sock",
            "80=127.0.0.1:99999",
        ] {
            assert!(text.parse::<Publish>().is_err(), "{text}");
        }
    }
}
