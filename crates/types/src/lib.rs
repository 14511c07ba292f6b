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
mod file_entry;
mod host;
mod http_url;
mod id;
mod network;
mod network_text;
mod pattern;
mod publish;
mod redacted;
mod secret;
mod special_purpose;
mod target;
mod untrusted;
mod url_path;

pub use audit::{Actor, AuditError, AuditEvent, AuditSink, EventKind, Receipt, Severity};
pub use capability::{Capability, CapabilityError, Kind};
pub use denial::{Denial, DenialCode, WithheldBy};
pub use digest::{Digest, DigestError};
pub use exit::ExitCode;
pub use file_entry::FileEntry;
pub use host::{Host, HostError};
pub use http_url::{HttpUrl, HttpUrlError};
pub use id::{GroupId, IdError, InstanceId, PluginName};
pub use network::NetworkScope;
pub use network_text::is_http_method;
pub use pattern::{Pattern, PatternError};
pub use publish::{Place, Publish, PublishError};
pub use redacted::Redacted;
pub use secret::{SecretPlace, SecretScope, SecretTarget, is_query_parameter};
pub use special_purpose::{Block, Reach, embedded_ipv4, reach};
pub use target::{NetworkTarget, Seen, Transport};
pub use untrusted::UntrustedText;
pub use url_path::{MAX_URL_PATH, escaped_url_path, is_normal_url_path, normal_url_path};
