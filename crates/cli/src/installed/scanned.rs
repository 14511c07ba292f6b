//! A scan of what is to be installed, by this program in another process of it: what it
//! reads is hostile (see `scan_apart.rs`).

use crate::apart::{self, NoReport, Watch};
use crate::failure::Failure;
use ringfence::ScanRow;
use ringfence_types::ExitCode;
use serde::Deserialize;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// Most codes of findings that are kept.
const MOST_CODES: usize = 200;

#[derive(Deserialize)]
struct Report {
    score: u8,
    outcome: String,
    threats: Vec<String>,
    warnings: Vec<String>,
}

/// What a scan says of the files in `folder`.
///
/// # Errors
/// When it could not be looked at: then it is not installed.
pub(super) fn scan(folder: &Path, policy: Option<&Path>) -> Result<ScanRow, Failure> {
    let wrong = |what: String| {
        Failure::new(ExitCode::Refused, format!("it could not be looked into: {what}"))
    };
    let more: Vec<OsString> =
        policy.map(|policy| vec!["--policy".into(), policy.into()]).unwrap_or_default();
    let limit = Duration::from_secs(apart::USUAL_SECONDS.into());
    // Nobody catches signals here: at a terminal they end both.
    let mut watch = Watch { limit, interrupt: None, waiting: &mut || {} };
    let report = match apart::report(folder, &more, &mut watch) {
        Ok(report) => report,
        Err(NoReport::Failed(why)) => return Err(wrong(why)),
        Err(NoReport::Interrupted) => {
            return Err(Failure::new(ExitCode::Interrupted, "it was not looked into"));
        }
    };
    let report: Report = serde_json::from_slice(&report)
        .map_err(|_| wrong("its report cannot be read".to_owned()))?;
    let codes = report.threats.into_iter().chain(report.warnings).take(MOST_CODES);
    Ok(ScanRow {
        score: report.score.min(100),
        outcome: report.outcome,
        codes: codes.collect(),
        at_ms: super::now_ms(),
    })
}
