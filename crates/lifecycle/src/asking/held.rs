//! Time for which a call waited for a person: it is nobody's fault, and no limit counts it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct State {
    total: Duration,
    since: Option<Instant>,
}

/// Shared by who waits and who watches the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<State>>);

/// One question that is open. It is over at the latest when this is dropped.
pub(super) struct Waiting {
    held: Held,
    since: Instant,
}

impl Held {
    /// All of it so far, an open question included.
    pub(crate) fn total(&self) -> Duration {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = state.since.map_or(Duration::ZERO, |since| since.elapsed());
        state.total.saturating_add(open)
    }

    pub(super) fn begin(&self) -> Waiting {
        let since = Instant::now();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).since = Some(since);
        Waiting { held: self.clone(), since }
    }
}

impl Waiting {
    /// Ends it; how long it was.
    pub(super) fn end(self) -> Duration {
        self.since.elapsed()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.held.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.since.take().is_some() {
            state.total = state.total.saturating_add(self.since.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_counts_while_it_is_open_and_once_when_it_is_over() {
        let held = Held::default();
        let waiting = held.begin();
        std::thread::park_timeout(Duration::from_millis(25));
        assert!(held.total() >= Duration::from_millis(20));
        assert!(waiting.end() >= Duration::from_millis(20));
        let total = held.total();
        std::thread::park_timeout(Duration::from_millis(25));
        assert_eq!(held.total(), total);
    }
}
