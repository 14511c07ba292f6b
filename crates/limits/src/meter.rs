//! A count against a limit.

use crate::budget::Resource;

/// Share of a limit at which a warning is due, in percent. Source: seed S3,
/// requirement G4.
pub const WARNING_PERCENT: u64 = 80;

/// What has been used of one resource, against its limit.
#[derive(Clone, Debug)]
pub struct Meter {
    resource: Resource,
    used: u64,
    limit: u64,
    warned: bool,
}

/// A charge that would go over the limit; nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: {wanted} more than the {used} of {limit} used would be over the limit")]
pub struct Exceeded {
    /// Which resource.
    pub resource: Resource,
    /// The limit, in the resource's unit.
    pub limit: u64,
    /// Used so far.
    pub used: u64,
    /// What this charge asked for.
    pub wanted: u64,
}

/// A limit is nearly used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearlyUsed {
    /// Which resource.
    pub resource: Resource,
    /// The limit, in the resource's unit.
    pub limit: u64,
    /// Used so far: at least [`WARNING_PERCENT`] of the limit.
    pub used: u64,
}

impl Meter {
    /// A meter at zero.
    #[must_use]
    pub const fn new(resource: Resource, limit: u64) -> Self {
        Self { resource, used: 0, limit, warned: false }
    }

    /// Used so far.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.used
    }

    /// The limit.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// Adds `count`, or nothing.
    ///
    /// # Errors
    /// When the sum would be over the limit.
    pub fn charge(&mut self, count: u64) -> Result<(), Exceeded> {
        match self.used.checked_add(count) {
            Some(sum) if sum <= self.limit => {
                self.used = sum;
                Ok(())
            }
            _ => Err(Exceeded {
                resource: self.resource,
                limit: self.limit,
                used: self.used,
                wanted: count,
            }),
        }
    }

    /// The warning that [`WARNING_PERCENT`] of the limit is used: given exactly
    /// once for each time the meter crosses it from zero.
    pub fn take_warning(&mut self) -> Option<NearlyUsed> {
        let reached =
            u128::from(self.used) * 100 >= u128::from(self.limit) * u128::from(WARNING_PERCENT);
        if self.warned || self.used == 0 || !reached {
            return None;
        }
        self.warned = true;
        Some(NearlyUsed { resource: self.resource, limit: self.limit, used: self.used })
    }

    /// Starts at zero again, as for a new action.
    pub const fn reset(&mut self) {
        self.used = 0;
        self.warned = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_charge_over_the_limit_charges_nothing() {
        let mut meter = Meter::new(Resource::FileOperations, 10);
        meter.charge(7).unwrap();
        assert_eq!(
            meter.charge(4),
            Err(Exceeded { resource: Resource::FileOperations, limit: 10, used: 7, wanted: 4 })
        );
        assert_eq!(meter.used(), 7);
        meter.charge(3).unwrap();
        assert!(meter.charge(u64::MAX).is_err());
        assert!(Meter::new(Resource::FileOperations, 0).charge(1).is_err());
    }

    #[test]
    fn the_warning_comes_once_and_again_only_after_a_reset() {
        let mut meter = Meter::new(Resource::BrokerCalls, 10);
        meter.charge(7).unwrap();
        assert_eq!(meter.take_warning(), None);
        meter.charge(1).unwrap();
        assert!(meter.take_warning().is_some_and(|warning| warning.used == 8));
        meter.charge(1).unwrap();
        assert_eq!(meter.take_warning(), None);
        meter.reset();
        meter.charge(10).unwrap();
        assert!(meter.take_warning().is_some());
    }

    proptest! {
        #[test]
        fn used_is_the_sum_of_what_passed_and_never_over_the_limit(
            limit in any::<u64>(),
            charges in prop::collection::vec(any::<u64>(), 0..40),
        ) {
            let mut meter = Meter::new(Resource::Storage, limit);
            let (mut sum, mut warnings) = (0_u64, 0);
            for charge in charges {
                if meter.charge(charge).is_ok() {
                    sum += charge;
                }
                warnings += usize::from(meter.take_warning().is_some());
                prop_assert_eq!(meter.used(), sum);
                prop_assert!(sum <= limit);
            }
            prop_assert!(warnings <= 1);
        }
    }
}
