//! What the end-to-end tests share: a scene on the host with bait in it, a way
//! to run one program in a jail for a bounded time, and a way to run the tests
//! again as an ordinary user.
//!
//! Takes: nothing from outside the repository. Gives: scenes, runs, facts about
//! what was left behind. Never: part of a product.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "support for tests: a failure here is a failure of the test"
)]

mod leftovers;
mod programs;
mod run;
mod scene;
mod user;

pub use leftovers::{Leftovers, children_of, eventually};
pub use programs::{compile, hostile_folder, static_programs};
pub use run::{Outcome, backend, drive, patience, run, system_program};
pub use scene::{Effect, Scene};
pub use user::{as_ordinary_user, is_ordinary_user};
