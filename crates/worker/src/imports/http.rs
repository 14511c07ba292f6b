//! `http` and `process`: what leaves the machine or starts something on it.

use super::ringfence::plugin::http::{Host as Http, Request, Response};
use super::ringfence::plugin::process::{Ended, Host as Process};
use super::{compact, from_binary, to_binary};
use crate::host::{Asked, Host, unexpected};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Fetched {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Executed {
    exit_code: i32,
    stdout: Value,
    stderr: Value,
    truncated: bool,
}

/// Header fields as the broker takes them, one for each name. A field that is named
/// again continues its first value, which is what it means in HTTP (RFC 9110, 5.3).
fn fields(given: Vec<(String, String)>) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in given {
        match fields.entry(name.to_ascii_lowercase()).or_insert(Value::Null) {
            Value::String(first) => {
                first.push_str(", ");
                first.push_str(&value);
            }
            empty => *empty = Value::String(value),
        }
    }
    fields
}

impl Http for Host {
    fn fetch(&mut self, request: Request) -> Asked<Response> {
        let params = compact(json!({
            "url": request.url,
            "method": request.method,
            "headers": fields(request.headers),
            "body": request.body.map(to_binary),
            "timeoutMs": request.timeout_ms,
            "max": request.max,
        }));
        let fetched: Fetched = match self.ask_for("http.fetch", &params)? {
            Ok(fetched) => fetched,
            Err(failure) => return Ok(Err(failure)),
        };
        Ok(from_binary(fetched.body)
            .map(|body| Response { status: fetched.status, headers: fetched.headers, body })
            .ok_or_else(|| unexpected("http.fetch")))
    }
}

impl Process for Host {
    fn execute(&mut self, program: String, args: Vec<String>, stdin: Vec<u8>) -> Asked<Ended> {
        let params = json!({ "program": program, "args": args, "stdin": to_binary(stdin) });
        let executed: Executed = match self.ask_for("process.execute", &params)? {
            Ok(executed) => executed,
            Err(failure) => return Ok(Err(failure)),
        };
        let outputs = from_binary(executed.stdout).zip(from_binary(executed.stderr));
        Ok(outputs
            .map(|(stdout, stderr)| Ended {
                exit_code: executed.exit_code,
                stdout,
                stderr,
                truncated: executed.truncated,
            })
            .ok_or_else(|| unexpected("process.execute")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_named_twice_is_one_field_of_both_values() {
        let given = [("Accept", "a"), ("X-Key", "k"), ("accept", "b")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let wanted = json!({ "accept": "a, b", "x-key": "k" });
        assert_eq!(Value::Object(fields(given.to_vec())), wanted);
    }
}
