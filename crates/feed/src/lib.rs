//! Signed lists of what is recalled.
//!
//! Takes: the bytes of a feed, the keys of its signers and how many of them have to sign,
//! what was last accepted of it, and the time. Gives: the facts in it, or why nothing of it
//! counts. Never: reads a file, a clock or the network, or decides what follows from a fact.
//!
//! ```text
//! envelope (DSSE: exact bytes, their type and length in front) + signers + threshold
//!     -> Feed: name, sequence, issued, expires, facts
//! Feed + what was accepted last + now -> newer, the same, or refused
//! ```
#![forbid(unsafe_code)]

mod accept;
mod error;
mod fact;
mod feed;

pub use accept::{Accepted, Signers, Verified};
pub use error::{FeedError, SignersError};
pub use fact::{Fact, Subject};
pub use feed::{Feed, MAX_BYTES, MAX_FACTS, PAYLOAD_TYPE};
