//! `ringfence remove`: out, with all that it was granted.

use super::plugins;
use crate::arguments::OfPlugin;
use crate::failure::Failure;
use crate::output;
use ringfence_types::ExitCode;
use serde_json::json;

pub(super) fn run(arguments: &OfPlugin) -> Result<ExitCode, Failure> {
    plugins()?.remove(&arguments.name)?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "removed": arguments.name }));
    } else {
        output::say("removed; its files go with: ringfence gc");
    }
    Ok(ExitCode::Success)
}
