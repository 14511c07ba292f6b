//! Finding the end of the log, whoever has written to it, and beginning one.

use super::Writer;
use crate::checkpoint::{Gap, GapCause, KeptFrom, Reason};
use crate::error::AuditOpenError;
use crate::head::{self, Head};
use crate::key;
use crate::options::Durability;
use crate::record::NO_RECORD;
use crate::segment::{self, Segment};
use crate::tail::Tail;
use ringfence_types::AuditEvent;
use std::io;

impl Writer {
    /// Finds the end of the log, whoever has written to it. The lock is held.
    pub(crate) fn catch_up(&mut self) -> Result<(), AuditOpenError> {
        loop {
            let Some(tail) = &mut self.tail else {
                self.locate()?;
                continue;
            };
            let path = self.path.join(segment::name(tail.segment.number));
            let size = tail.size().map_err(AuditOpenError::io("look at", &path))?;
            let before = tail.sequence;
            match size {
                Some(size) if size > tail.length => {
                    let note = match tail.read_on(size, &self.path) {
                        Ok(note) => note,
                        Err(error) => {
                            self.tail = None;
                            return Err(error);
                        }
                    };
                    self.notes.extend(note);
                    let grown = tail.sequence.saturating_sub(before);
                    self.count_unsigned(grown);
                }
                Some(size) if size == tail.length => {}
                _ => {
                    self.gap = Some(Gap { cause: GapCause::CutWhileOpen, sequence: before });
                    self.tail = None;
                    continue;
                }
            }
            if !self.tail.as_ref().is_some_and(|tail| tail.closed) {
                return Ok(());
            }
            self.next_segment()?;
        }
    }

    /// Goes on in the segment after one that is closed, making it when needed.
    pub(super) fn next_segment(&mut self) -> Result<(), AuditOpenError> {
        let Some(tail) = &self.tail else {
            return Ok(());
        };
        let number = tail.segment.number + 1;
        if number > segment::LAST_NUMBER {
            return Err(AuditOpenError::Damaged {
                path: self.path.clone(),
                reason: "there is no number left for another segment".to_owned(),
            });
        }
        let segment = match Segment::open(&self.folder, number, &self.path)? {
            Some(segment) => segment,
            None => self.create_segment(number)?,
        };
        self.tail = Some(Tail::after(segment, tail));
        Ok(())
    }

    pub(super) fn create_segment(&self, number: u32) -> Result<Segment, AuditOpenError> {
        let segment = Segment::create(&self.folder, number, &self.path)?;
        if self.options.durability == Durability::Disk {
            rustix::fs::fsync(&self.folder)
                .map_err(io::Error::from)
                .map_err(AuditOpenError::io("sync", &self.path))?;
        }
        Ok(segment)
    }

    /// Looks for the end of the log without knowing anything; begins a log when there is none.
    pub(super) fn locate(&mut self) -> Result<(), AuditOpenError> {
        let head_path = self.path.join(head::NAME);
        let stored = head::open(&self.folder, &head_path)?;
        let head = match &stored {
            Some(file) => {
                let bytes = head::read(file).map_err(AuditOpenError::io("read", &head_path))?;
                Head::newest(&bytes, None)
            }
            None => None,
        };
        let hint = match &head {
            Some(head) => Segment::open(&self.folder, head.segment, &self.path)?,
            None => None,
        };
        let segment = match hint {
            Some(segment) => Some(segment),
            None => {
                let range =
                    segment::range(&self.folder).map_err(AuditOpenError::io("list", &self.path))?;
                match range {
                    Some((_, last)) => Segment::open(&self.folder, last, &self.path)?,
                    None => None,
                }
            }
        };
        let Some(segment) = segment else {
            return self.begin(None, stored.is_none());
        };
        let mut tail = Tail::unknown(segment);
        self.notes.extend(self.read_end(&mut tail)?);
        if tail.length == 0 {
            if tail.segment.number <= 1 {
                return self.begin(Some(tail.segment), stored.is_none());
            }
            // Made and not yet written to: what it follows is in the one before.
            let number = tail.segment.number - 1;
            let former = Segment::open(&self.folder, number, &self.path)?.ok_or_else(|| {
                AuditOpenError::Damaged {
                    path: self.path.join(segment::name(number)),
                    reason: "it is missing and the next one is empty".to_owned(),
                }
            })?;
            let mut former = Tail::unknown(former);
            self.notes.extend(self.read_end(&mut former)?);
            tail = Tail::after(tail.segment, &former);
        }
        let covered = head.map_or(0, |head| head.sequence);
        let open = tail.sequence.saturating_sub(covered);
        self.tail = Some(tail);
        self.unsigned = 0;
        self.count_unsigned(open);
        Ok(())
    }

    pub(super) fn read_end(&self, tail: &mut Tail) -> Result<Option<AuditEvent>, AuditOpenError> {
        let path = self.path.join(segment::name(tail.segment.number));
        let size = tail.size().map_err(AuditOpenError::io("look at", &path))?.unwrap_or(0);
        if size == 0 {
            return Ok(None);
        }
        tail.read_on(size, &self.path)
    }

    /// Writes the first record. A head that is there, readable or not, is kept:
    /// it may be all that is left of a log that was deleted, and
    /// [`Self::check_head`] will say so.
    pub(super) fn begin(
        &mut self,
        segment: Option<Segment>,
        headless: bool,
    ) -> Result<(), AuditOpenError> {
        let (signer, made) = key::load_or_create(&self.home)?;
        let public = signer.public();
        if headless && segment.is_none() {
            let head = Head::new((0, NO_RECORD, 0), (1, 0), KeptFrom::START, public);
            self.put_head(&head, &signer, true)?;
        }
        let segment = match segment {
            Some(segment) => segment,
            None => self.create_segment(1)?,
        };
        self.kept_from = KeptFrom::START;
        self.signer = Some(signer);
        self.tail = Some(Tail::unknown(segment));
        let reason = if made { Reason::Created } else { Reason::Restarted };
        if let Err(error) = self.append_checkpoint(reason, None, None) {
            self.tail = None;
            return Err(error);
        }
        Ok(())
    }
}
