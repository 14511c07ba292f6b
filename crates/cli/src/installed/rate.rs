//! `ringfence rate`: how content a person is with a plugin.

use super::plugins;
use crate::arguments::Rate;
use crate::failure::Failure;
use crate::output;
use ringfence_types::ExitCode;
use serde_json::json;

pub(super) fn run(arguments: &Rate) -> Result<ExitCode, Failure> {
    let plugins = plugins()?;
    plugins.rate(&arguments.name, arguments.stars)?;
    let reputation = plugins.info(&arguments.name)?.reputation;
    if arguments.json {
        output::answer_json(
            &json!({ "ok": true, "name": arguments.name, "reputation": reputation }),
        );
    } else {
        let level = reputation.level.word();
        output::answer(&format!("{} {level}, {} of 100", arguments.name, reputation.score));
    }
    Ok(ExitCode::Success)
}
