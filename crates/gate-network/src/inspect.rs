//! What a client says, looked at before it is passed on.
//!
//! The first bytes tell the protocol. TLS shows the name that it wants, plain
//! HTTP one head after another; whatever is neither is allowed or not as such.

use crate::answer_body::Wish;
use crate::client_hello::{Hello, read_hello};
use crate::connection::{Connection, Cut};
use crate::http_body::BodyTracker;
use crate::http_head::{HeadReader, HttpStart, MAX_HEAD, RequestHead};
use crate::judge::Refusal;
use crate::overrides::OVERRIDES;
use crate::rewrite::{How, rewritten};
use ringfence_types::{SecretPlace, SecretTarget, Seen};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// `101 Switching Protocols`.
const SWITCHING: u16 = 101;
/// Most bytes that wait for a decision: a head, and what one read brings.
const MOST_HELD: usize = MAX_HEAD + 128 * 1024;

/// Looks at one connection's outgoing bytes, in order.
pub(crate) struct Inspector {
    state: State,
    /// Inside TLS that was opened.
    secure: bool,
    /// Bytes that wait until enough came to decide.
    held: Vec<u8>,
    /// Until so many bytes are there, the beginning cannot be told.
    wanted: usize,
}

enum State {
    /// Nothing was told yet.
    First(HeadReader),
    /// After a request on a connection of HTTP, the next one begins.
    Next(HeadReader),
    /// The body of an HTTP request.
    Body(BodyTracker),
    /// The first request asked for another protocol; the server decides.
    Upgrade,
    /// Allowed whatever it is.
    Open,
    /// The one request was made.
    Last,
}

/// What is done about the next bytes.
struct Step {
    /// How many of them it is about.
    taken: usize,
    /// What goes out in their place, if not they themselves.
    instead: Option<Zeroizing<Vec<u8>>>,
    /// What comes then, if anything else.
    next: Option<State>,
}

impl Step {
    const fn pass(taken: usize, next: Option<State>) -> Self {
        Self { taken, instead: None, next }
    }
}

impl Inspector {
    /// For a connection on which `held` was said already.
    pub(crate) fn new(secure: bool, held: Vec<u8>) -> Self {
        Self { state: State::First(HeadReader::default()), secure, held, wanted: 0 }
    }

    /// Whether it goes on only when the server has answered.
    pub(crate) const fn waits_for_an_answer(&self) -> bool {
        matches!(self.state, State::Upgrade)
    }

    /// Takes the next bytes and gives those that may go now.
    pub(crate) fn take<'b>(
        &mut self,
        connection: &Connection,
        bytes: &'b [u8],
        ended: bool,
    ) -> Result<Cow<'b, [u8]>, Cut> {
        if matches!(self.state, State::Open) && self.held.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        if self.held.len() > MOST_HELD {
            return Err(refuse(connection, "it says more than fits before it was answered"));
        }
        self.held.extend_from_slice(bytes);
        let mut passed = 0;
        let mut out = Vec::new();
        while let Some(rest) = self.held.get(passed..).filter(|rest| !rest.is_empty()) {
            let secure = self.secure;
            let Some(step) = step(connection, secure, &mut self.state, rest, &mut self.wanted)?
            else {
                break;
            };
            match &step.instead {
                Some(instead) => out.extend_from_slice(instead),
                None => out.extend_from_slice(rest.get(..step.taken).unwrap_or(rest)),
            }
            passed = passed.saturating_add(step.taken);
            if let Some(next) = step.next {
                self.state = next;
            }
        }
        self.held.drain(..passed.min(self.held.len()));
        if ended && !self.held.is_empty() && !matches!(self.state, State::Last) {
            return Err(refuse(connection, "it ended in the middle of its words"));
        }
        Ok(Cow::Owned(out))
    }
}

/// Refuses to go on, and has it recorded.
pub(crate) fn refuse(connection: &Connection, reason: &'static str) -> Cut {
    connection.session.judge.refused(connection.target(), Refusal::Malformed(reason));
    Cut::Refused
}

/// What to do about `bytes`; `None` when more is needed.
fn step(
    connection: &Connection,
    secure: bool,
    state: &mut State,
    bytes: &[u8],
    wanted: &mut usize,
) -> Result<Option<Step>, Cut> {
    let (reader, is_first) = match state {
        State::Open => return Ok(Some(Step::pass(bytes.len(), None))),
        // The answer says that the connection ends with it.
        State::Last => return Ok(None),
        State::Body(body) => {
            let taken = body
                .feed(bytes)
                .map_err(|_| refuse(connection, "the body of its HTTP request is malformed"))?;
            let next = body.is_done().then(|| next_request(connection));
            // A tracker that takes nothing and is not done would hold us for ever.
            return Ok((taken > 0 || next.is_some()).then(|| Step::pass(taken, next)));
        }
        State::Upgrade => {
            return Ok(connection.status().map(|status| {
                // Only a server that agreed speaks another protocol from here; for
                // any other these bytes would be requests that nobody looked at.
                let next = if status == SWITCHING { State::Open } else { next_request(connection) };
                Step::pass(0, Some(next))
            }));
        }
        State::First(_) if bytes.len() < *wanted => return Ok(None),
        State::First(reader) => (reader, true),
        State::Next(reader) => (reader, false),
    };
    if is_first && !secure {
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
                return Ok(Some(Step::pass(bytes.len(), Some(State::Open))));
            }
            Hello::NotTls => {}
        }
    }
    match reader.read(bytes) {
        HttpStart::NeedMore => Ok(None),
        HttpStart::Head(head) => {
            let bytes = bytes.get(..head.length).unwrap_or(bytes);
            request(connection, secure, &head, bytes, is_first).map(Some)
        }
        HttpStart::Malformed => Err(refuse(connection, "its HTTP request is malformed")),
        HttpStart::NotHttp | HttpStart::Http2Preface if is_first => {
            look(connection, Seen::Other, is_first)?;
            Ok(Some(Step::pass(bytes.len(), Some(State::Open))))
        }
        HttpStart::NotHttp | HttpStart::Http2Preface => {
            Err(refuse(connection, "what follows its HTTP request is none"))
        }
    }
}

/// One request on a connection of plain HTTP.
fn request(
    connection: &Connection,
    secure: bool,
    head: &RequestHead,
    bytes: &[u8],
    is_first: bool,
) -> Result<Step, Cut> {
    let usual = if secure { 443 } else { 80 };
    if head.host != connection.host || head.port.unwrap_or(usual) != connection.port {
        return Err(refuse(connection, "its Host header names another host than it connected to"));
    }
    let seen = Seen::Http { secure, method: &head.method, path: &head.path };
    look(connection, seen, is_first)?;
    let request = connection.target().with(seen);
    let judge = &connection.session.judge;
    if head.overrides && judge.binds(request, None) {
        return Err(refuse(connection, OVERRIDES));
    }
    if connection.holds_secrets() {
        // It may have kept what it was sent by another way.
        connection.guard();
    }
    let next = match BodyTracker::new(head.body) {
        body if head.upgrade.is_some() => {
            // Inside HTTP/2 nobody would look at the requests.
            if head.upgrade.as_deref().is_some_and(|protocol| protocol.contains("h2c")) {
                return Err(refuse(connection, "it asks for HTTP/2 in the middle of a connection"));
            }
            // The first answer must be the one to this request.
            if !is_first || !body.is_done() {
                return Err(refuse(connection, "only a first request without a body may upgrade"));
            }
            State::Upgrade
        }
        body if body.is_done() => next_request(connection),
        body => State::Body(body),
    };
    let websocket = head.upgrade.as_deref() == Some("websocket");
    connection.ask_for(Wish { head: head.method == "HEAD", websocket });
    let instead = connection.is_guarded().then(|| {
        // What comes then is searched as frames of WebSocket; nobody knows where
        // anything ends in another protocol, or could look into it.
        let upgrade = head.upgrade.as_deref();
        let how = How { upgrades: upgrade.is_some(), whole: connection.holds_secrets() };
        rewritten(bytes, &connection.session.placeholders, how, &mut |name, place| {
            if upgrade.is_some_and(|protocol| protocol != "websocket") {
                let _ = refuse(connection, "no secret goes out where another protocol may begin");
                return None;
            }
            let target = SecretTarget { name, request, place };
            // Where none goes in, nothing is bound; that is told.
            let goes_in = place != SecretPlace::Elsewhere;
            if head.overrides && goes_in && judge.binds(request, Some(target)) {
                let _ = refuse(connection, OVERRIDES);
                return None;
            }
            let value = judge.secret(target)?;
            connection.hold_secret(name, &value);
            Some(value)
        })
    });
    Ok(Step { taken: head.length, instead, next: Some(next) })
}

fn next_request(connection: &Connection) -> State {
    if connection.is_guarded() { State::Last } else { State::Next(HeadReader::default()) }
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
