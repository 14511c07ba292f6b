//! The imports of the world `ringfence:plugin`: each is one call of the broker.

#![expect(clippy::result_large_err, reason = "the world says what a failure holds")]

mod families;
mod files;
mod http;
mod storage;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: trappable },
    exports: { default: async },
});

/// Bytes as the broker takes them: a text when they are one.
fn to_binary(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::String(text),
        Err(error) => base64_of(error.as_bytes()),
    }
}

fn base64_of(bytes: &[u8]) -> Value {
    json!({ "base64": STANDARD.encode(bytes) })
}

/// Bytes as the broker gives them.
fn from_binary(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.into_bytes()),
        Value::Object(members) => STANDARD.decode(members.get("base64")?.as_str()?).ok(),
        _ => None,
    }
}

/// Parameters without those that were left out.
fn compact(mut params: Value) -> Value {
    if let Value::Object(members) = &mut params {
        members.retain(|_, value| !value.is_null());
    }
    params
}
