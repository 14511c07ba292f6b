//! `ringfence rollback`: the version of before.

use super::{plugins, version};
use crate::arguments::OfPlugin;
use crate::failure::Failure;
use crate::output;
use ringfence_types::ExitCode;
use serde_json::json;

pub(super) fn run(arguments: &OfPlugin) -> Result<ExitCode, Failure> {
    let plugin = plugins()?.roll_back(&arguments.name)?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "plugin": plugin }));
    } else {
        output::say("and forth again the same way");
        output::answer(&format!("{} {}", plugin.name, version(plugin.current.version.as_deref())));
    }
    Ok(ExitCode::Success)
}
