//! What makes a file hard to read, said by name.

use ruff_text_size::{TextRange, TextSize};

use super::evaluator::Evaluator;
use crate::event::{Effect, Hiding};

/// Columns of white space within a line that push what follows off a screen.
const OFF_SCREEN: usize = 120;
/// Names of one file that look made by a program.
const MANGLED: usize = 6;
/// Names of one file that nobody can read; people make none.
const UNREADABLE: usize = 3;

impl<'a> Evaluator<'a> {
    /// Looks over the text of the module that is current.
    pub(super) fn look_over(&mut self, text: &str) {
        if let Some(at) = off_screen(text) {
            self.report(at, 1, Hiding::OffScreen, "py:text");
        }
        if !text.is_ascii()
            && let Some(at) = invisible(text)
        {
            self.report(at, 3, Hiding::Confusables, "py:text");
        }
    }

    /// Looks over the names that a module binds.
    pub(super) fn look_over_names(&mut self, scope: super::heap::ScopeId) {
        let Some(table) = self.heap.scope(scope) else { return };
        let total = table.names.len();
        let mangled = table.names.keys().filter(|name| is_mangled(name)).count();
        let unreadable = table.names.keys().filter(|name| is_unreadable(name)).count();
        let is_enough = mangled >= MANGLED || unreadable >= UNREADABLE;
        if is_enough && mangled * 3 >= total {
            self.report(0, 1, Hiding::MangledNames, "py:names");
        }
    }

    fn report(&mut self, at: usize, length: u32, hiding: Hiding, api: &str) {
        let start = TextSize::from(u32::try_from(at).unwrap_or(u32::MAX - 4));
        self.emit_named(
            Effect::Obfuscation,
            api,
            TextRange::at(start, TextSize::from(length)),
            &[],
            &[hiding],
        );
    }
}

/// A name as programs make them that rename: `_0x3fa2`, `IlIlIIl`, `O0OO0O0`,
/// `lIIlIlIl`, `________`.
fn is_mangled(name: &str) -> bool {
    let bare = name.trim_start_matches('_');
    if let Some(digits) = bare.strip_prefix("0x").or_else(|| bare.strip_prefix("x")) {
        return name.starts_with('_')
            && digits.len() >= 4
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if bare.is_empty() {
        return name.len() >= 4;
    }
    bare.len() >= 6
        && (bare.bytes().all(|byte| matches!(byte, b'I' | b'l' | b'1' | b'i'))
            || bare.bytes().all(|byte| matches!(byte, b'O' | b'0' | b'o'))
            || bare.bytes().all(|byte| matches!(byte, b'S' | b'5' | b's'))
            || bare.bytes().all(|byte| matches!(byte, b'W' | b'w' | b'X' | b'x' | b'V' | b'v'))
            || bare.bytes().all(|byte| matches!(byte, b'M' | b'N' | b'm' | b'n')))
}

/// A long name of letters that look the same, such as `O0OO00O0O00`: one that a person
/// could not tell from the next one.
fn is_unreadable(name: &str) -> bool {
    let bare = name.trim_start_matches('_');
    let first = bare.bytes().next();
    bare.len() >= 10 && is_mangled(name) && bare.bytes().any(|byte| Some(byte) != first)
}

/// Where code stands behind so much white space that nobody sees it.
fn off_screen(text: &str) -> Option<usize> {
    if !has_wide_gap(text.as_bytes()) {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > OFF_SCREEN {
            let indented = line.len() - line.trim_start_matches([' ', '\t']).len();
            let body = line.get(indented..).unwrap_or_default().trim_end();
            let mut run = 0;
            let mut seen = false;
            for (at, byte) in body.bytes().enumerate() {
                if byte == b' ' || byte == b'\t' {
                    run += 1;
                    continue;
                }
                if run >= OFF_SCREEN {
                    // Behind a statement, or its end: white space in a text is no code.
                    let before = body.get(..at).unwrap_or_default().trim_end();
                    let quoted =
                        before.bytes().filter(|byte| matches!(byte, b'"' | b'\'')).count() % 2 == 1;
                    if byte == b';'
                        || before.ends_with(';')
                        || (!quoted && byte != b'#' && !seen && before.ends_with(':'))
                    {
                        return Some(start + indented + at);
                    }
                    seen = true;
                }
                run = 0;
            }
        }
        start += line.len();
    }
    None
}

/// Whether there is so much white space in a row anywhere: then it covers one of the
/// places that are looked at.
fn has_wide_gap(bytes: &[u8]) -> bool {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    (0..bytes.len()).step_by(OFF_SCREEN).any(|at| {
        let (before, after) = bytes.split_at(at);
        let behind = after.iter().take_while(|byte| is_space(byte)).count();
        behind > 0 && {
            let ahead = before.iter().rev().take(OFF_SCREEN).take_while(|byte| is_space(byte));
            ahead.count() + behind >= OFF_SCREEN
        }
    })
}

/// Where a letter stands that shows nothing or turns the direction of what is shown.
fn invisible(text: &str) -> Option<usize> {
    // All of them begin with one of these bytes; most text has none.
    let begins = |byte: &u8| matches!(byte, 0xe2 | 0xe3 | 0xef | 0xf3);
    text.bytes()
        .enumerate()
        .filter(|(_, byte)| begins(byte))
        .filter_map(|(at, _)| Some((at, text.get(at..)?.chars().next()?)))
        .find(|(at, letter)| {
            let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
            // Some variation selectors choose the look of a sign; only many hide data.
            let selector = matches!(letter, '\u{fe00}'..='\u{fe0e}' | '\u{e0100}'..='\u{e01ef}' | '\u{200b}' | '\u{2060}' | '\u{3164}' | '\u{ffa0}');
            turns || (selector && text.get(*at..).is_some_and(|rest| rest.chars().take(8).filter(|letter| {
                matches!(letter, '\u{fe00}'..='\u{fe0e}' | '\u{e0100}'..='\u{e01ef}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{3164}' | '\u{ffa0}')
            }).count() >= 4))
        })
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_are_told_from_names_of_people() {
        for name in ["_0x3fa2b1", "IlIlIIl", "O0OO0O0O", "lIIlIlIl", "______"] {
            assert!(is_mangled(name), "{name}");
        }
        for name in ["index", "_x", "ll", "__init__", "name", "Illinois", "OO"] {
            assert!(!is_mangled(name), "{name}");
        }
        assert!(is_unreadable("O0OO00O0O00OOOO0O") && is_unreadable("_IlIIllIIlIl"));
        assert!(
            !is_unreadable("O0OO0O0")
                && !is_unreadable("OOOOOOOOOOOO")
                && !is_unreadable("population")
        );
    }

    #[test]
    fn code_behind_white_space_is_found() {
        let hidden = format!("x = 1;{}import os\n", " ".repeat(200));
        assert!(off_screen(&hidden).is_some());
        let text = format!("x = '{}a'\n", " ".repeat(200));
        assert!(off_screen(&text).is_none());
    }
}
