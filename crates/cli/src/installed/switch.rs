//! `ringfence enable` and `ringfence disable`.

use super::plugins;
use crate::arguments::OfPlugin;
use crate::failure::Failure;
use crate::output;
use ringfence_types::ExitCode;
use serde_json::json;

pub(super) fn enable(arguments: &OfPlugin) -> Result<ExitCode, Failure> {
    plugins()?.enable(&arguments.name)?;
    told(arguments, "enabled")
}

pub(super) fn disable(arguments: &OfPlugin) -> Result<ExitCode, Failure> {
    plugins()?.disable(&arguments.name)?;
    told(arguments, "disabled")
}

fn told(arguments: &OfPlugin, state: &str) -> Result<ExitCode, Failure> {
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "name": arguments.name, "state": state }));
    } else {
        let ends = if state == "disabled" { "; what runs of it is ended" } else { "" };
        output::say(&format!("{} is {state}{ends}", arguments.name));
    }
    Ok(ExitCode::Success)
}
