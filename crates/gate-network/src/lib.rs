//! The effect of connecting to allowed names: what is read and judged on the
//! way. No connection is made here yet.
//!
//! Takes: addresses that a resolver gave, and the first bytes that a jailed
//! program sends: DNS queries, TLS ClientHellos, HTTP heads. Gives: what they
//! say, or that they are malformed. Never: decides anything itself, repairs
//! what is malformed, or holds more of it than its limits.
//!
//! The readers of streams take everything received so far and are asked again
//! when there is more; once they have answered, more bytes do not change the
//! answer.
#![forbid(unsafe_code)]

mod special_purpose;

pub use special_purpose::{Block, Reach, embedded_ipv4, reach};
