//! Code that was made hard to read, told by what makes it so. Counted over a file's
//! text and names before it is evaluated; a comment or a string cannot switch it off.

use memchr::memmem;

use crate::event::Hiding;

/// What is unusual about a file, and where it shows first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    pub(crate) hiding: Hiding,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// How many mangled names make a file mangled.
const MANGLED_NAMES: usize = 12;
/// White space before a statement that pushes it off any screen.
const OFF_SCREEN: usize = 160;
/// Escapes of letters that need none.
const NEEDLESS_ESCAPES: usize = 24;
/// Invisible characters in a row, which carry data.
const INVISIBLE: usize = 8;

/// Everything that is unusual about this text.
pub(crate) fn signs(source: &str) -> Vec<Sign> {
    let bytes = source.as_bytes();
    let mut signs = Vec::new();
    let mut add = |hiding: Hiding, start: usize, end: usize| {
        if !signs.iter().any(|sign: &Sign| sign.hiding == hiding) {
            signs.push(Sign { hiding, start, end });
        }
    };
    if let Some(at) = off_screen(bytes) {
        add(Hiding::OffScreen, at, at + 1);
    }
    let mut mangled = memmem::find_iter(bytes, "_0x").filter(|at| is_mangled(bytes, *at));
    if let Some(first) = mangled.next()
        && mangled.nth(MANGLED_NAMES - 2).is_some()
    {
        add(Hiding::MangledNames, first, first + 8);
    }
    let mut escapes = memchr::memchr_iter(b'\\', bytes).filter(|at| is_needless_escape(bytes, *at));
    if let Some(first) = escapes.next() {
        let count = escapes.count() + 1;
        if count >= NEEDLESS_ESCAPES && count * 12 > bytes.len() / 4 {
            add(Hiding::Escapes, first, first + 4);
        }
    }
    if !bytes.is_ascii() && has_invisible_row(bytes) {
        add(Hiding::Confusables, 0, 1);
    }
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    // More than nine tenths: most text has shown after a few letters that it is not so.
    let mut others = head.iter().filter(|byte| !b"[]()!+".contains(byte));
    if !head.is_empty() && others.nth((head.len() - 1) / 10).is_none() {
        let brackets = head.iter().filter(|byte| b"[]()!+".contains(byte)).count();
        // Short text says it where next to nothing else is in it, and it is computed with.
        let computes = |sign| memmem::find_iter(head, sign).nth(2).is_some();
        let is_short = brackets > 60 && brackets * 20 > head.len() * 19;
        if head.len() > 400 || is_short && computes(b"![]") && computes(b"+[]") {
            add(Hiding::Brackets, 0, bytes.len().min(80));
        }
    }
    if let Some(found) = memmem::find(bytes, b"eval(function(p,a,c,k,e,") {
        add(Hiding::StringTable, found, found + 24);
    }
    // aaencode and jjencode begin in a way of their own.
    let head = source.get(..source.floor_char_boundary(512)).unwrap_or_default();
    if head.contains("ﾟωﾟ") || head.contains("$=~[];$={___:++$") {
        add(Hiding::Brackets, 0, bytes.len().min(80));
    }
    signs
}

/// `_0x` and at least two hexadecimal digits.
fn is_mangled(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at + 1..at + 5), Some([b'0', b'x', one, two]) if one.is_ascii_hexdigit() && two.is_ascii_hexdigit())
}

/// `\x41` or `\u0041` for a letter or digit.
fn is_needless_escape(bytes: &[u8], at: usize) -> bool {
    let digits = match bytes.get(at + 1) {
        Some(b'x') => bytes.get(at + 2..at + 4),
        Some(b'u') if bytes.get(at + 2..at + 4) == Some(b"00") => bytes.get(at + 4..at + 6),
        _ => None,
    };
    digits
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .is_some_and(|letter| letter.is_ascii_alphanumeric())
}

/// Where a statement stands behind white space that pushes it off any screen. A run as
/// long as that covers two neighbours among the places that are looked at.
fn off_screen(bytes: &[u8]) -> Option<usize> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut at = OFF_SCREEN / 2;
    while let Some(byte) = bytes.get(at) {
        if !is_space(byte) {
            at += OFF_SCREEN / 2;
            continue;
        }
        let (before, after) = bytes.split_at(at);
        let start = before.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1);
        let end = at + after.iter().position(|byte| !is_space(byte)).unwrap_or(after.len());
        let line_has_code = start > 0 && bytes.get(start - 1) != Some(&b'\n');
        let next = bytes.get(end).copied().unwrap_or(b'\n');
        let is_code = next.is_ascii_alphabetic() || matches!(next, b';' | b'(' | b'_' | b'$');
        if end - start >= OFF_SCREEN && line_has_code && is_code {
            return Some(end);
        }
        at = end + OFF_SCREEN / 2;
    }
    None
}

/// Whether so many characters that show nothing stand in a row that they carry data.
fn has_invisible_row(bytes: &[u8]) -> bool {
    let (mut row, mut row_ends, mut at) = (0usize, 0usize, 0usize);
    while let Some(step) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte >= 0xe2))
    {
        at += step;
        if let Some(length) = invisible_length(bytes, at) {
            row = if row_ends == at { row + 1 } else { 1 };
            row_ends = at + length;
            if row >= INVISIBLE {
                return true;
            }
        }
        at += 1;
    }
    false
}

/// How many bytes a character that shows nothing has here: variation selectors, tags,
/// zero-width characters, the Hangul filler.
fn invisible_length(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..at + 3)? {
        [0xef, 0xb8, 0x80..=0x8f] | [0xe2, 0x80, 0x8b..=0x8f] | [0xe3, 0x85, 0xa4] => Some(3),
        [0xf3, 0xa0, _] => Some(4),
        _ => None,
    }
}
