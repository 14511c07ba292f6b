//! From a name to an admitted package.
//!
//! Takes: `npm:NAME[@VERSION]` or `pypi:NAME[==VERSION]`. Gives: a folder of the home with
//! exactly the files whose hashes a lock names, after somebody looked at them. Never: runs
//! anything of the package, asks anybody but the registry, believes the client that fetched.
//!
//! The client of the ecosystem (npm, pip) resolves and fetches in a jail of its own, which
//! reaches the registry and nothing else. What it brings is compared with the hashes and
//! unpacked here; nothing that the client itself unpacked is used.
#![forbid(unsafe_code)]

mod admitted;
mod client;
mod configured;
mod error;
mod fetched;
mod known;
mod npm;
mod pypi;
mod record;
mod registry;
mod scratch;
mod source;
mod tree;

pub use admitted::{Admission, Look, Looked, NotLooked, Outcome};
pub use client::Around;
pub use error::InstallError;
pub use fetched::{Fetched, Locked, fetch};
pub use source::{Source, SourceError};
