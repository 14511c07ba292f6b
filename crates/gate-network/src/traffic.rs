//! How many bytes an instance moved, over all its connections and all its jails.

use ringfence_limits::{Budget, Exceeded, Meter, NearlyUsed, Resource};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Both directions, counted before the bytes are passed on. The programs that an
/// instance starts are part of it: their gates share one.
#[derive(Debug)]
pub struct Traffic {
    sent: Mutex<Meter>,
    received: Mutex<Meter>,
}

/// From the plugin, or to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Sent,
    Received,
}

impl Traffic {
    /// Nothing moved yet, with the limits of `budget`.
    #[must_use]
    pub fn new(budget: &Budget) -> Self {
        Self {
            sent: Mutex::new(Meter::new(Resource::NetworkSent, budget.network_sent_bytes)),
            received: Mutex::new(Meter::new(
                Resource::NetworkReceived,
                budget.network_received_bytes,
            )),
        }
    }

    /// Counts `bytes` more and gives the warning that is due, or says that they
    /// are too many; then they may not be passed on.
    pub(crate) fn charge(
        &self,
        direction: Direction,
        bytes: usize,
    ) -> Result<Option<NearlyUsed>, Exceeded> {
        let mut meter = self.meter(direction);
        meter.charge(u64::try_from(bytes).unwrap_or(u64::MAX))?;
        Ok(meter.take_warning())
    }

    fn meter(&self, direction: Direction) -> MutexGuard<'_, Meter> {
        let meter = match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        };
        // What is counted stays a count after a panic.
        meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
