//! The actions that a plugin offers.

use crate::error::{Position, Problem};
use crate::input::InputSchema;
use crate::keys;
use crate::node::{Node, Value};
use crate::reader::{self, Fields, Problems};
use serde::Serialize;
use serde_json::{Map, Number};

/// Most actions of one plugin.
pub const MAX_ACTIONS: usize = 256;

/// Something that the plugin can be asked to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// Its name: letters, digits, `_`, `-`, `.` and `/`, at most 128 bytes.
    pub name: String,
    /// What it does, in the author's words; show it as untrusted text.
    pub description: Option<String>,
    /// What its input must look like, if it says so.
    pub input: Option<InputSchema>,
}

/// Reads `actions:`, a list or a map from names.
pub(crate) fn actions(node: &Node, problems: &mut Problems) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut patterns = 0;
    match &node.value {
        Value::List(items) => {
            for item in items {
                if let Some((at, action)) = listed(item, &mut patterns, problems) {
                    push(at, action, &mut actions, problems);
                }
            }
        }
        Value::Map(fields) => {
            for field in fields {
                let Some(name) = name(&field.key, field.key_at, problems) else {
                    continue;
                };
                let mut action = Action { name, description: None, input: None };
                if !field.value.is_null() {
                    let what = format!("the action `{}`", action.name);
                    if let Some(fields) =
                        Fields::open(&field.value, &what, keys::NAMED_ACTION, problems)
                    {
                        details(&fields, &mut action, &mut patterns, problems);
                    }
                }
                push(field.key_at, action, &mut actions, problems);
            }
        }
        Value::Scalar { .. } if node.is_null() => {}
        Value::Scalar { .. } => {
            problems.add(node.at, "`actions` is a list, or a map from names");
        }
    }
    if actions.len() > MAX_ACTIONS {
        problems.add(node.at, format!("more than {MAX_ACTIONS} actions"));
    }
    actions
}

fn listed(
    item: &Node,
    patterns: &mut usize,
    problems: &mut Problems,
) -> Option<(Position, Action)> {
    let mut action = Action { name: String::new(), description: None, input: None };
    if let Value::Scalar { text, .. } = &item.value {
        action.name = name(text, item.at, problems)?;
        return Some((item.at, action));
    }
    let fields = Fields::open(item, "an action", keys::ACTION, problems)?;
    details(&fields, &mut action, patterns, problems);
    let Some(field) = fields.get("name") else {
        problems.add(item.at, "an action without `name`");
        return None;
    };
    let text = reader::text(&field.value, "name", reader::LINE, problems)?;
    action.name = name(&text, field.value.at, problems)?;
    Some((field.value.at, action))
}

fn push(at: Position, action: Action, actions: &mut Vec<Action>, problems: &mut Problems) {
    if actions.iter().any(|other| other.name == action.name) {
        problems.add(at, format!("the action `{}` is here twice", action.name));
    } else if actions.len() <= MAX_ACTIONS {
        actions.push(action);
    }
}

fn name(text: &str, at: Position, problems: &mut Problems) -> Option<String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/');
    if text.is_empty() || text.len() > 128 || !text.bytes().all(good) {
        problems.push(
            Problem::new(at, format!("`{}` is not the name of an action", reader::short(text)))
                .help("use up to 128 letters, digits, `_`, `-`, `.` or `/`"),
        );
        return None;
    }
    Some(text.to_owned())
}

fn details(
    fields: &Fields<'_>,
    action: &mut Action,
    patterns: &mut usize,
    problems: &mut Problems,
) {
    action.description = fields
        .get("description")
        .and_then(|field| reader::text(&field.value, "description", reader::PARAGRAPH, problems));
    if let Some(field) = fields.get("input") {
        if let Value::Map(_) = field.value.value {
            action.input = InputSchema::read(&field.value, patterns, problems);
        } else {
            problems.push(
                Problem::new(
                    field.value.at,
                    format!("`input` is a JSON Schema, not {}", field.value.form()),
                )
                .help("write a map such as `{type: object}`"),
            );
        }
    }
}

/// The tree as JSON, scalars by the YAML 1.2 core schema. The tree is at most
/// 32 levels deep, so this recursion is bounded.
pub(crate) fn json(node: &Node, problems: &mut Problems) -> Option<serde_json::Value> {
    Some(match &node.value {
        Value::Scalar { text, plain } => scalar(node, text, *plain, problems)?,
        Value::List(items) => {
            serde_json::Value::Array(items.iter().filter_map(|item| json(item, problems)).collect())
        }
        Value::Map(fields) => {
            let mut map = Map::new();
            for field in fields {
                if let Some(value) = json(&field.value, problems) {
                    map.insert(field.key.clone(), value);
                }
            }
            serde_json::Value::Object(map)
        }
    })
}

fn scalar(
    node: &Node,
    text: &str,
    plain: bool,
    problems: &mut Problems,
) -> Option<serde_json::Value> {
    if !plain {
        return Some(text.into());
    }
    if node.is_null() {
        return Some(serde_json::Value::Null);
    }
    match text {
        "true" | "True" | "TRUE" => return Some(true.into()),
        "false" | "False" | "FALSE" => return Some(false.into()),
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Some(text.into());
    }
    let number = text.strip_prefix('+').unwrap_or(text);
    if let Ok(whole) = number.parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = number.parse::<u64>() {
        return Some(whole.into());
    }
    let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
    if number.chars().all(decimal)
        && let Ok(value) = number.parse::<f64>()
    {
        let Some(value) = Number::from_f64(value) else {
            problems.add(node.at, format!("`{}` is no JSON number", reader::short(text)));
            return None;
        };
        return Some(serde_json::Value::Number(value));
    }
    Some(text.into())
}
