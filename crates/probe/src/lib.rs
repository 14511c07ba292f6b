//! Attacks the jail it runs in, and says which doors were open.
//!
//! Takes: `key=value` arguments that name the bait laid out on the host.
//! Gives: to the program `ringfence-probe` the attempts themselves; to the
//! host the list of probes ([`catalog()`]), the reader of the program's report
//! ([`Report`]), the bait ([`Bait`]) and what may be open ([`expected`]).
//! Never: walks through a door it opened. Run outside any jail, as root, it
//! leaves the machine as it was. Nothing the program says is trusted here: it
//! speaks from inside a jail.

mod attack;
mod bait;
mod catalog;
mod context;
mod errno;
mod outcome;
mod policy;
mod report;
mod runner;
mod sys;

pub use bait::{Bait, BaitError, Touch};
pub use catalog::{Class, ProbeInfo, catalog, find};
pub use outcome::Verdict;
pub use policy::{Expected, Features, NETWORK, POLICY, expected};
pub use report::{Finding, Report, ReportError};
pub use runner::run;
