//! One MCP server, used by us as its client.

use crate::actions::{internal, plugin_error, violated};
use crate::error::{Phase, RunError};
use crate::jailed::{Deadline, Happening, Jailed, Source};
use crate::observer::Observer;
use crate::pins::PinBook;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::mcp::{
    Client, ClientConfig, ClientEvent, DefinitionKind, Root, ServerInfo, Tool,
};
use serde_json::Value;
use std::time::Duration;

/// How long a server gets to check the folders it was told of, which it does
/// with a few calls to the file system.
const SETTLE: Duration = Duration::from_millis(100);

/// A session with an MCP server.
pub(crate) struct McpSession {
    client: Client,
    /// What it said of its tools before.
    book: Option<PinBook>,
    /// Whether its tools were held against that in this session.
    listed: bool,
    /// Who the server says it is.
    pub(crate) server: ServerInfo,
}

impl McpSession {
    /// Does the handshake.
    pub(crate) fn start(
        jailed: &mut Jailed,
        roots: Vec<Root>,
        mut book: Option<PinBook>,
        observer: &mut dyn Observer,
    ) -> Result<Self, RunError> {
        let output = usize::try_from(jailed.budget().output_bytes).unwrap_or(usize::MAX);
        let has_roots = !roots.is_empty();
        let mut client = Client::new(ClientConfig {
            limits: FrameLimits::with_bytes(output),
            name: "ringfence".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            roots: Some(roots),
        });
        if let Some(book) = &book {
            client = client.with_pins(book.pins()?);
        }
        client.start().map_err(|e| internal(&e))?;
        let deadline = Deadline::after(jailed.budget().timeouts.initialise, Phase::Initialise);
        loop {
            for event in step(&mut client, &mut book, jailed, deadline, observer)? {
                match event {
                    ClientEvent::Ready(server) => {
                        let mut session = Self { client, book, listed: false, server };
                        if has_roots {
                            session.settle(jailed, observer)?;
                        }
                        return Ok(session);
                    }
                    ClientEvent::Failed(error) => {
                        return Err(RunError::Protocol {
                            reason: error.to_string(),
                            stderr: jailed.stderr_text(),
                        });
                    }
                    _ => {}
                }
            }
        }
    }

    /// Lets a server take in the folders that it was granted. It asks for them
    /// once it is told that the handshake is over, and refuses every path in a
    /// call that overtakes our answer.
    fn settle(&mut self, jailed: &mut Jailed, observer: &mut dyn Observer) -> Result<(), RunError> {
        // Every client lists the tools first; a server is at rest after that.
        let _ = self.tools(jailed, observer)?;
        let quiet = Deadline::after(SETTLE, Phase::Initialise);
        loop {
            match step(&mut self.client, &mut self.book, jailed, quiet, observer) {
                Ok(_) => {}
                Err(RunError::Timeout { .. }) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
    }

    /// Everything the server offers.
    pub(crate) fn tools(
        &mut self,
        jailed: &mut Jailed,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Tool>, RunError> {
        if !self.server.has_tools {
            return Ok(Vec::new());
        }
        self.listed = true;
        jailed.begin_call();
        self.client.list_tools().map_err(|e| internal(&e))?;
        let deadline = Deadline::after(jailed.budget().timeouts.call, Phase::Call);
        loop {
            for event in step(&mut self.client, &mut self.book, jailed, deadline, observer)? {
                match event {
                    ClientEvent::Tools(tools) => return Ok(tools),
                    ClientEvent::ToolsFailed(error) => return Err(RunError::Plugin(error)),
                    _ => {}
                }
            }
        }
    }

    /// Refuses a tool that is not what was agreed to, by what the server says of it in this
    /// session.
    fn refuse_held(
        &mut self,
        jailed: &mut Jailed,
        tool: &str,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        if self.book.is_none() {
            return Ok(());
        }
        if !self.listed {
            match self.tools(jailed, observer) {
                // Of who has no list, nothing was agreed to, or everything is new.
                Ok(_) | Err(RunError::Plugin(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let why = self.client.pins().and_then(|pins| pins.refusal(DefinitionKind::Tool, tool));
        match (why, &self.book) {
            (Some(why), Some(book)) => Err(RunError::Held { why, help: book.command() }),
            _ => Ok(()),
        }
    }

    /// Calls one tool.
    pub(crate) fn call(
        &mut self,
        jailed: &mut Jailed,
        tool: &str,
        arguments: &Value,
        observer: &mut dyn Observer,
    ) -> Result<Value, RunError> {
        self.refuse_held(jailed, tool, observer)?;
        jailed.begin_call();
        let call = self.client.call_tool(tool, arguments).map_err(|e| internal(&e))?;
        let deadline = Deadline::after(jailed.budget().timeouts.call, Phase::Call);
        loop {
            let events = match step(&mut self.client, &mut self.book, jailed, deadline, observer) {
                Err(late @ RunError::Timeout { .. }) => {
                    self.client.cancel(call, "it took too long");
                    jailed.program.send(&self.client.take_output());
                    return Err(late);
                }
                other => other?,
            };
            for event in events {
                if let ClientEvent::CallEnded { call: which, outcome } = event
                    && which == call
                {
                    let result = outcome.map_err(RunError::Plugin)?;
                    if result.is_error {
                        return Err(RunError::Plugin(plugin_error(&result.text())));
                    }
                    return Ok(result.result);
                }
            }
        }
    }
}

fn step(
    client: &mut Client,
    book: &mut Option<PinBook>,
    jailed: &mut Jailed,
    deadline: Deadline,
    observer: &mut dyn Observer,
) -> Result<Vec<ClientEvent>, RunError> {
    jailed.program.send(&client.take_output());
    let mut events = Vec::new();
    let mut end = None;
    let mut closed = false;
    for happening in jailed.wait(deadline, observer)? {
        match happening {
            Happening::Bytes(Source::Output, bytes) if bytes.is_empty() => closed = true,
            Happening::Bytes(Source::Output, bytes) => events.extend(client.receive(&bytes)),
            Happening::Log(bytes) => observer.log(&bytes),
            Happening::Ended(how) => end = Some(how),
            Happening::Bytes(..) | Happening::Room => {}
        }
    }
    if end.is_some() {
        while let Some(bytes) = jailed.program.read().filter(|bytes| !bytes.is_empty()) {
            events.extend(client.receive(&bytes));
        }
    }
    if let Some(book) = book {
        book.record(client.take_pin_events(), observer)?;
    }
    for event in &events {
        match event {
            ClientEvent::Noise(text) | ClientEvent::Log { message: text, .. } => {
                observer.log(text.as_bytes());
                observer.log(b"\n");
            }
            ClientEvent::ServerRequestRefused { method } => {
                jailed.recorder().refused_request(method);
            }
            ClientEvent::Violation(violation) => {
                jailed.recorder().violation(&violation.to_string());
                // A forged or repeated reply had no effect; a stream that means
                // nothing any more ends the run.
                if violation.is_fatal() {
                    return Err(violated(jailed, violation));
                }
            }
            _ => {}
        }
    }
    jailed.program.send(&client.take_output());
    let has_answer = events.iter().any(|event| {
        matches!(
            event,
            ClientEvent::Ready(_)
                | ClientEvent::Failed(_)
                | ClientEvent::Tools(_)
                | ClientEvent::ToolsFailed(_)
                | ClientEvent::CallEnded { .. }
        )
    });
    if !has_answer {
        if let Some(end) = end {
            client.end();
            return Err(jailed.death(end));
        }
        if closed {
            client.end();
            return Err(match crate::actions::wait_for_end(jailed, observer) {
                Some(end) => jailed.death(end),
                None => RunError::Protocol {
                    reason: "it closed its standard output".to_owned(),
                    stderr: jailed.stderr_text(),
                },
            });
        }
    }
    Ok(events)
}
