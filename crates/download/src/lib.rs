//! Bytes from an address that a person named.
//!
//! Takes: an address, how many bytes and how much time it may take. Gives: an answer whose
//! body is whole. Never: sends a password to another server than the one it is for, follows
//! anybody into a private network, waits for longer than it was told, believes a word of
//! what it brings.
//!
//! This is the operator's own errand, and no way out for a plugin: what a plugin asks for
//! goes through the network gate.
#![forbid(unsafe_code)]

mod agent;
mod answer;
mod client;
mod error;
mod origin;
#[cfg(test)]
mod tests;
mod wait;

pub use answer::Answer;
pub use client::{Client, Request};
pub use error::DownloadError;
