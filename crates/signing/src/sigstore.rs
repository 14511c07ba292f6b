//! Signatures of Sigstore: short-lived certificates that name who signed, and public logs.
//!
//! Takes: bundles of strangers, what they should be about, a root, and whom we expect. Gives:
//! [`Attested`]. The crate below looks at the clock for one thing, to refuse what a log says
//! of the future; nothing is ever taken because of it.

mod attested;
mod bundle;
mod identity;
mod provider;
mod root;

pub use attested::{Attested, Signer};
pub use bundle::{Artifact, MAX_BUNDLE, attested, attested_from, signed_by_key};
pub(crate) use bundle::{attested_bundle, attested_by_key, parse};
pub use identity::{Expected, IdentityPattern};
pub use root::SigstoreRoot;
