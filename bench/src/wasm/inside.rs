//! What a call costs inside the worker: its own library, in a process of its own,
//! without a jail and without a wire.

use super::guests::{Guest, SHORT, mebibyte};
use super::series::Series;
use crate::Result;
use ringfence::Preset;
use ringfence_sandbox_wasm::{sealed, worker_settings};
use ringfence_worker::{CallError, Stop, Worker, compile, on_its_stack};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// The call that is stopped has so much time.
pub(crate) const SPIN_LIMIT: Duration = Duration::from_millis(20);

/// What a plugin is told of itself.
const TOLD: &str = r#"{"plugin":"measured","config":{}}"#;

/// What is measured of a guest, each in a process of its own.
pub(crate) fn works(guest: Guest) -> &'static [&'static str] {
    if guest.can_spin() { &["fresh", "warm", "spin"] } else { &["fresh", "warm"] }
}

/// Measures one guest at one work, and prints the times.
pub(crate) fn run(guest: Guest, quick: bool, work: &str, native: &Path) -> Result<()> {
    let code = match std::fs::read(native) {
        Ok(code) => code,
        Err(_) => {
            let code = compile(&guest.wasm()?)?;
            std::fs::write(native, &code)?;
            code
        }
    };
    let work = || measure(guest, quick, work, &code).map_err(|error| error.to_string());
    on_its_stack(guest.kind(), work)??;
    Ok(())
}

fn measure(guest: Guest, quick: bool, work: &str, code: &[u8]) -> Result<()> {
    let limit = (work == "spin").then_some(SPIN_LIMIT);
    let mut worker = load(guest, &sealed(code)?, work == "warm", limit)?;
    let mut series = Series::default();
    let calls = guest.calls(quick);
    match work {
        "fresh" => series.measure("fresh", calls, || greet(&mut worker, SHORT))?,
        "warm" => {
            series.measure("warm", calls, || greet(&mut worker, SHORT))?;
            let large = mebibyte();
            series.measure("mebibyte", (calls / 50).max(5), || greet(&mut worker, &large))?;
        }
        _ => {
            for _ in 0..if quick { 5 } else { 50 } {
                series.add("overshoot", overshoot(&mut worker)?);
            }
        }
    }
    series.print();
    Ok(())
}

/// How long past its limit code runs that never ends.
fn overshoot(worker: &mut Worker) -> Result<Duration> {
    let begin = Instant::now();
    let outcome = worker.call("spin", "null");
    let taken = begin.elapsed();
    if matches!(outcome, Err(CallError::Stopped(Stop::Limit(_)))) {
        Ok(taken.saturating_sub(SPIN_LIMIT))
    } else {
        Err("it was not stopped".into())
    }
}

fn load(guest: Guest, code: &OwnedFd, stateful: bool, limit: Option<Duration>) -> Result<Worker> {
    let mut budget = Preset::Production.budget();
    budget.timeouts.call = limit.unwrap_or(budget.timeouts.call);
    let sources = guest.sources().map(|sources| sources.to_bytes()).transpose()?;
    let sources = sources.map(|bytes| sealed(&bytes)).transpose()?;
    let settings = worker_settings(guest.kind(), (stateful, true), false, &budget, &[]);
    let mut worker = Worker::load(settings, None, code, sources)?;
    worker.initialise(TOLD).map_err(|error| said(&error))?;
    Ok(worker)
}

fn greet(worker: &mut Worker, input: &str) -> std::result::Result<(), String> {
    let answer = worker.call("greet", input).map_err(|error| said(&error))?;
    if answer.len() < input.len() { Err("it did not repeat it".to_owned()) } else { Ok(()) }
}

fn said(error: &CallError) -> String {
    format!("{error:?}")
}
