//! What a node must be before it may be written, whatever serves the graph.

use crate::answer::CallError;
use crate::content::json_size;
use serde_json::Value;

/// Largest node, in bytes of its JSON. Source: REQUIREMENTS E1, 100 KB.
pub const MAX_NODE_BYTES: u64 = 100 * 1024;

/// Checks a node that is to be written as one of `node_type`, which is what the
/// decision is about: a node that says another type of itself would be written
/// with a permit for this one.
///
/// # Errors
/// [`CallError::InvalidParams`] when the node is no object, larger than
/// [`MAX_NODE_BYTES`], without `type` or `content`, or of another type.
pub(crate) fn check(node_type: &str, node: &Value) -> Result<(), CallError> {
    if json_size(node) > MAX_NODE_BYTES {
        return Err(CallError::invalid(format!("a node is larger than {MAX_NODE_BYTES} bytes")));
    }
    let Value::Object(members) = node else {
        return Err(CallError::invalid("`params` of nodes.write must be the node, an object"));
    };
    match members.get("type") {
        Some(Value::String(text)) if text == node_type => {}
        Some(Value::String(text)) if !text.is_empty() => {
            return Err(CallError::invalid(
                "the `type` of a node must be the `object` of the call",
            ));
        }
        _ => return Err(CallError::invalid("`type` of a node must be a text that is not empty")),
    }
    let is_empty = match members.get("content") {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(_) => false,
    };
    if is_empty {
        return Err(CallError::invalid("`content` of a node must be there and not be empty"));
    }
    Ok(())
}
