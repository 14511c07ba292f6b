//! The tamper-evident audit log: write, verify, list, export.
//!
//! Takes: [`AuditEvent`](ringfence_types::AuditEvent)s from every stage, and
//! hostile bytes that claim to be a log. Gives: an [`AuditSink`](ringfence_types::AuditSink)
//! that has written a record before it answers, and a verifier for somebody who
//! does not trust us. Never: decides anything, links another stage, loses a
//! record that it has reported, signs over a cut without saying so.
//!
//! ```
//! use ringfence_audit::{AuditLog, LogOptions, VerifyOptions, verify};
//! use ringfence_types::{AuditEvent, AuditSink as _, EventKind};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let home = folder.path().join("home");
//! let log = AuditLog::open(&home, LogOptions::default())?;
//! log.append(AuditEvent::new(EventKind::EffectAllowed, "read a file"))?;
//! log.close()?;
//!
//! let options = VerifyOptions {
//!     public_key: Some(AuditLog::public_key(&home)?),
//!     ..VerifyOptions::default()
//! };
//! assert_eq!(verify(&home, &options)?.records, 2);
//! # Ok(())
//! # }
//! ```
//!
//! The format, and what an attacker can and cannot hide, is in
//! `docs/audit-log-format.md`.
#![forbid(unsafe_code)]

mod chain;
mod checkpoint;
mod commit_queue;
mod error;
mod export;
mod head;
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
#[cfg(test)]
mod writer_faults;

use ringfence_private::{self as folder, hex};

pub use checkpoint::{Gap, GapCause, KeptFrom, Reason};
pub use error::{AuditOpenError, BadRecord, Problem, VerifyError};
pub use export::{ExportError, VerifiedExport, export, verify_export};
pub use key::{PublicKey, PublicKeyError};
pub use list::{Entries, Entry, EntryBody, Filter, list};
pub use log::AuditLog;
pub use memory::MemorySink;
pub use options::{Durability, LogOptions};
pub use record::{MAX_LINE_BYTES, MAX_METADATA_DEPTH};
pub use retention::Dropped;
pub use verify::{KeySource, Verified, VerifyOptions, Witness, verify};
