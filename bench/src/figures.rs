//! Many times become three numbers.

use serde_json::{Value, json};
use std::time::Duration;

/// Least, middle and nearly greatest of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) count: usize,
    pub(crate) min: Duration,
    pub(crate) median: Duration,
    pub(crate) p95: Duration,
}

impl Summary {
    /// `None` for an empty series. Each number is one that was measured
    /// (nearest rank), none is in between.
    pub(crate) fn of(times: &[Duration]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied()
        };
        Some(Self { count: sorted.len(), min: at(0)?, median: at(50)?, p95: at(95)? })
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "count": self.count,
            "min_ms": milliseconds(self.min),
            "median_ms": milliseconds(self.median),
            "p95_ms": milliseconds(self.p95),
        })
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// How many times `base` fits into `time`.
pub(crate) fn ratio(time: Duration, base: Duration) -> Option<f64> {
    (!base.is_zero()).then(|| time.as_secs_f64() / base.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(numbers: impl Iterator<Item = u64>) -> Vec<Duration> {
        numbers.map(Duration::from_millis).collect()
    }

    #[test]
    fn the_three_numbers_are_the_nearest_ranks_whatever_the_order() {
        let summary = Summary::of(&series((1..=100).rev())).unwrap();
        let [min, median, p95] = [1, 50, 95].map(Duration::from_millis);
        assert_eq!(summary, Summary { count: 100, min, median, p95 });
    }

    #[test]
    fn one_time_is_all_three_and_none_is_nothing() {
        let one = Summary::of(&series(7..=7)).unwrap();
        assert_eq!((one.min, one.median, one.p95), (one.min, one.min, one.min));
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn a_ratio_to_nothing_is_no_number() {
        assert_eq!(ratio(Duration::from_millis(3), Duration::from_millis(2)), Some(1.5));
        assert_eq!(ratio(Duration::from_millis(3), Duration::ZERO), None);
    }
}
