//! `ringfence quarantine`: in, and out again.

use super::plugins;
use crate::arguments::Quarantine;
use crate::failure::Failure;
use crate::output;
use ringfence_types::ExitCode;
use serde_json::json;

pub(super) fn run(arguments: &Quarantine) -> Result<ExitCode, Failure> {
    let name = &arguments.name;
    let plugins = plugins()?;
    let state = if arguments.release {
        plugins.release(name)?;
        "disabled"
    } else {
        plugins.quarantine(name, &arguments.reason)?;
        "quarantined"
    };
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "name": name, "state": state }));
    } else if arguments.release {
        output::say(&format!("{name} is let out, switched off: ringfence enable {name}"));
    } else {
        output::say(&format!(
            "{name} is in quarantine; what runs of it is ended within two seconds"
        ));
    }
    Ok(ExitCode::Success)
}
