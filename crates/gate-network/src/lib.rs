//! Effect: connections to allowed names.
//!
//! Takes: the ends of a jail's private network, and a [`Judge`] that decides.
//! Gives: bytes between the plugin and the hosts that it was allowed to reach, and
//! between it and those whom the operator lets in.
//! Never: decides by itself, knows about jails, resolves or dials what was not
//! permitted, lets a plugin's bytes out before they were looked at.
//!
//! ```text
//! plugin --name?--> questions --may it ask?--> judge
//!        <-address that stands for the name-
//!        --connect--> connection --may it?--> judge --> look up, check, dial
//!        --first bytes--> inspect --may it?--> judge --> relay
//!        --datagram--> datagrams --may it?--> judge --> flow: look up, check, pass on
//!
//! operator's socket --> visit --may they?--> doorkeeper --> a socket of the jail
//! ```
#![forbid(unsafe_code)]

mod answer_body;
mod answer_head;
mod asking;
mod authority;
mod chunks;
mod client_hello;
mod connection;
mod cursor;
mod datagram_place;
mod datagrams;
mod dial;
mod dns;
mod dns_answer;
mod door;
mod doorkeeper;
mod escapes;
mod fetch;
mod flow;
mod forms;
mod frames;
mod gate;
mod guarded;
mod hosts_file;
mod http_body;
mod http_fields;
mod http_head;
mod http_line;
mod inside;
mod inspect;
mod judge;
mod names;
mod outgoing;
mod outside;
mod overrides;
mod pinned;
mod prefixed;
mod query;
mod questions;
mod relay;
mod resolve;
mod rest;
mod revealed;
mod rewrite;
mod scrub;
mod session;
mod slot;
mod sockets;
mod traffic;
mod visit;
mod waiting;
mod withdrawn;

pub use authority::{Authority, AuthorityError};
pub use client_hello::{ClientHello, Hello, MAX_HELLO, read_hello};
pub use datagram_place::{DatagramPlace, TooManyPlaces};
pub use dns::{MAX_QUERY, QueryError, Question, QuestionKind};
pub use door::Door;
pub use doorkeeper::{Doorkeeper, VisitEnded, Visitor};
pub use fetch::{Ask, FetchError, Fetcher, HttpAnswer, OUR_FIELDS};
pub use gate::{Ends, Gate, Published, Setup};
pub use http_body::{BodyError, BodyTracker, Framing};
pub use http_head::{HeadReader, HttpStart, MAX_HEAD, RequestHead, read_http_head};
pub use judge::{About, Depth, Ended, Judge, Refusal};
pub use resolve::Resolver;
pub use revealed::Revealed;
pub use rewrite::{Placeholder, Reveal, rewrite};
pub use traffic::Traffic;
pub use waiting::Stop;
