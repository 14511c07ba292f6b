//! `ringfence schema`: the published JSON Schema of the manifest.

use crate::output;
use ringfence_types::ExitCode;

const SCHEMA: &str = include_str!("../../../docs/plugin.schema.json");

pub(crate) fn run() -> ExitCode {
    output::answer(SCHEMA.trim_end());
    ExitCode::Success
}
