//! Bytes to a syntax tree: as Python reads them, bounded in depth and size.

use std::borrow::Cow;

use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};

use super::depth;
use super::evaluator::Code;
use crate::survive;

/// Bytes of one file that are read; of a larger one the beginning and the end.
pub(super) const MAX_SOURCE_BYTES: usize = 12 << 20;

/// Bytes of a file of which the end is read too.
const MAX_BLANKED_BYTES: usize = 256 << 20;

/// Parses as much as can be parsed; gives why it is not all, where it is not.
pub(super) fn parsed(mut text: String) -> (Code, Option<&'static str>) {
    let mut why = None;
    if text.len() > MAX_SOURCE_BYTES {
        text = ends(&text);
        why = Some("it is larger than what is read of one file");
    }
    if depth::flatten(&mut text) {
        why = Some("an expression is nested too deeply");
    }
    let parse = || parse_unchecked(&text, ParseOptions::from(Mode::Module));
    let result = survive::attempt(parse);
    if why.is_none() && result.as_ref().is_some_and(|result| !result.errors().is_empty()) {
        why = Some("some of it is not what Python accepts");
    }
    let syntax = match result.map(ruff_python_parser::Parsed::into_syntax) {
        Some(ruff_python_ast::Mod::Module(module)) => module,
        other => {
            if other.is_none() {
                why = Some(survive::DEFECT);
            }
            ruff_python_ast::ModModule {
                node_index: ruff_python_ast::AtomicNodeIndex::NONE,
                range: ruff_text_size::TextRange::default(),
                body: Default::default(),
            }
        }
    };
    (Code { text, syntax }, why)
}

/// The beginning and the end of a text that is too large; the middle is made blank, so
/// that places stay where they are.
fn ends(text: &str) -> String {
    let half = MAX_SOURCE_BYTES / 2;
    let from = text.get(..half).and_then(|head| head.rfind('\n')).unwrap_or(0);
    let after = text.len() - half;
    let after = (after..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let to = text.get(after..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| after + at);
    let mut kept = String::with_capacity(text.len());
    kept.push_str(text.get(..from).unwrap_or_default());
    if text.len() <= MAX_BLANKED_BYTES {
        kept.extend(std::iter::repeat_n(' ', to.saturating_sub(from + 1)));
        kept.push('\n');
        kept.push_str(text.get(to..).unwrap_or_default().trim_start_matches('\n'));
    }
    kept
}

/// The text of a source file: by its byte order mark, by the line that names its
/// encoding, or else UTF-8, in which what is wrong is replaced.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    if cookie(bytes).is_none()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            // The mark stays, as a blank that is no indentation's: places do not move.
            let _ = rest;
            return match String::from_utf8_lossy(bytes) {
                Cow::Borrowed(text) => Cow::Borrowed(text),
                owned => owned,
            };
        }
        [0xff, 0xfe, rest @ ..] => return Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ => {}
    }
    match cookie(bytes).as_deref() {
        Some(
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso-8859-15" | "cp1252"
            | "windows-1252" | "l1",
        ) => {
            if bytes.is_ascii() {
                String::from_utf8_lossy(bytes)
            } else {
                Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())
            }
        }
        Some("utf-7" | "utf7" | "u7") => Cow::Owned(utf7(bytes)),
        Some("rot13" | "rot_13" | "rot-13") => {
            Cow::Owned(crate::decode::rotated(&String::from_utf8_lossy(bytes)))
        }
        Some("raw_unicode_escape" | "raw-unicode-escape" | "unicode_escape" | "unicode-escape") => {
            Cow::Owned(super::builtin::format::unescaped(&String::from_utf8_lossy(bytes)))
        }
        _ => String::from_utf8_lossy(bytes),
    }
}

/// The encoding that one of the first two lines names.
fn cookie(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    for _ in 0..2 {
        let line = lines.next()?;
        let line = String::from_utf8_lossy(line.get(..line.len().min(256)).unwrap_or_default())
            .into_owned();
        let line = line.trim_start();
        if !line.starts_with('#') {
            continue;
        }
        if let Some((_, after)) = line.split_once("coding") {
            let after = after.strip_prefix([':', '=']).map(str::trim_start).unwrap_or_default();
            let name: String = after
                .chars()
                .take_while(|letter| {
                    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
                })
                .collect();
            if !name.is_empty() {
                return Some(name.to_ascii_lowercase());
            }
        }
    }
    None
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(read);
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// UTF-7: `+AGkA-` is base64 of UTF-16, `+-` is a plus.
fn utf7(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('+') {
        out.push_str(before);
        let length = after
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
            .count();
        let (encoded, tail) = after.split_at_checked(length).unwrap_or((after, ""));
        if encoded.is_empty() {
            out.push('+');
        } else {
            let decoded = crate::decode::base64(encoded.as_bytes()).unwrap_or_default();
            out.push_str(&utf16(&decoded, u16::from_be_bytes));
        }
        rest = tail.strip_prefix('-').unwrap_or(tail);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_python_reads_it() {
        assert_eq!(decoded(b"# coding: latin-1\nx = '\xe9'"), "# coding: latin-1\nx = '\u{e9}'");
        assert_eq!(decoded(b"\xff\xfea\0b\0"), "ab");
        assert_eq!(decoded(b"# -*- coding: utf-7 -*-\n+AG8AcwA-"), "# -*- coding: utf-7 -*-\nos");
        assert_eq!(decoded(b"x = '\xff'"), "x = '\u{fffd}'");
    }
}
