//! A new version is started once before it takes the place of the old one.

use crate::engine::Engine;
use crate::error::RunError;
use crate::observer::Silent;
use crate::review::{Review, Terms};
use ringfence_package::Protocol;
use ringfence_types::{IdError, InstanceId};

/// Whether it starts: actions load, an MCP server tells its tools, within the time-outs of
/// its limits. A plain program does its work when it is started, and is not.
///
/// It has what it was granted, but a name and so a storage of its own: what it writes when
/// it begins is not what the old version finds if it stays.
pub(super) fn starts(engine: &Engine, review: Review) -> Result<(), RunError> {
    if review.package.protocol == Protocol::Plain {
        return Ok(());
    }
    let untried = |what: String| RunError::Internal {
        what: format!("the new version cannot be tried: {what}"),
    };
    let name = format!("{:.100}.canary", review.instance.as_str());
    let instance: InstanceId = name.parse().map_err(|error: IdError| untried(error.to_string()))?;
    // What it says of its tools is held against what the old one said.
    let pins_of = Some(review.instance);
    let terms = Terms { instance: Some(instance), pins_of, ..review.terms };
    let review = engine.review(review.package, terms);
    let review = review.map_err(|error| untried(error.to_string()))?;
    let is_mcp = review.package.protocol == Protocol::Mcp;
    let mut instance = engine.start(review, None, Box::new(Silent))?;
    let ready = if is_mcp { instance.tools().map(drop) } else { instance.initialise() };
    drop(instance.terminate());
    ready
}
