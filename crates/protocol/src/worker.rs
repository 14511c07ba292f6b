//! What the host tells the two programs of WebAssembly when it starts them, and
//! the codes by which the worker says how a call was stopped.
//!
//! The worker speaks the session protocol on descriptor 3 like every runner, and
//! finds the native code that it runs on descriptor 4. Where that is the engine of
//! JavaScript, the plugin's sources are on descriptor 5.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Descriptor of the code: WebAssembly for the compiler, native code for the worker.
pub const CODE_DESCRIPTOR: i32 = 4;
/// Descriptor of a plugin's sources, for the engine that lies on the one before.
pub const SOURCES_DESCRIPTOR: i32 = 5;

/// Argument of the compiler when it is given [`Sources`] with types.
pub const TAKE_TYPES_OUT: &str = "types";

/// Bytes of a frame beside the largest answer that it may hold.
pub const FRAME_ROOM: usize = 64 * 1024;

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

/// Notification by which a worker gives what was asked about a call, in parts that
/// come before the call's answer.
pub const REPORT: &str = "report";
/// Most bytes of one part, so that it fits into every frame.
pub const REPORT_PART_BYTES: usize = 32 << 10;
/// Most characters of a name in a profile; longer ones are cut.
pub const PROFILE_NAME: usize = 256;
/// Most different functions of a profile.
pub const PROFILE_FUNCTIONS: usize = 2048;
/// Most different stacks of a profile, each counted with those of its callers.
pub const PROFILE_STACKS: usize = 1 << 16;
/// Most samples of a profile: a minute's.
pub const PROFILE_SAMPLES: usize = 60_000;
/// Microseconds between two samples.
pub const PROFILE_INTERVAL_US: u32 = 1000;

/// What is to be found out about one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inspect {
    /// Where its processor time goes.
    pub profile: bool,
    /// What is left of the plugin when the call ends in a trap: its memory, with
    /// whatever the plugin has been told.
    pub core_dump: bool,
}

impl Inspect {
    /// Whether anything is asked.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.profile || self.core_dump
    }
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// A [`CallProfile`] as JSON.
    Profile,
    /// A WebAssembly core dump.
    CoreDump,
}

impl ReportKind {
    /// Most bytes of a whole report.
    #[must_use]
    pub const fn most_bytes(self) -> usize {
        match self {
            Self::Profile => 16 << 20,
            Self::CoreDump => 20 << 20,
        }
    }
}

/// Parameters of [`REPORT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportPart {
    /// Of which report.
    pub kind: ReportKind,
    /// At most [`REPORT_PART_BYTES`], in base64.
    pub data: String,
    /// What had no room: samples of a profile, bytes of memory of a core dump.
    pub left_out: u64,
}

/// What was on the stack of a call at regular times. Only WebAssembly is seen, so a
/// wait for the host is a time without samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallProfile {
    /// Every function that was seen.
    pub functions: Vec<ProfiledFunction>,
    /// Every stack that was seen: its caller, an earlier one of this list, and the
    /// function on top of it.
    pub stacks: Vec<(Option<u32>, u32)>,
    /// Stack, microseconds since the call began, and microseconds of processor time
    /// since the sample before.
    pub samples: Vec<(u32, u64, u64)>,
}

/// A function of WebAssembly.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfiledFunction {
    /// Its name, where the plugin brought names.
    pub name: Option<String>,
    /// Name of its module.
    pub module: Option<String>,
    /// Its number in the module.
    pub index: u32,
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
    /// Whether the kernel may move its memory to a disk.
    pub swaps: bool,
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

/// A plugin's files as they are handed to the engine of JavaScript. Paths are those
/// that the plugin sees: absolute, with `/plugin` for its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// The file that is evaluated, one of `files`.
    pub entry: String,
    /// Path to text.
    pub files: BTreeMap<String, String>,
}

impl Sources {
    /// As they travel: JSON, which keeps texts apart whatever is in them.
    ///
    /// # Errors
    /// Never for what can be built of this type.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Back from bytes; anything else is refused.
    ///
    /// # Errors
    /// When the bytes are not those of [`Sources::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn files_arrive_as_they_were_whatever_is_in_them(
            entry in ".*",
            files in btree_map(".{0,20}", "(?s).{0,200}", 0..8),
        ) {
            let sources = Sources { entry, files };
            let bytes = sources.to_bytes().unwrap();
            prop_assert_eq!(&Sources::from_bytes(&bytes).unwrap(), &sources);
            for end in 0..bytes.len() {
                prop_assert!(Sources::from_bytes(&bytes[..end]).is_err());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in vec(any::<u8>(), 0..400)) {
            let _ = Sources::from_bytes(&bytes);
        }
    }

    #[test]
    fn the_word_of_a_limit_is_the_one_that_serde_writes() {
        for stopped in Stopped::ALL {
            assert_eq!(serde_json::json!(stopped), stopped.word());
            assert_eq!(Stopped::of(stopped.word()), Some(stopped));
        }
    }
}
