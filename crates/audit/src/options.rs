//! How a log is written.

use std::time::Duration;

/// What an append has survived when it returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The record is in the kernel: it survives the death of this process by
    /// any signal, not a power cut. [`AuditLog::flush`](crate::AuditLog::flush)
    /// brings it to the disk.
    #[default]
    Process,
    /// The record is on the disk (`fdatasync`), several waiting threads' records at once.
    Disk,
}

/// How a log is written; [`LogOptions::default`] is what `ringfence` uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// What an append has survived when it returns.
    pub durability: Durability,
    /// A segment that has reached this many bytes is closed and the next begun.
    /// Default 64 MiB.
    pub segment_bytes: u64,
    /// The head is signed anew when this many records are not yet covered by
    /// it. Default 100; a record at a time with 1.
    pub sign_after_records: u64,
    /// The head is signed anew by the first append that finds an uncovered
    /// record older than this. Default 1 s.
    pub sign_after: Duration,
    /// When set, a thread signs and syncs records that nobody has flushed for
    /// so long, also while nothing is appended. Default none: a thread forbids
    /// `unshare(CLONE_NEWUSER)` to the whole process, so a host asks for it.
    pub background_flush: Option<Duration>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Process,
            segment_bytes: 64 << 20,
            sign_after_records: 100,
            sign_after: Duration::from_secs(1),
            background_flush: None,
        }
    }
}
