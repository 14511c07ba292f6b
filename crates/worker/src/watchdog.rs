//! One thread that wakes at deadlines and makes running code look at its own.
//!
//! The epoch belongs to the whole engine, so it is only a knock: whether a call is
//! over is decided by its own deadline, in the callback of its own store.
//! Deadlines are absolute; a sleep by what is left drifts (measured: 60
//! microseconds for each millisecond).

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::Engine;

/// Between knocks at code that has not looked yet.
const AGAIN: Duration = Duration::from_millis(1);
const NONE: u64 = u64::MAX;

struct Shared {
    /// When to knock next, in nanoseconds since `start`.
    at: AtomicU64,
    start: Instant,
    /// Nanoseconds between knocks while something runs, for who takes samples; 0 for
    /// none.
    every: AtomicU64,
    /// Wakes the thread before what it sleeps for.
    sooner: Mutex<bool>,
    woken: Condvar,
}

/// The caller's end.
#[derive(Clone)]
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
}

impl Watchdog {
    /// Starts the thread. No deadline may be set that is nearer than `shortest`
    /// from then on, but by [`Watchdog::sooner`]: so that setting one costs a store
    /// to memory and no system call, the thread looks by itself that often.
    pub(crate) fn start(engine: &Engine, shortest: Duration) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            at: AtomicU64::new(NONE),
            start: Instant::now(),
            every: AtomicU64::new(0),
            sooner: Mutex::new(false),
            woken: Condvar::new(),
        });
        let engine = engine.clone();
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("watchdog".to_owned())
            .stack_size(64 << 10)
            .spawn(move || watch(&theirs, &engine, shortest.max(AGAIN)))?;
        Ok(Self { shared })
    }

    /// Knocks at this time, which is not nearer than the shortest deadline.
    pub(crate) fn set(&self, at: Instant) {
        self.shared.at.store(self.shared.since(at), Ordering::Release);
    }

    /// Knocks at this time, however near.
    pub(crate) fn sooner(&self, at: Instant) {
        self.set(at);
        self.wake();
    }

    /// Knocks this often until nothing runs any more.
    pub(crate) fn sample(&self, every: Duration) {
        let every = u64::try_from(every.as_nanos()).unwrap_or(NONE);
        self.shared.every.store(every, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        *self.shared.sooner.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.woken.notify_one();
    }

    /// Nothing runs any more.
    pub(crate) fn clear(&self) {
        self.shared.every.store(0, Ordering::Release);
        self.shared.at.store(NONE, Ordering::Release);
    }
}

impl Shared {
    fn since(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_nanos()).unwrap_or(NONE - 1)
    }
}

fn watch(shared: &Shared, engine: &Engine, shortest: Duration) {
    // The kernel may wake a thread 50 microseconds late to save power; this one is what
    // a plugin's limits wait for. Where that cannot be set it wakes that much later.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
    let mut next_sample = 0;
    loop {
        let at = shared.at.load(Ordering::Acquire);
        let now = shared.since(Instant::now());
        let mut wait = if at == NONE {
            shortest
        } else if at <= now {
            engine.increment_epoch();
            AGAIN
        } else {
            Duration::from_nanos(at - now).min(shortest)
        };
        let every = shared.every.load(Ordering::Acquire);
        if every != 0 && at != NONE {
            // By the clock: whoever looks at its deadline wakes this thread, too.
            if now >= next_sample {
                engine.increment_epoch();
                next_sample = now.saturating_add(every);
            }
            wait = wait.min(Duration::from_nanos(next_sample - now));
        }
        let sooner = shared.sooner.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut sooner, _) = shared
            .woken
            .wait_timeout_while(sooner, wait, |sooner| !*sooner)
            .unwrap_or_else(PoisonError::into_inner);
        *sooner = false;
    }
}
