//! `json.dumps` of what is wholly known: what a program says to a server is often put
//! together this way.

use super::Entries;
use crate::event::Source;
use crate::python::evaluator::Evaluator;
use crate::python::value::{Data, Value};

pub(super) const ENTRIES: Entries = &[("py:json.dumps", |this, call| {
    let given = call.first()?;
    let taint = this.deep_taint(given, 4);
    // What came from somewhere is followed, and not written out.
    let is_own = taint
        .iter()
        .flat_map(|taint| &taint.origins)
        .all(|origin| origin.source == Source::Decoded);
    if !is_own || !call.arguments.keyword.is_empty() {
        return None;
    }
    let mut text = String::new();
    put(this, given, 0, &mut text)?;
    Some(Value::made(text).with(&taint))
})];

/// The deepest data that becomes text.
const MAX_DEPTH: u32 = 16;
/// The longest text that is made, in bytes.
const MAX_BYTES: usize = 1 << 16;

fn put(this: &Evaluator<'_>, value: &Value<'_>, depth: u32, text: &mut String) -> Option<()> {
    if depth > MAX_DEPTH || text.len() > MAX_BYTES {
        return None;
    }
    match &value.data {
        Data::None => text.push_str("null"),
        Data::Bool(yes) => text.push_str(if *yes { "true" } else { "false" }),
        Data::Int(number) => text.push_str(&number.to_string()),
        Data::Text(known) => text.push_str(&serde_json::to_string(&**known).ok()?),
        Data::List(id) => {
            if this.heap.list(*id)?.open {
                return None;
            }
            text.push('[');
            for (at, item) in this.items(*id).iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                put(this, item, depth + 1, text)?;
            }
            text.push(']');
        }
        Data::Dict(id) => {
            text.push('{');
            for (at, (key, item)) in this.heap.dict(*id)?.items.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                text.push_str(&serde_json::to_string(key.text()?).ok()?);
                text.push_str(": ");
                put(this, item, depth + 1, text)?;
            }
            text.push('}');
        }
        _ => return None,
    }
    Some(())
}
