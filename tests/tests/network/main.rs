//! Unmodified programs on an internet that each test makes: what was allowed by
//! name works, and nothing else sends a packet.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "support for tests: a failure here is a failure of the test"
)]

#[cfg(test)]
mod inside;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod names;
#[cfg(test)]
mod other_ways;
#[path = "../cli/program.rs"]
#[expect(dead_code, reason = "shared with the tests of the command line, which use all of it")]
mod program;
#[cfg(test)]
mod protocols;
#[cfg(test)]
mod secrets;
mod world;
