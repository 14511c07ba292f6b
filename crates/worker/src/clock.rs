//! What a plugin sees of time, and what it has used of it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// Steps in which a plugin sees time pass. Finer ones would let it time what its
/// neighbours on the machine do (research: an engine alone does not mask loads).
const STEP: Duration = Duration::from_micros(100);

fn coarse(time: Duration) -> Duration {
    let step = STEP.as_nanos().max(1);
    let nanoseconds = time.as_nanos() / step * step;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// Both clocks of WASI, in coarse steps.
pub(crate) struct Coarse {
    start: Instant,
}

impl Coarse {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl HostWallClock for Coarse {
    fn resolution(&self) -> Duration {
        STEP
    }

    fn now(&self) -> Duration {
        now()
    }
}

impl HostMonotonicClock for Coarse {
    fn resolution(&self) -> u64 {
        u64::try_from(STEP.as_nanos()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> u64 {
        u64::try_from(coarse(self.start.elapsed()).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Time since 1970 in coarse steps.
pub(crate) fn now() -> Duration {
    coarse(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Processor time of this thread.
pub(crate) fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
