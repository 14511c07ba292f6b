//! Our own MCP client: starts a server, lists its tools, calls them.

mod list;

use super::event::{CallId, ClientEvent, HandshakeError, ServerInfo, Tool, ToolResult};
use super::inbound::{Line, Noise, classify};
use super::pins::{PinEvent, Pins};
use super::{
    META_CAPABILITIES, META_CLIENT, META_SERVER, META_VERSION, Root, Version, roots_result,
};
use crate::frames::{FrameLimits, LineDecoder};
use crate::jsonrpc::{Id, METHOD_NOT_FOUND, Message, Raw, RpcError, value};
use crate::session::{LogLevel, PluginError};
use crate::text::bounded;
use crate::violation::Violation;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Most requests that wait for an answer.
const MAX_IN_FLIGHT: usize = 64;
/// Cancelled requests whose late answers are still recognised.
const MAX_CANCELLED: usize = 256;
/// Most violations that are reported; then nothing more is read.
const MAX_VIOLATIONS: usize = 16;
/// Most times that a call of 2026-07-28 is sent again because the server wants
/// the roots.
const MAX_ROUNDS: u32 = 4;
/// Most bytes of a log message.
const MAX_LOG_BYTES: usize = 16 * 1024;
/// The answer of a 2026-07-28 server that does not speak the version asked for.
const UNSUPPORTED_VERSION: i64 = -32022;

/// What the client is and has.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Bounds of every line of the server.
    pub limits: FrameLimits,
    /// Name and version that the server is told.
    pub name: String,
    /// The version of the program, not of the protocol.
    pub version: String,
    /// Folders that the server may work in; `None` says that there is no such
    /// thing here.
    pub roots: Option<Vec<Root>>,
}

/// Why the caller may not do something now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// A second start.
    #[error("the client has been started already")]
    Started,
    /// No handshake yet, a failed one, or the end.
    #[error("the server is not ready")]
    NotReady,
    /// As many requests as allowed are in flight.
    #[error("too many requests at once")]
    TooManyInFlight,
}

#[derive(Debug)]
enum Open {
    Initialize,
    /// After a refused `initialize`; in what words it was refused.
    Discover {
        refusal: String,
    },
    Tools {
        pages: usize,
        /// Of all pages so far.
        bytes: usize,
        tools: Vec<Tool>,
    },
    Call {
        call: CallId,
        params: Value,
        rounds: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Handshake,
    Ready(Version),
    Ended,
}

/// The state machine. Feed it what the server wrote, write out
/// [`Client::take_output`].
///
/// The server's requests are answered at once, so a server that sends and never
/// reads makes output; the caller does not read from it while more than a little
/// of the output is unsent.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    lines: LineDecoder,
    state: State,
    next: i64,
    open: BTreeMap<i64, Open>,
    cancelled: BTreeSet<i64>,
    pins: Option<Pins>,
    pin_events: Vec<PinEvent>,
    output: Vec<u8>,
    noise: Noise,
    violations: usize,
}

type Handled = Result<Option<ClientEvent>, Violation>;

impl Client {
    /// A client that has said nothing yet.
    #[must_use]
    pub const fn new(config: ClientConfig) -> Self {
        Self {
            lines: LineDecoder::new(config.limits.bytes),
            config,
            state: State::New,
            next: 1,
            open: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            pins: None,
            pin_events: Vec::new(),
            output: Vec::new(),
            noise: Noise { lines: 0, bytes: 0 },
            violations: 0,
        }
    }

    /// Begins the handshake.
    ///
    /// # Errors
    /// When it was begun before.
    pub fn start(&mut self) -> Result<(), ClientError> {
        if self.state != State::New {
            return Err(ClientError::Started);
        }
        self.state = State::Handshake;
        let params = json!({
            "protocolVersion": Version::V2025_11_25.date(),
            "capabilities": self.capabilities(),
            "clientInfo": self.identity(),
        });
        self.ask("initialize", &params, Open::Initialize);
        Ok(())
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// Before the handshake is done, and when too much is in flight.
    pub fn call_tool(&mut self, name: &str, arguments: &Value) -> Result<CallId, ClientError> {
        self.ready()?;
        let call = CallId(self.next);
        let params = json!({
            "name": name,
            "arguments": arguments,
            "_meta": { "progressToken": call.0 },
        });
        let open = Open::Call { call, params: params.clone(), rounds: 0 };
        self.ask("tools/call", &params, open);
        Ok(call)
    }

    /// Nobody waits for this call any more, for this reason: the server is told,
    /// and an answer that comes all the same is dropped.
    pub fn cancel(&mut self, call: CallId, reason: &str) {
        let of_call = |open: &Open| matches!(open, Open::Call { call: of, .. } if *of == call);
        let found = self.open.iter().find(|(_, open)| of_call(open));
        let Some((&id, _)) = found else { return };
        self.open.remove(&id);
        self.cancelled.insert(id);
        if self.cancelled.len() > MAX_CANCELLED {
            self.cancelled.pop_first();
        }
        let params = json!({ "requestId": id, "reason": reason });
        self.send(&Message::notification("notifications/cancelled", &params));
    }

    /// Takes what the server wrote and says what it means, in order.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        while self.state != State::Ended {
            let Some(line) = self.lines.next_line(&mut bytes) else {
                break;
            };
            let sorted =
                line.map_err(Violation::from).and_then(|line| classify(line, &self.config.limits));
            let handled = match sorted {
                Ok(Line::Message(message)) => self.handle(message),
                Ok(Line::Noise(text)) => Ok(self.noise.count(&text).map(ClientEvent::Noise)),
                Ok(Line::Unaddressed(message)) => {
                    Ok(Some(ClientEvent::Log { level: LogLevel::Error, message }))
                }
                Ok(Line::Blank) => Ok(None),
                Err(violation) => Err(violation),
            };
            match handled {
                Ok(event) => events.extend(event),
                Err(violation) => {
                    self.violations += 1;
                    let mut reported = violation;
                    if self.violations > MAX_VIOLATIONS {
                        self.state = State::Ended;
                        reported = Violation::TooMany { maximum: MAX_VIOLATIONS };
                    }
                    events.push(ClientEvent::Violation(reported));
                }
            }
        }
        events
    }

    /// The server's output has ended: the calls that nobody will answer now.
    pub fn end(&mut self) -> Vec<CallId> {
        self.state = State::Ended;
        let open = std::mem::take(&mut self.open);
        let calls = open.into_values().filter_map(|open| match open {
            Open::Call { call, .. } => Some(call),
            Open::Initialize | Open::Discover { .. } | Open::Tools { .. } => None,
        });
        calls.collect()
    }

    /// What is to be written to the server.
    #[must_use]
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Lines that were no messages so far.
    #[must_use]
    pub const fn noise(&self) -> Noise {
        self.noise
    }

    fn ready(&self) -> Result<(), ClientError> {
        match self.state {
            State::Ready(_) if self.open.len() >= MAX_IN_FLIGHT => {
                Err(ClientError::TooManyInFlight)
            }
            State::Ready(_) => Ok(()),
            State::New | State::Handshake | State::Ended => Err(ClientError::NotReady),
        }
    }

    fn identity(&self) -> Value {
        json!({ "name": self.config.name, "version": self.config.version })
    }

    fn capabilities(&self) -> Value {
        match self.config.roots {
            Some(_) => json!({ "roots": {} }),
            None => json!({}),
        }
    }

    fn ask(&mut self, method: &str, params: &Value, open: Open) {
        let id = self.next;
        self.next += 1;
        let modern = matches!(&open, Open::Discover { .. })
            || matches!(self.state, State::Ready(version) if !version.has_handshake());
        let message = if modern {
            Message::request(Id::Number(id), method, &self.with_meta(params))
        } else {
            Message::request(Id::Number(id), method, params)
        };
        self.open.insert(id, open);
        self.send(&message);
    }

    /// The parameters with what 2026-07-28 wants to find in every request.
    fn with_meta(&self, params: &Value) -> Value {
        let mut params = params.as_object().cloned().unwrap_or_default();
        let meta = params.entry("_meta").or_insert_with(|| json!({}));
        if let Value::Object(meta) = meta {
            let version = Version::V2026_07_28.date();
            meta.insert(META_VERSION.to_owned(), version.into());
            meta.insert(META_CLIENT.to_owned(), self.identity());
            meta.insert(META_CAPABILITIES.to_owned(), self.capabilities());
        }
        Value::Object(params)
    }

    fn send(&mut self, message: &Message) {
        self.output.extend_from_slice(&message.encode());
    }

    fn handle(&mut self, message: Message) -> Handled {
        match message {
            Message::Request { id, method, .. } => Ok(self.answer(id, &method)),
            Message::Notification { method, params } => Ok(self.notice(&method, params.as_deref())),
            Message::Response { id, outcome } => {
                let number = match &id {
                    Id::Number(number) if (1..self.next).contains(number) => *number,
                    _ => return Err(Violation::ForgedReply { id }),
                };
                if self.cancelled.remove(&number) {
                    return Ok(None);
                }
                match self.open.remove(&number) {
                    None => Err(Violation::RepeatedReply { id }),
                    Some(open) => Ok(self.conclude(open, outcome)),
                }
            }
        }
    }

    fn answer(&mut self, id: Id, method: &str) -> Option<ClientEvent> {
        match (method, &self.config.roots) {
            ("ping", _) => self.send(&Message::result(id, &json!({}))),
            ("roots/list", Some(roots)) => {
                let result = roots_result(roots);
                self.send(&Message::result(id, &result));
            }
            _ => {
                let error = RpcError::new(METHOD_NOT_FOUND, "this client does not offer that");
                self.send(&Message::error(id, error));
                return Some(ClientEvent::ServerRequestRefused { method: bounded(method, 128) });
            }
        }
        None
    }

    fn notice(&self, method: &str, params: Option<&RawValue>) -> Option<ClientEvent> {
        let params = params.and_then(value);
        let member = |name: &str| params.as_ref().and_then(|params| params.get(name));
        match method {
            "notifications/progress" => {
                let token = member("progressToken")?.as_i64()?;
                let of_token = |open: &Open| match open {
                    Open::Call { call, .. } if call.0 == token => Some(*call),
                    _ => None,
                };
                Some(ClientEvent::Progress {
                    call: self.open.values().find_map(of_token)?,
                    progress: member("progress")?.as_f64()?,
                    total: member("total").and_then(Value::as_f64),
                    message: member("message")
                        .and_then(Value::as_str)
                        .map(|text| bounded(text, 1024)),
                })
            }
            "notifications/message" => Some(ClientEvent::Log {
                level: match member("level").and_then(Value::as_str) {
                    Some("debug") => LogLevel::Debug,
                    Some("warning") => LogLevel::Warning,
                    Some("error" | "critical" | "alert" | "emergency") => LogLevel::Error,
                    _ => LogLevel::Info,
                },
                message: match member("data")? {
                    Value::String(text) => bounded(text, MAX_LOG_BYTES),
                    other => bounded(&other.to_string(), MAX_LOG_BYTES),
                },
            }),
            "notifications/tools/list_changed" => Some(ClientEvent::ToolsChanged),
            _ => None,
        }
    }

    fn conclude(&mut self, open: Open, outcome: Result<Raw, RpcError>) -> Option<ClientEvent> {
        let open = match open {
            Open::Tools { pages, bytes, tools } => {
                return self.page(outcome, pages, bytes, tools);
            }
            open => open,
        };
        let outcome = outcome.and_then(|raw| {
            value(&raw)
                .and_then(|value| match value {
                    Value::Object(result) => Some(result),
                    _ => None,
                })
                .ok_or_else(|| {
                    RpcError::new(
                        crate::jsonrpc::INTERNAL_ERROR,
                        "the server's result is not an object",
                    )
                })
        });
        match open {
            Open::Initialize => self.initialized(outcome),
            Open::Discover { refusal } => Some(self.discovered(outcome, refusal)),
            Open::Tools { .. } => None,
            Open::Call { call, params, rounds } => self.call_ended(call, params, rounds, outcome),
        }
    }

    fn initialized(
        &mut self,
        outcome: Result<Map<String, Value>, RpcError>,
    ) -> Option<ClientEvent> {
        let result = match outcome {
            Ok(result) => result,
            Err(error) => {
                let refusal = error.message;
                self.ask("server/discover", &json!({}), Open::Discover { refusal });
                return None;
            }
        };
        let Some(date) = result.get("protocolVersion").and_then(Value::as_str) else {
            return Some(self.fail(HandshakeError::Malformed));
        };
        let Some(version) = Version::from_date(date) else {
            let versions = bounded(date, 256);
            return Some(self.fail(HandshakeError::Version { versions }));
        };
        self.state = State::Ready(version);
        if version.has_handshake() {
            self.send(&Message::Notification {
                method: "notifications/initialized".to_owned(),
                params: None,
            });
        }
        Some(ClientEvent::Ready(server_info(&result, version)))
    }

    fn discovered(
        &mut self,
        outcome: Result<Map<String, Value>, RpcError>,
        refusal: String,
    ) -> ClientEvent {
        let version = Version::V2026_07_28;
        let texts = |list: Option<&Value>| {
            let list = list.and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        let versions = match outcome {
            Ok(result) => {
                let versions = texts(result.get("supportedVersions"));
                if versions.iter().any(|date| date == version.date()) {
                    self.state = State::Ready(version);
                    return ClientEvent::Ready(server_info(&result, version));
                }
                versions
            }
            Err(error) if error.code == UNSUPPORTED_VERSION => {
                let data = error.data.as_deref().and_then(value);
                texts(data.as_ref().and_then(|data| data.get("supported")))
            }
            Err(_) => return self.fail(HandshakeError::Refused { message: refusal }),
        };
        if versions.is_empty() {
            return self.fail(HandshakeError::Refused { message: refusal });
        }
        let versions = bounded(&versions.join(", "), 256);
        self.fail(HandshakeError::Version { versions })
    }

    fn fail(&mut self, error: HandshakeError) -> ClientEvent {
        self.state = State::Ended;
        ClientEvent::Failed(error)
    }

    fn call_ended(
        &mut self,
        call: CallId,
        params: Value,
        rounds: u32,
        outcome: Result<Map<String, Value>, RpcError>,
    ) -> Option<ClientEvent> {
        let result = match outcome {
            Ok(result) => result,
            Err(error) => {
                let outcome = Err(failure(error));
                return Some(ClientEvent::CallEnded { call, outcome });
            }
        };
        let wants_input =
            result.get("resultType").and_then(Value::as_str) == Some("input_required");
        if wants_input {
            return self.provide_input(call, params, rounds, &result);
        }
        let outcome = Ok(ToolResult {
            is_error: result.get("isError").and_then(Value::as_bool) == Some(true),
            result: Value::Object(result),
        });
        Some(ClientEvent::CallEnded { call, outcome })
    }

    /// 2026-07-28: the server wants something before it goes on. It gets the
    /// roots when there are any, and nothing else.
    fn provide_input(
        &mut self,
        call: CallId,
        mut params: Value,
        rounds: u32,
        result: &Map<String, Value>,
    ) -> Option<ClientEvent> {
        let refused = |method: &str| {
            let message = format!("the server asked for {method}, which it does not get here");
            Some(ClientEvent::CallEnded {
                call,
                outcome: Err(failure(RpcError::new(METHOD_NOT_FOUND, &message))),
            })
        };
        if rounds >= MAX_ROUNDS {
            return refused("input again and again");
        }
        let mut responses = Map::new();
        let wanted = result.get("inputRequests").and_then(Value::as_object);
        for (key, request) in wanted.into_iter().flatten() {
            let method = request.get("method").and_then(Value::as_str).unwrap_or("?");
            match (method, &self.config.roots) {
                ("roots/list", Some(roots)) => {
                    responses.insert(key.clone(), roots_result(roots));
                }
                _ => return refused(&bounded(method, 128)),
            }
        }
        if let Value::Object(params) = &mut params {
            params.insert("inputResponses".to_owned(), Value::Object(responses));
            match result.get("requestState") {
                Some(state) => params.insert("requestState".to_owned(), state.clone()),
                None => params.remove("requestState"),
            };
        }
        let open = Open::Call { call, params: params.clone(), rounds: rounds + 1 };
        self.ask("tools/call", &params, open);
        None
    }
}

fn server_info(result: &Map<String, Value>, version: Version) -> ServerInfo {
    let meta = result.get("_meta").and_then(|meta| meta.get(META_SERVER));
    let info = meta.or_else(|| result.get("serverInfo"));
    let member = |name: &str| {
        let text = info.and_then(|info| info.get(name)).and_then(Value::as_str);
        bounded(text.unwrap_or_default(), 256)
    };
    let capabilities = result.get("capabilities");
    ServerInfo {
        name: member("name"),
        version: member("version"),
        protocol: version.date(),
        has_tools: capabilities.is_some_and(|list| list.get("tools").is_some()),
    }
}

fn failure(error: RpcError) -> PluginError {
    PluginError {
        code: error.code,
        message: error.message,
        name: None,
        stack: None,
        caused_by: None,
    }
}
