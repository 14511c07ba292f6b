//! `JSON.stringify` of what is wholly known: what a program says to a server is often
//! put together this way.

use super::super::heap::Class as ObjectClass;
use super::super::machine::Machine;
use super::super::operator::text_of_number;
use super::super::value::{Kind, Value};

/// The deepest data that becomes text.
const MAX_DEPTH: u32 = 16;
/// The longest text that is made, in bytes.
const MAX_BYTES: usize = 1 << 16;

impl Machine<'_> {
    /// The text of data, where every part of it is known and none is left to a function.
    pub(super) fn json_text(&self, value: &Value<'_>) -> Option<String> {
        let mut text = String::new();
        self.put_json(value, 0, &mut text)?;
        Some(text)
    }

    fn put_json(&self, value: &Value<'_>, depth: u32, text: &mut String) -> Option<()> {
        if depth > MAX_DEPTH || text.len() > MAX_BYTES {
            return None;
        }
        match &value.kind {
            Kind::Null => text.push_str("null"),
            Kind::Boolean(boolean) => text.push_str(if *boolean { "true" } else { "false" }),
            Kind::Number(number) if number.is_finite() => text.push_str(&text_of_number(*number)),
            Kind::Number(_) => text.push_str("null"),
            Kind::Literal(_) | Kind::Text(_) => {
                text.push_str(&serde_json::to_string(value.as_text()?).ok()?);
            }
            Kind::Object(id) => {
                let object = self.get(*id).filter(|object| {
                    !object.is_open && object.elsewhere.is_none() && object.prototype.is_none()
                })?;
                match &object.class {
                    ObjectClass::Array(elements) => {
                        text.push('[');
                        for (at, element) in elements.iter().enumerate() {
                            if at > 0 {
                                text.push(',');
                            }
                            self.put_json(element, depth + 1, text)?;
                        }
                        text.push(']');
                    }
                    ObjectClass::Plain => self.put_json_object(object, depth, text)?,
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn put_json_object(
        &self,
        object: &super::super::heap::Object<'_>,
        depth: u32,
        text: &mut String,
    ) -> Option<()> {
        text.push('{');
        for (at, property) in object.properties.iter().enumerate() {
            // Names that are numbers come first, wherever they were written.
            let is_number = property.key.starts_with(|first: char| first.is_ascii_digit());
            if property.is_getter || is_number || property.key.starts_with('\0') {
                return None;
            }
            if at > 0 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(property.key).ok()?);
            text.push(':');
            self.put_json(&property.value, depth + 1, text)?;
        }
        text.push('}');
        Some(())
    }
}
