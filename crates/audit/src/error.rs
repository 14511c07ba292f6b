//! What can be wrong with a log, and how it is told.

use crate::checkpoint::Gap;
use crate::key::PublicKey;
use ringfence_private::PrivateError;
use ringfence_types::AuditError;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// The log could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum AuditOpenError {
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file or folder that somebody else could change or has planted.
    #[error("`{}` {reason}; {mend}", path.display())]
    NotPrivate {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
        /// What to do.
        mend: &'static str,
    },
    /// The last record is whole but not as it was written, so nothing can be chained to it.
    #[error(
        "`{}` is damaged: {reason}; `ringfence audit verify` names the first bad record, and \
         moving the folder `audit` aside starts a new log", path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The signing key is unusable.
    #[error("the signing key `{}` {reason}", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The kernel gave no random bytes for a new key.
    #[error("no random bytes for a new signing key")]
    Random(#[source] getrandom::Error),
    /// The event cannot be a record.
    #[error("{0}")]
    Event(String),
}

impl AuditOpenError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

impl From<PrivateError> for AuditOpenError {
    fn from(error: PrivateError) -> Self {
        match error {
            PrivateError::Io { action, path, source } => Self::Io { action, path, source },
            PrivateError::NotPrivate { path, reason, mend } => {
                Self::NotPrivate { path, reason, mend }
            }
        }
    }
}

impl From<AuditOpenError> for AuditError {
    fn from(error: AuditOpenError) -> Self {
        let mut reason = error.to_string();
        if let Some(cause) = error.source() {
            reason.push_str(": ");
            reason.push_str(&cause.to_string());
        }
        Self { reason }
    }
}

/// A log, or an export, that cannot be said to be whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The first bad record.
    #[error(transparent)]
    Bad(#[from] BadRecord),
    /// The bytes could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no log.
    #[error("`{}` holds no audit log", path.display())]
    NoLog {
        /// Which folder.
        path: PathBuf,
    },
    /// The public key is not one.
    #[error("`{}` is not a public key of 64 lowercase hex digits", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
    },
}

impl VerifyError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// Where the log stops being what was written, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {sequence}{}: {problem}", place(*segment, *line))]
pub struct BadRecord {
    /// The number that the record has or should have had.
    pub sequence: u64,
    /// The segment; none in an export.
    pub segment: Option<u32>,
    /// The line within the segment or export, counted from 1; 0 when there is none.
    pub line: u64,
    /// What is wrong.
    pub problem: Problem,
}

fn place(segment: Option<u32>, line: u64) -> String {
    match (segment, line) {
        (Some(segment), 0) => format!(" (segment {segment:08})"),
        (Some(segment), line) => format!(" (segment {segment:08}, line {line})"),
        (None, 0) => String::new(),
        (None, line) => format!(" (line {line})"),
    }
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The line has more than [`MAX_LINE_BYTES`](crate::MAX_LINE_BYTES).
    #[error("the line is longer than a record can be")]
    LineTooLong,
    /// The line is not in the form that is written.
    #[error("the line is not a record: {0}")]
    Unparsable(&'static str),
    /// The content does not have the hash that stands beside it.
    #[error("the content was changed: it does not have the hash written with it")]
    Changed,
    /// Records are missing before this one.
    #[error("records were dropped: expected record {expected}, found {found}")]
    SequenceGap {
        /// The number that comes next.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// A record that was already seen, or one out of order.
    #[error(
        "records were reordered, repeated or inserted: expected record {expected}, found {found}"
    )]
    OutOfOrder {
        /// The number that comes next.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The record does not follow from the one before.
    #[error("the link to the record before is broken: one of the two was replaced")]
    BrokenLink,
    /// The time is before that of the record before.
    #[error("the time runs backwards")]
    TimeBackwards,
    /// A signature of another key.
    #[error("signed by another key: {found}, expected {expected}")]
    OtherKey {
        /// The key that was asked for.
        expected: PublicKey,
        /// The key that the log names.
        found: PublicKey,
    },
    /// A checkpoint or trailer whose signature is wrong.
    #[error("the signature is wrong")]
    BadSignature,
    /// A checkpoint that was written for another place.
    #[error("the checkpoint was written for another place in the log")]
    Misplaced,
    /// A segment between others, or at the start, is gone.
    #[error("the segment is missing")]
    MissingSegment,
    /// A segment that was not closed is followed by another.
    #[error("the segment ends before its closing checkpoint")]
    UnclosedSegment,
    /// Records after the one that closes a segment.
    #[error("the segment goes on after its closing checkpoint")]
    AfterClose,
    /// The signed head names a later record than the last.
    #[error("the log was cut: the signed head is record {head}, the last record is {last}")]
    Truncated {
        /// The record that the head names.
        head: u64,
        /// The last record there is.
        last: u64,
    },
    /// The record that the head names is another one.
    #[error("the record is not the one that the signed head names")]
    HeadDiffers,
    /// There is no head.
    #[error("the signed head `head.json` is missing: records may have been cut from the end")]
    HeadMissing,
    /// The head is not in the form that is written.
    #[error("the signed head `head.json` cannot be read: {0}")]
    HeadUnreadable(&'static str),
    /// The head's signature is wrong.
    #[error("the signature of the head `head.json` is wrong")]
    HeadSignature,
    /// The writer found, on an earlier opening, that signed records were gone.
    #[error("the writer found here that {0}")]
    RecordedGap(Gap),
    /// The record that the witness saw is another one.
    #[error("the record is not the one that the witness saw")]
    WitnessDiffers,
    /// The log ends before, or begins after, what the witness saw.
    #[error("the log does not hold record {0} that the witness saw")]
    WitnessMissing(u64),
    /// The export's header is not in the form that is written.
    #[error("the header of the export cannot be read: {0}")]
    Header(&'static str),
    /// The export has no trailer, or not the one for its records.
    #[error("the trailer of the export is wrong: {0}")]
    Trailer(&'static str),
}
