//! How a jail ends, in types.

use serde::Serialize;
use std::time::Duration;

/// What a jail used, as the kernel counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Wall time from the request to the end.
    pub wall: Duration,
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// Largest memory of all its processes together, in bytes; of the largest
    /// process where no cgroup counts.
    pub peak_memory: u64,
    /// Processes that the kernel killed for lack of memory.
    pub out_of_memory: u64,
    /// Times that the process limit refused a new process.
    pub forks_refused: u64,
}

/// What a running jail uses now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Live {
    /// Processor time of all its processes so far.
    pub cpu: Duration,
    /// Memory of all its processes together, in bytes.
    pub memory: u64,
    /// Processes that the kernel has killed for lack of memory so far.
    pub out_of_memory: u64,
}

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// By itself, with this exit status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// The whole jail was killed from outside.
    Killed,
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The machine cannot give a wall that the level promises.
    #[error("this machine cannot build the sandbox: {step} failed: {reason}")]
    Unavailable {
        /// Which step of building it.
        step: String,
        /// What the kernel said, and on what.
        reason: String,
        /// What to do.
        help: Option<String>,
    },
    /// The program does not exist or cannot be started.
    #[error("`{program}` cannot be started: {reason}")]
    Program {
        /// The program.
        program: String,
        /// Why.
        reason: String,
        /// What to do.
        help: Option<String>,
    },
    /// The plan holds something that no backend can do safely.
    #[error("the plan is refused: {0}")]
    Plan(String),
    /// The jailer died or broke its protocol.
    #[error("the jailer failed: {0}")]
    Jailer(String),
}
