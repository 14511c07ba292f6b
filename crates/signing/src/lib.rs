//! Who says that these are a package's files: keys, signatures, publishers.
//!
//! Takes: the bytes of keys, signatures, Sigstore bundles and what registries say as their
//! owners have them, and what they should be about. Gives: [`Standing`] and [`Attested`],
//! which say how far that is vouched for.
//! Never: reads a file or a clock, decides what may be installed, takes an algorithm
//! from a signature that the key was not enrolled for.
//!
//! ```text
//! files of a package -> Statement (each path, size, SHA-256) -> Envelope (DSSE)
//! Envelope + Publishers + today -> Standing: trusted, unknown, failed, absent, not checkable
//! bundle + artifact + SigstoreRoot + Expected -> Attested: the same words, and who
//! npm's or PyPI's word + name, version, digest -> the same
//! ```
#![forbid(unsafe_code)]

mod encoding;
mod envelope;
mod error;
mod minisign;
mod public_key;
mod publishers;
mod registry;
mod rotation;
mod scheme;
mod signing_key;
mod sigstore;
mod standing;
mod statement;
mod strict_json;

pub use envelope::{Envelope, MAX_SIGNATURES, Signature};
pub use error::{
    EnvelopeError, KeyError, PublisherError, RegistryError, RotationError, SigstoreError,
    StatementError,
};
pub use public_key::{KeyId, PublicKey};
pub use publishers::{Publisher, Publishers, Revocation, Scope, TrustedKey};
pub use registry::{
    NpmAttestations, NpmDist, PypiFile, RegistryKeys, SignaturePolicy, npm_attestations,
    npm_signatures, pypi_attestations,
};
pub use rotation::Rotation;
pub use scheme::Scheme;
pub use signing_key::{KeyKind, SigningKey};
pub use sigstore::{
    Artifact, Attested, Expected, IdentityPattern, MAX_BUNDLE, Signer, SigstoreRoot, attested,
    attested_from, signed_by_key,
};
pub use standing::{SignatureState, Standing, Vouched};
pub use statement::{PAYLOAD_TYPE, Statement};
