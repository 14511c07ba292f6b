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
    let (mut spaces, mut line_has_code) = (0usize, false);
    let mut brackets = 0usize;
    let mut invisible = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'\n' => {
                (spaces, line_has_code) = (0, false);
                at += 1;
                continue;
            }
            b' ' | b'\t' => {
                spaces += 1;
                at += 1;
                continue;
            }
            b'_' if is_mangled(bytes, at) => {
                if mangled == 0 {
                    first_mangled = at;
                }
                mangled += 1;
            }
            b'\\' => {
                if is_needless_escape(bytes, at) {
                    if escapes == 0 {
                        first_escape = at;
                    }
                    escapes += 1;
                }
            }
            b'[' | b']' | b'(' | b')' | b'!' | b'+' => brackets += 1,
            // Variation selectors and tags: U+FE00.., U+E0100.., U+200B.., U+3164.
            0xef if bytes.get(at + 1) == Some(&0xb8) => invisible += 1,
            0xf3 if bytes.get(at + 1) == Some(&0xa0) => invisible += 1,
            0xe2 if bytes.get(at + 1) == Some(&0x80) && matches!(bytes.get(at + 2), Some(0x8b..=0x8f)) => {
                invisible += 1;
            }
            0xe3 if bytes.get(at + 1) == Some(&0x85) && bytes.get(at + 2) == Some(&0xa4) => invisible += 4,
            _ => {}
        }
        if spaces >= OFF_SCREEN && line_has_code && (byte.is_ascii_alphabetic() || matches!(byte, b';' | b'(' | b'_' | b'$')) && !is_comment(bytes, at) {
            add(Hiding::OffScreen, at, at + 1);
        }
        spaces = 0;
        line_has_code = true;
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
    if bytes.len() > 400 && brackets * 10 > bytes.len() * 9 {
        add(Hiding::Brackets, 0, bytes.len().min(80));
    }
    if let Some(found) = source.find("eval(function(p,a,c,k,e,") {
        add(Hiding::StringTable, found, found + 24);
    }
    // aaencode and jjencode begin in a way of their own.
    if source.contains("ﾟωﾟ") || source.contains("$=~[];$={___:++$") {
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

fn is_comment(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'/') || bytes.get(at) == Some(&b'*')
}
