//! A scan of what is to be installed, by this program in another process of it: what it
//! reads is hostile (see `scan_apart.rs`).

use crate::failure::Failure;
use ringfence::ScanRow;
use ringfence_types::ExitCode;
use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

/// Most codes of findings that are kept.
const MOST_CODES: usize = 200;

#[derive(Deserialize)]
struct Report {
    score: u8,
    outcome: String,
    threats: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
}

/// What a scan says of the files in `folder`.
///
/// # Errors
/// When it could not be looked at: then it is not installed.
pub(super) fn scan(folder: &Path, policy: Option<&Path>) -> Result<ScanRow, Failure> {
    let wrong = |what: String| {
        Failure::new(ExitCode::Refused, format!("it could not be looked into: {what}"))
    };
    let mut command = Command::new("/proc/self/exe");
    command.args(["scan", "--format", "json"]);
    if let Some(policy) = policy {
        command.arg("--policy").arg(policy);
    }
    command.arg("--").arg(folder).stdin(Stdio::null()).stderr(Stdio::null());
    let done = command.output().map_err(|error| wrong(error.to_string()))?;
    let Ok(report) = serde_json::from_slice::<Report>(&done.stdout) else {
        let said = serde_json::from_slice::<Refused>(&done.stdout);
        return Err(wrong(said.map_or_else(
            |_| "the scan ended without a report".to_owned(),
            |refused| refused.error.message,
        )));
    };
    let codes = report.threats.into_iter().chain(report.warnings).take(MOST_CODES);
    Ok(ScanRow {
        score: report.score.min(100),
        outcome: report.outcome,
        codes: codes.collect(),
        at_ms: super::now_ms(),
    })
}
