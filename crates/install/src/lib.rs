//! From a name to an admitted package.
//!
//! Takes: `npm:NAME[@VERSION]`, `pypi:NAME[==VERSION]`, `oci:HOST/REPOSITORY[:TAG]` or
//! `https://...#sha256=HEX`. Gives: a folder of the home with exactly the files whose hashes
//! somebody named, after somebody looked at them. Never: runs anything of the package, asks
//! anybody but the registry, believes the client that fetched.
//!
//! The client of the ecosystem (npm, pip) resolves and fetches in a jail of its own, which
//! reaches the registry and nothing else. What it brings is compared with the hashes and
//! unpacked here; nothing that the client itself unpacked is used.
#![forbid(unsafe_code)]

mod admitted;
mod client;
mod contents;
mod error;
mod fetched;
mod https;
mod known;
mod npm;
mod oci;
mod pypi;
mod record;
mod registry;
mod scratch;
mod source;
mod tree;

pub use admitted::{Admission, Admitted, Look, Looked, Outcome};
pub use client::Around;
pub use error::InstallError;
pub use fetched::{Fetched, Locked, fetch};
pub use https::WebFile;
pub use oci::OciReference;
pub use source::{Source, SourceError};
