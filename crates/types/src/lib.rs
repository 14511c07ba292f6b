//! The words that every stage shares.
//!
//! Takes: nothing. Gives: identifiers, digests, the closed capability
//! vocabulary, denials, audit events, text from strangers made safe to show,
//! exit codes. Never: input or output, clocks, threads, parsing of hostile
//! files.
#![forbid(unsafe_code)]

mod audit;
mod capability;
mod denial;
mod digest;
mod exit;
mod id;
mod pattern;
mod redacted;
mod untrusted;

pub use audit::{Actor, AuditError, AuditEvent, AuditSink, EventKind, Receipt, Severity};
pub use capability::{Capability, CapabilityError, Kind};
pub use denial::{Denial, DenialCode, WithheldBy};
pub use digest::{Digest, DigestError};
pub use exit::ExitCode;
pub use id::{GroupId, IdError, InstanceId, PluginName};
pub use pattern::{Pattern, PatternError};
pub use redacted::Redacted;
pub use untrusted::UntrustedText;
