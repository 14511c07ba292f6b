//! The first line of an HTTP request, and whether it is one at all.

use crate::http_body::{is_text, is_token};
use ringfence_types::{Host, is_http_method, normal_url_path};

/// Longest first line. The path alone may have 8192 bytes.
pub(crate) const MAX_LINE: usize = 16 * 1024;

/// Longest first word that may still be a method, and longest white space in
/// front of it.
pub(crate) const MAX_WORD: usize = 64;

pub(crate) struct RequestLine {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Of an absolute target.
    pub(crate) authority: Option<(Host, Option<u16>)>,
    /// Not HTTP/1.0.
    pub(crate) is_1_1: bool,
}

pub(crate) enum FirstLine<'a> {
    NeedMore,
    /// The line and what is behind it.
    Request(RequestLine, &'a [u8]),
    NotHttp,
    Malformed,
}

/// Servers may skip empty lines and white space in front, split the line at any
/// white space, ignore the case of the method, and end it at a bare line feed
/// (RFC 9112 sections 2.2 and 3). Whoever could be understood by such a server
/// speaks malformed HTTP and not another protocol.
pub(crate) fn first_line(bytes: &[u8]) -> FirstLine<'_> {
    let text = trim_start(bytes);
    let word_end = text.iter().position(|byte| !is_token(*byte));
    let word = text.get(..word_end.unwrap_or(text.len())).unwrap_or(text);
    if bytes.len() - text.len() > MAX_WORD {
        return FirstLine::Malformed;
    }
    if word.len() > MAX_WORD {
        return FirstLine::NotHttp;
    }
    let Some(behind) = word_end.and_then(|at| text.get(at..)) else {
        return FirstLine::NeedMore;
    };
    // A word that nothing like white space ends is no method.
    if word.is_empty() || !behind.first().is_some_and(|byte| is_blank(*byte)) {
        return FirstLine::NotHttp;
    }
    for (index, byte) in behind.iter().enumerate() {
        let line_length = bytes.len() - behind.len() + index;
        if *byte == b'\n' {
            let (line, rest) = bytes.split_at_checked(line_length + 1).unwrap_or((bytes, &[]));
            return match read_line(line) {
                Some(request) => FirstLine::Request(request, rest),
                None if looks_like_http(word, behind.get(..index).unwrap_or(behind)) => {
                    FirstLine::Malformed
                }
                None => FirstLine::NotHttp,
            };
        }
        if line_length >= MAX_LINE {
            return FirstLine::Malformed;
        }
        if !is_text(*byte) && !is_blank(*byte) {
            let target = trim_start(behind.get(..index).unwrap_or(behind));
            let is_target = target.starts_with(b"/") || contains(target, b"://");
            return if is_target { FirstLine::Malformed } else { FirstLine::NotHttp };
        }
    }
    FirstLine::NeedMore
}

/// White space by which a lenient server splits the line: blank, tab, carriage
/// return, line feed, vertical tab, form feed; and what `str.split()` of Python,
/// whose own server uses it, splits Latin-1 by.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d | 0x1c..=0x1f | 0x85 | 0xa0)
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let begin = bytes.iter().position(|byte| !is_blank(*byte)).unwrap_or(bytes.len());
    bytes.get(begin..).unwrap_or(bytes)
}

/// Names its protocol, or is a request of HTTP/0.9, which names none.
fn looks_like_http(word: &[u8], rest: &[u8]) -> bool {
    let target = trim_start(rest);
    contains(rest, b"http/")
        || (word.eq_ignore_ascii_case(b"GET")
            && (target.starts_with(b"/") || contains(target, b"://")))
}

fn contains(bytes: &[u8], lower: &[u8]) -> bool {
    bytes.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
}

/// Exactly `method SP target SP version CRLF`.
fn read_line(line: &[u8]) -> Option<RequestLine> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r\n")?).ok()?;
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_1_1 = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => return None,
    };
    // A tunnel would carry what nobody decides about.
    if words.next().is_some() || !is_http_method(method) || method == "CONNECT" {
        return None;
    }
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return None;
    }
    let (authority, target) = match target.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http://") => {
            let rest = target.get(7..)?;
            let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            (Some(read_authority(authority)?), target)
        }
        _ => (None, target),
    };
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    // `http://host` asks for `/` (RFC 9112 section 3.2.1).
    let path = if authority.is_some() && path.is_empty() { "/" } else { path };
    Some(RequestLine { method: method.to_owned(), path: normal_url_path(path)?, authority, is_1_1 })
}

/// `host[:port]`, as in the field Host. No user, no empty port, and no spelling
/// that only a parser of URLs would decode.
pub(crate) fn read_authority(text: &str) -> Option<(Host, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        None => None,
        Some(port) if port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(port.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
    };
    if !host.is_ascii() || host.contains('%') {
        return None;
    }
    Some((Host::parse(host).ok()?, port))
}
