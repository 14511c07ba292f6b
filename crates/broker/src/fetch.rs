//! `http.fetch`: one request to a granted place, made outside of the jail.

use crate::answer::CallError;
use crate::content::decode;
use crate::fields::Fields;
use ringfence_gate_network::OUR_FIELDS;
use ringfence_types::{HttpUrl, NetworkTarget, is_http_method};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::time::Duration;

/// Most fields of one request, and most bytes of all of them together.
const MAX_FIELDS: usize = 100;
const MAX_FIELD_BYTES: usize = 32 * 1024;
/// Most bytes of an answer's body that one call gives.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// How long a request may take when it does not say, in milliseconds.
const PATIENCE_MS: u64 = 30_000;

/// One understood request.
pub(crate) struct Fetch<'a> {
    pub(crate) url: HttpUrl,
    pub(crate) method: String,
    /// What is decided, as text.
    pub(crate) object: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Cow<'a, [u8]>,
    pub(crate) patience: Duration,
    pub(crate) most: usize,
}

impl<'a> Fetch<'a> {
    /// Understands the parameters of a call.
    pub(crate) fn of(fields: Fields<'a>) -> Result<Self, CallError> {
        let url = HttpUrl::parse(fields.text("url")?)
            .map_err(|error| CallError::invalid(format!("`url`: {error}")))?;
        let method = fields.optional_text("method")?.unwrap_or("GET").to_ascii_uppercase();
        if !is_http_method(&method) || method == "CONNECT" {
            return Err(CallError::invalid("`method` is no method of HTTP that can be asked for"));
        }
        let body = match fields.value("body") {
            None | Some(Value::Null) => Cow::Borrowed(&b""[..]),
            Some(value) => decode("body", value)?,
        };
        if !body.is_empty() && matches!(method.as_str(), "GET" | "HEAD") {
            return Err(CallError::invalid("GET and HEAD have no body"));
        }
        let patience = fields.number("timeoutMs")?.unwrap_or(PATIENCE_MS);
        Ok(Self {
            object: url.request(&method).to_string(),
            fields: head(fields.value("headers"))?,
            body,
            patience: Duration::from_millis(patience),
            most: fields.count("max", MAX_ANSWER)?,
            url,
            method,
        })
    }

    pub(crate) fn target(&self) -> NetworkTarget<'_> {
        self.url.request(&self.method)
    }
}

fn head(value: Option<&Value>) -> Result<Vec<(String, String)>, CallError> {
    let empty = Map::new();
    let map = match value {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(map)) => map,
        Some(_) => return Err(CallError::invalid("`headers` must be an object of strings")),
    };
    let mut fields = Vec::with_capacity(map.len());
    let mut bytes = 0_usize;
    for (name, value) in map {
        let Value::String(value) = value else {
            return Err(CallError::invalid("`headers` must be an object of strings"));
        };
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let visible = |b: u8| b == b'\t' || (b >= b' ' && b != 0x7f);
        if name.is_empty() || !name.bytes().all(token) || !value.bytes().all(visible) {
            return Err(CallError::invalid("`headers` holds a field that HTTP does not allow"));
        }
        let name = name.to_ascii_lowercase();
        // Some servers read `_` as `-`.
        if OUR_FIELDS.contains(&name.replace('_', "-").as_str()) {
            return Err(CallError::invalid(format!("`headers`: `{name}` is set by the host")));
        }
        bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
        fields.push((name, value.clone()));
    }
    if fields.len() > MAX_FIELDS || bytes > MAX_FIELD_BYTES {
        return Err(CallError::invalid(format!(
            "`headers` holds at most {MAX_FIELDS} fields of {MAX_FIELD_BYTES} bytes together"
        )));
    }
    Ok(fields)
}
