//! What a client says, looked at before it is passed on.
//!
//! The first bytes tell the protocol. TLS shows the name that it wants, plain
//! HTTP one head after another; whatever is neither is allowed or not as such.

use crate::client_hello::{Hello, read_hello};
use crate::connection::{Connection, Cut};
use crate::http_body::BodyTracker;
use crate::http_head::{HeadReader, HttpStart, RequestHead};
use crate::judge::Refusal;
use ringfence_types::Seen;
use std::borrow::Cow;

/// Looks at one connection's outgoing bytes, in order.
pub(crate) struct Inspector {
    state: State,
    /// Bytes that wait until enough came to decide.
    held: Vec<u8>,
    /// Until so many bytes are there, the beginning cannot be told.
    wanted: usize,
}

enum State {
    /// Nothing was told yet.
    First(HeadReader),
    /// After a request on a connection of plain HTTP, the next one begins.
    Next(HeadReader),
    /// The body of an HTTP request.
    Body(BodyTracker),
    /// Allowed whatever it is.
    Open,
}

impl Inspector {
    pub(crate) fn new() -> Self {
        Self { state: State::First(HeadReader::default()), held: Vec::new(), wanted: 0 }
    }

    /// Takes the next bytes, none at the end, and gives those that may go now.
    pub(crate) fn take<'b>(
        &mut self,
        connection: &Connection,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, Cut> {
        if matches!(self.state, State::Open) {
            return Ok(Cow::Borrowed(bytes));
        }
        if bytes.is_empty() && !self.held.is_empty() {
            return Err(refuse(connection, "it ended in the middle of its first words"));
        }
        self.held.extend_from_slice(bytes);
        let mut passed = 0;
        while let Some(rest) = self.held.get(passed..).filter(|rest| !rest.is_empty()) {
            let (state, wanted) = (&mut self.state, &mut self.wanted);
            let Some((count, next)) = step(connection, state, rest, wanted)? else { break };
            passed = passed.saturating_add(count);
            if let Some(next) = next {
                self.state = next;
            }
        }
        let rest = self.held.split_off(passed.min(self.held.len()));
        Ok(Cow::Owned(std::mem::replace(&mut self.held, rest)))
    }
}

fn refuse(connection: &Connection, reason: &'static str) -> Cut {
    connection.session.judge.refused(connection.target(), Refusal::Malformed(reason));
    Cut::Refused
}

/// How many of `bytes` may go, and what comes then; `None` when more is needed.
fn step(
    connection: &Connection,
    state: &mut State,
    bytes: &[u8],
    wanted: &mut usize,
) -> Result<Option<(usize, Option<State>)>, Cut> {
    let (reader, is_first) = match state {
        State::Open => return Ok(Some((bytes.len(), None))),
        State::Body(body) => {
            let taken = body
                .feed(bytes)
                .map_err(|_| refuse(connection, "the body of its HTTP request is malformed"))?;
            let next = body.is_done().then(|| State::Next(HeadReader::default()));
            // A tracker that takes nothing and is not done would hold us for ever.
            return Ok((taken > 0 || next.is_some()).then_some((taken, next)));
        }
        State::First(_) if bytes.len() < *wanted => return Ok(None),
        State::First(reader) => (reader, true),
        State::Next(reader) => (reader, false),
    };
    if is_first {
        match read_hello(bytes) {
            Hello::NeedMore(count) => {
                *wanted = count;
                return Ok(None);
            }
            Hello::Malformed => return Err(refuse(connection, "its TLS greeting is malformed")),
            Hello::Tls(hello) => {
                let server_name = hello.server_name.as_deref();
                let encrypted_hello = hello.encrypted_hello;
                look(connection, Seen::Tls { server_name, encrypted_hello }, is_first)?;
                return Ok(Some((bytes.len(), Some(State::Open))));
            }
            Hello::NotTls => {}
        }
    }
    match reader.read(bytes) {
        HttpStart::NeedMore => Ok(None),
        HttpStart::Head(head) => request(connection, &head, is_first).map(Some),
        HttpStart::Malformed => Err(refuse(connection, "its HTTP request is malformed")),
        HttpStart::NotHttp | HttpStart::Http2Preface if is_first => {
            look(connection, Seen::Other, is_first)?;
            Ok(Some((bytes.len(), Some(State::Open))))
        }
        HttpStart::NotHttp | HttpStart::Http2Preface => {
            Err(refuse(connection, "what follows its HTTP request is none"))
        }
    }
}

/// One request on a connection of plain HTTP.
fn request(
    connection: &Connection,
    head: &RequestHead,
    is_first: bool,
) -> Result<(usize, Option<State>), Cut> {
    if head.host != connection.host || head.port.unwrap_or(80) != connection.port {
        return Err(refuse(connection, "its Host header names another host than it connected to"));
    }
    let seen = Seen::Http { secure: false, method: &head.method, path: &head.path };
    look(connection, seen, is_first)?;
    let next = if head.upgrade.is_some() {
        // What follows may be another protocol, with the same server.
        State::Open
    } else {
        let body = BodyTracker::new(head.body);
        if body.is_done() { State::Next(HeadReader::default()) } else { State::Body(body) }
    };
    Ok((head.length, Some(next)))
}

fn look(connection: &Connection, seen: Seen<'_>, is_first: bool) -> Result<(), Cut> {
    let mut permitted = false;
    let target = connection.target().with(seen);
    let decided = connection.session.judge.look(target, is_first, &mut |permit| {
        // What it is for is done by whoever asked: these bytes go out.
        let _ = permit.spend();
        permitted = true;
    });
    if decided.is_ok() && permitted { Ok(()) } else { Err(Cut::Refused) }
}
