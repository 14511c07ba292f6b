//! What a line on a server's stdout is: a message, or something else.

use crate::frames::{FrameLimits, check};
use crate::jsonrpc::{Message, MessageError, Strictness};
use crate::text::bounded;
use crate::violation::Violation;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Most bytes of one line of noise that are handed out.
const LINE_BYTES: usize = 1024;
/// Most bytes of noise that are handed out at all; what follows is counted.
const TOTAL_BYTES: usize = 64 * 1024;

/// Lines that were no messages, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noise {
    /// Lines.
    pub lines: u64,
    /// Bytes, those that were not handed out included.
    pub bytes: u64,
}

impl Noise {
    /// Counts one line; what of it is to be shown, if anything.
    pub(crate) fn count(&mut self, line: &str) -> Option<String> {
        let before = self.bytes;
        self.lines = self.lines.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        (before < TOTAL_BYTES as u64).then(|| bounded(line, LINE_BYTES))
    }
}

#[derive(Debug)]
pub(crate) enum Line {
    Message(Message),
    /// Not for us: shown as log text.
    Noise(String),
    /// An error that names no request: its message.
    Unaddressed(String),
    /// Nothing but white space.
    Blank,
}

/// Sorts one line. Many programs print to stdout before they know better, so
/// only what claims to be JSON-RPC is held to its rules.
pub(crate) fn classify(line: Vec<u8>, limits: &FrameLimits) -> Result<Line, Violation> {
    let text = match String::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            return Ok(Line::Noise(String::from_utf8_lossy(error.as_bytes()).into_owned()));
        }
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Line::Blank);
    }
    if !trimmed.starts_with(['{', '[']) {
        return Ok(Line::Noise(text));
    }
    if trimmed.contains('\0') {
        return Ok(Line::Noise(text));
    }
    check(trimmed, limits)?;
    match Message::parse(trimmed, Strictness::Lenient) {
        Ok(message) => Ok(Line::Message(message)),
        // "[info] listening" and the lines of a printed object are no JSON.
        Err(MessageError::NotJson | MessageError::NotAnObject) => Ok(Line::Noise(text)),
        Err(MessageError::Version) if !claims_to_be_json_rpc(trimmed) => Ok(Line::Noise(text)),
        Err(MessageError::NullId) => Ok(Line::Unaddressed(bounded(trimmed, LINE_BYTES))),
        Err(error) => Err(error.into()),
    }
}

/// Whether a JSON object has the member `jsonrpc`; structured log lines do not.
fn claims_to_be_json_rpc(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Claim<'a> {
        #[serde(borrow)]
        jsonrpc: Option<&'a RawValue>,
    }
    serde_json::from_str::<Claim<'_>>(text).is_ok_and(|claim| claim.jsonrpc.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(line: &str) -> Result<Line, Violation> {
        classify(line.as_bytes().to_vec(), &FrameLimits::default())
    }

    #[test]
    fn what_real_servers_print_beside_messages_is_noise() {
        for line in [
            "Server running on stdio",
            "[info] listening",
            "{",
            "  name: 'x',",
            "}",
            "{ port: 1 }",
            "\u{1b}[32mok\u{1b}[0m",
            r#"{"level":"info","msg":"started"}"#,
            "42",
            "\"text\"",
        ] {
            assert!(matches!(sort(line), Ok(Line::Noise(_))), "{line}");
        }
        let not_utf8 = classify(b"\xff\xfe{}".to_vec(), &FrameLimits::default());
        assert!(matches!(not_utf8, Ok(Line::Noise(_))));
        assert!(matches!(sort(" \t\r"), Ok(Line::Blank)));
    }

    #[test]
    fn what_claims_to_be_a_message_is_held_to_the_rules() {
        for line in [
            r#"{"jsonrpc":"1.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#,
        ] {
            assert!(matches!(sort(line), Err(Violation::Message(_))), "{line}");
        }
        let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
        assert!(sort(&deep).is_err_and(|violation| violation.is_fatal()));
    }

    #[test]
    fn noise_is_counted_for_ever_and_shown_for_a_while() {
        let mut noise = Noise::default();
        let line = "x".repeat(4096);
        let shown: usize = (0..1000).filter_map(|_| noise.count(&line)).map(|s| s.len()).sum();
        assert!(shown <= TOTAL_BYTES + LINE_BYTES);
        assert_eq!(noise.lines, 1000);
        assert_eq!(noise.bytes, 4096 * 1000);
    }
}
