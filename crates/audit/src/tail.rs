//! Where the next record goes: found by reading the end of the last segment.

use crate::checkpoint::Reason;
use crate::error::AuditOpenError;
use crate::lines;
use crate::record::{self, Body, Hash};
use crate::segment::{self, Segment};
use ringfence_types::{AuditEvent, EventKind, Severity};
use serde::Deserialize;
use std::io;
use std::path::Path;

/// The end of the log.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) segment: Segment,
    /// Bytes of the segment up to the end of its last whole record.
    pub(crate) length: u64,
    /// The last record, its hash and its time.
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
    pub(crate) time: u64,
    /// The segment that holds the last record, which is the one before when
    /// this one has no record yet, and where in it the record ends.
    pub(crate) ends_at: (u32, u64),
    /// The last record closes the segment.
    pub(crate) closed: bool,
}

impl Tail {
    /// The start of a segment whose end is not known yet, or of the first.
    pub(crate) fn unknown(segment: Segment) -> Self {
        let ends_at = (segment.number, 0);
        let (sequence, hash, time) = (0, record::NO_RECORD, 0);
        Self { segment, length: 0, sequence, hash, time, ends_at, closed: false }
    }

    /// The start of a segment that follows the end of another.
    pub(crate) fn after(segment: Segment, former: &Self) -> Self {
        let Self { sequence, hash, time, ends_at, .. } = *former;
        Self { segment, length: 0, sequence, hash, time, ends_at, closed: false }
    }

    /// Reads what was appended since `length`, cuts off an incomplete last line,
    /// and gives the event that tells of the cut. The caller holds the lock, so
    /// an incomplete line is nobody's who still writes.
    pub(crate) fn read_on(
        &mut self,
        size: u64,
        folder_path: &Path,
    ) -> Result<Option<AuditEvent>, AuditOpenError> {
        let path = folder_path.join(segment::name(self.segment.number));
        let file = &self.segment.file;
        let whole = lines::last_newline(file, self.length, size)
            .map_err(AuditOpenError::io("read", &path))?
            .map_or(self.length, |newline| newline + 1);
        if whole > self.length {
            let last = lines::line_before(file, self.length, whole)
                .map_err(AuditOpenError::io("read", &path))?;
            self.follow(last.as_ref().map(|(_, line)| line.as_slice()), &path)?;
            self.length = whole;
            self.ends_at = (self.segment.number, whole);
        }
        let torn = size - whole;
        if torn == 0 {
            return Ok(None);
        }
        self.segment
            .truncate(whole)
            .map_err(AuditOpenError::io("cut the incomplete record off", &path))?;
        Ok(Some(torn_event(self.segment.number, whole, torn)))
    }

    /// Takes the last line as the end of the log.
    fn follow(&mut self, line: Option<&[u8]>, path: &Path) -> Result<(), AuditOpenError> {
        let damaged = |reason: String| AuditOpenError::Damaged { path: path.to_owned(), reason };
        let line = line.ok_or_else(|| damaged("its last line is too long".to_owned()))?;
        let line = record::parse(line).map_err(|problem| damaged(problem.to_string()))?;
        self.sequence = line.sequence;
        self.hash = line.hash;
        self.time = line.time;
        self.closed = closes(&line.body);
        Ok(())
    }

    pub(crate) fn size(&self) -> io::Result<Option<u64>> {
        let status = rustix::fs::fstat(&self.segment.file)?;
        let deleted = status.st_nlink == 0;
        Ok(u64::try_from(status.st_size).ok().filter(|_| !deleted))
    }
}

/// Whether a record closes its segment; its signature is the verifier's matter.
fn closes(body: &Body<'_>) -> bool {
    #[derive(Deserialize)]
    struct Why {
        reason: Reason,
    }
    match body {
        Body::Event(_) => false,
        Body::Checkpoint { json, .. } => serde_json::from_slice::<Why>(json)
            .is_ok_and(|checkpoint| checkpoint.reason == Reason::Rotated),
    }
}

fn torn_event(segment: u32, offset: u64, bytes: u64) -> AuditEvent {
    AuditEvent::new(
        EventKind::Log,
        "cut off a record that was written incompletely and never reported",
    )
    .severity(Severity::Warning)
    .with("torn_bytes", bytes)
    .with("segment", segment)
    .with("offset", offset)
}
