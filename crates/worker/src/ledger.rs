//! What one call uses: memory over all memories and tables, time, processor time,
//! calls of the host and what goes through them.

use crate::clock::processor_time;
use crate::stop::Stop;
use crate::watchdog::Watchdog;
use ringfence_protocol::worker::{Stopped, WorkerSettings};
use std::time::{Duration, Instant};
use wasmtime::UpdateDeadline;

/// Bytes that one entry of a table takes in the engine.
const TABLE_ENTRY: usize = 8;

/// What counts, and the limits.
pub(crate) struct Ledger {
    memory_limit: usize,
    memory: usize,
    memory_refused: bool,
    deadline: Instant,
    cpu_limit: Duration,
    cpu_before: Duration,
    host_calls: u64,
    host_bytes: u64,
    output_bytes: u64,
    watchdog: Watchdog,
}

impl Ledger {
    /// Of a store in which nothing runs.
    pub(crate) fn new(settings: &WorkerSettings, watchdog: Watchdog) -> Self {
        Self {
            memory_limit: usize::try_from(settings.memory_bytes).unwrap_or(usize::MAX),
            memory: 0,
            memory_refused: false,
            deadline: Instant::now(),
            cpu_limit: Duration::from_millis(settings.cpu_ms),
            cpu_before: Duration::ZERO,
            host_calls: 0,
            host_bytes: 0,
            output_bytes: settings.output_bytes,
            watchdog,
        }
    }

    /// A call begins, which has `limit` of time.
    pub(crate) fn begin(&mut self, settings: &WorkerSettings, limit: Duration) {
        let now = Instant::now();
        self.deadline = now.checked_add(limit).unwrap_or(now);
        self.cpu_before = processor_time();
        self.memory_refused = false;
        self.host_calls = settings.host_calls;
        self.host_bytes = settings.host_bytes;
        // Processor time cannot be used up before that much time has passed.
        self.watchdog.set(now.checked_add(limit.min(self.cpu_limit)).unwrap_or(now));
    }

    /// Samples of the call are wanted this often: the watchdog knocks for them.
    pub(crate) fn sample(&self, every: Duration) {
        self.watchdog.sample(every);
    }

    /// The call has ended.
    pub(crate) fn end(&self) {
        self.watchdog.clear();
    }

    /// A new store begins: its memory is counted from nothing.
    pub(crate) fn forget_memory(&mut self) {
        self.memory = 0;
    }

    /// When the call is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether memory was refused in this call.
    pub(crate) fn memory_refused(&self) -> bool {
        self.memory_refused
    }

    /// The watchdog knocked.
    pub(crate) fn check(&self) -> Result<UpdateDeadline, Stop> {
        let now = Instant::now();
        if now >= self.deadline {
            return Err(Stop::Limit(Stopped::Time));
        }
        let used = processor_time().saturating_sub(self.cpu_before);
        let left = self.cpu_limit.saturating_sub(used);
        if left.is_zero() {
            return Err(Stop::Limit(Stopped::Cpu));
        }
        let next = now.checked_add(left).unwrap_or(self.deadline).min(self.deadline);
        self.watchdog.sooner(next);
        Ok(UpdateDeadline::Continue(1))
    }

    /// One call of the host with this many bytes.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Stop> {
        let over = Stop::Limit(Stopped::HostCalls);
        self.host_calls = self.host_calls.checked_sub(1).ok_or_else(|| over.clone())?;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.host_bytes = self.host_bytes.checked_sub(bytes).ok_or(over)?;
        Ok(())
    }

    /// Whether a memory may grow to this many bytes.
    pub(crate) fn grow_memory(&mut self, current: usize, desired: usize) -> bool {
        self.grow(current, desired, 1)
    }

    /// Whether a table may grow to this many entries.
    pub(crate) fn grow_table(&mut self, current: usize, desired: usize) -> bool {
        self.grow(current, desired, TABLE_ENTRY)
    }

    /// Whether an answer may be this long, before it is copied.
    pub(crate) fn check_output(&self, bytes: u64) -> Result<(), Stop> {
        if bytes > self.output_bytes { Err(Stop::Limit(Stopped::Output)) } else { Ok(()) }
    }

    fn grow(&mut self, current: usize, desired: usize, each: usize) -> bool {
        let more = desired.saturating_sub(current).saturating_mul(each);
        let total = self.memory.saturating_add(more);
        if total > self.memory_limit {
            self.memory_refused = true;
            return false;
        }
        self.memory = total;
        true
    }
}
