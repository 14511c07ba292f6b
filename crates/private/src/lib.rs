//! Files and folders of ours: private, whole or absent, planted by nobody.
//!
//! Takes: a folder and a name in it. Gives: an open file that is regular, ours
//! and reached through no link; content that is there entirely or not at all.
//! Never: knows what a file means, follows a link, waits for a FIFO.
//!
//! It is a crate because the log and the store of secrets both need it, and no
//! effect may link the log.
#![forbid(unsafe_code)]

mod error;
mod folder;
pub mod hex;
mod place;

pub use error::PrivateError;
pub use folder::{create_new, open_existing, open_or_create, open_or_create_file, refuse_readable};
pub use place::{place, replace};
