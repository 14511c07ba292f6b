//! What plugin and host may say to each other.
//!
//! Takes: bytes that a plugin, an MCP server or an MCP client wrote. Gives:
//! checked messages, events for the host, violations of the protocol, and bytes
//! to write back. Never: sockets, threads, clocks, effects; every number that a
//! stranger can influence has a bound, and no input panics.
#![forbid(unsafe_code)]

pub mod frames;
mod inspected;
pub mod jsonrpc;
pub mod mcp;
mod session;
mod text;
mod violation;
pub mod worker;

pub use session::{
    CallId, Event, Initialize, LogLevel, PROTOCOL, PluginError, ReplyError, RequestId, Session,
    SessionError, SessionLimits,
};
pub use violation::Violation;
