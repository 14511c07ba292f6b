//! Limits of a plugin become those of the worker, with the jail's own behind them.

use ringfence_limits::{Budget, Preset};
use ringfence_protocol::worker::{CodeKind, Folder, WorkerSettings};
use ringfence_sandbox::Exposed;
use std::time::Duration;

/// How much later than the worker the jail is late: a call that the worker stops
/// is an error and leaves the instance as it was, one that the jail stops ends it.
const GRACE: Duration = Duration::from_millis(500);
/// Bytes of the worker itself: its program, the engine's tables, native code of
/// large components, and buffers for the largest answer.
const WORKER_BYTES: u64 = 192 << 20;
/// Threads of the worker: calls, and the watchdog.
const WORKER_THREADS: u32 = 4;

/// The budget of the jail around a worker.
#[must_use]
pub fn jail_budget(budget: &Budget) -> Budget {
    let mut jail = budget.clone();
    jail.memory_bytes = budget.memory_bytes.saturating_add(WORKER_BYTES);
    jail.cpu_time = budget.cpu_time.saturating_add(GRACE);
    jail.timeouts.initialise = budget.timeouts.initialise.saturating_add(GRACE);
    jail.timeouts.call = budget.timeouts.call.saturating_add(GRACE);
    jail.processes = budget.processes.max(WORKER_THREADS);
    jail
}

/// The plugin's own part of a jail's budget: what [`jail_budget`] was made from, as
/// far as the worker enforces it.
#[must_use]
pub fn plugin_budget(jail: &Budget) -> Budget {
    let mut budget = jail.clone();
    budget.memory_bytes = jail.memory_bytes.saturating_sub(WORKER_BYTES);
    budget.cpu_time = jail.cpu_time.saturating_sub(GRACE);
    budget.timeouts.initialise = jail.timeouts.initialise.saturating_sub(GRACE);
    budget.timeouts.call = jail.timeouts.call.saturating_sub(GRACE);
    budget
}

/// The budget of the compiler, the same for every plugin: compiling 19 MiB takes
/// 9 s of processor time and 371 MB (research, wasm, 2.1); bombs are stopped.
#[must_use]
pub fn compiler_budget() -> Budget {
    let mut budget = Preset::Production.budget();
    budget.memory_bytes = 1 << 30;
    budget.cpu_percent = 400;
    budget.cpu_time = Duration::from_secs(60);
    budget.timeouts.call = Duration::from_secs(120);
    budget.processes = 16;
    budget.output_bytes = 256 << 20;
    budget.tmp_bytes = 1 << 20;
    budget
}

/// What the worker is told.
#[must_use]
pub fn worker_settings(
    kind: CodeKind,
    (stateful, strict): (bool, bool),
    swaps: bool,
    budget: &Budget,
    exposed: &[Exposed],
) -> WorkerSettings {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    let mut folders = vec![Folder { path: "/tmp".to_owned(), writable: true }];
    folders.extend(exposed.iter().filter(|exposed| !exposed.executable).filter_map(|exposed| {
        // WASI names are text, and only folders can be opened ahead.
        let path = exposed.target.to_str()?.to_owned();
        exposed.source.is_dir().then_some(Folder { path, writable: exposed.writable })
    }));
    WorkerSettings {
        kind,
        stateful,
        strict,
        swaps,
        memory_bytes: budget.memory_bytes,
        initialise_ms: milliseconds(budget.timeouts.initialise),
        call_ms: milliseconds(budget.timeouts.call),
        cpu_ms: milliseconds(budget.cpu_time),
        output_bytes: budget.output_bytes,
        host_calls: budget.broker_calls,
        host_bytes: budget.input_bytes.saturating_mul(64).max(64 << 20),
        folders,
    }
}
