//! What passes through a proxy, for the record.

use super::pins::PinEvent;
use crate::jsonrpc::Id;
use crate::violation::Violation;

/// One call of a tool through the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Counted from 1 within a proxy; for [`super::Proxy::expire`].
    pub number: u64,
    /// The tool's name as the client sent it, cut to 256 bytes.
    pub tool: String,
    /// The client's id of the request.
    pub id: Id,
}

/// How a call of a tool ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolOutcome {
    /// With a result.
    Result,
    /// With a result that the server marks as an error.
    ToolError,
    /// With a protocol error.
    Error {
        /// Its code.
        code: i64,
        /// Its message; untrusted.
        message: String,
    },
    /// The client no longer wanted it.
    Cancelled,
    /// It was ended from here: the server is gone or took too long.
    Ended,
}

/// What passed, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyEvent {
    /// The client called a tool.
    ToolCallStarted(ToolCall),
    /// The call ended.
    ToolCallEnded {
        /// Which.
        call: ToolCall,
        /// How.
        outcome: ToolOutcome,
    },
    /// What the server says of itself was held against what is pinned.
    Pins(PinEvent),
    /// The client called a tool with what the check refuses, or one that is held. It was
    /// told so, and the server hears nothing of it.
    ToolCallRefused {
        /// Why.
        reason: String,
    },
    /// The server asked for something that it does not get.
    ServerRequestRefused {
        /// What for, cut to 128 bytes.
        method: String,
    },
    /// The server asked the client for something and the policy lets it.
    ServerRequestForwarded {
        /// What for, cut to 128 bytes.
        method: String,
    },
    /// A line of the server that is not a message; it is not passed on. Cut to
    /// 1 KiB, and no longer reported after 64 KiB.
    Noise(String),
    /// The client broke the protocol and was told so.
    ClientFault(Violation),
    /// The server broke the protocol; the line was not passed on.
    Violation(Violation),
}
