//! Between somebody else's MCP client and a jailed server.
//!
//! The client is the person's own program and is believed about itself; the
//! server is not. Envelopes are rebuilt from what was understood, so that no
//! reader further on can see another id or method than the one that was checked;
//! parameters and results pass byte for byte, except where this module says so.

mod pins;

use super::inbound::{Line, Noise, classify};
use super::pins::Pins;
use super::proxy_event::{ProxyEvent, ToolCall, ToolOutcome};
use super::tool_check::ToolCheck;
use super::{DefinitionKind, META_CAPABILITIES, Root, roots_result};
use crate::frames::{FrameDecoder, FrameLimits, LineDecoder};
use crate::jsonrpc::{
    INVALID_PARAMS, INVALID_REQUEST, Id, METHOD_NOT_FOUND, Message, MessageError, PARSE_ERROR, Raw,
    RpcError, Strictness, raw, value,
};
use crate::text::bounded;
use crate::violation::Violation;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Most requests of the client that wait for the server.
const MAX_CLIENT_REQUESTS: usize = 256;
/// Most requests of the server that wait for the client.
const MAX_SERVER_REQUESTS: usize = 64;
/// Ended requests of which a late answer is still recognised.
const MAX_ENDED: usize = 256;
/// Most violations of the server that are reported; then it is no longer read.
const MAX_VIOLATIONS: usize = 16;
/// What a client gets when the server is gone or took too long; of the range
/// that MCP leaves to implementations.
const GONE: i64 = -32000;

/// What the proxy lets through.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// Bounds of every line of the server.
    pub server_limits: FrameLimits,
    /// Bounds of every line of the client.
    pub client_limits: FrameLimits,
    /// Folders that the server may work in, by their path inside the jail.
    /// `None` says that there is no such thing. The client's own roots are never
    /// told: they are paths of the host.
    pub roots: Option<Vec<Root>>,
    /// Whether the server may ask the client's model and its person
    /// (`sampling/createMessage`, `elicitation/create` and whatever follows).
    pub forward_server_requests: bool,
}

/// What a request of the client asks for, as far as its answer is looked at.
#[derive(Debug)]
enum Asked {
    Call(ToolCall),
    /// A list of definitions; whether from its beginning.
    List(DefinitionKind, bool),
    /// Who the server is, and its instructions.
    Greeting,
    Other,
}

impl Asked {
    fn call(self) -> Option<ToolCall> {
        match self {
            Self::Call(call) => Some(call),
            Self::List(..) | Self::Greeting | Self::Other => None,
        }
    }
}

#[derive(Debug)]
struct Ended {
    id: Id,
    /// Whether a late answer is no fault of the server's.
    late_is_fine: bool,
}

/// The state machine. Feed it what both sides wrote, write out what it hands
/// out.
///
/// As with the other state machines, the caller stops reading from one side
/// while the output that this causes is unsent.
#[derive(Debug)]
pub struct Proxy {
    config: ProxyConfig,
    check: Option<ToolCheck>,
    pins: Option<Pins>,
    client: FrameDecoder,
    server: LineDecoder,
    /// Requests of the client that the server has not answered.
    open: BTreeMap<Id, Asked>,
    /// The last of those that ended.
    ended: VecDeque<Ended>,
    /// Requests of the server that the client has not answered, by the number
    /// that the client knows them by.
    forwarded: BTreeMap<u64, Id>,
    next_forwarded: u64,
    next_call: u64,
    to_client: Vec<u8>,
    to_server: Vec<u8>,
    noise: Noise,
    violations: usize,
}

#[derive(Deserialize)]
struct CallName {
    name: String,
}

#[derive(Deserialize)]
struct ResultMarks<'a> {
    #[serde(borrow, default, rename = "resultType")]
    result_type: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "isError")]
    is_error: Option<&'a RawValue>,
}

impl Proxy {
    /// A proxy through which nothing has passed yet.
    #[must_use]
    pub const fn new(config: ProxyConfig) -> Self {
        Self {
            client: FrameDecoder::new(config.client_limits),
            server: LineDecoder::new(config.server_limits.bytes),
            config,
            check: None,
            pins: None,
            open: BTreeMap::new(),
            ended: VecDeque::new(),
            forwarded: BTreeMap::new(),
            next_forwarded: 1,
            next_call: 1,
            to_client: Vec::new(),
            to_server: Vec::new(),
            noise: Noise { lines: 0, bytes: 0 },
            violations: 0,
        }
    }

    /// The same, with a check of every call of a tool.
    #[must_use]
    pub fn with_tool_check(mut self, check: ToolCheck) -> Self {
        self.check = Some(check);
        self
    }

    /// Takes what the client wrote.
    pub fn receive_from_client(&mut self, mut bytes: &[u8]) -> Vec<ProxyEvent> {
        let mut events = Vec::new();
        while let Some(frame) = self.client.next_frame(&mut bytes) {
            let parsed = match frame {
                Err(crate::frames::FrameError::Empty) => continue,
                Err(error) => Err(Violation::from(error)),
                Ok(text) => Message::parse(&text, Strictness::Lenient).map_err(Violation::from),
            };
            match parsed.and_then(|message| self.client_message(message, &mut events)) {
                Ok(()) => {}
                Err(fault) => {
                    self.complain(&fault);
                    events.push(ProxyEvent::ClientFault(fault));
                }
            }
        }
        events
    }

    /// Takes what the server wrote.
    pub fn receive_from_server(&mut self, mut bytes: &[u8]) -> Vec<ProxyEvent> {
        let mut events = Vec::new();
        while self.violations <= MAX_VIOLATIONS {
            let Some(line) = self.server.next_line(&mut bytes) else {
                break;
            };
            let sorted = line
                .map_err(Violation::from)
                .and_then(|line| classify(line, &self.config.server_limits));
            let handled = match sorted {
                Ok(Line::Message(message)) => self.server_message(message, &mut events),
                Ok(Line::Noise(text) | Line::Unaddressed(text)) => {
                    events.extend(self.noise.count(&text).map(ProxyEvent::Noise));
                    Ok(())
                }
                Ok(Line::Blank) => Ok(()),
                Err(violation) => Err(violation),
            };
            if let Err(mut violation) = handled {
                self.violations += 1;
                if self.violations > MAX_VIOLATIONS {
                    violation = Violation::TooMany { maximum: MAX_VIOLATIONS };
                }
                events.push(ProxyEvent::Violation(violation));
            }
        }
        events
    }

    /// What is to be written to the client.
    #[must_use]
    pub fn take_to_client(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_client)
    }

    /// What is to be written to the server.
    #[must_use]
    pub fn take_to_server(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_server)
    }

    /// Requests of the client that wait for the server.
    #[must_use]
    pub fn requests_in_flight(&self) -> usize {
        self.open.len()
    }

    /// Lines of the server that were no messages so far.
    #[must_use]
    pub const fn noise(&self) -> Noise {
        self.noise
    }

    /// Ends one call of a tool that took too long: the client gets an error with
    /// this message, the server a cancellation.
    pub fn expire(&mut self, number: u64, message: &str) -> Option<ProxyEvent> {
        let numbered = |asked: &Asked| matches!(asked, Asked::Call(call) if call.number == number);
        let (id, _) = self.open.iter().find(|(_, asked)| numbered(asked))?;
        let id = id.clone();
        let call = self.close(&id, true)?.call()?;
        let params = json!({ "requestId": id, "reason": message });
        let told = Message::notification("notifications/cancelled", &params);
        self.send_server(&told);
        self.send_client(&Message::error(id, RpcError::new(GONE, message)));
        let outcome = ToolOutcome::Ended;
        Some(ProxyEvent::ToolCallEnded { call, outcome })
    }

    /// The server is gone for this reason: everything that waits for it gets an
    /// error.
    pub fn server_ended(&mut self, reason: &str) -> Vec<ProxyEvent> {
        let open = std::mem::take(&mut self.open);
        self.forwarded.clear();
        let mut events = Vec::new();
        for (id, asked) in open {
            self.send_client(&Message::error(id, RpcError::new(GONE, reason)));
            let outcome = ToolOutcome::Ended;
            events.extend(asked.call().map(|call| ProxyEvent::ToolCallEnded { call, outcome }));
        }
        events
    }

    fn send_client(&mut self, message: &Message) {
        self.to_client.extend_from_slice(&message.encode());
    }

    fn send_server(&mut self, message: &Message) {
        self.to_server.extend_from_slice(&message.encode());
    }

    /// Tells the client about a line that names no request.
    fn complain(&mut self, fault: &Violation) {
        let code = match fault {
            Violation::Frame(_) | Violation::Message(MessageError::NotJson) => PARSE_ERROR,
            _ => INVALID_REQUEST,
        };
        let answer = json!({
            "jsonrpc": "2.0",
            "id": null,
            "error": { "code": code, "message": fault.to_string() },
        });
        self.to_client.extend_from_slice(&crate::frames::encode(answer.to_string()));
    }

    /// Ends a request of the client; `None` when there is no such request.
    fn close(&mut self, id: &Id, late_is_fine: bool) -> Option<Asked> {
        let asked = self.open.remove(id)?;
        if self.ended.len() >= MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { id: id.clone(), late_is_fine });
        Some(asked)
    }

    fn client_message(
        &mut self,
        message: Message,
        events: &mut Vec<ProxyEvent>,
    ) -> Result<(), Violation> {
        match message {
            Message::Request { id, method, params } => {
                self.client_request(id, method, params, events)
            }
            Message::Notification { method, params } => {
                match method.as_str() {
                    // The roots are ours, so theirs do not change.
                    "notifications/roots/list_changed" => return Ok(()),
                    // Without an id it would be a call that nobody checks or records.
                    "tools/call" => {
                        return Err(Violation::OutOfOrder {
                            what: "a call of a tool without an id",
                        });
                    }
                    "notifications/cancelled" => {
                        let id = params.as_deref().and_then(request_id);
                        let call = id.and_then(|id| self.close(&id, true)).and_then(Asked::call);
                        let outcome = ToolOutcome::Cancelled;
                        events.extend(call.map(|call| ProxyEvent::ToolCallEnded { call, outcome }));
                    }
                    _ => {}
                }
                self.send_server(&Message::Notification { method, params });
                Ok(())
            }
            Message::Response { id, outcome } => {
                let number = forwarded_number(&id);
                let original = number.and_then(|number| self.forwarded.remove(&number));
                let id = original.ok_or(Violation::ForgedReply { id })?;
                self.send_server(&Message::Response { id, outcome });
                Ok(())
            }
        }
    }

    fn client_request(
        &mut self,
        id: Id,
        method: String,
        mut params: Option<Raw>,
        events: &mut Vec<ProxyEvent>,
    ) -> Result<(), Violation> {
        if self.open.contains_key(&id) {
            return Err(Violation::ReusedId { id });
        }
        if self.open.len() >= MAX_CLIENT_REQUESTS {
            let error = RpcError::new(GONE, "too many requests wait for the server");
            self.send_client(&Message::error(id, error));
            return Ok(());
        }
        let is_call = method == "tools/call";
        if let Some(check) = self.check.as_ref().filter(|_| is_call) {
            match check.params(params) {
                Ok(checked) => params = checked,
                Err(reason) => {
                    self.send_client(&Message::error(id, RpcError::new(INVALID_PARAMS, &reason)));
                    events.push(ProxyEvent::ToolCallRefused { reason });
                    return Ok(());
                }
            }
        }
        if let Some(reason) = self.held_from(&method, params.as_deref()) {
            self.send_client(&Message::error(id, RpcError::new(INVALID_PARAMS, &reason)));
            events.push(ProxyEvent::ToolCallRefused { reason });
            return Ok(());
        }
        let call = is_call.then(|| {
            let name = params.as_deref().and_then(|params| {
                let name: CallName = serde_json::from_str(params.get()).ok()?;
                Some(bounded(&name.name, 256))
            });
            let number = self.next_call;
            self.next_call += 1;
            ToolCall { number, tool: name.unwrap_or_default(), id: id.clone() }
        });
        let asked = match call {
            Some(call) => Asked::Call(call),
            None => pins::asked(&method, params.as_deref()),
        };
        let params = params.map(|params| self.with_honest_capabilities(&method, params));
        if let Asked::Call(call) = &asked {
            events.push(ProxyEvent::ToolCallStarted(call.clone()));
        }
        self.ended.retain(|ended| ended.id != id);
        self.open.insert(id.clone(), asked);
        self.send_server(&Message::Request { id, method, params });
        Ok(())
    }

    /// Takes back what the client says it can do where this proxy will not pass
    /// it on, so that servers do not ask in vain.
    fn with_honest_capabilities(&self, method: &str, params: Raw) -> Raw {
        let handshake = method == "initialize";
        if !handshake && !params.get().contains("clientCapabilities") {
            return params;
        }
        // Only the one member is rebuilt; the others keep every digit.
        let Ok(mut members) = serde_json::from_str::<BTreeMap<String, Raw>>(params.get()) else {
            return params;
        };
        let name = if handshake { "capabilities" } else { "_meta" };
        let mut member = members.get(name).and_then(|raw| value(raw));
        let capabilities = match &mut member {
            None if handshake => member.insert(json!({})),
            None => return params,
            Some(capabilities) if handshake => capabilities,
            Some(meta) => match meta.get_mut(META_CAPABILITIES) {
                Some(capabilities) => capabilities,
                None => return params,
            },
        };
        if let Value::Object(capabilities) = capabilities {
            self.restrict(capabilities, handshake);
        }
        members.insert(name.to_owned(), raw(&member.unwrap_or_default()));
        to_raw_value(&members).unwrap_or(params)
    }

    fn restrict(&self, capabilities: &mut Map<String, Value>, handshake: bool) {
        capabilities.remove("roots");
        // Without a handshake, roots are asked for inside results, which only
        // the client could answer.
        if handshake && self.config.roots.is_some() {
            capabilities.insert("roots".to_owned(), json!({}));
        }
        if !self.config.forward_server_requests {
            for name in ["sampling", "elicitation", "tasks"] {
                capabilities.remove(name);
            }
        }
    }

    fn server_message(
        &mut self,
        message: Message,
        events: &mut Vec<ProxyEvent>,
    ) -> Result<(), Violation> {
        match message {
            Message::Request { id, method, params } => {
                self.server_request(id, method, params, events)
            }
            Message::Notification { method, params } => self.server_notice(method, params),
            Message::Response { id, outcome } => {
                let Some(asked) = self.close(&id, false) else {
                    let ended = self.ended.iter().find(|ended| ended.id == id);
                    return match ended {
                        Some(ended) if ended.late_is_fine => Ok(()),
                        Some(_) => Err(Violation::RepeatedReply { id }),
                        None => Err(Violation::ForgedReply { id }),
                    };
                };
                let (outcome, verdict) = self.screen(outcome, events);
                let outcome = self.pinned(&asked, outcome, events);
                let ended = |call| ProxyEvent::ToolCallEnded { call, outcome: verdict };
                events.extend(asked.call().map(ended));
                self.send_client(&Message::Response { id, outcome });
                Ok(())
            }
        }
    }

    /// Looks at a result: is it an error, does it ask for input that it may not
    /// ask for.
    fn screen(
        &self,
        outcome: Result<Raw, RpcError>,
        events: &mut Vec<ProxyEvent>,
    ) -> (Result<Raw, RpcError>, ToolOutcome) {
        let (outcome, is_error) = match outcome {
            Ok(result) if !result.get().starts_with('{') => (Ok(result), false),
            Ok(result) => {
                let (asks, is_error) = match serde_json::from_str::<ResultMarks<'_>>(result.get()) {
                    Ok(marks) => (
                        marks.result_type.is_some_and(|mark| {
                            value(mark).as_ref().and_then(Value::as_str) == Some("input_required")
                        }),
                        marks.is_error.is_some_and(|mark| mark.get() == "true"),
                    ),
                    // One of the marks is there twice: readers may disagree.
                    Err(_) => (true, false),
                };
                if asks && !self.config.forward_server_requests {
                    let method = "input inside a result".to_owned();
                    events.push(ProxyEvent::ServerRequestRefused { method });
                    let message = "the server asked for input, which the policy does not let it";
                    (Err(RpcError::new(METHOD_NOT_FOUND, message)), false)
                } else {
                    (Ok(result), is_error)
                }
            }
            Err(error) => (Err(error), false),
        };
        let verdict = match &outcome {
            Ok(_) if is_error => ToolOutcome::ToolError,
            Ok(_) => ToolOutcome::Result,
            Err(error) => {
                ToolOutcome::Error { code: error.code, message: bounded(&error.message, 1024) }
            }
        };
        (outcome, verdict)
    }

    fn server_request(
        &mut self,
        id: Id,
        method: String,
        params: Option<Raw>,
        events: &mut Vec<ProxyEvent>,
    ) -> Result<(), Violation> {
        let shown = bounded(&method, 128);
        match (method.as_str(), &self.config.roots) {
            ("ping", _) => self.send_server(&Message::result(id, &json!({}))),
            ("roots/list", Some(roots)) => {
                let result = roots_result(roots);
                self.send_server(&Message::result(id, &result));
            }
            // Without roots of ours, the client's would be told: never.
            ("roots/list", None) => self.refuse(id, shown, events),
            _ if !self.config.forward_server_requests => self.refuse(id, shown, events),
            _ => {
                if self.forwarded.values().any(|open| *open == id) {
                    return Err(Violation::ReusedId { id });
                }
                if self.forwarded.len() >= MAX_SERVER_REQUESTS {
                    return Err(Violation::TooManyInFlight { maximum: MAX_SERVER_REQUESTS });
                }
                let number = self.next_forwarded;
                self.next_forwarded += 1;
                self.forwarded.insert(number, id);
                events.push(ProxyEvent::ServerRequestForwarded { method: shown });
                let id = forwarded_id(number);
                self.send_client(&Message::Request { id, method, params });
            }
        }
        Ok(())
    }

    fn refuse(&mut self, id: Id, method: String, events: &mut Vec<ProxyEvent>) {
        let error = RpcError::new(METHOD_NOT_FOUND, "the policy does not let a server ask that");
        self.send_server(&Message::error(id, error));
        events.push(ProxyEvent::ServerRequestRefused { method });
    }

    fn server_notice(&mut self, method: String, params: Option<Raw>) -> Result<(), Violation> {
        if !method.starts_with("notifications/") {
            let method = bounded(&method, 128);
            return Err(Violation::UnknownMethod { method });
        }
        if method != "notifications/cancelled" {
            self.send_client(&Message::Notification { method, params });
            return Ok(());
        }
        // Names a request of the server's; the client knows it by another id.
        let id = params.as_deref().and_then(request_id);
        let number = id.and_then(|id| {
            let found = self.forwarded.iter().find(|(_, open)| **open == id);
            found.map(|(number, _)| *number)
        });
        if let Some(number) = number {
            self.forwarded.remove(&number);
            let params = json!({ "requestId": forwarded_id(number) });
            self.send_client(&Message::notification(&method, &params));
        }
        Ok(())
    }
}

/// The id by which the client knows the server's request with this number. No
/// client would choose it for a request of its own.
fn forwarded_id(number: u64) -> Id {
    Id::Text(format!("ringfence-server-request-{number}").into())
}

fn forwarded_number(id: &Id) -> Option<u64> {
    match id {
        Id::Text(text) => text.strip_prefix("ringfence-server-request-")?.parse().ok(),
        Id::Number(_) => None,
    }
}

/// The request that a cancellation names.
fn request_id(params: &RawValue) -> Option<Id> {
    #[derive(Deserialize)]
    struct Cancelled<'a> {
        #[serde(borrow, rename = "requestId")]
        request_id: &'a RawValue,
    }
    let cancelled: Cancelled<'_> = serde_json::from_str(params.get()).ok()?;
    Id::parse(cancelled.request_id.get()).ok()
}
