//! Checkpoints in the chain, and the head that covers it.

use super::Writer;
use crate::checkpoint::{Checkpoint, Gap, GapCause, KeptFrom, Reason};
use crate::error::AuditOpenError;
use crate::head::{self, Head};
use crate::key::{self, Signer};
use crate::segment::{self, Segment};
use std::io;
use std::os::unix::fs::FileExt as _;

impl Writer {
    /// Appends a signed record; the lock is held and the end known.
    pub(crate) fn append_checkpoint(
        &mut self,
        reason: Reason,
        gap: Option<Gap>,
        kept_from: Option<KeptFrom>,
    ) -> Result<(), AuditOpenError> {
        let (sequence, prev, time) = self.next()?;
        let (segment, offset) = self
            .tail
            .as_ref()
            .map(|tail| (tail.segment.number, tail.length))
            .ok_or_else(|| self.lost())?;
        let path = self.path.clone();
        let signer = self.signer()?;
        let mut checkpoint = Checkpoint::new(reason, segment, offset, signer.public());
        checkpoint.gap = gap;
        checkpoint.kept_from = kept_from;
        let mut bytes = Vec::with_capacity(1024);
        let hash = checkpoint
            .encode(sequence, time, &prev, signer, &mut bytes)
            .map_err(io::Error::from)
            .map_err(AuditOpenError::io("sign", &path))?;
        self.append(&bytes, sequence, hash, time, reason == Reason::Rotated)
    }

    pub(super) fn signer(&mut self) -> Result<&Signer, AuditOpenError> {
        let signer = match self.signer.take() {
            Some(signer) => signer,
            None => key::load_or_create(&self.home)?.0,
        };
        Ok(self.signer.insert(signer))
    }

    /// Signs a head that covers everything; the lock is held and the end known.
    /// A head that does not agree with the log is never replaced without a
    /// signed record that says so.
    pub(crate) fn sign(&mut self, sync: bool) -> Result<(), AuditOpenError> {
        let disagrees = self.check_head()?;
        let found = self.gap.or(disagrees);
        if let Some(gap) = found {
            self.gap = Some(gap);
            self.append_checkpoint(Reason::Gap, Some(gap), None)?;
        }
        self.put_signed(self.kept_from, sync)?;
        self.gap = None;
        Ok(())
    }

    /// Signs a head without looking at the one before.
    pub(crate) fn put_signed(
        &mut self,
        kept_from: KeptFrom,
        sync: bool,
    ) -> Result<(), AuditOpenError> {
        let public = self.signer()?.public();
        let Some(tail) = &self.tail else {
            return Err(self.lost());
        };
        if sync {
            // First the records, then the head that vouches for them.
            let path = self.path.join(segment::name(tail.segment.number));
            tail.segment.sync().map_err(AuditOpenError::io("sync", &path))?;
        }
        let head =
            Head::new((tail.sequence, tail.hash, tail.time), tail.ends_at, kept_from, public);
        let signer = self.signer.take().ok_or_else(|| self.lost())?;
        let put = self.put_head(&head, &signer, sync);
        self.signer = Some(signer);
        put?;
        self.kept_from = kept_from;
        self.unsigned = 0;
        self.unsigned_since = None;
        if sync {
            self.unsynced_since = None;
        }
        Ok(())
    }

    pub(super) fn put_head(
        &mut self,
        head: &Head,
        signer: &Signer,
        sync: bool,
    ) -> Result<(), AuditOpenError> {
        let path = self.path.join(head::NAME);
        let bytes = head.encode(signer).map_err(AuditOpenError::io("sign", &path))?;
        match head::open(&self.folder, &path)? {
            Some(file) => head::overwrite(&file, &bytes)
                .and_then(|()| if sync { file.sync_data() } else { Ok(()) })
                .map_err(AuditOpenError::io("write", &path))?,
            None => head::create(&self.folder, &path, &bytes)?,
        }
        if sync {
            rustix::fs::fsync(&self.folder)
                .map_err(io::Error::from)
                .map_err(AuditOpenError::io("sync", &self.path))?;
        }
        self.last_head = Some(bytes);
        Ok(())
    }

    /// Whether the head on disk is one of ours and its record is in the log.
    pub(super) fn check_head(&mut self) -> Result<Option<Gap>, AuditOpenError> {
        let path = self.path.join(head::NAME);
        let gap = |cause, sequence| Ok(Some(Gap { cause, sequence }));
        let Some(file) = head::open(&self.folder, &path)? else {
            return gap(GapCause::HeadMissing, 0);
        };
        let bytes = head::read(&file).map_err(AuditOpenError::io("read", &path))?;
        if self.last_head.as_ref() == Some(&bytes) {
            return Ok(None);
        }
        let known = self.known_head.take().filter(|(known, _)| *known == bytes);
        let head = match known {
            Some((_, head)) => head,
            None => {
                let public = self.signer()?.public();
                let Some(head) = Head::newest(&bytes, Some(public)) else {
                    return gap(GapCause::HeadUnreadable, 0);
                };
                head
            }
        };
        self.known_head = Some((bytes, head.clone()));
        self.kept_from = head.kept_from;
        if head.sequence == 0 || self.holds(&head)? {
            return Ok(None);
        }
        gap(GapCause::RecordMissing, head.sequence)
    }

    pub(super) fn holds(&self, head: &Head) -> Result<bool, AuditOpenError> {
        let expected = head.line_end();
        let Some(start) = head.end.checked_sub(expected.len() as u64) else {
            return Ok(false);
        };
        let other;
        let (file, length) = match &self.tail {
            Some(tail) if tail.segment.number == head.segment => {
                (&tail.segment.file, Some(tail.length))
            }
            _ => match Segment::open(&self.folder, head.segment, &self.path)? {
                Some(segment) => {
                    other = segment;
                    (&other.file, None)
                }
                None => return Ok(false),
            },
        };
        if length.is_some_and(|length| head.end > length) {
            return Ok(false);
        }
        let mut found = vec![0; expected.len()];
        Ok(file.read_exact_at(&mut found, start).is_ok() && found == expected)
    }
}
