//! The host's side of a run with one of our runner shims.
//!
//! Frames travel over one inherited descriptor. The host sends `initialize`,
//! then `call`s; the runner answers them and sends requests to the broker while
//! plugin code runs. Plugin code shares its process with the runner, so whatever
//! comes from there is believed by nobody: this side chooses all ids of its own
//! requests and keeps count of everything that is open.

use crate::frames::{FrameDecoder, FrameLimits};
use crate::inspected::Inspected;
use crate::jsonrpc::{Id, Message, Raw, RpcError, Strictness, raw, value};
use crate::text::bounded;
use crate::violation::Violation;
use crate::worker::{Inspect, REPORT, ReportPart};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the protocol between host and runner.
pub const PROTOCOL: u32 = 1;
/// Most actions a plugin may announce, and most bytes of an action's name.
const MAX_ACTIONS: usize = 256;
const MAX_ACTION_BYTES: usize = 128;
/// Most bytes of one log message and of an error's stack; longer ones are cut.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// Bounds of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Of every frame that the plugin sends.
    pub frames: FrameLimits,
    /// Most requests that wait for an answer, in each direction.
    pub in_flight: usize,
    /// Most violations that are reported; then nothing more is read.
    pub violations: usize,
}

impl Default for SessionLimits {
    /// Frames of the default size, 64 requests in each direction, 16 violations.
    fn default() -> Self {
        Self { frames: FrameLimits::default(), in_flight: 64, violations: 16 }
    }
}

/// What the runner needs to load the plugin.
#[derive(Clone, Debug, Serialize)]
pub struct Initialize {
    /// Absolute path of the entry file, as seen inside the jail.
    pub entry: String,
    /// Python: the dotted name of the entry's module, when it is part of a
    /// package; the folder above the package must be in `search_paths`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The class or exported name to look at, when the entry names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The plugin's name, for the plugin to read.
    pub plugin: String,
    /// Names of the actions that the manifest declares.
    pub actions: Vec<String>,
    /// Python: folders to search for imports before the standard ones, such as
    /// the plugin's own `site-packages`. Node finds `node_modules` by itself.
    pub search_paths: Vec<String>,
    /// The configuration, for the plugin to read.
    pub config: Value,
}

/// One call of an action, unique within a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(i64);

/// One request of the plugin that waits for its reply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Id);

/// The plugin's own failure of a call: untrusted texts of bounded length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginError {
    /// The JSON-RPC code; [`METHOD_NOT_FOUND`] for an action that is not there.
    ///
    /// [`METHOD_NOT_FOUND`]: crate::jsonrpc::METHOD_NOT_FOUND
    pub code: i64,
    /// What happened, in the plugin's words.
    pub message: String,
    /// The class of the exception.
    pub name: Option<String>,
    /// Where it happened.
    pub stack: Option<String>,
    /// The stable code of the denial or failure of ours that the plugin let
    /// pass, such as `not_granted`. The plugin's claim: the log knows better.
    pub caused_by: Option<String>,
}

impl std::fmt::Display for PluginError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{}: ", ringfence_types::UntrustedText::new(name))?;
        }
        write!(f, "{}", ringfence_types::UntrustedText::new(&self.message))
    }
}

impl std::error::Error for PluginError {}

/// What a plugin is told when its request did not succeed.
#[derive(Clone, Debug)]
pub struct ReplyError(RpcError);

impl ReplyError {
    /// A JSON-RPC error object: code, message, details.
    #[must_use]
    pub fn new(code: i64, message: &str, data: &Value) -> Self {
        Self(RpcError { data: Some(raw(data)), ..RpcError::new(code, message) })
    }
}

/// How loud a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// For the curious.
    Info,
    /// For the attentive.
    Warning,
    /// For whoever must act.
    Error,
}

/// What came from the plugin.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The plugin is loaded.
    Ready {
        /// Names of the actions that were found, sorted; untrusted.
        actions: Vec<String>,
    },
    /// The plugin could not be loaded.
    NotReady(PluginError),
    /// A call ended.
    CallEnded {
        /// Which.
        call: CallId,
        /// What the action returned or how it failed.
        outcome: Result<Value, PluginError>,
    },
    /// The plugin asks for an effect; it must be answered with
    /// [`Session::reply`].
    Request {
        /// For the reply.
        id: RequestId,
        /// What it asks for, 1 to 128 bytes; untrusted.
        method: String,
        /// With what: an object, an array, null when there was nothing, or a
        /// text when it holds a number that no double can; untrusted.
        params: Value,
    },
    /// The plugin says something.
    Log {
        /// How loud.
        level: LogLevel,
        /// What; untrusted, cut to 16 KiB.
        message: String,
    },
    /// A part of what was asked about the call that runs, in order.
    Report(ReportPart),
    /// The plugin broke the protocol.
    Violation(Violation),
}

/// Why the host may not send something now: a fault of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// A second `initialize`.
    #[error("the session is initialised already")]
    Initialized,
    /// A call before the plugin said that it is ready, or after it failed to
    /// load.
    #[error("the plugin is not ready")]
    NotReady,
    /// As many calls as allowed are in flight.
    #[error("too many calls at once")]
    TooManyInFlight,
    /// A reply to a request that the plugin did not make or that is answered.
    #[error("no such request waits for a reply")]
    UnknownRequest,
    /// The plugin's stream has ended or is no longer read.
    #[error("the session has ended")]
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Initializing,
    Ready,
    Failed,
    Ended,
}

/// The state machine. Feed it what was read, do what the events say, write out
/// [`Session::take_output`].
///
/// Every request is answered, so a plugin that sends and never reads makes
/// output. The caller bounds it by not reading from the plugin while more than a
/// little of the output is unsent.
#[derive(Debug)]
pub struct Session {
    decoder: FrameDecoder,
    limits: SessionLimits,
    state: State,
    /// The id of the next request of ours; ids below it were used.
    next: i64,
    /// Calls that wait for a reply; `false` when nobody wants it any more.
    calls: BTreeMap<i64, bool>,
    /// Requests of the plugin that wait for a reply.
    requests: BTreeSet<Id>,
    output: Vec<u8>,
    violations: usize,
    /// The call that is inspected.
    inspected: Option<Inspected>,
}

#[derive(Deserialize)]
struct ReadyResult {
    protocol: u32,
    actions: Vec<String>,
}

#[derive(Deserialize)]
struct LogParameters {
    level: LogLevel,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorData {
    name: Option<String>,
    stack: Option<String>,
    code: Option<String>,
}

const INITIALIZE_ID: i64 = 1;

impl Session {
    /// A session in which nothing was said yet.
    #[must_use]
    pub const fn new(limits: SessionLimits) -> Self {
        Self {
            decoder: FrameDecoder::new(limits.frames),
            limits,
            state: State::New,
            next: INITIALIZE_ID,
            calls: BTreeMap::new(),
            requests: BTreeSet::new(),
            output: Vec::new(),
            violations: 0,
            inspected: None,
        }
    }

    /// Asks the runner to load the plugin.
    ///
    /// # Errors
    /// When that was done before.
    pub fn initialize(&mut self, parameters: &Initialize) -> Result<(), SessionError> {
        if self.state != State::New {
            return Err(SessionError::Initialized);
        }
        self.state = State::Initializing;
        let mut params = json!(parameters);
        if let Value::Object(members) = &mut params {
            members.insert("protocol".to_owned(), PROTOCOL.into());
        }
        self.ask("initialize", &params);
        Ok(())
    }

    /// Calls an action.
    ///
    /// # Errors
    /// When the plugin is not ready or too many calls are in flight.
    pub fn call(&mut self, action: &str, input: &Value) -> Result<CallId, SessionError> {
        self.inspect(action, input, Inspect::default())
    }

    /// Calls an action and asks a worker for more than its answer: [`Event::Report`]s
    /// come first. One call at a time is inspected.
    ///
    /// # Errors
    /// As for [`Session::call`].
    pub fn inspect(
        &mut self,
        action: &str,
        input: &Value,
        inspect: Inspect,
    ) -> Result<CallId, SessionError> {
        match self.state {
            State::Ready => {}
            State::Ended => return Err(SessionError::Ended),
            State::New | State::Initializing | State::Failed => {
                return Err(SessionError::NotReady);
            }
        }
        if self.calls.len() >= self.limits.in_flight {
            return Err(SessionError::TooManyInFlight);
        }
        let mut params = json!({ "action": action, "input": input });
        if let (true, Value::Object(members)) = (inspect.is_any(), &mut params) {
            members.insert("inspect".to_owned(), json!(inspect));
        }
        let id = self.ask("call", &params);
        self.calls.insert(id, true);
        if inspect.is_any() {
            self.inspected = Some(Inspected::new(id, inspect));
        }
        Ok(CallId(id))
    }

    /// Nobody waits for this call any more: its reply, should it come, is
    /// dropped in silence. The call still counts as in flight until then.
    pub fn abandon(&mut self, call: CallId) {
        if let Some(wanted) = self.calls.get_mut(&call.0) {
            *wanted = false;
        }
    }

    /// Answers a request of the plugin.
    ///
    /// # Errors
    /// When no such request waits.
    pub fn reply(
        &mut self,
        id: &RequestId,
        outcome: Result<Value, ReplyError>,
    ) -> Result<(), SessionError> {
        if !self.requests.remove(&id.0) {
            return Err(SessionError::UnknownRequest);
        }
        let outcome = outcome.map(|value| raw(&value)).map_err(|error| error.0);
        self.send(&Message::Response { id: id.0.clone(), outcome });
        Ok(())
    }

    /// Takes what the plugin wrote and says what it means, in order.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while self.state != State::Ended {
            let Some(frame) = self.decoder.next_frame(&mut bytes) else {
                break;
            };
            let parsed = frame.map_err(Violation::from).and_then(|text| {
                Message::parse(&text, Strictness::Strict).map_err(Violation::from)
            });
            match parsed.and_then(|message| self.handle(message)) {
                Ok(event) => events.extend(event),
                Err(violation) => self.violate(violation, &mut events),
            }
        }
        events
    }

    /// The plugin's stream has ended: what was left open.
    ///
    /// The calls that nobody will answer now, and a violation when the stream
    /// ended inside a frame.
    pub fn end(&mut self) -> (Vec<CallId>, Option<Violation>) {
        let rest = self.decoder.finish().err().map(Violation::from);
        self.state = State::Ended;
        self.requests.clear();
        let calls = std::mem::take(&mut self.calls);
        let open = calls.into_iter().filter(|(_, wanted)| *wanted);
        (open.map(|(id, _)| CallId(id)).collect(), rest)
    }

    /// What is to be written to the plugin. Bounded by what this side sent and
    /// by the replies to requests in flight.
    #[must_use]
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Calls that wait for a reply, abandoned ones included.
    #[must_use]
    pub fn calls_in_flight(&self) -> usize {
        self.calls.len()
    }

    /// Whether the plugin said that it is ready and its stream has not ended.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    fn ask(&mut self, method: &str, params: &Value) -> i64 {
        let id = self.next;
        self.next += 1;
        self.send(&Message::request(Id::Number(id), method, params));
        id
    }

    fn send(&mut self, message: &Message) {
        self.output.extend_from_slice(&message.encode());
    }

    fn violate(&mut self, violation: Violation, events: &mut Vec<Event>) {
        self.violations += 1;
        if self.violations > self.limits.violations {
            self.state = State::Ended;
            let maximum = self.limits.violations;
            events.push(Event::Violation(Violation::TooMany { maximum }));
        } else {
            events.push(Event::Violation(violation));
        }
    }

    fn handle(&mut self, message: Message) -> Result<Option<Event>, Violation> {
        match message {
            Message::Response { id, outcome } => self.handle_reply(id, outcome),
            Message::Request { id, method, params } => self.handle_request(id, method, params),
            Message::Notification { method, params } => {
                if method == REPORT {
                    let part = Inspected::take(self.inspected.as_mut(), params)?;
                    return Ok(Some(Event::Report(part)));
                }
                if method != "log" {
                    let method = bounded(&method, 128);
                    return Err(Violation::UnknownMethod { method });
                }
                let log: LogParameters = params
                    .and_then(|params| serde_json::from_str(params.get()).ok())
                    .ok_or(Violation::OutOfOrder {
                        what: "a log notification lacks its level or message",
                    })?;
                Ok(Some(Event::Log {
                    level: log.level,
                    message: bounded(&log.message, MAX_TEXT_BYTES),
                }))
            }
        }
    }

    fn handle_reply(
        &mut self,
        id: Id,
        outcome: Result<Raw, RpcError>,
    ) -> Result<Option<Event>, Violation> {
        let number = match &id {
            Id::Number(number) if (INITIALIZE_ID..self.next).contains(number) => *number,
            _ => return Err(Violation::ForgedReply { id }),
        };
        if number == INITIALIZE_ID {
            if self.state != State::Initializing {
                return Err(Violation::RepeatedReply { id });
            }
            return self.handle_ready(outcome).map(Some);
        }
        let wanted = self.calls.remove(&number).ok_or(Violation::RepeatedReply { id })?;
        if self.inspected.as_ref().is_some_and(|inspected| inspected.is(number)) {
            self.inspected = None;
        }
        let outcome = match outcome {
            Ok(result) => Ok(value(&result).ok_or(Violation::OutOfOrder {
                what: "a result holds a number outside the range of a double",
            })),
            Err(error) => Err(plugin_error(error)),
        };
        let call = CallId(number);
        Ok(match outcome {
            _ if !wanted => None,
            Ok(Ok(result)) => Some(Event::CallEnded { call, outcome: Ok(result) }),
            // The call is over either way; somebody waits for it.
            Ok(Err(violation)) => Some(Event::CallEnded {
                call,
                outcome: Err(PluginError {
                    code: crate::jsonrpc::INTERNAL_ERROR,
                    message: violation.to_string(),
                    name: None,
                    stack: None,
                    caused_by: None,
                }),
            }),
            Err(error) => Some(Event::CallEnded { call, outcome: Err(error) }),
        })
    }

    fn handle_ready(&mut self, outcome: Result<Raw, RpcError>) -> Result<Event, Violation> {
        self.state = State::Failed;
        let result = match outcome {
            Ok(result) => result,
            Err(error) => return Ok(Event::NotReady(plugin_error(error))),
        };
        let ready: ReadyResult = serde_json::from_str(result.get()).map_err(|_| {
            Violation::OutOfOrder { what: "the answer to initialize lacks protocol or actions" }
        })?;
        if ready.protocol != PROTOCOL {
            return Err(Violation::OutOfOrder {
                what: "the runner speaks another version of the protocol",
            });
        }
        let mut actions = ready.actions;
        let fits = |name: &String| !name.is_empty() && name.len() <= MAX_ACTION_BYTES;
        if actions.len() > MAX_ACTIONS || !actions.iter().all(fits) {
            return Err(Violation::OutOfOrder {
                what: "a plugin has at most 256 actions with names of 1 to 128 bytes",
            });
        }
        actions.sort_unstable();
        actions.dedup();
        self.state = State::Ready;
        Ok(Event::Ready { actions })
    }

    fn handle_request(
        &mut self,
        id: Id,
        method: String,
        params: Option<Raw>,
    ) -> Result<Option<Event>, Violation> {
        if !matches!(self.state, State::Initializing | State::Ready) {
            return Err(Violation::OutOfOrder { what: "a request outside a session" });
        }
        if self.requests.contains(&id) {
            return Err(Violation::ReusedId { id });
        }
        if self.requests.len() >= self.limits.in_flight {
            return Err(Violation::TooManyInFlight { maximum: self.limits.in_flight });
        }
        self.requests.insert(id.clone());
        // What the words mean is the broker's business alone. It refuses what is
        // no object, so a value that cannot be read never counts as left out.
        let params = params.map_or(Value::Null, |params| {
            value(&params).unwrap_or_else(|| "a number outside the range of a double".into())
        });
        Ok(Some(Event::Request { id: RequestId(id), method, params }))
    }
}

fn plugin_error(error: RpcError) -> PluginError {
    let data: ErrorData =
        error.data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default();
    let short = |text: Option<String>| text.map(|text| bounded(&text, 256));
    PluginError {
        code: error.code,
        message: error.message,
        name: short(data.name),
        stack: data.stack.map(|stack| bounded(&stack, MAX_TEXT_BYTES)),
        caused_by: short(data.code),
    }
}
