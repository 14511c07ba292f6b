//! `ringfence grant`: a capability for an installed plugin.

use super::plugins;
use crate::arguments::Grant;
use crate::failure::Failure;
use crate::output;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;

pub(super) fn run(arguments: &Grant) -> Result<ExitCode, Failure> {
    let (name, capability) = (&arguments.name, &arguments.capability);
    let until = arguments.until.map(|day| {
        // The day itself still counts.
        day.tomorrow()
            .and_then(|next| next.to_zoned(TimeZone::UTC))
            .map(|at| at.timestamp().as_millisecond())
    });
    let until = until.transpose().map_err(Failure::usage)?;
    if until.is_some_and(|until| until <= Timestamp::now().as_millisecond()) {
        return Err(Failure::usage("its last day is over already"));
    }
    let until = until.map(u64::try_from).transpose().map_err(Failure::usage)?;
    plugins()?.grant(name, capability, until)?;
    if arguments.json {
        output::answer_json(
            &json!({ "ok": true, "name": name, "capability": capability, "expires_ms": until }),
        );
    } else {
        let shown = UntrustedText::new(&capability.to_string()).to_string();
        output::say(&format!("granted to {name} whenever it is run: {shown}"));
    }
    Ok(ExitCode::Success)
}
