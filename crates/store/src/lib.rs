//! What is installed, in which version, and what a person let it do.
//!
//! Takes: typed facts about plugins. Gives: them back, as they were written. Never:
//! decides, reads a package, asks a clock, or shows SQL to anybody.
//!
//! One SQLite file per home, `state.sqlite`. Every method that writes is one transaction:
//! it happened or it did not, whoever is killed meanwhile. Nothing outside of this crate
//! knows what keeps it, so that another database can take the file's place.
#![forbid(unsafe_code)]

mod approvals;
mod error;
mod facts;
mod feeds;
mod grants;
mod incidents;
mod install;
mod likeness;
mod lock;
mod migrations;
mod open;
mod parts;
mod pins;
mod plugins;
mod reputation;
mod reviewed;
mod rows;
mod state;
mod usage;
mod versions;

pub use approvals::{ApprovalRow, Said};
pub use error::StateError;
pub use facts::{About, FactHit, FactRow};
pub use feeds::{AcceptedRow, Applied, FeedPolicy, FeedRow};
pub use grants::{GrantRow, GrantsSeen, NewGrant};
pub use incidents::Incident;
pub use install::{Installation, Switch};
pub use likeness::likeness;
pub use lock::StateLock;
pub use open::{FILE, StateStore};
pub use parts::{Part, Parts};
pub use pins::{HeldRow, NewPin, PinKey, PinRow, Pinned, SubjectRow};
pub use plugins::PluginRow;
pub use reputation::ReputationEvent;
pub use reviewed::{ScanRow, SignatureRow};
pub use state::State;
pub use usage::{UsageRow, Used};
pub use versions::VersionRow;
