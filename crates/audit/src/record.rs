//! One line of the log: how it is written, and how hostile bytes are read back.
//!
//! ```text
//! {"v":1,"seq":7,"time":1700000000000,"prev":"<64 hex>","event":{...},"hash":"<64 hex>"}
//! {"v":1,"seq":8,"time":1700000000001,"prev":"<64 hex>","checkpoint":{...},"hash":"<64 hex>"}
//! ```
//! The hash is SHA-256 over [`RECORD_DOMAIN`] and the bytes of the line before
//! `,"hash":`. All bytes are printable ASCII, so that `cat` cannot be tricked.

use crate::error::Problem;
use crate::hex;
use ringfence_types::AuditEvent;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io;

/// Most bytes of a line without its newline. An event that would need more is
/// refused, and with it the effect.
pub const MAX_LINE_BYTES: usize = 256 * 1024;

/// Deepest nesting of lists and objects in an event's metadata; the reader's
/// JSON parser stops at 128.
pub const MAX_METADATA_DEPTH: usize = 64;

const RECORD_DOMAIN: &[u8] = b"ringfence audit record v1\n";
const OPENING: &[u8] = b"{\"v\":1,\"seq\":";
const TIME: &[u8] = b",\"time\":";
const PREV: &[u8] = b",\"prev\":\"";
const EVENT: &[u8] = b"\",\"event\":";
const CHECKPOINT: &[u8] = b"\",\"checkpoint\":";
const HASH: &[u8] = b",\"hash\":\"";
const CLOSING: &[u8] = b"\"}";
/// Bytes of `,"hash":"<64 hex>"}`.
const SUFFIX: usize = HASH.len() + 64 + CLOSING.len();

/// The hash of a record.
pub(crate) type Hash = [u8; 32];

/// What the first record of a log names as the one before.
pub(crate) const NO_RECORD: Hash = [0; 32];

/// A line that has the form of a record and the hash that belongs to it.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) sequence: u64,
    pub(crate) time: u64,
    pub(crate) prev: Hash,
    pub(crate) hash: Hash,
    pub(crate) body: Body<'a>,
}

/// What a record says.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    /// An event as JSON.
    Event(&'a [u8]),
    /// The bytes that a checkpoint's signature covers end with this JSON.
    Checkpoint {
        /// The checkpoint as JSON.
        json: &'a [u8],
        /// The line before `,"hash":`.
        content: &'a [u8],
    },
}

/// Appends the part of a record before its body.
pub(crate) fn begin(sequence: u64, time: u64, prev: &Hash, checkpoint: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(OPENING);
    out.extend_from_slice(sequence.to_string().as_bytes());
    out.extend_from_slice(TIME);
    out.extend_from_slice(time.to_string().as_bytes());
    out.extend_from_slice(PREV);
    hex::write(prev, out);
    out.extend_from_slice(if checkpoint { CHECKPOINT } else { EVENT });
}

/// Appends the hash over `content` and the newline; gives the hash.
pub(crate) fn finish(content_from: usize, out: &mut Vec<u8>) -> Hash {
    let hash = hash_of(out.get(content_from..).unwrap_or_default());
    out.extend_from_slice(HASH);
    hex::write(&hash, out);
    out.extend_from_slice(CLOSING);
    out.push(b'\n');
    hash
}

fn hash_of(content: &[u8]) -> Hash {
    Sha256::new().chain_update(RECORD_DOMAIN).chain_update(content).finalize().into()
}

/// Appends one event's record; gives its hash. On an error `out` is as before.
///
/// # Errors
/// When the event is too large or too deep to be read back.
pub(crate) fn encode_event(
    sequence: u64,
    time: u64,
    prev: &Hash,
    event: &AuditEvent,
    out: &mut Vec<u8>,
) -> Result<Hash, String> {
    let from = out.len();
    let written = encode_body(sequence, time, prev, event, out)
        .map(|()| finish(from, out))
        .and_then(|hash| {
            // The newline is not part of the line.
            if out.len() - from > MAX_LINE_BYTES + 1 {
                return Err(format!(
                    "the event needs {} bytes and a record holds {MAX_LINE_BYTES}",
                    out.len() - from
                ));
            }
            Ok(hash)
        });
    if written.is_err() {
        out.truncate(from);
    }
    written
}

fn encode_body(
    sequence: u64,
    time: u64,
    prev: &Hash,
    event: &AuditEvent,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    if !event.metadata.values().all(|value| is_shallow(value, MAX_METADATA_DEPTH - 1)) {
        return Err(format!("the event's metadata is nested deeper than {MAX_METADATA_DEPTH}"));
    }
    begin(sequence, time, prev, false, out);
    write_ascii_json(event, out).map_err(|error| format!("the event is not JSON: {error}"))
}

/// Whether `value` nests at most `levels` deep; looks no deeper than that.
fn is_shallow(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !matches!(value, Value::Array(_) | Value::Object(_));
    };
    match value {
        Value::Array(items) => items.iter().all(|item| is_shallow(item, below)),
        Value::Object(fields) => fields.values().all(|item| is_shallow(item, below)),
        _ => true,
    }
}

/// Appends JSON without spaces in which every character outside printable ASCII is escaped.
pub(crate) fn write_ascii_json(
    value: &impl Serialize,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Ascii))
}

struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        loop {
            let plain = rest.bytes().position(|byte| !is_printable(byte)).unwrap_or(rest.len());
            let (before, after) = rest.split_at_checked(plain).unwrap_or((rest, ""));
            writer.write_all(before.as_bytes())?;
            let mut chars = after.chars();
            let Some(strange) = chars.next() else {
                return Ok(());
            };
            for unit in strange.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
    }
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}

/// Reads one line without its newline and checks that its hash is its own.
///
/// # Errors
/// What is wrong with it; never panics, allocates nothing.
pub(crate) fn parse(line: &[u8]) -> Result<Line<'_>, Problem> {
    if line.len() > MAX_LINE_BYTES {
        return Err(Problem::LineTooLong);
    }
    if !line.iter().copied().all(is_printable) {
        return Err(Problem::Unparsable("bytes outside printable ASCII"));
    }
    let (content, suffix) = line
        .len()
        .checked_sub(SUFFIX)
        .and_then(|at| line.split_at_checked(at))
        .ok_or(Problem::Unparsable("too short"))?;
    let hash = suffix
        .strip_prefix(HASH)
        .and_then(|rest| rest.strip_suffix(CLOSING))
        .and_then(hex::read)
        .ok_or(Problem::Unparsable("it does not end with a hash"))?;
    let rest = content
        .strip_prefix(OPENING)
        .ok_or(Problem::Unparsable("it does not begin with `{\"v\":1,\"seq\":`"))?;
    let (sequence, rest) = number(rest).ok_or(Problem::Unparsable("no sequence number"))?;
    let rest = rest.strip_prefix(TIME).ok_or(Problem::Unparsable("no time"))?;
    let (time, rest) = number(rest).ok_or(Problem::Unparsable("no time"))?;
    let (prev, rest) = rest
        .strip_prefix(PREV)
        .and_then(|rest| rest.split_at_checked(64))
        .and_then(|(digits, rest)| Some((hex::read(digits)?, rest)))
        .ok_or(Problem::Unparsable("no hash of the record before"))?;
    let body = if let Some(json) = rest.strip_prefix(EVENT) {
        Body::Event(json)
    } else if let Some(json) = rest.strip_prefix(CHECKPOINT) {
        Body::Checkpoint { json, content }
    } else {
        return Err(Problem::Unparsable("neither an event nor a checkpoint"));
    };
    if hash_of(content) != hash {
        return Err(Problem::Changed);
    }
    Ok(Line { sequence, time, prev, hash, body })
}

/// A decimal number without leading zeros and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at_checked(digits)?;
    if digits.len() > 20 || (digits.len() > 1 && digits.first() == Some(&b'0')) {
        return None;
    }
    let value = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((value, rest))
}

/// The event of a record.
///
/// # Errors
/// When the JSON is not an event of this version.
pub(crate) fn parse_event(json: &[u8]) -> Result<AuditEvent, Problem> {
    serde_json::from_slice(json).map_err(|_| Problem::Unparsable("not an event of this version"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_types::EventKind;

    fn nested(levels: usize) -> Value {
        (1..levels).fold(Value::Array(vec![]), |inner, _| Value::Array(vec![inner]))
    }

    #[test]
    fn an_event_of_any_text_is_one_line_of_printable_ascii_and_reads_back_the_same() {
        let mut event = AuditEvent::new(EventKind::EffectDenied, "plain")
            .with("漢字\u{202e}", "🙂\u{7f}\u{9b}\n\"\\\0");
        event.message = "raw \u{1b}[2J \u{2028}".to_owned();
        let mut out = Vec::new();
        let hash = encode_event(3, 9, &[7; 32], &event, &mut out).unwrap();
        let line = out.strip_suffix(b"\n").unwrap();
        assert!(line.iter().all(|byte| matches!(byte, 0x20..=0x7e)));
        let line = parse(line).unwrap();
        assert_eq!((line.sequence, line.time, line.prev), (3, 9, [7; 32]));
        assert_eq!(line.hash, hash);
        let Body::Event(json) = line.body else { panic!("not an event") };
        assert_eq!(parse_event(json).unwrap(), event);
    }

    #[test]
    fn an_event_that_could_not_be_read_back_is_refused_and_leaves_nothing_behind() {
        let mut out = b"before".to_vec();
        for event in [
            AuditEvent::new(EventKind::Limit, "").with("deep", nested(MAX_METADATA_DEPTH)),
            AuditEvent::new(EventKind::Limit, "").with("long", "x".repeat(MAX_LINE_BYTES)),
        ] {
            assert!(encode_event(1, 1, &NO_RECORD, &event, &mut out).is_err());
            assert_eq!(out, b"before");
        }
        let deepest =
            AuditEvent::new(EventKind::Limit, "").with("deep", nested(MAX_METADATA_DEPTH - 1));
        let from = out.len();
        encode_event(1, 1, &NO_RECORD, &deepest, &mut out).unwrap();
        let line = parse(out[from..].strip_suffix(b"\n").unwrap()).unwrap();
        let Body::Event(json) = line.body else { panic!("not an event") };
        assert_eq!(parse_event(json).unwrap(), deepest);
    }

    #[test]
    fn a_number_has_one_spelling() {
        for bad in ["", "01", "-1", "+1", "99999999999999999999", "x"] {
            assert_eq!(number(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(number(b"0,"), Some((0, b",".as_slice())));
        assert_eq!(number(b"18446744073709551615"), Some((u64::MAX, b"".as_slice())));
    }
}
