//! Sigstore and what registries sign: real bundles, and what an attacker does to them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test program: to panic is to fail"
)]

mod attacks;
mod bundles;
mod identities;
mod instance;
mod npm;
mod pypi;
