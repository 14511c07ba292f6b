//! Waiting for another thread, as long as there is time and nobody says stop.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How soon somebody who says stop is heard.
const GLANCE: Duration = Duration::from_millis(50);

/// Says whether a caller must not wait any longer.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// How long one caller waits.
pub(crate) struct Waiting<'a> {
    until: Instant,
    stop: &'a dyn Fn() -> bool,
}

impl<'a> Waiting<'a> {
    pub(crate) fn at_most(patience: Duration, stop: &'a dyn Fn() -> bool) -> Self {
        let now = Instant::now();
        Self { until: now.checked_add(patience).unwrap_or(now), stop }
    }

    /// The same, but no longer than this from now.
    pub(crate) fn and_at_most(&self, patience: Duration) -> Self {
        Self { until: self.until.min(Self::at_most(patience, self.stop).until), stop: self.stop }
    }

    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The next thing that is sent.
    pub(crate) fn hear<T>(&self, from: &Receiver<T>) -> io::Result<T> {
        loop {
            match from.recv_timeout(self.left().min(GLANCE)) {
                Ok(heard) => return Ok(heard),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the thread that does it failed"));
                }
                Err(RecvTimeoutError::Timeout) if (self.stop)() => {
                    return Err(io::Error::other("interrupted"));
                }
                Err(RecvTimeoutError::Timeout) if self.left().is_zero() => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// What `act` gives, on a thread of its own, which ends when it ends.
    pub(crate) fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (tell, hear) = sync_channel(1);
        let thread = std::thread::Builder::new().name("ringfence-fetch".to_owned());
        thread.spawn(move || {
            // Nobody may wait any longer.
            let _ = tell.send(act());
        })?;
        self.hear(&hear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn nobody_waits_longer_than_there_is_time_or_until_somebody_says_stop() {
        let never: Stop = Arc::new(|| false);
        let waiting = Waiting::at_most(Duration::from_millis(120), &*never);
        assert_eq!(waiting.act(|| 1).unwrap(), 1);
        let slow = || {
            let (_kept, hear) = sync_channel::<()>(1);
            hear.recv_timeout(Duration::from_secs(20)).is_ok()
        };
        assert_eq!(waiting.act(slow).unwrap_err().kind(), io::ErrorKind::TimedOut);
        let said = Arc::new(AtomicBool::new(true));
        let stop: Stop = Arc::new(move || said.load(Ordering::Relaxed));
        let waiting = Waiting::at_most(Duration::from_secs(20), &*stop);
        assert!(waiting.act(slow).unwrap_err().to_string().contains("interrupted"));
    }
}
