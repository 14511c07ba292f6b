//! Which numbers and values are the same.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// The largest whole number up to which every one is a float too: 2 to the 53.
pub(super) const MAX_EXACT: u64 = 1 << 53;

/// Floats from here on have no counterpart among the whole numbers of JSON that
/// are read exactly: 2 to the 64.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

enum Exact {
    Whole(i128),
    Float(f64),
}

fn exact(number: &Number) -> Exact {
    if let Some(whole) = number.as_i64() {
        return Exact::Whole(whole.into());
    }
    if let Some(whole) = number.as_u64() {
        return Exact::Whole(whole.into());
    }
    let float = number.as_f64().unwrap_or(f64::NAN);
    if float.fract() == 0.0 && float.abs() < BEYOND {
        return Exact::Whole(floor(float));
    }
    Exact::Float(float)
}

/// The number from 0 that this is, written `2` or `2.0`.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match exact(value.as_number()?) {
        Exact::Whole(whole) => u64::try_from(whole).ok(),
        Exact::Float(_) => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the callers pass less than 2 to the 64")]
fn floor(float: f64) -> i128 {
    float.floor() as i128
}

/// Compares without rounding; `None` for what is no number.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (exact(left), exact(right)) {
        (Exact::Whole(left), Exact::Whole(right)) => Some(left.cmp(&right)),
        (Exact::Float(left), Exact::Float(right)) => left.partial_cmp(&right),
        (Exact::Whole(left), Exact::Float(right)) => against(left, right),
        (Exact::Float(left), Exact::Whole(right)) => against(right, left).map(Ordering::reverse),
    }
}

/// A float that is not whole, or too large to be.
fn against(whole: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.abs() >= BEYOND {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    Some(if whole <= floor(float) { Ordering::Less } else { Ordering::Greater })
}

/// Whether the number is a whole multiple of this one, which is at most
/// [`MAX_EXACT`]. The remainder of floats is exact.
#[expect(clippy::cast_precision_loss, reason = "it is a float too, up to MAX_EXACT")]
pub(super) fn is_multiple(number: &Number, of: u64) -> bool {
    match exact(number) {
        Exact::Whole(whole) => whole.checked_rem(i128::from(of)) == Some(0),
        Exact::Float(float) => float % of as f64 == 0.0,
    }
}

/// Writes the value so that two values are equal in JSON Schema exactly when their
/// texts are: `1` and `1.0` are, whatever the order of an object's members. The
/// caller bounds the depth.
pub(super) fn write_key(value: &Value, key: &mut String) {
    match value {
        Value::Null => key.push('n'),
        Value::Bool(flag) => key.push(if *flag { 't' } else { 'f' }),
        Value::Number(number) => match exact(number) {
            Exact::Whole(whole) => key.push_str(&whole.to_string()),
            Exact::Float(float) => key.push_str(&format!("{float:e}")),
        },
        Value::String(text) => write_text(text, key),
        Value::Array(items) => {
            key.push('[');
            for item in items {
                write_key(item, key);
                key.push(',');
            }
            key.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<(&String, &Value)> = map.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            key.push('{');
            for (name, value) in members {
                write_text(name, key);
                write_key(value, key);
                key.push(',');
            }
            key.push('}');
        }
    }
}

/// With its length, so that no text can look like the end of another.
fn write_text(text: &str, key: &mut String) {
    key.push_str(&format!("s{}:", text.len()));
    key.push_str(text);
}
