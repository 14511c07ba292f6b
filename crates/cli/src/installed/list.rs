//! `ringfence list`: what is installed.

use super::{plugins, version};
use crate::arguments::List;
use crate::failure::Failure;
use crate::output;
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;

pub(super) fn run(arguments: &List) -> Result<ExitCode, Failure> {
    let installed = plugins()?.list()?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "plugins": installed }));
        return Ok(ExitCode::Success);
    }
    if installed.is_empty() {
        output::say("nothing is installed yet: ringfence install FOLDER");
    }
    for plugin in installed {
        output::answer(&format!(
            "{:24} {:12} {:12} {}",
            plugin.name.as_str(),
            version(plugin.current.version.as_deref()),
            plugin.state.word(),
            UntrustedText::new(&plugin.current.source)
        ));
    }
    Ok(ExitCode::Success)
}
