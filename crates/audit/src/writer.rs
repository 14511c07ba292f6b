//! The one writer: catches up with other processes, appends, signs.

use crate::checkpoint::{Checkpoint, EVERY_RECORDS, Gap, GapCause, KeptFrom, Reason};
use crate::error::AuditOpenError;
use crate::folder;
use crate::head::{self, Head};
use crate::key::{self, Signer};
use crate::options::{Durability, LogOptions};
use crate::record::{self, Hash, NO_RECORD};
use crate::segment::{self, Segment};
use crate::tail::Tail;
use ringfence_types::{AuditError, AuditEvent, Receipt};
use rustix::fs::{FlockOperation, OFlags};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(crate) const FOLDER: &str = "audit";
const LOCK: &str = "lock";

pub(crate) struct Writer {
    home: PathBuf,
    path: PathBuf,
    folder: OwnedFd,
    lock: Arc<OwnedFd>,
    options: LogOptions,
    signer: Option<Signer>,
    /// None: it must be looked for.
    tail: Option<Tail>,
    kept_from: KeptFrom,
    /// What we last wrote to `head.json`, so that it need not be checked again.
    last_head: Option<Vec<u8>>,
    /// A cut that was seen and is not yet recorded.
    gap: Option<Gap>,
    /// Events of our own that wait for the next write.
    notes: Vec<AuditEvent>,
    /// Records that the head does not cover, and since when.
    unsigned: u64,
    unsigned_since: Option<Instant>,
    /// Something was written since the last sync, and since when.
    unsynced_since: Option<Instant>,
}

/// Held while the end of the log is read or moved.
pub(crate) struct Locked(Arc<OwnedFd>);

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing the descriptor would do it too; there is nothing else to do on an error.
        let _ = rustix::fs::flock(&*self.0, FlockOperation::Unlock);
    }
}

impl Writer {
    pub(crate) fn open(home: &Path, options: LogOptions) -> Result<Self, AuditOpenError> {
        drop(folder::open_or_create(home)?);
        let path = home.join(FOLDER);
        let folder = folder::open_or_create(&path)?;
        let lock_path = path.join(LOCK);
        let lock = match folder::open_existing(&folder, LOCK, OFlags::RDONLY, &lock_path)? {
            Some(lock) => lock,
            None => match folder::create_new(&folder, LOCK, &lock_path) {
                Ok(lock) => lock,
                // Another process was faster.
                Err(error) => folder::open_existing(&folder, LOCK, OFlags::RDONLY, &lock_path)?
                    .ok_or(error)?,
            },
        };
        let mut writer = Self {
            home: home.to_owned(),
            path,
            folder,
            lock: Arc::new(lock.into()),
            options,
            signer: None,
            tail: None,
            kept_from: KeptFrom::START,
            last_head: None,
            gap: None,
            notes: Vec::new(),
            unsigned: 0,
            unsigned_since: None,
            unsynced_since: None,
        };
        let locked = writer.locked()?;
        writer.catch_up()?;
        if !writer.notes.is_empty() {
            // On a full disk the note waits for the first append that succeeds.
            let _ = writer.write(&[]);
        }
        drop(locked);
        Ok(writer)
    }

    fn locked(&self) -> Result<Locked, AuditOpenError> {
        rustix::io::retry_on_intr(|| rustix::fs::flock(&*self.lock, FlockOperation::LockExclusive))
            .map_err(io::Error::from)
            .map_err(AuditOpenError::io("lock", &self.path.join(LOCK)))?;
        Ok(Locked(Arc::clone(&self.lock)))
    }

    /// Appends events, all in one write. Gives as many answers.
    pub(crate) fn commit(&mut self, events: &[AuditEvent]) -> Vec<Result<Receipt, AuditError>> {
        let count = events.len();
        self.try_commit(events).unwrap_or_else(|error| {
            let AuditError { reason } = error.into();
            std::iter::repeat_with(|| Err(AuditError { reason: reason.clone() }))
                .take(count)
                .collect()
        })
    }

    fn try_commit(
        &mut self,
        events: &[AuditEvent],
    ) -> Result<Vec<Result<Receipt, AuditError>>, AuditOpenError> {
        let _locked = self.locked()?;
        self.catch_up()?;
        // An earlier signing failed: records that could be cut unseen must not pile up.
        if self.unsigned >= self.options.sign_after_records {
            self.sign(false)?;
        }
        let answers = self.write(events)?;
        let old =
            self.unsigned_since.is_some_and(|since| since.elapsed() >= self.options.sign_after);
        if self.unsigned >= self.options.sign_after_records || old {
            // The records are written; the next commit tries again and fails if it must.
            let _ = self.sign(false);
        }
        Ok(answers)
    }

    /// Signs what is not signed; with `sync`, brings all of it to the disk.
    pub(crate) fn flush(&mut self, sync: bool) -> Result<(), AuditOpenError> {
        if self.unsigned == 0 && self.gap.is_none() && !(sync && self.unsynced_since.is_some()) {
            return Ok(());
        }
        let _locked = self.locked()?;
        self.catch_up()?;
        self.sign(sync)
    }

    /// How long something has waited to be signed or synced.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        [self.unsigned_since, self.unsynced_since].into_iter().flatten().min()
    }

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
    fn next_segment(&mut self) -> Result<(), AuditOpenError> {
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
        self.tail = Some(Tail::start(segment, tail.sequence, tail.hash, tail.time));
        Ok(())
    }

    fn create_segment(&self, number: u32) -> Result<Segment, AuditOpenError> {
        let segment = Segment::create(&self.folder, number, &self.path)?;
        if self.options.durability == Durability::Disk {
            rustix::fs::fsync(&self.folder)
                .map_err(io::Error::from)
                .map_err(AuditOpenError::io("sync", &self.path))?;
        }
        Ok(segment)
    }

    /// Looks for the end of the log without knowing anything; begins a log when there is none.
    fn locate(&mut self) -> Result<(), AuditOpenError> {
        let head_path = self.path.join(head::NAME);
        let stored = head::open(&self.folder, &head_path)?;
        let head = match &stored {
            Some(file) => {
                let bytes = head::read(file).map_err(AuditOpenError::io("read", &head_path))?;
                Head::newest(&bytes, None)
            }
            None => None,
        };
        if let Some(head) = &head {
            self.kept_from = head.kept_from;
        }
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
        let mut tail = Tail::start(segment, 0, NO_RECORD, 0);
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
            let mut former = Tail::start(former, 0, NO_RECORD, 0);
            self.notes.extend(self.read_end(&mut former)?);
            tail.sequence = former.sequence;
            tail.hash = former.hash;
            tail.time = former.time;
        }
        let covered = head.map_or(0, |head| head.sequence);
        let open = tail.sequence.saturating_sub(covered);
        self.tail = Some(tail);
        self.unsigned = 0;
        self.count_unsigned(open);
        Ok(())
    }

    fn read_end(&self, tail: &mut Tail) -> Result<Option<AuditEvent>, AuditOpenError> {
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
    fn begin(&mut self, segment: Option<Segment>, headless: bool) -> Result<(), AuditOpenError> {
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
        self.tail = Some(Tail::start(segment, 0, NO_RECORD, 0));
        let reason = if made { Reason::Created } else { Reason::Restarted };
        if let Err(error) = self.append_checkpoint(reason, None, None) {
            self.tail = None;
            return Err(error);
        }
        Ok(())
    }

    /// Appends notes and events in one write; the lock is held and the end known.
    fn write(
        &mut self,
        events: &[AuditEvent],
    ) -> Result<Vec<Result<Receipt, AuditError>>, AuditOpenError> {
        if self.tail.as_ref().is_some_and(|tail| tail.length >= self.options.segment_bytes) {
            self.append_checkpoint(Reason::Rotated, None, None)?;
            self.catch_up()?;
        }
        let (mut sequence, mut hash, time) = self.next()?;
        let mut buffer = Vec::with_capacity(512 * (events.len() + self.notes.len() + 1));
        for note in &self.notes {
            // Ours, small and flat: cannot fail.
            if let Ok(next) = record::encode_event(sequence, time, &hash, note, &mut buffer) {
                hash = next;
                sequence += 1;
            }
        }
        let mut answers = Vec::with_capacity(events.len());
        for event in events {
            answers.push(match record::encode_event(sequence, time, &hash, event, &mut buffer) {
                Ok(next) => {
                    hash = next;
                    sequence += 1;
                    Ok(Receipt { sequence: sequence - 1 })
                }
                Err(reason) => Err(AuditError { reason }),
            });
        }
        let (first, _, _) = self.next()?;
        self.append(&buffer, sequence - 1, hash, time, false)?;
        self.notes.clear();
        if (first - 1) / EVERY_RECORDS != (sequence - 1) / EVERY_RECORDS {
            // The events are written; without this checkpoint the head still covers them.
            let _ = self.append_checkpoint(Reason::Periodic, None, None);
        }
        Ok(answers)
    }

    /// The next record's number, what it follows, and its time.
    fn next(&self) -> Result<(u64, Hash, u64), AuditOpenError> {
        let tail = self.tail.as_ref().ok_or_else(|| self.lost())?;
        let sequence =
            tail.sequence.checked_add(1).filter(|sequence| *sequence < u64::MAX / 2).ok_or_else(
                || AuditOpenError::Damaged {
                    path: self.path.join(segment::name(tail.segment.number)),
                    reason: "its last record has an impossible number".to_owned(),
                },
            )?;
        Ok((sequence, tail.hash, now().max(tail.time)))
    }

    fn lost(&self) -> AuditOpenError {
        AuditOpenError::Damaged {
            path: self.path.clone(),
            reason: "its end was not found".to_owned(),
        }
    }

    /// Writes whole records; on an error none of them is in the log.
    fn append(
        &mut self,
        bytes: &[u8],
        sequence: u64,
        hash: Hash,
        time: u64,
        closes: bool,
    ) -> Result<(), AuditOpenError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let disk = self.options.durability == Durability::Disk;
        let Some(tail) = &mut self.tail else {
            return Err(self.lost());
        };
        let written = tail
            .segment
            .append(bytes)
            .and_then(|()| if disk || closes { tail.segment.sync() } else { Ok(()) });
        if let Err(error) = written {
            let path = self.path.join(segment::name(tail.segment.number));
            if tail.segment.truncate(tail.length).is_err() {
                // What is there now is for the next catch_up to find out.
                self.tail = None;
            }
            return Err(AuditOpenError::io("append to", &path)(error));
        }
        let records = sequence - tail.sequence;
        tail.length += bytes.len() as u64;
        tail.sequence = sequence;
        tail.hash = hash;
        tail.time = time;
        tail.closed = closes;
        if !disk {
            self.unsynced_since.get_or_insert_with(Instant::now);
        }
        self.count_unsigned(records);
        Ok(())
    }

    fn count_unsigned(&mut self, records: u64) {
        if records > 0 {
            self.unsigned = self.unsigned.saturating_add(records);
            self.unsigned_since.get_or_insert_with(Instant::now);
        }
    }

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

    fn signer(&mut self) -> Result<&Signer, AuditOpenError> {
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
        let found = match self.gap {
            Some(gap) => Some(gap),
            None => self.check_head()?,
        };
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
        let head = Head::new(
            (tail.sequence, tail.hash, tail.time),
            (tail.segment.number, tail.length),
            kept_from,
            public,
        );
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

    fn put_head(&mut self, head: &Head, signer: &Signer, sync: bool) -> Result<(), AuditOpenError> {
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
    fn check_head(&mut self) -> Result<Option<Gap>, AuditOpenError> {
        let path = self.path.join(head::NAME);
        let gap = |cause, sequence| Ok(Some(Gap { cause, sequence }));
        let Some(file) = head::open(&self.folder, &path)? else {
            return gap(GapCause::HeadMissing, 0);
        };
        let bytes = head::read(&file).map_err(AuditOpenError::io("read", &path))?;
        if self.last_head.as_ref() == Some(&bytes) {
            return Ok(None);
        }
        let public = self.signer()?.public();
        let Some(head) = Head::newest(&bytes, Some(public)) else {
            return gap(GapCause::HeadUnreadable, 0);
        };
        self.kept_from = head.kept_from;
        if head.sequence == 0 || self.holds(&head)? {
            return Ok(None);
        }
        gap(GapCause::RecordMissing, head.sequence)
    }

    fn holds(&self, head: &Head) -> Result<bool, AuditOpenError> {
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

    /// What retention needs.
    pub(crate) fn with_lock<T>(
        &mut self,
        action: impl FnOnce(&mut Self) -> Result<T, AuditOpenError>,
    ) -> Result<T, AuditOpenError> {
        let _locked = self.locked()?;
        self.catch_up()?;
        action(self)
    }

    pub(crate) fn folder(&self) -> (&OwnedFd, &Path) {
        (&self.folder, &self.path)
    }

    pub(crate) fn kept_from(&self) -> KeptFrom {
        self.kept_from
    }

    pub(crate) fn current_segment(&self) -> u32 {
        self.tail.as_ref().map_or(0, |tail| tail.segment.number)
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
