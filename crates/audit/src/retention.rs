//! Deleting the oldest segments, in the open.

use crate::checkpoint::{KeptFrom, Reason};
use crate::error::AuditOpenError;
use crate::lines::{self, Next};
use crate::record;
use crate::segment::{self, Segment};
use crate::writer::Writer;
use rustix::fs::AtFlags;
use std::io::{self, BufReader};

/// What retention deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Segments deleted now.
    pub segments: u32,
    /// The first record that is kept.
    pub kept_from: u64,
}

/// Record, then signed head on the disk, then deletion in ascending order: a
/// crash between leaves segments that may go, never a hole.
pub(crate) fn drop_before(writer: &mut Writer, sequence: u64) -> Result<Dropped, AuditOpenError> {
    writer.with_lock(|writer| {
        // A cut that is already there must be on record before a new head covers it.
        writer.sign(true)?;
        let (folder, path) = writer.folder();
        let first = segment::range(folder)
            .map_err(AuditOpenError::io("list", path))?
            .map_or(1, |(first, _)| first);
        let mut kept_from = None;
        for number in first + 1..=writer.current_segment() {
            match first_record(writer, number)? {
                Some(found) if found.sequence <= sequence => kept_from = Some(found),
                _ => break,
            }
        }
        let Some(kept_from) = kept_from else {
            return Ok(Dropped { segments: 0, kept_from: writer.kept_from().sequence });
        };
        writer.append_checkpoint(Reason::Retention, None, Some(kept_from))?;
        writer.put_signed(kept_from, true)?;
        let (folder, path) = writer.folder();
        for number in first..kept_from.segment {
            let name = segment::name(number);
            match rustix::fs::unlinkat(folder, name.as_str(), AtFlags::empty()) {
                Ok(()) | Err(rustix::io::Errno::NOENT) => {}
                Err(error) => {
                    return Err(AuditOpenError::io("delete", &path.join(name))(error.into()));
                }
            }
        }
        Ok(Dropped { segments: kept_from.segment - first, kept_from: kept_from.sequence })
    })
}

fn first_record(writer: &Writer, number: u32) -> Result<Option<KeptFrom>, AuditOpenError> {
    let (folder, path) = writer.folder();
    let full = path.join(segment::name(number));
    let Some(segment) = Segment::open(folder, number, path)? else {
        return Ok(None);
    };
    let mut line = Vec::new();
    let next = lines::next(&mut BufReader::new(&segment.file), &mut line)
        .map_err(AuditOpenError::io("read", &full))?;
    if next != Next::Whole {
        return Ok(None);
    }
    let line = record::parse(&line)
        .map_err(|problem| AuditOpenError::io("read", &full)(io::Error::other(problem)))?;
    Ok(Some(KeptFrom { segment: number, sequence: line.sequence, prev: line.prev }))
}
