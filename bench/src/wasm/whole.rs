//! The whole path: a host's call through the library and the broker into a worker
//! in its jail, and back; and the least that such a path can take.

use super::guests::{Guest, SHORT, mebibyte};
use super::inside::SPIN_LIMIT;
use super::series::Series;
use crate::options::ECHO;
use ringfence::{Instance, Preset, Ringfence, RunError};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes there and back; about what a short call takes.
const MESSAGE: usize = 128;

/// A library with a home of its own, and folders for plugins.
pub(crate) struct Host<'a> {
    pub(crate) ringfence: Ringfence,
    pub(crate) folder: &'a Path,
}

impl Host<'_> {
    /// Starts a guest; it is ready when this comes back.
    pub(crate) fn start(
        &self,
        guest: Guest,
        stateful: bool,
        limit: Option<Duration>,
    ) -> Result<Instance, String> {
        let kind = if stateful { "kept" } else { "fresh" };
        let folder = self.folder.join(format!("{}, {kind}", guest.name()));
        let placed = guest.place(&folder, &guest.code()?, stateful)?;
        let mut budget = Preset::Production.budget();
        budget.timeouts.call = limit.unwrap_or(budget.timeouts.call);
        // A measurement is a row of calls: the limits by the second are not its matter.
        budget.broker_calls_per_second = u32::MAX;
        budget.broker_calls = u64::MAX;
        budget.queries_per_second = u32::MAX;
        budget.messages_per_second = u32::MAX;
        let start = self.ringfence.plugin(placed).grant(guest.grant()).budget(budget);
        let mut instance = start.start().map_err(|error| error.to_string())?;
        instance.initialise().map_err(|error| error.to_string())?;
        Ok(instance)
    }
}

/// All kinds of work by one guest.
pub(crate) fn measure(host: &Host<'_>, guest: Guest, quick: bool) -> Result<Series, String> {
    let calls = guest.calls(quick);
    let mut series = Series::default();
    let short: Value = serde_json::from_str(SHORT).map_err(|error| error.to_string())?;
    let mut fresh = host.start(guest, false, None)?;
    series.measure("whole fresh", calls, || call(&mut fresh, "greet", &short))?;
    drop(fresh);
    let mut warm = host.start(guest, true, None)?;
    series.measure("whole warm", calls, || call(&mut warm, "greet", &short))?;
    series.measure("whole asking", calls, || call(&mut warm, "show", &Value::Null))?;
    let large = serde_json::from_str(&mebibyte()).map_err(|error| error.to_string())?;
    series.measure("whole mebibyte", (calls / 50).max(5), || call(&mut warm, "greet", &large))?;
    drop(warm);
    if guest.can_spin() {
        let mut spinning = host.start(guest, false, Some(SPIN_LIMIT))?;
        for _ in 0..if quick { 5 } else { 30 } {
            let begin = Instant::now();
            let outcome = spinning.execute("spin", &Value::Null);
            let taken = begin.elapsed();
            if !matches!(outcome, Err(RunError::Timeout { .. })) {
                return Err("it was not stopped".to_owned());
            }
            series.add("whole overshoot", taken.saturating_sub(SPIN_LIMIT));
        }
    }
    Ok(series)
}

fn call(instance: &mut Instance, action: &str, input: &Value) -> Result<(), String> {
    instance.execute(action, input).map(drop).map_err(|error| error.to_string())
}

/// Two processes that do nothing but hand bytes to each other through a pair of
/// sockets: the path without anything on it.
pub(crate) fn floor(quick: bool) -> Result<Series, String> {
    let said = |error: std::io::Error| error.to_string();
    let (mut ours, theirs) = UnixStream::pair().map_err(said)?;
    let own = std::env::current_exe().map_err(said)?;
    let mut command = Command::new(own);
    command.arg(ECHO).stdin(Stdio::from(OwnedFd::from(theirs)));
    let mut child = command.spawn().map_err(said)?;
    drop(command);
    let mut series = Series::default();
    let outcome = series.measure("floor", if quick { 500 } else { 20_000 }, || {
        let mut message = [7; MESSAGE];
        ours.write_all(&message).map_err(said)?;
        ours.read_exact(&mut message).map_err(said)
    });
    drop(ours);
    let _ = child.wait();
    outcome.map(|()| series)
}

/// The other end of [`floor`]: gives back what comes on standard input, which is a
/// socket, until it ends.
pub(crate) fn echo() -> crate::Result<()> {
    use std::os::fd::AsFd;
    let mut socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut message = [0; MESSAGE];
    while socket.read_exact(&mut message).is_ok() {
        socket.write_all(&message)?;
    }
    Ok(())
}
