//! `ringfence gc`: away with what nobody needs.

use super::plugins;
use crate::arguments::Gc;
use crate::failure::Failure;
use crate::output;
use ringfence_types::ExitCode;
use serde_json::json;

pub(super) fn run(arguments: &Gc) -> Result<ExitCode, Failure> {
    let collected = plugins()?.collect()?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "collected": collected }));
        return Ok(ExitCode::Success);
    }
    for package in &collected.in_use {
        output::say(&format!("in use now, so it stays: {package}"));
    }
    for package in &collected.removed {
        output::answer(package);
    }
    let count = collected.removed.len();
    output::say(&format!("removed {count} packages, and {} remains", collected.remains));
    Ok(ExitCode::Success)
}
