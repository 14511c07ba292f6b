//! Named budgets for a run.

use crate::budget::{Budget, MIB, Timeouts};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A named budget. None of them grants a capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Generous, for the author at work.
    Development,
    /// The default.
    #[default]
    Production,
    /// As little as a small program can live with.
    Untrusted,
}

impl Preset {
    /// Every preset.
    pub const ALL: &'static [Preset] = &[Self::Development, Self::Production, Self::Untrusted];

    /// The word for the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Untrusted => "untrusted",
        }
    }

    /// The budget. Memory, run time, processor time and file operations are
    /// those of seed S2; time-outs, file size and processor share those of S3;
    /// the input limit that of S1; network requests per minute, and network bytes
    /// of its tiers, those of S0; where they disagree, the stricter one.
    #[must_use]
    pub const fn budget(self) -> Budget {
        let (memory, cpu, cpu_time, call, processes, open_files, tmp, operations) = match self {
            Self::Development => (1024, 100, 30, 60, 256, 1024, 256, 5000),
            Self::Production => (256, 80, 5, 10, 64, 256, 64, 500),
            Self::Untrusted => (64, 50, 1, 3, 32, 64, 16, 0),
        };
        let (calls, messages, queries, storage) = match self {
            Self::Development => (1000, 100, 100, 64),
            Self::Production => (100, 5, 10, 16),
            Self::Untrusted => (10, 1, 1, 1),
        };
        let (requests, per_minute, connections, network) = match self {
            Self::Development => (100_000, 1000, 512, 4096),
            Self::Production => (1000, 10, 16, 10),
            Self::Untrusted => (100, 10, 4, 5),
        };
        Budget {
            memory_bytes: memory * MIB,
            cpu_percent: cpu,
            cpu_time: Duration::from_secs(cpu_time),
            timeouts: Timeouts {
                initialise: Duration::from_secs(30),
                hook: Duration::from_secs(5),
                call: Duration::from_secs(call),
            },
            processes,
            open_files,
            tmp_bytes: tmp * MIB,
            file_bytes: 100 * MIB,
            output_bytes: 10 * MIB,
            input_bytes: MIB,
            file_operations: operations,
            storage_bytes: storage * MIB,
            broker_calls_per_second: calls,
            broker_calls: 10 * calls as u64,
            messages_per_second: messages,
            queries_per_second: queries,
            network_requests: requests,
            network_requests_per_minute: per_minute,
            network_connections: connections,
            network_sent_bytes: network * MIB,
            network_received_bytes: network * MIB,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|preset| preset.word() == text)
            .ok_or_else(|| "want development, production or untrusted".to_owned())
    }
}
