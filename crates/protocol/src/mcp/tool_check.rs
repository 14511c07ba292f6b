//! What a tool may be called with, as somebody else knows it.

use crate::jsonrpc::{Raw, raw};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use std::collections::BTreeMap;
use std::fmt;

/// Asked about every call of a tool before the server hears of it.
pub struct ToolCheck(Box<Ask>);

/// The tool's name and the arguments, null when there are none.
type Ask = dyn Fn(&str, &Value) -> Result<Option<Value>, String> + Send;

/// What matters of the parameters.
#[derive(Deserialize)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl ToolCheck {
    /// A check that answers with the arguments to pass on, or with `None` when it
    /// knows of no rule for the tool, or else with why the call is refused, which
    /// the client is told.
    #[must_use]
    pub fn new(
        ask: impl Fn(&str, &Value) -> Result<Option<Value>, String> + Send + 'static,
    ) -> Self {
        Self(Box::new(ask))
    }

    /// The parameters to pass on.
    ///
    /// Arguments that were held against a rule are written anew, because of a
    /// member that is there twice one reader sees the first and another the last.
    ///
    /// # Errors
    /// Why the server does not hear of the call.
    pub(super) fn params(&self, params: Option<Raw>) -> Result<Option<Raw>, String> {
        let unclear = || "the parameters of `tools/call` are not understood".to_owned();
        let text = params.as_deref().map_or("null", |params| params.get());
        // Serde reads a struct from a list too, member by member.
        if !text.trim_start().starts_with('{') {
            return Err(unclear());
        }
        let call: Call = serde_json::from_str(text).map_err(|_| unclear())?;
        let Some(arguments) = (self.0)(&call.name, &call.arguments)? else {
            return Ok(params);
        };
        let mut members: BTreeMap<String, Raw> =
            serde_json::from_str(text).map_err(|_| unclear())?;
        members.insert("arguments".to_owned(), raw(&arguments));
        to_raw_value(&members).map(Some).map_err(|_| unclear())
    }
}

impl fmt::Debug for ToolCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToolCheck")
    }
}
