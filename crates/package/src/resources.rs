//! What a plugin says it needs. A manifest can lower its limits, never raise
//! them: what it asks beyond the preset is told to the person who decides.

use crate::units;
use ringfence_limits::Budget;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Limits that a manifest states; none means "whatever the preset gives".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResourceRequest {
    /// Memory of all processes together, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processor share in percent of one core.
    pub cpu_percent: Option<u32>,
    /// Processor time of one call.
    pub cpu_time: Option<Duration>,
    /// Wall time until the plugin is ready.
    pub initialise: Option<Duration>,
    /// Wall time of one hook.
    pub hook: Option<Duration>,
    /// Wall time of one call.
    pub call: Option<Duration>,
    /// Processes and threads at once.
    pub processes: Option<u32>,
    /// Open file descriptors per process.
    pub open_files: Option<u32>,
    /// Size of `/tmp` in bytes.
    pub tmp_bytes: Option<u64>,
    /// Largest file in bytes.
    pub file_bytes: Option<u64>,
    /// Largest input of one call in bytes.
    pub input_bytes: Option<u64>,
    /// Largest output of one call in bytes.
    pub output_bytes: Option<u64>,
    /// Bytes kept in storage.
    pub storage_bytes: Option<u64>,
    /// File operations through the broker per run.
    pub file_operations: Option<u64>,
    /// Broker calls per action call.
    pub broker_calls: Option<u64>,
    /// Broker calls per second.
    pub broker_calls_per_second: Option<u32>,
    /// Events published per second.
    pub messages_per_second: Option<u32>,
    /// Storage queries per second.
    pub queries_per_second: Option<u32>,
    /// Network requests per run.
    pub network_requests: Option<u64>,
    /// Network requests per minute.
    pub network_requests_per_minute: Option<u32>,
    /// Network connections at once.
    pub network_connections: Option<u32>,
    /// Bytes sent to the network.
    pub network_sent_bytes: Option<u64>,
    /// Bytes received from the network.
    pub network_received_bytes: Option<u64>,
}

/// A limit that the manifest asked above what it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortfall {
    /// The limit, in words.
    pub limit: &'static str,
    /// What was asked, for a reader.
    pub asked: String,
    /// What it gets, for a reader.
    pub given: String,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, asked, given } = self;
        write!(f, "asks for {asked} of {limit}, gets {given}")
    }
}

impl ResourceRequest {
    /// The smaller of preset and manifest for every limit, and what the
    /// manifest asked beyond.
    #[must_use]
    pub fn apply(&self, preset: &Budget) -> (Budget, Vec<Shortfall>) {
        let mut budget = preset.clone();
        let mut short = Vec::new();
        let bytes = |value: u64| units::show_bytes(value);
        let time = |value: Duration| format!("{value:?}");
        let share = |value: u32| format!("{value} %");
        let small = |value: u32| value.to_string();
        let large = |value: u64| value.to_string();
        let timeouts = &mut budget.timeouts;
        lower("time to start", self.initialise, &mut timeouts.initialise, time, &mut short);
        lower("time per hook", self.hook, &mut timeouts.hook, time, &mut short);
        lower("time per call", self.call, &mut timeouts.call, time, &mut short);
        lower("memory", self.memory_bytes, &mut budget.memory_bytes, bytes, &mut short);
        lower("a processor core", self.cpu_percent, &mut budget.cpu_percent, share, &mut short);
        lower("processor time", self.cpu_time, &mut budget.cpu_time, time, &mut short);
        lower("processes", self.processes, &mut budget.processes, small, &mut short);
        lower("open files", self.open_files, &mut budget.open_files, small, &mut short);
        lower("/tmp", self.tmp_bytes, &mut budget.tmp_bytes, bytes, &mut short);
        lower("file size", self.file_bytes, &mut budget.file_bytes, bytes, &mut short);
        lower("input", self.input_bytes, &mut budget.input_bytes, bytes, &mut short);
        lower("output", self.output_bytes, &mut budget.output_bytes, bytes, &mut short);
        lower("storage", self.storage_bytes, &mut budget.storage_bytes, bytes, &mut short);
        lower(
            "file operations",
            self.file_operations,
            &mut budget.file_operations,
            large,
            &mut short,
        );
        lower("broker calls", self.broker_calls, &mut budget.broker_calls, large, &mut short);
        lower(
            "broker calls per second",
            self.broker_calls_per_second,
            &mut budget.broker_calls_per_second,
            small,
            &mut short,
        );
        lower(
            "messages per second",
            self.messages_per_second,
            &mut budget.messages_per_second,
            small,
            &mut short,
        );
        lower(
            "queries per second",
            self.queries_per_second,
            &mut budget.queries_per_second,
            small,
            &mut short,
        );
        lower(
            "network requests",
            self.network_requests,
            &mut budget.network_requests,
            large,
            &mut short,
        );
        lower(
            "network requests per minute",
            self.network_requests_per_minute,
            &mut budget.network_requests_per_minute,
            small,
            &mut short,
        );
        lower(
            "network connections",
            self.network_connections,
            &mut budget.network_connections,
            small,
            &mut short,
        );
        lower(
            "bytes sent to the network",
            self.network_sent_bytes,
            &mut budget.network_sent_bytes,
            bytes,
            &mut short,
        );
        lower(
            "bytes received from the network",
            self.network_received_bytes,
            &mut budget.network_received_bytes,
            bytes,
            &mut short,
        );
        (budget, short)
    }
}

fn lower<T: Copy + PartialOrd>(
    limit: &'static str,
    asked: Option<T>,
    given: &mut T,
    show: impl Fn(T) -> String,
    short: &mut Vec<Shortfall>,
) {
    let Some(asked) = asked else { return };
    if asked < *given {
        *given = asked;
    } else if asked > *given {
        short.push(Shortfall { limit, asked: show(asked), given: show(*given) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_limits::Preset;

    #[test]
    fn a_manifest_lowers_its_limits_and_never_raises_one() {
        let preset = Preset::Production.budget();
        let request = ResourceRequest {
            memory_bytes: Some(64 << 20),
            processes: Some(100_000),
            call: Some(Duration::from_secs(3600)),
            ..ResourceRequest::default()
        };
        let (budget, short) = request.apply(&preset);
        assert_eq!(budget.memory_bytes, 64 << 20);
        assert_eq!(budget.processes, preset.processes);
        assert_eq!(budget.timeouts, preset.timeouts);
        let notes: Vec<String> = short.iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            ["asks for 3600s of time per call, gets 10s", "asks for 100000 of processes, gets 64"]
        );
    }

    #[test]
    fn a_manifest_that_asks_for_the_most_of_everything_gets_exactly_the_preset() {
        let most = Duration::from_secs(1 << 40);
        let request = ResourceRequest {
            memory_bytes: Some(u64::MAX),
            cpu_percent: Some(u32::MAX),
            cpu_time: Some(most),
            initialise: Some(most),
            hook: Some(most),
            call: Some(most),
            processes: Some(u32::MAX),
            open_files: Some(u32::MAX),
            tmp_bytes: Some(u64::MAX),
            file_bytes: Some(u64::MAX),
            input_bytes: Some(u64::MAX),
            output_bytes: Some(u64::MAX),
            storage_bytes: Some(u64::MAX),
            file_operations: Some(u64::MAX),
            broker_calls: Some(u64::MAX),
            broker_calls_per_second: Some(u32::MAX),
            messages_per_second: Some(u32::MAX),
            queries_per_second: Some(u32::MAX),
            network_requests: Some(u64::MAX),
            network_requests_per_minute: Some(u32::MAX),
            network_connections: Some(u32::MAX),
            network_sent_bytes: Some(u64::MAX),
            network_received_bytes: Some(u64::MAX),
        };
        for preset in Preset::ALL {
            let (budget, short) = request.apply(&preset.budget());
            assert_eq!(budget, preset.budget());
            assert_eq!(short.len(), 23);
        }
    }
}
