//! A new version is started once before it takes the place of the old one.

use crate::engine::Engine;
use crate::error::RunError;
use crate::observer::Silent;
use crate::review::Review;
use ringfence_package::Protocol;
use ringfence_types::InstanceId;

/// Whether it starts: actions load, an MCP server tells its tools, within the time-outs of
/// its limits. A plain program does its work when it is started, and is not.
///
/// It has what it was granted, but a name and so a storage of its own: what it writes when
/// it begins is not what the old version finds if it stays.
pub(super) fn starts(engine: &Engine, mut review: Review) -> Result<(), RunError> {
    if review.package.protocol == Protocol::Plain {
        return Ok(());
    }
    let name = format!("{:.100}.canary", review.instance.as_str());
    review.instance = name.parse::<InstanceId>().map_err(|error| RunError::Internal {
        what: format!("the new version cannot be tried: {error}"),
    })?;
    let is_mcp = review.package.protocol == Protocol::Mcp;
    let mut instance = engine.start(review, None, Box::new(Silent))?;
    let ready = match is_mcp {
        true => instance.tools().map(drop),
        false => instance.initialise(),
    };
    drop(instance.terminate());
    ready
}
