//! `ringfence revoke`: a capability back from an installed plugin.

use super::plugins;
use crate::arguments::Revoke;
use crate::failure::Failure;
use crate::output;
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;

pub(super) fn run(arguments: &Revoke) -> Result<ExitCode, Failure> {
    let name = &arguments.name;
    let revoked = plugins()?.revoke(name, &arguments.capability)?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "name": name, "revoked": revoked }));
        return Ok(ExitCode::Success);
    }
    for capability in revoked {
        output::answer(&UntrustedText::new(&capability.to_string()).to_string());
    }
    output::say("taken back, also from what runs: within two seconds");
    Ok(ExitCode::Success)
}
