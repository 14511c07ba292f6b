//! What the host tells the two programs of WebAssembly when it starts them, and
//! the codes by which the worker says how a call was stopped.
//!
//! The worker speaks the session protocol on descriptor 3 like every runner, and
//! finds the native code that it runs on descriptor 4.

use serde::{Deserialize, Serialize};

/// Descriptor of the code: WebAssembly for the compiler, native code or a
/// plugin's sources for the worker.
pub const CODE_DESCRIPTOR: i32 = 4;

/// JSON-RPC code of a call that used up a limit of the worker's own: `data.name`
/// is a word of [`Stopped`].
pub const STOPPED: i64 = -32020;
/// JSON-RPC code of a call that ended in a trap of the engine.
pub const TRAPPED: i64 = -32021;

/// Which limit stopped a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// Time that passed.
    Time,
    /// Processor time.
    Cpu,
    /// Bytes of all memories and tables together.
    Memory,
    /// Bytes of the answer.
    Output,
    /// Calls of the host, or bytes that went through them.
    HostCalls,
}

impl Stopped {
    /// Every word.
    pub const ALL: [Self; 5] = [Self::Time, Self::Cpu, Self::Memory, Self::Output, Self::HostCalls];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::HostCalls => "host_calls",
        }
    }

    /// The limit of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stopped| stopped.word() == word)
    }
}

/// What kind of code a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// A component that exports the actions of `ringfence:plugin`.
    Plugin,
    /// A component that exports `wasi:cli/run`: a program with input and output.
    Program,
    /// A core module whose functions are its actions.
    Module,
    /// Sources in JavaScript, for the built-in engine.
    #[serde(rename = "javascript")]
    JavaScript,
}

/// A folder of the jail that WASI shows to the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Its absolute path, inside the jail and for the plugin.
    pub path: String,
    /// Whether it may be changed.
    pub writable: bool,
}

/// Limits of a worker, each for one call. Behind them stand those of the jail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerSettings {
    /// What it runs.
    pub kind: CodeKind,
    /// Whether one instance serves all calls. Without it each begins with the
    /// state that the plugin had when it was loaded.
    pub stateful: bool,
    /// JavaScript: no `eval`, no function made from text, no `import()`.
    pub strict: bool,
    /// Bytes of all memories and tables together.
    pub memory_bytes: u64,
    /// Milliseconds for loading.
    pub initialise_ms: u64,
    /// Milliseconds for one call.
    pub call_ms: u64,
    /// Milliseconds of processor time for one call.
    pub cpu_ms: u64,
    /// Bytes of an answer.
    pub output_bytes: u64,
    /// Calls of the host in one call.
    pub host_calls: u64,
    /// Bytes that go to the host in one call.
    pub host_bytes: u64,
    /// Folders that WASI shows.
    pub folders: Vec<Folder>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_limit_is_the_one_that_serde_writes() {
        for stopped in Stopped::ALL {
            assert_eq!(serde_json::json!(stopped), stopped.word());
            assert_eq!(Stopped::of(stopped.word()), Some(stopped));
        }
    }
}
