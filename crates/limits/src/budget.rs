//! The limits of one instance, each of them enforced somewhere.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// One mebibyte, in bytes.
pub const MIB: u64 = 1024 * 1024;

/// How long each phase may take, wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// From the start of the process until it says it is ready.
    pub initialise: Duration,
    /// One hook.
    pub hook: Duration,
    /// One action call.
    pub call: Duration,
}

/// Everything that an instance may use. There is no "unlimited": a limit that
/// is accepted is enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Memory of all processes together, in bytes; no swap beside it.
    pub memory_bytes: u64,
    /// Share of processor time, in percent of one core (100 = one whole core).
    pub cpu_percent: u32,
    /// Processor time of one call (of the whole run for a plain program), all processes together.
    pub cpu_time: Duration,
    /// Wall-clock limits.
    pub timeouts: Timeouts,
    /// Processes and threads at once.
    pub processes: u32,
    /// Open file descriptors per process.
    pub open_files: u32,
    /// Size of the private `/tmp`, in bytes. It lives in memory and counts as such.
    pub tmp_bytes: u64,
    /// Largest file that may be written anywhere, in bytes.
    pub file_bytes: u64,
    /// Largest answer or output of one call, in bytes.
    pub output_bytes: u64,
    /// Largest input of one call, in bytes.
    pub input_bytes: u64,
    /// File operations through the broker, per run.
    pub file_operations: u64,
    /// Bytes kept in the plugin's storage.
    pub storage_bytes: u64,
    /// Calls to the broker per second, of any kind.
    pub broker_calls_per_second: u32,
    /// Calls to the broker per action call.
    pub broker_calls: u64,
    /// Events published per second.
    pub messages_per_second: u32,
    /// Storage queries per second.
    pub queries_per_second: u32,
    /// Network requests per run: connections, and what is asked on one that is
    /// already open where the protocol shows it.
    pub network_requests: u64,
    /// Network requests per minute.
    pub network_requests_per_minute: u32,
    /// Network connections at once.
    pub network_connections: u32,
    /// Bytes sent to the network, per run.
    pub network_sent_bytes: u64,
    /// Bytes received from the network, per run.
    pub network_received_bytes: u64,
}

/// A resource that has a limit, for errors and records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Memory, bytes.
    Memory,
    /// Processor time, milliseconds.
    CpuTime,
    /// Processes and threads.
    Processes,
    /// Output, bytes.
    Output,
    /// Input, bytes.
    Input,
    /// Size of one file, bytes.
    FileSize,
    /// File operations, count.
    FileOperations,
    /// Storage, bytes.
    Storage,
    /// Broker calls, count.
    BrokerCalls,
    /// Network requests, count.
    NetworkRequests,
    /// Network connections at once, count.
    NetworkConnections,
    /// What was sent to the network, bytes.
    NetworkSent,
    /// What was received from the network, bytes.
    NetworkReceived,
}

impl Resource {
    /// The unit of the numbers that go with it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Memory
            | Self::Output
            | Self::Input
            | Self::FileSize
            | Self::Storage
            | Self::NetworkSent
            | Self::NetworkReceived => "bytes",
            Self::CpuTime => "ms",
            Self::Processes
            | Self::FileOperations
            | Self::BrokerCalls
            | Self::NetworkRequests
            | Self::NetworkConnections => "",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::CpuTime => "processor time",
            Self::Processes => "processes",
            Self::Output => "output",
            Self::Input => "input",
            Self::FileSize => "file size",
            Self::FileOperations => "file operations",
            Self::Storage => "storage",
            Self::BrokerCalls => "broker calls",
            Self::NetworkRequests => "network requests",
            Self::NetworkConnections => "network connections",
            Self::NetworkSent => "bytes sent to the network",
            Self::NetworkReceived => "bytes received from the network",
        })
    }
}
