//! The log as its users see it.

use crate::commit_queue::CommitQueue;
use crate::error::AuditOpenError;
use crate::key::{self, PublicKey};
use crate::options::LogOptions;
use crate::retention::{self, Dropped};
use crate::verify::Witness;
use crate::writer::Writer;
use ringfence_types::{AuditError, AuditEvent, AuditSink, Receipt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

type Queue = CommitQueue<Writer, AuditEvent, Result<Receipt, AuditError>>;

/// The log of one home folder. Clones share one writer; several processes may
/// have the same log open.
///
/// When the last clone is dropped the head is signed (not synced), so a log
/// that nobody flushed is still protected against a cut.
#[derive(Clone)]
pub struct AuditLog {
    handle: Arc<Handle>,
}

struct Handle {
    queue: Arc<Queue>,
    every: Option<Duration>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl AuditLog {
    /// Opens the log in `<home>/audit`, making home (0700), log and key when
    /// they are absent. An incomplete record that a crash left is cut off and
    /// the cut recorded.
    ///
    /// # Errors
    /// When a folder or file is not ours alone, the disk refuses, or the last
    /// record is damaged so that nothing can follow it.
    pub fn open(home: &Path, options: LogOptions) -> Result<Self, AuditOpenError> {
        let writer = Writer::open(home, options)?;
        Ok(Self {
            handle: Arc::new(Handle {
                queue: Arc::new(CommitQueue::new(writer)),
                every: options.background_flush,
                stop: Arc::new(AtomicBool::new(false)),
                thread: Mutex::new(None),
            }),
        })
    }

    /// Signs the head and brings everything to the disk.
    ///
    /// # Errors
    /// When the disk or the key refuses; the records stay appended.
    pub fn flush(&self) -> Result<(), AuditError> {
        Ok(self.handle.queue.with(|writer| writer.flush(true))?)
    }

    /// Does now what signing for the first time takes: reads the key, and checks the
    /// head that is there. Nothing is written.
    ///
    /// # Errors
    /// When the key or the head cannot be read; then nothing can be signed.
    pub fn prepare_to_sign(&self) -> Result<(), AuditError> {
        Ok(self.handle.queue.with(Writer::prepare_to_sign)?)
    }

    /// Signs the head without waiting for the disk.
    ///
    /// # Errors
    /// As for [`Self::flush`].
    pub fn sign(&self) -> Result<(), AuditError> {
        Ok(self.handle.queue.with(|writer| writer.flush(false))?)
    }

    /// Flushes and gives up this clone.
    ///
    /// # Errors
    /// As for [`Self::flush`].
    pub fn close(self) -> Result<(), AuditError> {
        self.flush()
    }

    /// The last record that this handle knows of, for a witness to note outside
    /// this machine.
    #[must_use]
    pub fn last_record(&self) -> Option<Witness> {
        self.handle.queue.with(|writer| writer.last_record())
    }

    /// Deletes the segments that hold only records before `sequence`, after a
    /// signed record that says so; the segment in use is never deleted.
    ///
    /// # Errors
    /// When the record cannot be written, in which case nothing is deleted, or
    /// a file cannot be deleted, in which case a later call goes on.
    pub fn drop_before(&self, sequence: u64) -> Result<Dropped, AuditError> {
        Ok(self.handle.queue.with(|writer| retention::drop_before(writer, sequence))?)
    }

    /// The public key of the log in `home`, which its owner hands to those who
    /// will verify.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub fn public_key(home: &Path) -> Result<PublicKey, AuditOpenError> {
        key::load_or_create(home).map(|(signer, _)| signer.public())
    }
}

impl AuditSink for AuditLog {
    fn append(&self, event: AuditEvent) -> Result<Receipt, AuditError> {
        self.handle.start_background();
        self.handle.queue.submit(event, Writer::commit).unwrap_or_else(|| {
            Err(AuditError { reason: "the thread that wrote for this one has failed".to_owned() })
        })
    }
}

impl Handle {
    fn start_background(&self) {
        let Some(every) = self.every else { return };
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            return;
        }
        let queue = Arc::clone(&self.queue);
        let stop = Arc::clone(&self.stop);
        // When no thread can be had, appends and drop still sign.
        *thread = std::thread::Builder::new()
            .name("audit-flush".to_owned())
            .spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    std::thread::park_timeout(every);
                    queue.with(|writer| {
                        if writer.waiting_since().is_some_and(|since| since.elapsed() >= every) {
                            // Tried again next time; appends fail when it matters.
                            let _ = writer.flush(true);
                        }
                    });
                }
            })
            .ok();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            // A flusher that panicked has nothing more to say.
            let _ = thread.join();
        }
        // The next opening signs what could not be signed now.
        let _ = self.queue.with(|writer| writer.flush(false));
    }
}

#[cfg(test)]
mod tests {
    use crate::commit_queue::CommitQueue;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn those_who_wait_while_a_batch_is_written_are_the_next_batch() {
        const WAITING: usize = 3;
        let queue = CommitQueue::new(());
        let largest = AtomicUsize::new(0);
        let answer = |items: &[u32]| {
            largest.fetch_max(items.len(), Ordering::Relaxed);
            items.to_vec()
        };
        // A thread may be late on a busy machine, so not the first round must do.
        for _ in 0..100 {
            let come = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                let leader = scope.spawn(|| {
                    queue.submit(0, |(), items| {
                        while come.load(Ordering::Relaxed) < WAITING {
                            std::thread::yield_now();
                        }
                        std::thread::park_timeout(Duration::from_millis(5));
                        answer(items)
                    })
                });
                for item in 1..=WAITING {
                    let (queue, come) = (&queue, &come);
                    scope.spawn(move || {
                        come.fetch_add(1, Ordering::Relaxed);
                        let item = u32::try_from(item).unwrap();
                        assert_eq!(queue.submit(item, |(), items| answer(items)), Some(item));
                    });
                }
                assert_eq!(leader.join().unwrap(), Some(0));
            });
            if largest.load(Ordering::Relaxed) >= WAITING {
                return;
            }
        }
        panic!("each was written alone");
    }
}
