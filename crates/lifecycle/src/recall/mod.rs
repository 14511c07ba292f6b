//! What was taken back reaches what runs.
//!
//! Whoever quarantines, switches off, removes or revokes is another process, and writes to
//! the list of installed plugins. Each engine looks at that file a few times a second: a few
//! system calls while nothing was written. What it then reads decides, for each instance
//! that runs, whether it loses a grant or ends. A list that cannot be read any more, or is
//! another one, ends what runs: what was taken back would not be heard of.

mod held;
mod hold;
mod marks;
mod watch;
mod watched;
mod why;

pub use why::{Cause, Recall};

pub(crate) use held::Held;
pub(crate) use watch::Recalls;
pub(crate) use watched::{Started, Subject, Watched};
