//! Starting other programs: done by whoever builds jails, called from here.

use ringfence_permission::{Permit, ProcessExecute};

/// What goes with a permitted program. The program itself is in the permit.
#[derive(Clone, Copy, Debug)]
pub struct ProcessRequest<'a> {
    /// The arguments after the program's name.
    pub arguments: &'a [String],
    /// What the program reads.
    pub stdin: &'a [u8],
    /// Most bytes of each of its outputs that are kept.
    pub max_output_bytes: usize,
}

/// How a program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessOutput {
    /// Its exit code; 128 and the signal's number when a signal ended it.
    pub exit_code: i32,
    /// What it wrote, at most the bytes asked for.
    pub stdout: Vec<u8>,
    /// What it complained of, at most the bytes asked for.
    pub stderr: Vec<u8>,
    /// Whether any of the two was cut.
    pub truncated: bool,
}

/// Why a permitted program did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// There is no such program inside the confinement.
    #[error("no such program inside the confinement")]
    NotFound,
    /// It took too long.
    #[error("the program took longer than {limit_ms} ms")]
    TimedOut {
        /// The limit in milliseconds.
        limit_ms: u64,
    },
    /// Another limit ended it.
    #[error("the program was stopped: {0}")]
    Limit(String),
    /// It could not be started.
    #[error("the program could not be started: {0}")]
    Failed(String),
}

/// Runs programs in the same confinement as the plugin that asks.
pub trait ProcessRunner: Send + Sync {
    /// Runs one program to its end.
    ///
    /// # Errors
    /// When it cannot be started or is stopped by a limit.
    fn run(
        &self,
        permit: Permit<'_, ProcessExecute>,
        request: ProcessRequest<'_>,
    ) -> Result<ProcessOutput, ProcessError>;
}
