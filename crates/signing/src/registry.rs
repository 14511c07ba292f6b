//! What registries of packages say about who published: npm's signatures and attestations,
//! PyPI's attestations.
//!
//! Takes: documents of a registry, and the name, version and digest of a package that is
//! here. Gives: [`Standing`](crate::Standing) and [`Attested`](crate::Attested), bound to
//! that name, version and digest. Never: asks a registry; what it cannot know, such as when
//! a version was published, it is told.

mod npm_keys;
mod npm_provenance;
mod npm_signature;
mod npmjs;
mod pypi;
mod statement;

pub use npm_keys::RegistryKeys;
pub use npm_provenance::{NpmAttestations, npm_attestations};
pub use npm_signature::{NpmDist, SignaturePolicy, npm_signatures};
pub use pypi::{PypiFile, pypi_attestations};
