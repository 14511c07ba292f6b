//! What the gate asks of the broker about those who come from outside.

use crate::judge::Refusal;
use ringfence_permission::{NetworkListen, Permit};
use ringfence_types::Denial;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

/// Decides, charges and records who is let in. Asked from the gate's own thread,
/// which waits for the answer.
pub trait Doorkeeper: Send + Sync {
    /// Decides about one connection to a published port, charges and records it.
    /// `perform` gets the permit when the answer is yes, and is not called
    /// otherwise.
    ///
    /// # Errors
    /// The denial, already recorded.
    fn visit(
        &self,
        port: NonZeroU16,
        visitor: &Visitor,
        perform: &mut dyn FnMut(Permit<'_, NetworkListen>),
    ) -> Result<(), Denial>;

    /// Whether an open connection may carry more: whether it would still be let in
    /// now. A no is recorded.
    fn still_lets_in(&self, port: NonZeroU16) -> bool;

    /// Records that the gate itself refused to go on with it.
    fn visit_refused(&self, port: NonZeroU16, refusal: Refusal);

    /// Records the end of a connection that [`Doorkeeper::visit`] let in.
    fn visit_ended(&self, visit: &VisitEnded<'_>);
}

/// Who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Some program of this machine.
    Loopback(SocketAddr),
    /// A program of this user, as the kernel says.
    User {
        /// Number of the user, when there is one here.
        uid: u32,
    },
}

impl fmt::Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(from) => from.fmt(f),
            Self::User { uid } => write!(f, "uid {uid}"),
        }
    }
}

/// How a connection from outside went.
#[derive(Clone, Debug)]
pub struct VisitEnded<'a> {
    /// The port inside.
    pub port: NonZeroU16,
    /// Who it was.
    pub visitor: Visitor,
    /// Bytes of the plugin that the visitor was given.
    pub sent: u64,
    /// Bytes that the plugin was given.
    pub received: u64,
    /// From the first packet to the last.
    pub duration: Duration,
    /// What went wrong, as a lowercase fragment.
    pub failure: Option<&'a str>,
}
