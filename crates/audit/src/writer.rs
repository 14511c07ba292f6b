//! The one writer: catches up with other processes, appends, signs.

mod locate;
mod sign;

use crate::checkpoint::{EVERY_RECORDS, Gap, KeptFrom, Reason};
use crate::error::AuditOpenError;
use crate::folder;
use crate::head::Head;
use crate::key::Signer;
use crate::options::{Durability, LogOptions};
use crate::record::{self, Hash};
use crate::segment;
use crate::tail::Tail;
use crate::verify::Witness;
use ringfence_types::{AuditError, AuditEvent, Digest, Receipt};
use rustix::fs::FlockOperation;
use std::io;
use std::os::fd::OwnedFd;
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
    /// A head of somebody else and its bytes, whose signature was found to be good.
    known_head: Option<(Vec<u8>, Head)>,
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
        let lock = folder::open_or_create_file(&folder, LOCK, &path.join(LOCK))?;
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
            known_head: None,
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

    /// Reads the key and checks the head, so that [`Self::flush`] finds both done. A
    /// head that does not agree with the log is left for it to find and record.
    pub(crate) fn prepare_to_sign(&mut self) -> Result<(), AuditOpenError> {
        if self.last_head.is_some() || self.known_head.is_some() {
            return Ok(());
        }
        let _locked = self.locked()?;
        self.catch_up()?;
        self.check_head().map(drop)
    }

    /// How long something has waited to be signed or synced.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        [self.unsigned_since, self.unsynced_since].into_iter().flatten().min()
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
        tail.ends_at = (tail.segment.number, tail.length);
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

    pub(crate) fn last_record(&self) -> Option<Witness> {
        self.tail
            .as_ref()
            .map(|tail| Witness { sequence: tail.sequence, hash: Digest::from_bytes(tail.hash) })
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
