//! The head of a plain HTTP/1.x request: what is asked of whom.
//!
//! Strict, because the server reads the same bytes: whatever two readers of RFC
//! 9112 might read in two ways is malformed, so that no request stands inside
//! another one. What is no HTTP is told apart from what some server would still
//! take for HTTP.

use crate::http_body::Framing;
use crate::http_fields::Fields;
use crate::http_line::{FirstLine, MAX_LINE, MAX_WORD, RequestLine, first_line};
use ringfence_types::Host;

/// Most bytes of a head, the empty line included.
pub const MAX_HEAD: usize = 32 * 1024;

/// RFC 9113 section 3.4.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the first bytes of a request are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpStart {
    /// Cannot be told yet.
    NeedMore,
    /// The complete head of a request.
    Head(RequestHead),
    /// A client that speaks HTTP/2 without TLS.
    Http2Preface,
    /// Something that no server takes for HTTP.
    NotHttp,
    /// HTTP that two readers might read in two ways, or too long.
    Malformed,
}

/// One request, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// As it came; one that a scope can name.
    pub method: String,
    /// Without the query, as [`ringfence_types::normal_url_path`] gives it.
    pub path: String,
    /// The host that the request names, in the head and in the target if there.
    pub host: Host,
    /// The port that it names.
    pub port: Option<u16>,
    /// How many bytes the head has, the empty line included.
    pub length: usize,
    /// What follows.
    pub body: Framing,
    /// The protocol that the client would change to, such as `websocket`, in
    /// lower case.
    pub upgrade: Option<String>,
    /// Whether a field may ask for another method or path.
    pub overrides: bool,
    /// Whether another request may follow on the connection.
    pub keeps_alive: bool,
}

/// Reads one head as its bytes arrive. Make a new one for each request.
#[derive(Clone, Debug, Default)]
pub struct HeadReader {
    /// How many bytes could not tell.
    read: usize,
}

impl HeadReader {
    /// Reads the bytes of the request received so far: those of the last call
    /// and more.
    pub fn read(&mut self, bytes: &[u8]) -> HttpStart {
        // A client that sends byte by byte must not make us read all of it
        // again for every one: behind the first word, only the end of a line, a
        // control character or a limit can tell more.
        let fresh = bytes.get(self.read..).unwrap_or(bytes);
        let crosses =
            [MAX_LINE, MAX_HEAD].iter().any(|limit| self.read <= *limit && bytes.len() >= *limit);
        if self.read > 4 * MAX_WORD && !crosses && !fresh.iter().any(u8::is_ascii_control) {
            self.read = bytes.len();
            return HttpStart::NeedMore;
        }
        let start = read_http_head(bytes);
        if start == HttpStart::NeedMore {
            self.read = bytes.len();
        }
        start
    }
}

/// Reads a head from all bytes of it received so far.
#[must_use]
pub fn read_http_head(bytes: &[u8]) -> HttpStart {
    let window = bytes.get(..MAX_HEAD).unwrap_or(bytes);
    if window.starts_with(HTTP2_PREFACE) {
        return HttpStart::Http2Preface;
    }
    if HTTP2_PREFACE.starts_with(window) {
        return HttpStart::NeedMore;
    }
    match first_line(window) {
        FirstLine::Request(line, rest) => match fields(&line, rest) {
            Some(Some((fields, rest))) => finish(line, fields, window.len() - rest.len())
                .map_or(HttpStart::Malformed, HttpStart::Head),
            Some(None) if window.len() < MAX_HEAD => HttpStart::NeedMore,
            Some(None) | None => HttpStart::Malformed,
        },
        FirstLine::NeedMore if window.len() < MAX_HEAD => HttpStart::NeedMore,
        FirstLine::NotHttp => HttpStart::NotHttp,
        FirstLine::NeedMore | FirstLine::Malformed => HttpStart::Malformed,
    }
}

/// Reads fields up to the empty line: nothing when malformed, nothing inside
/// when there is no empty line yet, else the fields and what is behind them.
fn fields<'a>(line: &RequestLine, mut rest: &'a [u8]) -> Option<Option<(Fields, &'a [u8])>> {
    let mut fields = Fields::new(line.is_1_1);
    while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = rest.split_at_checked(at + 1)?;
        rest = behind;
        match line.strip_suffix(b"\r\n")? {
            [] => return Some(Some((fields, rest))),
            line => fields.add(line)?,
        }
    }
    Some(None)
}

fn finish(line: RequestLine, fields: Fields, length: usize) -> Option<RequestHead> {
    let body = fields.framing()?;
    let (keeps_alive, overrides) = (fields.keeps_alive(), fields.overrides);
    let (host, port) = fields.host?;
    // An absolute target must name the same host as the field does: servers
    // differ in which they believe.
    if let Some((target_host, target_port)) = line.authority
        && (target_host != host || target_port.unwrap_or(80) != port.unwrap_or(80))
    {
        return None;
    }
    let upgrade = if fields.wants_upgrade { fields.upgrade } else { None };
    Some(RequestHead {
        method: line.method,
        path: line.path,
        host,
        port,
        length,
        body,
        upgrade,
        overrides,
        keeps_alive,
    })
}

#[cfg(test)]
#[path = "http_head_tests.rs"]
mod tests;
