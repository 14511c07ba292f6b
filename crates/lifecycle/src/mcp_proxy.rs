//! Between a foreign MCP client and a jailed MCP server.

use crate::actions::violated;
use crate::error::{Phase, RunError};
use crate::input;
use crate::jailed::{Deadline, Happening, Jailed, Source};
use crate::observer::Observer;
use crate::pins::PinBook;
use ringfence_package::Package;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::mcp::{
    Proxy, ProxyConfig, ProxyEvent, Root, ToolCall, ToolCheck, ToolOutcome,
};
use ringfence_protocol::worker::Inspect;
use ringfence_sandbox::End;
use std::time::{Duration, Instant};

/// How long a server may take to end after its input was closed.
const EOF_GRACE: Duration = Duration::from_secs(2);

/// What went through a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ProxyUsage {
    /// Calls of tools.
    pub tool_calls: u64,
    /// Calls of tools with what the manifest refuses, or of tools that are held; the server
    /// heard of none.
    pub refused_calls: u64,
    /// Requests of the server that it did not get.
    pub refused_requests: u64,
}

struct Served<'a> {
    proxy: Proxy,
    /// What the server said of its tools before.
    book: Option<PinBook>,
    jailed: &'a mut Jailed,
    calls: Vec<(ToolCall, Instant)>,
    usage: ProxyUsage,
    /// The client waits for the server's first answer since then.
    first: Option<Instant>,
    answered: bool,
}

/// Serves the client until it closes its input or the server ends. The server does
/// not hear of a call that the manifest of its package refuses.
pub(crate) fn serve(
    jailed: &mut Jailed,
    package: &Package,
    roots: Vec<Root>,
    book: Option<PinBook>,
    observer: &mut dyn Observer,
) -> Result<ProxyUsage, RunError> {
    let bytes = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    let config = ProxyConfig {
        server_limits: FrameLimits::with_bytes(bytes(jailed.budget().output_bytes)),
        client_limits: FrameLimits::with_bytes(bytes(jailed.budget().input_bytes)),
        roots: Some(roots),
        forward_server_requests: false,
    };
    let mut proxy = Proxy::new(config).with_tool_check(check(package));
    if let Some(book) = &book {
        proxy = proxy.with_pins(book.pins()?);
    }
    let mut served = Served {
        proxy,
        book,
        jailed,
        calls: Vec::new(),
        usage: ProxyUsage::default(),
        first: None,
        answered: false,
    };
    let result = served.run(observer);
    if let Err(error) = &result {
        if matches!(error, RunError::Audit(_) | RunError::Internal { .. }) {
            // What could not be recorded does not pass.
            let _ = (served.proxy.take_to_client(), served.proxy.take_to_server());
        }
        let reason = error.to_string();
        let events = served.proxy.server_ended(&reason);
        let _ = served.take(events, observer);
        served.flush_client(observer);
    }
    result.map(|()| served.usage)
}

fn check(package: &Package) -> ToolCheck {
    let actions = package.actions.clone();
    ToolCheck::new(move |tool, arguments| {
        input::checked(&actions, tool, arguments).map_err(|error| match &error {
            RunError::Input { shape, .. } => format!("ringfence: {error}; it takes {shape}"),
            _ => format!("ringfence: {error}"),
        })
    })
}

impl Served<'_> {
    fn run(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        loop {
            let deadline = self.deadline();
            let happenings = match self.jailed.wait(deadline, observer) {
                Err(RunError::Timeout { phase: Phase::Call, .. }) => {
                    self.expire(observer)?;
                    continue;
                }
                other => other?,
            };
            let mut ended = None;
            let mut client_gone = false;
            for happening in happenings {
                match happening {
                    Happening::Bytes(Source::Client, bytes) if bytes.is_empty() => {
                        client_gone = true;
                    }
                    Happening::Bytes(Source::Client, bytes) => {
                        self.first.get_or_insert_with(Instant::now);
                        let events = self.proxy.receive_from_client(&bytes);
                        self.take(events, observer)?;
                    }
                    Happening::Bytes(Source::Output, bytes) => {
                        let events = self.proxy.receive_from_server(&bytes);
                        self.take(events, observer)?;
                    }
                    Happening::Bytes(Source::Control, _) | Happening::Room => {}
                    Happening::Log(bytes) => observer.log(&bytes),
                    Happening::Ended(end) => ended = Some(end),
                }
            }
            self.pass_on();
            if let Some(end) = ended {
                return self.server_gone(end, observer);
            }
            if client_gone {
                return self.client_gone(observer);
            }
        }
    }

    /// Hands both sides what the proxy has for them.
    fn pass_on(&mut self) {
        let to_client = self.proxy.take_to_client();
        self.answered |= !to_client.is_empty();
        self.jailed.client.send(&to_client);
        self.jailed.program.send(&self.proxy.take_to_server());
    }

    fn take(
        &mut self,
        events: Vec<ProxyEvent>,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        let is_pin = |event: &ProxyEvent| matches!(event, ProxyEvent::Pins(_));
        let (pins, events): (Vec<_>, Vec<_>) = events.into_iter().partition(is_pin);
        if let Some(book) = &mut self.book {
            let pins = pins.into_iter().filter_map(|event| match event {
                ProxyEvent::Pins(pin) => Some(pin),
                _ => None,
            });
            // Recorded before the client sees any of it.
            book.record(pins.collect(), observer)?;
        }
        for event in events {
            match event {
                ProxyEvent::Pins(_) => {}
                ProxyEvent::ToolCallStarted(call) => {
                    // Recorded before the server hears of it.
                    self.jailed.recorder().calling(&call.tool, Inspect::default())?;
                    self.usage.tool_calls += 1;
                    if self.calls.is_empty() {
                        self.jailed.begin_call();
                    }
                    let limit = self.jailed.budget().timeouts.call;
                    let at = Instant::now().checked_add(limit).unwrap_or_else(Instant::now);
                    self.calls.push((call, at));
                }
                ProxyEvent::ToolCallRefused { reason } => {
                    self.usage.refused_calls += 1;
                    self.jailed.recorder().refused(&reason);
                }
                ProxyEvent::ToolCallEnded { call, outcome } => {
                    self.calls.retain(|(open, _)| open.number != call.number);
                    let error = match &outcome {
                        ToolOutcome::Result => None,
                        ToolOutcome::ToolError => Some("the tool says that it failed".to_owned()),
                        ToolOutcome::Error { message, .. } => Some(message.clone()),
                        ToolOutcome::Cancelled => Some("cancelled by the client".to_owned()),
                        ToolOutcome::Ended => Some("ended".to_owned()),
                    };
                    self.jailed.recorder().called(&call.tool, error.as_deref());
                }
                ProxyEvent::ServerRequestRefused { method } => {
                    self.usage.refused_requests += 1;
                    self.jailed.recorder().refused_request(&method);
                }
                ProxyEvent::ServerRequestForwarded { .. } => {}
                ProxyEvent::Noise(text) => {
                    observer.log(text.as_bytes());
                    observer.log(b"\n");
                }
                ProxyEvent::ClientFault(fault) => {
                    observer.log(format!("client: {fault}\n").as_bytes());
                }
                ProxyEvent::Violation(violation) => {
                    self.jailed.recorder().violation(&violation.to_string());
                    if violation.is_fatal() {
                        return Err(violated(self.jailed, &violation));
                    }
                }
            }
        }
        Ok(())
    }

    /// The nearest time-out: of an open call, or of the first answer.
    fn deadline(&self) -> Deadline {
        let limit = self.jailed.budget().timeouts.call;
        if let Some(at) = self.calls.iter().map(|(_, at)| *at).min() {
            return Deadline { at: Some(at), phase: Phase::Call, limit };
        }
        let limit = self.jailed.budget().timeouts.initialise;
        match self.first {
            Some(first) if !self.answered => {
                Deadline { at: first.checked_add(limit), phase: Phase::Initialise, limit }
            }
            _ => Deadline::never(),
        }
    }

    /// Answers for every call that took too long.
    fn expire(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        let now = Instant::now();
        let late: Vec<u64> =
            self.calls.iter().filter(|(_, at)| *at <= now).map(|(call, _)| call.number).collect();
        let limit = self.jailed.budget().timeouts.call;
        for number in late {
            let message = format!("ringfence: stopped after {} s", limit.as_secs_f32());
            let event = self.proxy.expire(number, &message);
            self.take(event.into_iter().collect(), observer)?;
            self.calls.retain(|(call, _)| call.number != number);
        }
        self.pass_on();
        Ok(())
    }

    /// The client has no more requests: the server may finish, then ends.
    fn client_gone(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        self.jailed.program.close_output();
        let deadline = Deadline::after(EOF_GRACE, Phase::Call);
        loop {
            let happenings = match self.jailed.wait(deadline, observer) {
                // It ignores the end of its input: it is killed.
                Err(RunError::Timeout { .. }) => return Ok(()),
                other => other?,
            };
            for happening in happenings {
                match happening {
                    Happening::Bytes(Source::Output, bytes) => {
                        let events = self.proxy.receive_from_server(&bytes);
                        self.take(events, observer)?;
                        self.pass_on();
                    }
                    Happening::Log(bytes) => observer.log(&bytes),
                    Happening::Ended(_) => {
                        self.flush_client(observer);
                        return Ok(());
                    }
                    Happening::Bytes(..) | Happening::Room => {}
                }
            }
        }
    }

    fn server_gone(&mut self, end: End, observer: &mut dyn Observer) -> Result<(), RunError> {
        while let Some(bytes) = self.jailed.program.read().filter(|bytes| !bytes.is_empty()) {
            let events = self.proxy.receive_from_server(&bytes);
            self.take(events, observer)?;
        }
        self.pass_on();
        match end {
            End::Exited(0) => {
                let events = self.proxy.server_ended("ringfence: the server ended");
                self.take(events, observer)?;
                self.flush_client(observer);
                Ok(())
            }
            end => Err(self.jailed.death(end)),
        }
    }

    /// Writes what the client has not yet taken, for a moment at most.
    fn flush_client(&mut self, observer: &mut dyn Observer) {
        self.pass_on();
        let deadline = Deadline::after(EOF_GRACE, Phase::Call);
        while self.jailed.client.has_unsent() {
            match self.jailed.wait(deadline, observer) {
                Ok(happenings) => {
                    for happening in happenings {
                        if let Happening::Log(bytes) = happening {
                            observer.log(&bytes);
                        }
                    }
                }
                Err(_) => return,
            }
        }
    }
}
