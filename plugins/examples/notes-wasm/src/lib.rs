//! A plugin as a WebAssembly component: it greets, and keeps notes in its storage.

wit_bindgen::generate!({ path: "../../../wit", world: "plugin" });

use exports::ringfence::plugin::actions::{Error, Guest};
use ringfence::plugin::storage;
use ringfence::plugin::types::{Failure, Value};

struct Notes;

impl Guest for Notes {
    fn list() -> Vec<String> {
        ["greet", "keep", "show"].map(str::to_owned).to_vec()
    }

    fn call(action: String, input: String) -> Result<String, Error> {
        match action.as_str() {
            "greet" => Ok(format!("{{\"greeting\":\"Hello from WebAssembly!\",\"you_said\":{input}}}")),
            "keep" => storage::set("notes/last", &Value::Json(input))
                .map(|()| "true".to_owned())
                .map_err(denied),
            "show" => match storage::get("notes/last").map_err(denied)? {
                Some(Value::Json(note)) => Ok(note),
                Some(Value::Bytes(_)) | None => Ok("null".to_owned()),
            },
            other => Err(Error { name: None, message: format!("no action {other}") }),
        }
    }
}

fn denied(failure: Failure) -> Error {
    Error { name: Some(failure.code), message: failure.message }
}

export!(Notes);
