//! What is publicly known to be wrong with a version of a package: vulnerabilities and
//! malware, in the records of OSV (<https://ossf.github.io/osv-schema/>).
//!
//! Takes: records from a folder, a zip or a stream into one file of the home; names and
//! versions of packages, or the files that list them; an operator's policy. Gives: for each
//! of them verified, affected or not checkable, with the age of the data that says so, and
//! whether the policy blocks. Never: asks a network, reads a clock, runs anything, or calls
//! clean what it could not check.
//!
//! It is a crate because it reads what strangers wrote, and has a database of its own.
#![forbid(unsafe_code)]

mod bounded;
mod check;
mod component;
mod ecosystem;
mod error;
mod folder;
mod import;
mod lists;
mod policy;
mod record;
mod severity;
mod store;
mod version;
mod versions;
mod zip;

pub use check::{Checked, CheckedComponent, Finding, StaleIgnore, State, Unsure};
pub use component::{Component, Found, Unread};
pub use ecosystem::{Ecosystem, Known};
pub use error::AdvisoriesError;
pub use folder::read_lists;
pub use import::{Covers, Import, Imported, Origin, Ready};
pub use lists::{Lists, MAX_LIST_BYTES, is_list};
pub use policy::{DEFAULT_MAX_AGE_DAYS, Ignore, MAX_POLICY_BYTES, Policy, PolicyError};
pub use record::{MAX_RECORD_BYTES, Malformed, Record};
pub use severity::Severity;
pub use store::{Advisories, Data, FILE, Source};
pub use version::Version;
pub use versions::{Event, Hit, Range, Versions};
