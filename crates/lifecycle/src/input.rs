//! What goes into an action, against what its manifest says.

use crate::error::RunError;
use ringfence_package::Package;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The input that the action may be called with. Nothing is an empty object where
/// the schema takes one, because a call without input means a call without members.
///
/// An action that the manifest does not describe takes everything.
pub(crate) fn checked<'i>(
    package: &Package,
    action: &str,
    input: &'i Value,
) -> Result<Cow<'i, Value>, RunError> {
    let declared = package.actions.iter().find(|declared| declared.name == action);
    let Some(schema) = declared.and_then(|declared| declared.input.as_ref()) else {
        return Ok(Cow::Borrowed(input));
    };
    let mut fault = match schema.check(input) {
        Ok(()) => return Ok(Cow::Borrowed(input)),
        Err(fault) => fault,
    };
    if input.is_null() {
        let empty = Value::Object(Map::new());
        match schema.check(&empty) {
            Ok(()) => return Ok(Cow::Owned(empty)),
            // Says what is missing, unless it must be no object at all.
            Err(of_empty) if of_empty.rule != "type" => fault = of_empty,
            Err(_) => {}
        }
    }
    Err(RunError::Input {
        action: action.to_owned(),
        fault,
        shape: schema.shape(),
        is_missing: input.is_null(),
    })
}
