//! A plugin as a WebAssembly component: it greets, keeps a note in its storage and
//! counts the lines of a file.

wit_bindgen::generate!({ path: "../../../wit", world: "plugin" });

use exports::ringfence::plugin::actions::{Error, Guest};
use ringfence::plugin::types::{Failure, Value};
use ringfence::plugin::{files, storage};
use std::sync::atomic::{AtomicU32, Ordering};

const LAST: &str = "notes/last";
const PIECE: u32 = 1 << 20;

struct Plugin;

impl Guest for Plugin {
    fn list() -> Vec<String> {
        ["greet", "keep", "show", "lines", "calls"].map(str::to_owned).to_vec()
    }

    fn call(action: String, input: String) -> Result<String, Error> {
        match action.as_str() {
            "greet" => Ok(format!("{{\"greeting\":\"Hello from Rust!\",\"you_said\":{input}}}")),
            "keep" => {
                storage::set(LAST, &Value::Json(input)).map_err(refused)?;
                Ok("true".to_owned())
            }
            "show" => match storage::get(LAST).map_err(refused)? {
                Some(Value::Json(note)) => Ok(note),
                Some(Value::Bytes(_)) | None => Ok("null".to_owned()),
            },
            "lines" => lines(&input),
            "calls" => Ok(calls().to_string()),
            other => Err(Error { name: None, message: format!("no action {other}") }),
        }
    }
}

/// How many lines the file has whose path is given as a text of JSON.
fn lines(input: &str) -> Result<String, Error> {
    // Enough for a path without escapes; a real plugin uses a JSON library.
    let path = input
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|path| !path.contains('\\'))
        .ok_or_else(|| Error { name: None, message: "give the path as a text".to_owned() })?;
    let (mut offset, mut found) = (0, 0);
    loop {
        let piece = files::read(path, offset, PIECE).map_err(refused)?;
        found += piece.content.iter().filter(|byte| **byte == b'\n').count();
        offset += piece.content.len() as u64;
        if piece.end {
            return Ok(found.to_string());
        }
    }
}

/// How often this instance was called.
fn calls() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed) + 1
}

fn refused(failure: Failure) -> Error {
    Error { name: Some(failure.code), message: failure.message }
}

export!(Plugin);
