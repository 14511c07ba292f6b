//! What a backend is asked for and what it gives back.
//!
//! Takes: an admitted plugin's program, files and budget. Gives: the plan, the
//! [`Backend`] trait, the honest table of what each level isolates, typed ends.
//! Never: starts anything itself, decides what is granted, chooses a weaker
//! level.
#![forbid(unsafe_code)]

mod backend;
mod end;
mod isolation;
mod plan;

pub use backend::{Backend, Killer, Network, NetworkEnds, Running, Streams};
pub use end::{End, Live, StartError, Usage};
pub use isolation::{Isolation, Level, Wall};
pub use plan::{Exposed, Plan, Programs, Runtime};
