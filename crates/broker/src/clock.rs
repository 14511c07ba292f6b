//! The time, handed in so that a test can hold it still.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the broker reads the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC, for grants that expire.
    fn now_ms(&self) -> u64;

    /// Time since any fixed moment, never going back, for rates.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        // A clock before 1970 is broken; a time far ahead lets grants expire
        // instead of standing for ever.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(u64::MAX, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
