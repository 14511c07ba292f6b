//! What the gate asks of the broker: an effect cannot decide about itself.

use crate::doorkeeper::Doorkeeper;
use ringfence_limits::{Exceeded, NearlyUsed};
use ringfence_permission::{NetworkRequest, Permit};
use ringfence_types::{Denial, Host, NetworkTarget, SecretTarget, Transport};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use zeroize::Zeroizing;

/// Decides, charges and records for one instance. Asked from the gate's own
/// thread, which waits for the answer.
pub trait Judge: Doorkeeper {
    /// Whether the instance may learn that `name` exists: whether some
    /// connection to it could be allowed. A no is recorded.
    fn may_ask_for(&self, name: &Host) -> bool;

    /// Decides about one connection, or one request on it, charges and records
    /// it. `perform` gets the permit when the answer is yes, and is not called
    /// otherwise.
    ///
    /// # Errors
    /// The denial, already recorded.
    fn request(
        &self,
        target: NetworkTarget<'_>,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial>;

    /// Decides once more about an open connection, now that something was seen
    /// on it. It is charged as a request when it is one more than the first.
    ///
    /// # Errors
    /// The denial, already recorded.
    fn look(
        &self,
        target: NetworkTarget<'_>,
        is_first: bool,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial>;

    /// How closely connections to a place have to be looked at.
    fn depth(&self, host: &Host, port: u16) -> Depth;

    /// Whether what allows this request, or this secret in it, names a method or a
    /// path. Asked about requests that may ask for others in a field of their head.
    fn binds(&self, _request: NetworkTarget<'_>, _secret: Option<SecretTarget<'_>>) -> bool {
        true
    }

    /// Decides about one secret at one place of one request, charges and records it,
    /// and gives its value. `None` is recorded too.
    fn secret(&self, target: SecretTarget<'_>) -> Option<Zeroizing<String>>;

    /// Whether an open connection may carry more: whether it would still be opened
    /// now. A no is recorded.
    fn still_allows(&self, target: NetworkTarget<'_>) -> bool;

    /// What was said about an address to which an allowed name led.
    fn about(&self, transport: Transport, address: IpAddr, port: u16) -> About;

    /// Records that the gate itself refused what was allowed by name.
    fn refused(&self, target: NetworkTarget<'_>, refusal: Refusal);

    /// Records that most of a limit is used.
    fn nearly_used(&self, warning: NearlyUsed);

    /// Records the end of a connection that was opened by [`Judge::request`].
    fn ended(&self, connection: &Ended<'_>);
}

/// How closely connections to a place have to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// As far as nothing has to be opened.
    Surface,
    /// Requests are allowed one by one, so TLS has to be opened and read.
    Requests,
    /// A secret may go out in them.
    Secrets,
}

/// What was said about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// It was granted as an address, so it may be reached whatever it is for.
    Granted,
    /// It was denied as an address.
    Denied,
    /// Nothing.
    Nothing,
}

/// Why the gate cut what was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name led to an address that is not for the public.
    Address {
        /// The address.
        address: IpAddr,
        /// Which block of addresses it is in, in words.
        block: &'static str,
    },
    /// The name led to an address that was denied as such.
    Denied {
        /// The address.
        address: IpAddr,
    },
    /// The host has no more descriptors for connections.
    Full,
    /// Bytes of the budget are used up.
    Budget(Exceeded),
    /// The server could not prove that it is the host, or the client did not
    /// believe us; only where TLS has to be opened.
    Greeting(String),
    /// What the client said is no protocol that the grant allows.
    Malformed(&'static str),
}

/// How a connection went, or a flow of datagrams.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// A connection, or a flow of datagrams.
    pub transport: Transport,
    /// The name or address that was asked for.
    pub host: &'a Host,
    /// The port.
    pub port: u16,
    /// Where it led; `None` when nothing answered.
    pub address: Option<SocketAddr>,
    /// Bytes of the plugin that were passed on.
    pub sent: u64,
    /// Bytes that the plugin was given.
    pub received: u64,
    /// From the first packet to the last.
    pub duration: Duration,
    /// What went wrong, as a lowercase fragment.
    pub failure: Option<&'a str>,
}
