//! From a name to an admitted package.
//!
//! Takes: `npm:NAME[@VERSION]`, `pypi:NAME[==VERSION]`, `oci:HOST/REPOSITORY[:TAG]` or
//! `https://...#sha256=HEX`. Gives: a folder of the home with exactly the files whose hashes
//! somebody named, after somebody looked at them. Never: runs anything of the package, asks
//! anybody but the registry, believes the client that fetched.
//!
//! The client of the ecosystem (npm, pip) resolves and fetches in a jail of its own, which
//! reaches the registry and nothing else. What it brings is compared with the hashes and
//! unpacked here; nothing that the client itself unpacked is used. What the registry signs, and who
//! is said to have built it, is asked for beside it and verified here.
#![forbid(unsafe_code)]

mod admitted;
mod age;
mod client;
mod configured;
mod contents;
mod documents;
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
mod told;
mod tree;
mod trusted;
mod vouched;

pub use admitted::{Admission, Admitted, Look, Looked, NotLooked, Outcome, Require};
pub use client::Around;
pub use error::InstallError;
pub use fetched::{Fetched, Locked, fetch};
pub use https::WebFile;
pub use oci::OciReference;
pub use record::{Kept, kept};
pub use source::{Source, SourceError};
pub use trusted::{RegistryTrust, RegistryTrustError, TrustedRegistry, registry_url};
pub use vouched::{Provenance, Signed, Vouched, Word};
