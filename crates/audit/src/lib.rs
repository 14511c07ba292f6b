//! The tamper-evident audit log: write, verify, list, export.
//!
//! Takes: [`AuditEvent`](ringfence_types::AuditEvent)s from every stage, and
//! hostile bytes that claim to be a log. Gives: an [`AuditSink`](ringfence_types::AuditSink)
//! that has written a record before it answers, and a verifier for somebody who
//! does not trust us. Never: decides anything, links another stage, loses a
//! record that it has reported, signs over a cut without saying so.
//!
//! The format, and what an attacker can and cannot hide, is in
//! `docs/audit-log-format.md`.
#![forbid(unsafe_code)]

mod chain;
mod checkpoint;
mod commit_queue;
mod error;
mod export;
mod folder;
mod head;
mod hex;
mod key;
mod lines;
mod list;
mod log;
mod memory;
mod options;
mod record;
mod retention;
mod segment;
mod sync;
mod tail;
mod verify;
mod writer;

pub use checkpoint::{Gap, GapCause, KeptFrom, Reason};
pub use error::{AuditOpenError, BadRecord, Problem, VerifyError};
pub use export::{ExportError, VerifiedExport, export, verify_export};
pub use key::PublicKey;
pub use list::{Entries, Entry, EntryBody, Filter, list};
pub use log::AuditLog;
pub use memory::MemorySink;
pub use options::{Durability, LogOptions};
pub use record::{MAX_LINE_BYTES, MAX_METADATA_DEPTH};
pub use retention::Dropped;
pub use verify::{KeySource, Verified, VerifyOptions, Witness, verify};
