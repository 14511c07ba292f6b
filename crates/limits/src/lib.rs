//! What an instance may use, and what it has used.
//!
//! Takes: numbers and a time that the caller read. Gives: budgets, presets,
//! tiers, token buckets, meters. Never: a clock, input or output.
#![forbid(unsafe_code)]

mod bucket;
mod budget;
mod meter;
mod preset;

pub use bucket::{Rate, Throttled, TokenBucket};
pub use budget::{Budget, MIB, Resource, Timeouts};
pub use meter::{Exceeded, Meter, NearlyUsed, WARNING_PERCENT};
pub use preset::Preset;
