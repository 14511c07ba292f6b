//! The Model Context Protocol over newline-delimited JSON.
//!
//! [`Client`] speaks to a server itself. [`Proxy`] stands between somebody
//! else's client and the server. Both are state machines without input or
//! output of their own.
//!
//! Versions up to 2025-11-25 begin with an `initialize` handshake. 2026-07-28
//! has none: every request carries version and capabilities in `_meta`, and
//! servers ask for input inside results. A server is first offered the newest
//! version that has a handshake, and only when it refuses that is it asked with
//! `server/discover`. The specification suggests the other order; but servers of
//! the handshake era may end, or stay silent, on a request that comes before
//! `initialize`, and a silent one costs a whole time-out, while every server
//! answers `initialize` with a result or an error.

mod client;
mod definition;
mod event;
mod inbound;
mod json_text;
mod pins;
mod proxy;
mod proxy_event;
mod suspicious;
mod tool_check;

pub use client::{Client, ClientConfig, ClientError};
pub use definition::{Definition, DefinitionKind, MAX_DEFINITION_BYTES, Unreadable};
pub use event::{CallId, ClientEvent, HandshakeError, ServerInfo, Tool, ToolResult};
pub use inbound::Noise;
pub use json_text::{NotOneForm, canonical, in_lines};
pub use pins::{HeldBecause, PinEvent, Pins};
pub use proxy::{Proxy, ProxyConfig};
pub use proxy_event::{ProxyEvent, ToolCall, ToolOutcome};
pub use suspicious::suspicious;
pub use tool_check::ToolCheck;

use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;

/// A published version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26, the only one with batches; we neither send nor accept them.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25, the last one with a handshake.
    V2025_11_25,
    /// 2026-07-28, without a handshake.
    V2026_07_28,
}

impl Version {
    /// Every version that is understood, oldest first.
    pub const ALL: &'static [Version] = &[
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The date that names it.
    #[must_use]
    pub const fn date(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The version with this date, if it is understood.
    #[must_use]
    pub fn from_date(date: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|version| version.date() == date)
    }

    /// Whether it begins with `initialize`.
    #[must_use]
    pub const fn has_handshake(self) -> bool {
        !matches!(self, Self::V2026_07_28)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.date())
    }
}

/// A folder that a server is told it may work in, by the path it has inside the
/// jail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Root {
    /// A `file://` address.
    pub uri: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Root {
    /// The root at an absolute path.
    #[must_use]
    pub fn from_path(path: &str) -> Self {
        let mut uri = String::from("file://");
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
                uri.push(char::from(byte));
            } else {
                uri.push_str(&format!("%{byte:02X}"));
            }
        }
        Self { uri, name: None }
    }
}

/// The answer to `roots/list`.
fn roots_result(roots: &[Root]) -> Value {
    json!({ "roots": roots })
}

/// Names in `_meta` of 2026-07-28.
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_a_file_address_with_nothing_left_unescaped() {
        assert_eq!(
            Root::from_path("/data/my notes#1?é").uri,
            "file:///data/my%20notes%231%3F%C3%A9"
        );
    }

    #[test]
    fn every_version_is_found_by_its_date_and_no_other_is() {
        for &version in Version::ALL {
            assert_eq!(Version::from_date(version.date()), Some(version));
        }
        assert_eq!(Version::from_date("2024-10-07"), None);
    }
}
