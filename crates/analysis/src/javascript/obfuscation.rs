//! Code that was made hard to read, told by what makes it so. Counted over a file's
//! text and names before it is evaluated; a comment or a string cannot switch it off.

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
    let (mut mangled, mut first_mangled) = (0usize, 0usize);
    let (mut escapes, mut first_escape) = (0usize, 0usize);
    // Invisible characters in a row, and where the row ends.
    let (mut invisible, mut row_ends) = (0usize, 0usize);
    let mut line_has_code = false;
    let mut at = 0;
    while let Some(step) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|byte| is_telling(*byte)))
    {
        line_has_code |= step > 0;
        at += step;
        match bytes.get(at).copied().unwrap_or(0) {
            b'\n' => line_has_code = false,
            b' ' | b'\t' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let run = rest
                    .iter()
                    .position(|byte| !matches!(byte, b' ' | b'\t'))
                    .unwrap_or(rest.len());
                at += run;
                let next = bytes.get(at).copied().unwrap_or(b'\n');
                let is_code =
                    next.is_ascii_alphabetic() || matches!(next, b';' | b'(' | b'_' | b'$');
                if run >= OFF_SCREEN && line_has_code && is_code {
                    add(Hiding::OffScreen, at, at + 1);
                }
                continue;
            }
            b'_' if is_mangled(bytes, at) => {
                if mangled == 0 {
                    first_mangled = at;
                }
                mangled += 1;
            }
            b'\\' if is_needless_escape(bytes, at) => {
                if escapes == 0 {
                    first_escape = at;
                }
                escapes += 1;
            }
            0xe2 | 0xe3 | 0xef | 0xf3 => {
                if let Some(length) = invisible_length(bytes, at)
                    && invisible < INVISIBLE
                {
                    invisible = if row_ends == at { invisible + 1 } else { 1 };
                    row_ends = at + length;
                }
            }
            _ => {}
        }
        if bytes.get(at) != Some(&b'\n') {
            line_has_code = true;
        }
        at += 1;
    }
    if mangled >= MANGLED_NAMES {
        add(Hiding::MangledNames, first_mangled, first_mangled + 8);
    }
    if escapes >= NEEDLESS_ESCAPES && escapes * 12 > bytes.len() / 4 {
        add(Hiding::Escapes, first_escape, first_escape + 4);
    }
    if invisible >= INVISIBLE {
        add(Hiding::Confusables, 0, 1);
    }
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let brackets = head.iter().filter(|byte| b"[]()!+".contains(byte)).count();
    if head.len() > 400 && brackets * 10 > head.len() * 9 {
        add(Hiding::Brackets, 0, bytes.len().min(80));
    }
    if let Some(found) = source.find("eval(function(p,a,c,k,e,") {
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

/// Bytes at which something may begin.
fn is_telling(byte: u8) -> bool {
    matches!(byte, b'\n' | b' ' | b'\t' | b'_' | b'\\' | 0xe2 | 0xe3 | 0xef | 0xf3)
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
