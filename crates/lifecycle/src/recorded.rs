//! A change of the operator's own things, recorded before it is made.

use ringfence_audit::{AuditLog, LogOptions};
use ringfence_types::{Actor, AuditEvent, AuditSink as _, EventKind, Severity};
use serde_json::Value;
use std::fmt::Display;
use std::path::Path;

/// Why the log did not take a record; the change was then not made.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It cannot be opened.
    #[error("the audit log cannot be opened: {0}")]
    Open(String),
    /// It cannot be written.
    #[error("{0}")]
    Write(String),
}

/// What a person of this user changes.
#[derive(Debug)]
pub struct Changed<'c> {
    /// What kind of thing.
    pub kind: EventKind,
    /// What is done, in words.
    pub said: &'c str,
    /// What is said when it was not done after all.
    pub not_done: &'c str,
    /// Which thing, by what word of the metadata.
    pub what: (&'static str, Value),
}

/// Makes a change after the log of `home` has taken it. Whether the change itself worked
/// is the inner result; that it did not is recorded too.
///
/// # Errors
/// When the log does not take a record. Before the change, it is not made.
pub fn recorded<T, E: Display>(
    home: &Path,
    changed: &Changed<'_>,
    change: impl FnOnce() -> Result<T, E>,
) -> Result<Result<T, E>, RecordError> {
    let write = |error: &dyn Display| RecordError::Write(error.to_string());
    let log = AuditLog::open(home, LogOptions::default())
        .map_err(|error| RecordError::Open(error.to_string()))?;
    let uid = rustix::process::geteuid().as_raw();
    let (word, what) = &changed.what;
    let event = |said: &str| {
        AuditEvent::new(changed.kind, said).actor(Actor::User { uid }).with(word, what.clone())
    };
    log.append(event(changed.said)).map_err(|error| write(&error))?;
    let outcome = change();
    if let Err(error) = &outcome {
        let failed =
            event(changed.not_done).severity(Severity::Error).with("reason", error.to_string());
        log.append(failed).map_err(|error| write(&error))?;
    }
    log.close().map_err(|error| write(&error))?;
    Ok(outcome)
}
