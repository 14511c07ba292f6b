//! What an MCP server has and answers, as far as the host looks at it.

use crate::session::{LogLevel, PluginError};
use crate::violation::Violation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One call of a tool, unique within a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(super) i64);

/// Who the server says it is; untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerInfo {
    /// Its name, cut to 256 bytes.
    pub name: String,
    /// Its version, cut to 256 bytes.
    pub version: String,
    /// The date of the protocol's version.
    pub protocol: &'static str,
    /// Whether it has tools at all.
    pub has_tools: bool,
}

/// One tool, as the server describes it; untrusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// The name to call it by.
    pub name: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default, rename = "inputSchema")]
    pub input_schema: Value,
}

/// What a tool answered; untrusted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolResult {
    /// Whether the server calls it an error of the tool.
    pub is_error: bool,
    /// The whole result as the server sent it.
    pub result: Value,
}

impl ToolResult {
    /// The texts of the content, one per line.
    #[must_use]
    pub fn text(&self) -> String {
        let content = self.result.get("content").and_then(Value::as_array);
        let texts = content.into_iter().flatten().filter_map(|part| {
            let is_text = part.get("type").and_then(Value::as_str) == Some("text");
            part.get("text").and_then(Value::as_str).filter(|_| is_text)
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The machine-readable result, when the tool gave one.
    #[must_use]
    pub fn structured(&self) -> Option<&Value> {
        self.result.get("structuredContent")
    }
}

/// Why a server cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// It speaks only versions that are not understood here.
    #[error(
        "the server speaks protocol version {}, not one of 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28",
        ringfence_types::UntrustedText::new(versions)
    )]
    Version {
        /// What it speaks.
        versions: String,
    },
    /// It answered the handshake with an error.
    #[error("the server refused the handshake: {}", ringfence_types::UntrustedText::new(message))]
    Refused {
        /// In its words.
        message: String,
    },
    /// It answered the handshake with something else.
    #[error("the server's answer to the handshake makes no sense")]
    Malformed,
}

/// What came from the server.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// The handshake is done.
    Ready(ServerInfo),
    /// There will be no session.
    Failed(HandshakeError),
    /// The whole list of tools.
    Tools(Vec<Tool>),
    /// The list could not be had.
    ToolsFailed(PluginError),
    /// A call ended.
    CallEnded {
        /// Which.
        call: CallId,
        /// What the tool answered, or how the call failed.
        outcome: Result<ToolResult, PluginError>,
    },
    /// A call says how far it is.
    Progress {
        /// Which.
        call: CallId,
        /// How far, in units of the server's own.
        progress: f64,
        /// Of how much.
        total: Option<f64>,
        /// In its words, cut to 1 KiB.
        message: Option<String>,
    },
    /// The server says something; cut to 16 KiB.
    Log {
        /// How loud.
        level: LogLevel,
        /// What; untrusted.
        message: String,
    },
    /// A line on stdout that is not a message; cut to 1 KiB, and no longer
    /// reported after 64 KiB.
    Noise(String),
    /// The list of tools has changed.
    ToolsChanged,
    /// The server asked for something that it does not get.
    ServerRequestRefused {
        /// What for, cut to 128 bytes.
        method: String,
    },
    /// The server broke the protocol.
    Violation(Violation),
}
