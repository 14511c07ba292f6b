//! A rate: so many per second or minute, with a burst.

use std::fmt;
use std::time::Duration;

/// So many in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// So many per second.
    PerSecond(u32),
    /// So many per minute.
    PerMinute(u32),
}

impl Rate {
    const fn count(self) -> u32 {
        match self {
            Self::PerSecond(count) | Self::PerMinute(count) => count,
        }
    }

    /// Credits of one token. One nanosecond earns as many credits as the rate
    /// has tokens, so refilling is exact and cannot drift.
    const fn credits_per_token(self) -> u64 {
        match self {
            Self::PerSecond(_) => 1_000_000_000,
            Self::PerMinute(_) => 60_000_000_000,
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond(count) => write!(f, "{count} per second"),
            Self::PerMinute(count) => write!(f, "{count} per minute"),
        }
    }
}

/// A token bucket over a time that the caller reads: any monotonic time since
/// an epoch of the caller's choice.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate: Rate,
    capacity: u64,
    credits: u64,
    refilled_at: Duration,
}

/// The rate is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Throttled {
    /// Enough tokens will be there after this time.
    #[error("the rate of {rate} is used up, try again in {} ms", wait.as_millis().max(1))]
    RetryAfter {
        /// How long until the same request would pass, if nobody else takes.
        wait: Duration,
        /// The rate.
        rate: Rate,
    },
    /// More than the bucket can ever hold.
    #[error("{wanted} at once is more than the rate of {rate} can ever give")]
    Never {
        /// How many were wanted at once.
        wanted: u32,
        /// The rate.
        rate: Rate,
    },
}

impl TokenBucket {
    /// A full bucket that holds one second's worth of tokens. A rate of 0 never
    /// gives any.
    #[must_use]
    pub fn per_second(rate: u32, now: Duration) -> Self {
        Self::with_burst(Rate::PerSecond(rate), rate, now)
    }

    /// A full bucket that holds one minute's worth of tokens. A rate of 0 never
    /// gives any.
    #[must_use]
    pub fn per_minute(rate: u32, now: Duration) -> Self {
        Self::with_burst(Rate::PerMinute(rate), rate, now)
    }

    /// A full bucket that holds `burst` tokens and earns `rate`.
    #[must_use]
    pub fn with_burst(rate: Rate, burst: u32, now: Duration) -> Self {
        // Only (2^32 - 1) * 60 * 10^9 is more than 64 bits hold.
        let capacity = u64::from(burst).saturating_mul(rate.credits_per_token());
        Self { rate, capacity, credits: capacity, refilled_at: now }
    }

    /// Takes `count` tokens at time `now`, or none.
    ///
    /// A time before the newest one seen earns nothing and takes nothing away.
    ///
    /// # Errors
    /// When there are not enough; nothing is taken then.
    pub fn take(&mut self, count: u32, now: Duration) -> Result<(), Throttled> {
        self.refill(now);
        let wanted = u64::from(count).saturating_mul(self.rate.credits_per_token());
        if let Some(left) = self.credits.checked_sub(wanted) {
            self.credits = left;
            return Ok(());
        }
        if wanted > self.capacity || self.rate.count() == 0 {
            return Err(Throttled::Never { wanted: count, rate: self.rate });
        }
        let missing = wanted - self.credits;
        Err(Throttled::RetryAfter {
            wait: Duration::from_nanos(missing.div_ceil(u64::from(self.rate.count()))),
            rate: self.rate,
        })
    }

    /// Whole tokens that could be taken at time `now`.
    #[must_use]
    pub fn available(&mut self, now: Duration) -> u64 {
        self.refill(now);
        self.credits / self.rate.credits_per_token()
    }

    fn refill(&mut self, now: Duration) {
        let Some(elapsed) = now.checked_sub(self.refilled_at) else {
            return;
        };
        self.refilled_at = now;
        let earned = elapsed.as_nanos().saturating_mul(u128::from(self.rate.count()));
        let room = self.capacity - self.credits;
        self.credits += u64::try_from(earned).unwrap_or(room).min(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let mut bucket = TokenBucket::per_second(10, at(0));
        for _ in 0..10 {
            assert_eq!(bucket.take(1, at(0)), Ok(()));
        }
        assert_eq!(
            bucket.take(1, at(0)),
            Err(Throttled::RetryAfter { wait: at(100), rate: Rate::PerSecond(10) })
        );
        assert!(bucket.take(1, at(99)).is_err());
        assert_eq!(bucket.take(1, at(100)), Ok(()));
    }

    #[test]
    fn ten_a_minute_are_ten_at_once_and_then_one_every_six_seconds() {
        let mut bucket = TokenBucket::per_minute(10, at(0));
        assert_eq!(bucket.take(10, at(0)), Ok(()));
        let refused = bucket.take(1, at(5_999)).unwrap_err();
        assert_eq!(refused.to_string(), "the rate of 10 per minute is used up, try again in 1 ms");
        assert_eq!(bucket.take(1, at(6_000)), Ok(()));
        assert!(bucket.take(1, at(6_000)).is_err());
        assert_eq!(bucket.available(at(600_000)), 10);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = TokenBucket::per_second(1, at(10_000));
        bucket.take(1, at(10_000)).unwrap();
        for _ in 0..100 {
            assert!(bucket.take(1, at(0)).is_err());
            assert!(bucket.take(1, at(10_000)).is_err());
        }
    }

    #[test]
    fn a_rate_of_nothing_never_gives() {
        let mut bucket = TokenBucket::per_second(0, at(0));
        assert!(matches!(bucket.take(1, Duration::MAX), Err(Throttled::Never { .. })));
        assert_eq!(bucket.take(0, at(0)), Ok(()));
    }

    #[test]
    fn asking_often_earns_exactly_as_much_as_asking_once() {
        // 3 per second does not divide a second into whole milliseconds.
        let mut often = TokenBucket::per_second(3, at(0));
        let mut taken = 0;
        for millis in 0..=100_000 {
            while often.take(1, at(millis)).is_ok() {
                taken += 1;
            }
        }
        assert_eq!(taken, 3 + 300);
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate_times_time(
            rate in any::<u32>(),
            minutes in any::<bool>(),
            burst in any::<u32>(),
            steps in prop::collection::vec((any::<u64>(), any::<u32>()), 1..40),
        ) {
            let start = Duration::from_secs(1);
            let per = if minutes { Rate::PerMinute(rate) } else { Rate::PerSecond(rate) };
            let period = if minutes { 60_000_000_000 } else { 1_000_000_000 };
            let mut bucket = TokenBucket::with_burst(per, burst, start);
            let (mut newest, mut taken) = (start, 0_u128);
            for (nanos, count) in steps {
                let now = Duration::from_nanos(nanos);
                newest = newest.max(now);
                if bucket.take(count, now).is_ok() {
                    taken += u128::from(count);
                }
                let earned = (newest - start).as_nanos() * u128::from(rate) / period;
                prop_assert!(taken <= u128::from(burst) + earned);
            }
        }

        #[test]
        fn the_wait_it_names_is_the_shortest_that_passes(
            rate in 1_u32..5_000,
            drained_for in 0_u64..2_000_000_000,
            count in 1_u32..5_000,
        ) {
            let mut bucket = TokenBucket::per_second(rate, Duration::ZERO);
            bucket.take(rate, Duration::ZERO).unwrap();
            let now = Duration::from_nanos(drained_for);
            match bucket.take(count, now) {
                Ok(()) => {}
                Err(Throttled::Never { .. }) => prop_assert!(count > rate),
                Err(Throttled::RetryAfter { wait, .. }) => {
                    let mut early = bucket.clone();
                    prop_assert!(early.take(count, now + wait - Duration::from_nanos(1)).is_err());
                    prop_assert!(bucket.take(count, now + wait).is_ok());
                }
            }
        }

        #[test]
        fn no_time_and_no_rate_overflows(
            rate in any::<u32>(),
            secs in any::<u64>(),
            nanos in 0_u32..1_000_000_000,
            count in any::<u32>(),
        ) {
            let mut bucket = TokenBucket::per_second(rate, Duration::ZERO);
            let _ = bucket.take(count, Duration::new(secs, nanos));
            let _ = bucket.take(count, Duration::MAX);
            prop_assert!(bucket.available(Duration::MAX) <= u64::from(rate));
        }
    }
}
