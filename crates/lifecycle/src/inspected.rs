//! What a worker found out about one call, as it comes in parts, and what is made of it.

use crate::actions::internal;
use crate::error::RunError;
use crate::instance::Answer;
use crate::profile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_package::{Package, Protocol, Runtime};
use ringfence_protocol::worker::{Inspect, ReportKind, ReportPart};

/// Every WebAssembly file begins with it.
const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// A file about one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What belongs into the file.
    pub bytes: Vec<u8>,
    /// What had no room: samples of a profile, bytes of memory of a core dump.
    pub left_out: u64,
}

/// What an inspected call gave.
#[derive(Debug)]
pub struct Inspected {
    /// What the call itself gave.
    pub result: Result<Answer, RunError>,
    /// Where its time went, in the processed format of the Firefox Profiler
    /// (<https://profiler.firefox.com>); `None` when it was not asked for or the
    /// worker ended first.
    pub profile: Option<Report>,
    /// A WebAssembly core dump, when the call ended in a trap and one was asked for.
    /// It holds the plugin's memory with whatever the plugin was told: keep it as the
    /// secrets of the plugin are kept.
    pub core_dump: Option<Report>,
}

/// Refuses to inspect what cannot be inspected, before anything runs.
///
/// # Errors
/// [`RunError::NotInspected`] for all but actions of WebAssembly.
pub fn check_inspect(package: &Package, inspect: Inspect) -> Result<(), RunError> {
    let can = package.runtime == Runtime::Wasm && package.protocol == Protocol::Actions;
    if can || !inspect.is_any() {
        return Ok(());
    }
    Err(RunError::NotInspected { runtime: package.runtime.word() })
}

/// What is asked about the call that runs, and the parts that came.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) inspect: Inspect,
    profile: Option<Report>,
    core_dump: Option<Report>,
}

impl Findings {
    pub(crate) fn of(inspect: Inspect) -> Self {
        Self { inspect, ..Self::default() }
    }

    /// The session has counted it.
    pub(crate) fn add(&mut self, part: &ReportPart) -> Result<(), RunError> {
        let bytes = STANDARD.decode(&part.data).map_err(|error| internal(&error))?;
        let report = match part.kind {
            ReportKind::Profile => &mut self.profile,
            ReportKind::CoreDump => &mut self.core_dump,
        };
        let report = report.get_or_insert_with(|| Report { bytes: Vec::new(), left_out: 0 });
        report.bytes.extend_from_slice(&bytes);
        report.left_out = report.left_out.saturating_add(part.left_out);
        Ok(())
    }

    /// With the call's own result. What a worker sent that is no report is left out:
    /// it ran hostile code.
    pub(crate) fn finish(self, name: &str, result: Result<Answer, RunError>) -> Inspected {
        let profile = self.profile.and_then(|found| {
            profile::render(&found.bytes, name).map(|bytes| Report { bytes, ..found })
        });
        let core_dump =
            self.core_dump.filter(|found| found.bytes.is_empty() || found.bytes.starts_with(MAGIC));
        Inspected { result, profile, core_dump }
    }
}
