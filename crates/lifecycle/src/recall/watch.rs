//! One thread of an engine that looks at the list of installed plugins.

use super::hold::{Hold, Signed, hold};
use super::marks::Marks;
use super::watched::{Subject, Watched};
use super::why::{Cause, Recall};
use crate::engine::now_ms;
use ringfence_store::{StateError, StateStore};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is looked at while something runs: some system calls when nothing changed.
const PERIOD: Duration = Duration::from_millis(250);
/// How long one look waits for another process that writes.
const BUSY: Duration = Duration::from_millis(250);
/// How long it may be that it cannot be read, for instance because descriptors are used up.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks at the list for all instances of an engine, as long as there are any.
#[derive(Debug)]
pub(crate) struct Recalls {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    /// Something began to run, or the engine ends.
    changed: Condvar,
    look: Mutex<Look>,
}

#[derive(Debug, Default)]
struct Table {
    running: Vec<Weak<Watched>>,
    closed: bool,
}

/// What was read when the list last looked different.
#[derive(Debug)]
struct Look {
    home: PathBuf,
    reader: Option<(StateStore, Marks)>,
    /// How it looked when all that run were last compared with it.
    compared: Option<Marks>,
    /// How it looked when nothing was in quarantine.
    nothing_held: Option<Marks>,
    failing: Option<Instant>,
    signed: Signed,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recalls {
    /// Nothing runs yet, and nothing is looked at.
    pub(crate) fn new(home: &Path) -> Self {
        let look = Look {
            home: home.to_owned(),
            reader: None,
            compared: None,
            nothing_held: None,
            failing: None,
            signed: Signed::default(),
        };
        let shared =
            Shared { table: Mutex::default(), changed: Condvar::new(), look: Mutex::new(look) };
        Self { shared: Arc::new(shared), thread: Mutex::default() }
    }

    /// Remembers who signed a package that is run without being installed.
    pub(crate) fn signed(
        &self,
        package: ringfence_types::Digest,
        keys: Vec<String>,
        publisher: Option<String>,
    ) {
        lock(&self.shared.look).signed.remember(package, keys, publisher);
    }

    /// Why this may not be run: who put it into quarantine, or a feed that recalls it.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub(crate) fn held(&self, subject: &Subject) -> Result<Option<Hold>, StateError> {
        let mut look = lock(&self.shared.look);
        let marks = look.marks()?;
        if look.nothing_held == Some(marks) {
            return Ok(None);
        }
        look.open(&marks)?;
        let Some((store, _)) = &look.reader else {
            return Ok(None);
        };
        if !store.any_quarantined()? && !store.any_facts()? {
            look.nothing_held = (!marks.is_fresh()).then_some(marks);
            return Ok(None);
        }
        hold(store, subject, &look.signed)
    }

    /// Compares what is about to be started with the list as it is now; why it must not be.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub(crate) fn admit(&self, watched: &Watched) -> Result<Option<Recall>, StateError> {
        let mut look = lock(&self.shared.look);
        let marks = look.marks()?;
        watched.begins_with(marks.identity());
        if !watched.is_installed() && look.nothing_held == Some(marks) {
            return Ok(None);
        }
        look.open(&marks)?;
        match &look.reader {
            Some((store, _)) => watched.look(store, &look.signed, now_ms()),
            None if watched.is_installed() => {
                Ok(Some(watched.recall(Cause::ListLost, None, Some("it is gone".to_owned()))))
            }
            None => Ok(None),
        }
    }

    /// Watches it until it is dropped.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn watch(&self, watched: &Arc<Watched>) -> io::Result<()> {
        {
            let mut table = lock(&self.shared.table);
            table.running.retain(|running| running.strong_count() > 0);
            table.running.push(Arc::downgrade(watched));
        }
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let shared = Arc::clone(&self.shared);
            let builder = std::thread::Builder::new().name("ringfence-recalls".to_owned());
            *thread = Some(builder.spawn(move || shared.serve())?);
        }
        drop(thread);
        self.shared.changed.notify_all();
        Ok(())
    }
}

impl Drop for Recalls {
    fn drop(&mut self) {
        lock(&self.shared.table).closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self) {
        while let Some(running) = self.next() {
            let looked = catch_unwind(AssertUnwindSafe(|| {
                lock(&self.look).compare(&running);
            }));
            if looked.is_err() {
                lose(&running, "who reads it failed in a way that it should not");
            }
        }
    }

    /// Waits for the next look; what runs then, or nothing when the engine ends.
    fn next(&self) -> Option<Vec<Arc<Watched>>> {
        let mut table = lock(&self.table);
        let wake = Instant::now() + PERIOD;
        loop {
            if table.closed {
                return None;
            }
            table.running.retain(|running| running.strong_count() > 0);
            if table.running.is_empty() {
                // An open list would keep its journal from being tidied up.
                lock(&self.look).close();
                table = self.changed.wait(table).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let left = wake.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(table.running.iter().filter_map(Weak::upgrade).collect());
            }
            let (waited, _) =
                self.changed.wait_timeout(table, left).unwrap_or_else(PoisonError::into_inner);
            table = waited;
        }
    }
}

impl Look {
    fn close(&mut self) {
        self.reader = None;
        self.compared = None;
    }

    fn marks(&self) -> Result<Marks, StateError> {
        Marks::of(&self.home).map_err(|error| StateError::unreadable(&self.home, error))
    }

    /// The list, opened again when it is not the file that is open, or was written other
    /// than through its journal: then all of it is checked anew.
    fn open(&mut self, marks: &Marks) -> Result<(), StateError> {
        let is_open = self.reader.as_ref().is_some_and(|(_, seen)| seen.has_same_base(marks));
        if !is_open {
            self.reader = None;
            let opened = StateStore::open_existing(&self.home, BUSY)?;
            self.reader = opened.map(|store| (store, *marks));
        }
        Ok(())
    }

    /// Compares what runs with the list, when that looks different.
    fn compare(&mut self, running: &[Arc<Watched>]) {
        let now = now_ms();
        for one in running {
            if let Some(recall) = one.expire(now) {
                one.end(&recall);
            }
        }
        let marks = match self.marks() {
            Ok(marks) => marks,
            Err(error) => return lose(running, &error.to_string()),
        };
        for one in running.iter().filter(|one| !one.is_of(marks.identity())) {
            let reason =
                if marks.identity().is_some() { "it is another file" } else { "it is gone" };
            lose(std::slice::from_ref(one), reason);
        }
        let fresh = running.iter().any(|one| !one.was_compared());
        if self.compared == Some(marks) && !fresh {
            return;
        }
        match self.compare_with(&marks, running, now) {
            Ok(()) => {
                self.failing = None;
                // Else it may be written once more and look the same.
                self.compared = (!marks.is_fresh()).then_some(marks);
            }
            Err(error) if error.may_pass() => {
                let since = *self.failing.get_or_insert_with(Instant::now);
                self.compared = None;
                if since.elapsed() > PATIENCE {
                    lose(running, &error.to_string());
                }
            }
            Err(error) => lose(running, &error.to_string()),
        }
    }

    fn compare_with(
        &mut self,
        marks: &Marks,
        running: &[Arc<Watched>],
        now_ms: u64,
    ) -> Result<(), StateError> {
        self.open(marks)?;
        let Some((store, _)) = &self.reader else {
            return Ok(());
        };
        // First those of which it is known without reading their files.
        let (known, unknown): (Vec<_>, Vec<_>) = running.iter().partition(|one| one.is_known());
        for one in known.into_iter().chain(unknown) {
            if let Some(recall) = one.look(store, &self.signed, now_ms)? {
                one.end(&recall);
            }
            one.compared();
        }
        Ok(())
    }
}

/// Ends what runs: nobody would hear what is taken back.
fn lose(running: &[Arc<Watched>], reason: &str) {
    for one in running {
        one.end(&one.recall(Cause::ListLost, None, Some(reason.to_owned())));
    }
}
