//! What goes into an action, against what its manifest says.

use crate::error::RunError;
use ringfence_package::{Action, Package};
use serde_json::{Map, Value};

/// Whether the action takes the input, by the manifest and without starting
/// anything. [`crate::Instance::execute`] asks the same by itself.
///
/// # Errors
/// [`RunError::Input`] with the first place at which it does not.
pub fn check_input(package: &Package, action: &str, input: &Value) -> Result<(), RunError> {
    checked(&package.actions, action, input).map(|_| ())
}

/// The input that the action may be called with; `None` when the manifest says
/// nothing of it, so that it takes everything.
///
/// Nothing is an empty object where the schema takes one, because a call without
/// input means a call without members.
pub(crate) fn checked(
    actions: &[Action],
    action: &str,
    input: &Value,
) -> Result<Option<Value>, RunError> {
    let declared = actions.iter().find(|declared| declared.name == action);
    let Some(schema) = declared.and_then(|declared| declared.input.as_ref()) else {
        return Ok(None);
    };
    let mut fault = match schema.check(input) {
        Ok(()) => return Ok(Some(input.clone())),
        Err(fault) => fault,
    };
    if input.is_null() {
        let empty = Value::Object(Map::new());
        match schema.check(&empty) {
            Ok(()) => return Ok(Some(empty)),
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
