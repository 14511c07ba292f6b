//! Reading records for people: filtered, in either direction, one at a time.

use crate::checkpoint::{Gap, Reason};
use crate::error::{Problem, VerifyError};
use crate::lines::{self, Next};
use crate::record::{self, Body};
use crate::segment;
use crate::verify::{LogFolder, bad};
use ringfence_types::{AuditEvent, Digest, EventKind, InstanceId, Severity};
use serde::Deserialize;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Which records; the default is all of them, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only events of this kind.
    pub kind: Option<EventKind>,
    /// Only events at least as severe.
    pub severity: Option<Severity>,
    /// Only events of this instance.
    pub instance: Option<InstanceId>,
    /// Only records at or after this, in milliseconds since 1970.
    pub since: Option<u64>,
    /// Only records before this, in milliseconds since 1970.
    pub until: Option<u64>,
    /// At most so many.
    pub limit: Option<u64>,
    /// Newest first.
    pub reverse: bool,
    /// Checkpoints too; they never pass a filter by kind, severity or instance.
    pub checkpoints: bool,
}

impl Filter {
    fn passes(&self, entry: &Entry) -> bool {
        if self.since.is_some_and(|since| entry.time < since)
            || self.until.is_some_and(|until| entry.time >= until)
        {
            return false;
        }
        match &entry.body {
            EntryBody::Checkpoint { .. } => {
                self.checkpoints
                    && self.kind.is_none()
                    && self.severity.is_none()
                    && self.instance.is_none()
            }
            EntryBody::Event(event) => {
                self.kind.is_none_or(|kind| event.kind == kind)
                    && self.severity.is_none_or(|severity| event.severity >= severity)
                    && self
                        .instance
                        .as_ref()
                        .is_none_or(|instance| event.instance.as_ref() == Some(instance))
            }
        }
    }

    /// Times never decrease along the log, so nothing later can pass.
    fn is_over(&self, time: u64) -> bool {
        if self.reverse {
            self.since.is_some_and(|since| time < since)
        } else {
            self.until.is_some_and(|until| time >= until)
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number.
    pub sequence: u64,
    /// When it was written, in milliseconds since 1970.
    pub time: u64,
    /// Its hash, which the next record names.
    pub hash: Digest,
    /// What it says.
    pub body: EntryBody,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryBody {
    /// Something happened. Texts may come from a plugin: show them with `UntrustedText`.
    Event(AuditEvent),
    /// The log was signed here.
    Checkpoint {
        /// Why.
        reason: Reason,
        /// What was found missing, if something was.
        gap: Option<Gap>,
    },
}

/// Lists the log in `folder`: a home folder, or the `audit` folder of one. Each
/// record's own hash is checked, nothing else: that a list comes out does not
/// mean that [`verify`](crate::verify()) passes.
///
/// # Errors
/// When the folder cannot be read or holds no log.
pub fn list(folder: &Path, filter: Filter) -> Result<Entries, VerifyError> {
    let log = LogFolder::open(folder)?;
    let Some((first, last)) = log.range()? else {
        return Err(VerifyError::NoLog { path: log.path });
    };
    Ok(Entries {
        left: filter.limit.unwrap_or(u64::MAX),
        filter,
        log,
        segments: Some((first, last)),
        cursor: None,
        line: Vec::new(),
    })
}

/// The records that pass a filter; ends after the first that cannot be read.
#[derive(Debug)]
pub struct Entries {
    filter: Filter,
    left: u64,
    log: LogFolder,
    /// Those not yet begun.
    segments: Option<(u32, u32)>,
    cursor: Option<Cursor>,
    line: Vec<u8>,
}

#[derive(Debug)]
enum Cursor {
    Forward { number: u32, row: u64, reader: BufReader<File> },
    Backward { number: u32, file: File, end: u64 },
}

impl Iterator for Entries {
    type Item = Result<Entry, VerifyError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            match self.advance() {
                Ok(Some(entry)) => {
                    if self.filter.is_over(entry.time) {
                        break;
                    }
                    if self.filter.passes(&entry) {
                        self.left -= 1;
                        return Some(Ok(entry));
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.left = 0;
                    return Some(Err(error));
                }
            }
        }
        self.left = 0;
        None
    }
}

impl Entries {
    fn advance(&mut self) -> Result<Option<Entry>, VerifyError> {
        loop {
            let Some(cursor) = &mut self.cursor else {
                let Some(number) = self.next_segment() else {
                    return Ok(None);
                };
                self.cursor = self.open(number)?;
                continue;
            };
            let (number, row, whole) = match cursor {
                Cursor::Forward { number, row, reader } => {
                    let path = self.log.path.join(segment::name(*number));
                    let next =
                        lines::next(reader, &mut self.line).map_err(VerifyError::read(&path))?;
                    *row += 1;
                    (*number, *row, next)
                }
                Cursor::Backward { number, file, end } => {
                    let path = self.log.path.join(segment::name(*number));
                    let next =
                        backward(file, end, &mut self.line).map_err(VerifyError::read(&path))?;
                    (*number, 0, next)
                }
            };
            match whole {
                Next::Whole => {
                    return entry(&self.line)
                        .map(Some)
                        .map_err(|problem| bad(0, Some(number), row, problem).into());
                }
                Next::TooLong => return Err(bad(0, Some(number), row, Problem::LineTooLong).into()),
                Next::Torn(_) | Next::End => self.cursor = None,
            }
        }
    }

    fn next_segment(&mut self) -> Option<u32> {
        let (first, last) = self.segments?;
        let (number, rest) = if self.filter.reverse {
            (last, (first, last.saturating_sub(1)))
        } else {
            (first, (first + 1, last))
        };
        self.segments = (rest.0 <= rest.1).then_some(rest);
        Some(number)
    }

    fn open(&self, number: u32) -> Result<Option<Cursor>, VerifyError> {
        let Some(file) = self.log.segment(number)? else {
            return Err(bad(0, Some(number), 0, Problem::MissingSegment).into());
        };
        if !self.filter.reverse {
            return Ok(Some(Cursor::Forward {
                number,
                row: 0,
                reader: BufReader::with_capacity(64 * 1024, file),
            }));
        }
        let path = self.log.path.join(segment::name(number));
        let size = file.metadata().map_err(VerifyError::read(&path))?.len();
        let end = lines::last_newline(&file, 0, size)
            .map_err(VerifyError::read(&path))?
            .map_or(0, |newline| newline + 1);
        Ok(Some(Cursor::Backward { number, file, end }))
    }
}

fn backward(file: &File, end: &mut u64, line: &mut Vec<u8>) -> std::io::Result<Next> {
    if *end == 0 {
        return Ok(Next::End);
    }
    Ok(match lines::line_before(file, 0, *end)? {
        Some((start, bytes)) => {
            *line = bytes;
            *end = start;
            Next::Whole
        }
        None => Next::TooLong,
    })
}

fn entry(line: &[u8]) -> Result<Entry, Problem> {
    #[derive(Deserialize)]
    struct Seen {
        reason: Reason,
        gap: Option<Gap>,
    }
    let line = record::parse(line)?;
    let body = match line.body {
        Body::Event(json) => EntryBody::Event(record::parse_event(json)?),
        Body::Checkpoint { json, .. } => {
            let seen: Seen = serde_json::from_slice(json)
                .map_err(|_| Problem::Unparsable("not a checkpoint of this version"))?;
            EntryBody::Checkpoint { reason: seen.reason, gap: seen.gap }
        }
    };
    Ok(Entry {
        sequence: line.sequence,
        time: line.time,
        hash: Digest::from_bytes(line.hash),
        body,
    })
}
