//! Values written into text: `%`, `str.format`, format specifications, escapes.

use crate::python::heap::Dict;
use crate::python::value::{Data, Pieces, Value};

/// `template % values`.
pub(in crate::python) fn percent<'a>(
    template: &str,
    values: &[Value<'a>],
    record: Option<&Dict<'a>>,
    text_of: impl Fn(&Value<'a>) -> Pieces,
) -> Pieces {
    let mut out = Pieces::default();
    let mut values = values.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_known(before);
        let mut after = after;
        let mut named = None;
        if let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')'))
        {
            named = Some(name);
            after = tail;
        }
        let flags = after.len()
            - after
                .trim_start_matches(|letter: char| {
                    letter.is_ascii_digit() || matches!(letter, '-' | '+' | ' ' | '.' | '#')
                })
                .len();
        let (width, tail) = after.split_at_checked(flags).unwrap_or((after, ""));
        let mut letters = tail.chars();
        let kind = letters.next();
        rest = letters.as_str();
        if kind == Some('%') {
            out.push_known("%");
            continue;
        }
        let value = match named {
            Some(name) => record.and_then(|record| record.get(&Value::made(name))),
            None => values.next(),
        };
        let (Some(value), Some(kind)) = (value, kind) else {
            out.push_unknown();
            continue;
        };
        match (kind, value.integer()) {
            ('c', Some(number)) => match u32::try_from(number).ok().and_then(char::from_u32) {
                Some(letter) => out.push_known(letter.encode_utf8(&mut [0; 4])),
                None => out.push_unknown(),
            },
            ('x' | 'X' | 'o' | 'd' | 'i', Some(_)) => {
                out.push(&formatted(value, &format!("{width}{kind}").replace('i', "d")));
            }
            ('r', _) => out.push(&text_of(value)),
            _ => out.push(&text_of(value)),
        }
    }
    out.push_known(rest);
    out
}

/// `template.format(...)`.
pub(super) fn braces<'a>(
    template: &str,
    value_of: &mut dyn FnMut(&str) -> Option<Value<'a>>,
    text_of: &dyn Fn(&Value<'a>) -> Pieces,
) -> Pieces {
    let mut out = Pieces::default();
    let mut next = 0usize;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_known(rest.get(..at).unwrap_or_default());
        let brace = rest.as_bytes().get(at).copied();
        rest = rest.get(at + 1..).unwrap_or_default();
        if rest.as_bytes().first().copied() == brace {
            out.push_known(if brace == Some(b'{') { "{" } else { "}" });
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        if brace == Some(b'}') {
            continue;
        }
        let Some((field, tail)) = rest.split_once('}') else { break };
        rest = tail;
        let (name, specification) = field.split_once(':').unwrap_or((field, ""));
        let name = name.split_once('!').map_or(name, |(name, _)| name);
        let numbered = next.to_string();
        let name = if name.is_empty() {
            next += 1;
            numbered.as_str()
        } else {
            name
        };
        match value_of(name) {
            Some(value) if specification.is_empty() => out.push(&text_of(&value)),
            Some(value) => out.push(&formatted(&value, specification)),
            None => out.push_unknown(),
        }
    }
    out.push_known(rest);
    out
}

/// One value by a format specification.
pub(in crate::python) fn formatted(value: &Value<'_>, specification: &str) -> Pieces {
    let known = |prefix: String| Pieces { prefix, ..Pieces::default() };
    let kind = specification.chars().last().filter(char::is_ascii_alphabetic);
    let number = value.integer();
    let digits = match (kind, number) {
        (Some('x'), Some(number)) => format!("{number:x}"),
        (Some('X'), Some(number)) => format!("{number:X}"),
        (Some('o'), Some(number)) => format!("{number:o}"),
        (Some('b'), Some(number)) => format!("{number:b}"),
        (Some('c'), Some(number)) => match u32::try_from(number).ok().and_then(char::from_u32) {
            Some(letter) => return known(letter.to_string()),
            None => String::new(),
        },
        (_, Some(number)) => number.to_string(),
        _ => {
            let pieces = value.as_pieces();
            let width = usize::from(
                specification.trim_start_matches(['<', '>', '^']).parse::<u16>().unwrap_or(0),
            );
            if pieces.open || !pieces.rest.is_empty() {
                return pieces;
            }
            return known(format!("{:<width$}", pieces.prefix));
        }
    };
    let alternate = if specification.contains('#') {
        match kind {
            Some('x' | 'X') => "0x",
            Some('o') => "0o",
            Some('b') => "0b",
            _ => "",
        }
    } else {
        ""
    };
    let width: String = specification.chars().filter(char::is_ascii_digit).collect();
    let zero = width.starts_with('0');
    let width = usize::from(width.parse::<u16>().unwrap_or(0));
    known(if zero {
        format!("{alternate}{digits:0>width$}")
    } else {
        format!("{alternate}{digits:>width$}")
    })
}

/// Bytes as Python writes them.
pub(in crate::python) fn bytes_literal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push_str("b'");
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\\' => out.push_str("\\\\"),
            b'\'' => out.push_str("\\'"),
            0x20..=0x7e => out.push(char::from(*byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('\'');
    out
}

/// Escapes of a literal undone, as `unicode_escape` does.
pub(in crate::python) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        let length = match letters.clone().next() {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some(digit @ '0'..='7') => {
                let digits: String =
                    letters.clone().take(3).take_while(|letter| letter.is_digit(8)).collect();
                for _ in 0..digits.len() {
                    letters.next();
                }
                out.push(
                    u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32).unwrap_or(digit),
                );
                continue;
            }
            Some(other) => {
                letters.next();
                out.push(match other {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                });
                continue;
            }
            None => break,
        };
        letters.next();
        let digits: String = letters.clone().take(length).collect();
        match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
            Some(decoded) => {
                out.push(decoded);
                for _ in 0..length {
                    letters.next();
                }
            }
            None => out.push('\\'),
        }
    }
    out
}

/// Text as Python writes it.
pub(super) fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

/// Whether a value can be written as a literal, and how.
pub(super) fn literal(value: &Value<'_>) -> Option<String> {
    Some(match &value.data {
        Data::Text(text) => text_literal(text),
        Data::Bytes(bytes) => bytes_literal(bytes),
        Data::Int(number) => number.to_string(),
        Data::None => "None".to_owned(),
        Data::Bool(true) => "True".to_owned(),
        Data::Bool(false) => "False".to_owned(),
        _ => return None,
    })
}
