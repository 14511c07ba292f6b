//! Bytes in JSON: text as a string, anything else as `{"base64": "..."}`.

use crate::answer::CallError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Bytes from a parameter.
pub(crate) fn decode<'a>(name: &str, value: &'a Value) -> Result<Cow<'a, [u8]>, CallError> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text.as_bytes())),
        other => base64_of(other).map_or_else(
            || {
                Err(CallError::invalid(format!(
                    "`{name}` must be a string or {{\"base64\": \"...\"}}"
                )))
            },
            |text| Ok(Cow::Owned(bytes_of(name, text)?)),
        ),
    }
}

/// The text of `{"base64": text}`, when the value is exactly that.
pub(crate) fn base64_of(value: &Value) -> Option<&str> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.get("base64")?.as_str()
}

pub(crate) fn bytes_of(name: &str, text: &str) -> Result<Vec<u8>, CallError> {
    STANDARD
        .decode(text)
        .map_err(|_| CallError::invalid(format!("`{name}` is not standard base64 with padding")))
}

/// Bytes for an answer: a string when they are UTF-8.
pub(crate) fn encode(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::String(text),
        Err(error) => encode_binary(error.as_bytes()),
    }
}

pub(crate) fn encode_binary(bytes: &[u8]) -> Value {
    json!({ "base64": STANDARD.encode(bytes) })
}

/// Bytes of the JSON text of a value, counted without building it.
pub(crate) fn json_size(value: &Value) -> u64 {
    struct Count(u64);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len() as u64);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).map_or(u64::MAX, |()| count.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_there_and_back() {
        for bytes in [&b"text"[..], b"", &[0xff, 0x00, 0x80]] {
            let value = encode(bytes.to_vec());
            assert_eq!(decode("content", &value).unwrap(), bytes);
        }
        for bad in [json!(1), json!({"base64": "!"}), json!({"base64": "", "x": 1}), json!(null)] {
            assert!(decode("content", &bad).is_err(), "{bad}");
        }
        let value = json!({"a": ["é", null, 1.5]});
        assert_eq!(json_size(&value), value.to_string().len() as u64);
    }
}
