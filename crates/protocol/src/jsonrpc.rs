//! JSON-RPC 2.0 messages, with everything the standard leaves open closed.
//!
//! Ids are whole numbers or short texts, never null or fractions. A batch (an
//! array of messages) is refused: MCP had it in one version only and dropped it
//! again, and one frame that is many messages defeats every count per frame.

use crate::text::bounded;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// The text is not JSON.
pub const PARSE_ERROR: i64 = -32700;
/// The JSON is not a message.
pub const INVALID_REQUEST: i64 = -32600;
/// No such method.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters do not fit the method.
pub const INVALID_PARAMS: i64 = -32602;
/// A fault on this side.
pub const INTERNAL_ERROR: i64 = -32603;

/// Most bytes of a text id.
pub const MAX_ID_BYTES: usize = 128;
/// Most bytes of a method name.
pub const MAX_METHOD_BYTES: usize = 128;
/// Most bytes of an error's message; longer ones are cut.
pub const MAX_ERROR_MESSAGE_BYTES: usize = 8 * 1024;

/// What ties a reply to its request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(i64),
    /// A text of at most [`MAX_ID_BYTES`] bytes.
    Text(Box<str>),
}

impl Id {
    pub(crate) fn parse(raw: &str) -> Result<Self, MessageError> {
        if let Ok(number) = raw.parse::<i64>() {
            return Ok(Self::Number(number));
        }
        match serde_json::from_str::<String>(raw) {
            Ok(text) if text.len() <= MAX_ID_BYTES => Ok(Self::Text(text.into())),
            Ok(_) => Err(MessageError::Id("a text id is longer than 128 bytes")),
            Err(_) if raw == "null" => Err(MessageError::NullId),
            Err(_) => Err(MessageError::Id("an id is a whole number or a text")),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "\"{}\"", ringfence_types::UntrustedText::new(text)),
        }
    }
}

impl From<i64> for Id {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Parameters, results and error data as they were written.
pub type Raw = Box<RawValue>;

/// A failure, as a reply.
#[derive(Clone, Debug, Serialize)]
pub struct RpcError {
    /// What kind of failure; the standard reserves -32768 to -32000.
    pub code: i64,
    /// What happened, cut to [`MAX_ERROR_MESSAGE_BYTES`].
    pub message: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Raw>,
}

impl RpcError {
    /// An error without data.
    #[must_use]
    pub fn new(code: i64, message: &str) -> Self {
        Self { code, message: bounded(message, MAX_ERROR_MESSAGE_BYTES), data: None }
    }
}

/// One message.
#[derive(Clone, Debug)]
pub enum Message {
    /// Wants a reply.
    Request {
        /// Ties the reply to it.
        id: Id,
        /// What is asked.
        method: String,
        /// With what.
        params: Option<Raw>,
    },
    /// Wants no reply.
    Notification {
        /// What is told.
        method: String,
        /// With what.
        params: Option<Raw>,
    },
    /// Answers a request.
    Response {
        /// Of the request.
        id: Id,
        /// The result or the failure.
        outcome: Result<Raw, RpcError>,
    },
}

/// Why a frame is not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not JSON.
    #[error("a frame is not JSON")]
    NotJson,
    /// JSON, but not an object.
    #[error("a message is not a JSON object")]
    NotAnObject,
    /// An array of messages.
    #[error("a batch of messages is not accepted; send them one by one")]
    Batch,
    /// `jsonrpc` is missing or not `"2.0"`.
    #[error("a message lacks \"jsonrpc\": \"2.0\"")]
    Version,
    /// The id is of the wrong form.
    #[error("{0}")]
    Id(&'static str),
    /// The id is null, as in answers to what could not be read.
    #[error("a message has the id null")]
    NullId,
    /// Members missing, twice, unknown, or of the wrong type.
    #[error("a message is malformed: {0}")]
    Shape(&'static str),
}

/// How much is forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Our own protocol: exactly the members of the standard.
    Strict,
    /// Foreign programs: unknown members are ignored (and not passed on), null
    /// parameters and a null error beside a result count as absent.
    Lenient,
}

/// Keeps "absent" and "null" apart, which a plain `Option` does not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

macro_rules! envelope {
    ($name:ident $(, $attribute:meta)?) => {
        #[derive(Deserialize)]
        $(#[$attribute])?
        struct $name<'a> {
            #[serde(borrow, default, deserialize_with = "present")]
            jsonrpc: Option<&'a RawValue>,
            #[serde(borrow, default, deserialize_with = "present")]
            id: Option<&'a RawValue>,
            #[serde(borrow, default, deserialize_with = "present")]
            method: Option<&'a RawValue>,
            #[serde(borrow, default, deserialize_with = "present")]
            params: Option<&'a RawValue>,
            #[serde(borrow, default, deserialize_with = "present")]
            result: Option<&'a RawValue>,
            #[serde(borrow, default, deserialize_with = "present")]
            error: Option<&'a RawValue>,
        }
    };
}
envelope!(StrictEnvelope, serde(deny_unknown_fields));
envelope!(Envelope);

#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    message: String,
    #[serde(default)]
    data: Option<Raw>,
}

impl Message {
    /// Reads one message. The text must have passed [`crate::frames::check`].
    ///
    /// # Errors
    /// What is wrong with it; never more than a fixed text, so that nothing of a
    /// stranger's frame lands in a log by accident.
    pub fn parse(text: &str, strictness: Strictness) -> Result<Self, MessageError> {
        let envelope = match strictness {
            Strictness::Strict => serde_json::from_str(text).map(
                |StrictEnvelope { jsonrpc, id, method, params, result, error }| Envelope {
                    jsonrpc,
                    id,
                    method,
                    params,
                    result,
                    error,
                },
            ),
            Strictness::Lenient => serde_json::from_str::<Envelope<'_>>(text),
        };
        let mut envelope = envelope.map_err(|error| shape_of(text, &error))?;
        if text.trim_start().starts_with('[') {
            // Serde reads a struct from an array too, member by member.
            return Err(MessageError::Batch);
        }
        if envelope.jsonrpc.map(RawValue::get) != Some("\"2.0\"") {
            return Err(MessageError::Version);
        }
        if strictness == Strictness::Lenient {
            let null = |raw: &&RawValue| raw.get() == "null";
            envelope.params = envelope.params.filter(|raw| !null(raw));
            if envelope.result.is_some() && envelope.error.is_some() {
                envelope.error = envelope.error.filter(|raw| !null(raw));
            }
            if envelope.error.is_some() {
                envelope.result = envelope.result.filter(|raw| !null(raw));
            }
        }
        envelope.into_message()
    }

    /// The message as one frame with its newline.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Out<'a> {
            jsonrpc: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a Id>,
            #[serde(skip_serializing_if = "Option::is_none")]
            method: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            params: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a RpcError>,
        }
        let mut out =
            Out { jsonrpc: "2.0", id: None, method: None, params: None, result: None, error: None };
        match self {
            Self::Request { id, method, params } => {
                out.id = Some(id);
                out.method = Some(method);
                out.params = params.as_deref();
            }
            Self::Notification { method, params } => {
                out.method = Some(method);
                out.params = params.as_deref();
            }
            Self::Response { id, outcome } => {
                out.id = Some(id);
                match outcome {
                    Ok(result) => out.result = Some(result),
                    Err(error) => out.error = Some(error),
                }
            }
        }
        // Texts and raw JSON always serialise; an empty frame would be refused
        // by the other side, which is the worst that could follow.
        let text = serde_json::to_string(&out).unwrap_or_default();
        // In JSON a bare carriage return is white space, and some readers end a line with it:
        // what is one message here would be several to them, some of which nobody looked at.
        crate::frames::encode(text.replace('\r', " "))
    }

    /// A request with parameters.
    #[must_use]
    pub fn request(id: Id, method: &str, params: &Value) -> Self {
        Self::Request { id, method: method.to_owned(), params: Some(raw(params)) }
    }

    /// A notification with parameters.
    #[must_use]
    pub fn notification(method: &str, params: &Value) -> Self {
        Self::Notification { method: method.to_owned(), params: Some(raw(params)) }
    }

    /// A reply with a result.
    #[must_use]
    pub fn result(id: Id, result: &Value) -> Self {
        Self::Response { id, outcome: Ok(raw(result)) }
    }

    /// A reply with a failure.
    #[must_use]
    pub fn error(id: Id, error: RpcError) -> Self {
        Self::Response { id, outcome: Err(error) }
    }
}

/// A value as raw JSON. A `Value` always serialises.
pub(crate) fn raw(value: &Value) -> Raw {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The value of raw JSON; `None` for numbers outside the range of `f64`.
pub(crate) fn value(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

fn shape_of(text: &str, error: &serde_json::Error) -> MessageError {
    if error.is_data() {
        return match text.trim_start().chars().next() {
            Some('{') => MessageError::Shape("a member is unknown or there twice"),
            Some('[') if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
                MessageError::Batch
            }
            Some('[') => MessageError::NotJson,
            _ if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
                MessageError::NotAnObject
            }
            _ => MessageError::NotJson,
        };
    }
    MessageError::NotJson
}

impl Envelope<'_> {
    fn into_message(self) -> Result<Message, MessageError> {
        let id = self.id.map(|id| Id::parse(id.get())).transpose()?;
        if let Some(method) = self.method {
            if self.result.is_some() || self.error.is_some() {
                return Err(MessageError::Shape("a request has a result or an error"));
            }
            let method: String = serde_json::from_str(method.get())
                .map_err(|_| MessageError::Shape("the method is not a text"))?;
            if method.is_empty() || method.len() > MAX_METHOD_BYTES {
                return Err(MessageError::Shape("the method has 1 to 128 bytes"));
            }
            let params = match self.params {
                Some(params) if !params.get().starts_with(['{', '[']) => {
                    return Err(MessageError::Shape("the parameters are neither object nor array"));
                }
                params => params.map(ToOwned::to_owned),
            };
            return Ok(match id {
                Some(id) => Message::Request { id, method, params },
                None => Message::Notification { method, params },
            });
        }
        if self.params.is_some() {
            return Err(MessageError::Shape("parameters without a method"));
        }
        let id = match id {
            Some(id) => id,
            // 2026-07-28 leaves the id out where JSON-RPC has a null.
            None if self.error.is_some() => return Err(MessageError::NullId),
            None => return Err(MessageError::Shape("neither a method nor an id")),
        };
        let outcome = match (self.result, self.error) {
            (Some(result), None) => Ok(result.to_owned()),
            (None, Some(error)) => {
                let error: ErrorObject = serde_json::from_str(error.get())
                    .map_err(|_| MessageError::Shape("the error lacks its code or message"))?;
                Err(RpcError {
                    code: error.code,
                    message: bounded(&error.message, MAX_ERROR_MESSAGE_BYTES),
                    data: error.data,
                })
            }
            _ => {
                return Err(MessageError::Shape("a reply has either a result or an error"));
            }
        };
        Ok(Message::Response { id, outcome })
    }
}
