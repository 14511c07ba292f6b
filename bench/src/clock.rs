//! Waiting without being busy.

use std::time::{Duration, Instant};

/// Idle time before each start. Starts in a row hide the kernel's grace
/// periods: the first one's is still running when the second asks for it.
pub(crate) const GAP: Duration = Duration::from_millis(50);

/// Leaves the processor alone for so long.
pub(crate) fn idle(duration: Duration) {
    let end = Instant::now() + duration;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}
