//! `pattern`: regular expressions as JSON Schema means them (ECMA-262 with the flag
//! `u`), run by an engine that takes time in proportion to pattern and text.

use regex_automata::Input;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// Longest pattern, in bytes.
pub(super) const MAX_BYTES: usize = 512;
/// Most memory of one compiled pattern, in bytes; this bounds its time too.
const MAX_MEMORY: usize = 64 * 1024;
/// Largest number in `{n,m}`.
const MAX_REPEAT: u32 = 1000;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
/// White space and line ends of ECMA-262.
const SPACE: &str =
    r"\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// A compiled pattern with the text that it was made from.
pub(super) struct Pattern {
    engine: PikeVM,
    pub(super) text: String,
}

impl Pattern {
    /// Compiles it, or says what is not understood.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("it is longer than {MAX_BYTES} bytes"));
        }
        let translated = translate(text)?;
        let engine = PikeVM::builder()
            .syntax(syntax::Config::new().nest_limit(32))
            .thompson(
                thompson::Config::new()
                    .nfa_size_limit(Some(MAX_MEMORY))
                    .which_captures(WhichCaptures::None),
            )
            .build(&translated)
            .map_err(|error| {
                if error.size_limit().is_some() {
                    "it repeats too much".to_owned()
                } else {
                    "it is not a regular expression".to_owned()
                }
            })?;
        Ok(Self { engine, text: text.to_owned() })
    }

    /// Most steps of one try.
    pub(super) fn cost(&self, text: &str) -> u64 {
        let states = u64::try_from(self.engine.get_nfa().states().len()).unwrap_or(u64::MAX);
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        states.saturating_mul(bytes.saturating_add(1))
    }

    /// Whether it is found anywhere in the text.
    pub(super) fn finds(&self, text: &str) -> bool {
        let mut cache = self.engine.create_cache();
        self.engine.is_match(&mut cache, Input::new(text))
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

/// Writes the pattern in the engine's syntax, where the two differ. What means
/// something else there, or nothing here, is refused.
fn translate(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out)?,
            '.' => out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            '(' => group(&mut rest, &mut out)?,
            '[' => class(&mut rest, &mut out)?,
            '{' => repeat(&mut rest, &mut out)?,
            '}' | ']' => return Err(format!("a `{c}` without its other half; write `\\{c}`")),
            c => out.push(c),
        }
    }
    Ok(out)
}

fn group(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push_str("(?:");
    if rest.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    match rest.next() {
        Some(':') => Ok(()),
        Some('=' | '!' | '<') => {
            Err("groups with names and those that look ahead or behind are not run".to_owned())
        }
        _ => Err("`(?` begins nothing that is known".to_owned()),
    }
}

fn repeat(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    let wrong = || "`{` begins `{n}`, `{n,}` or `{n,m}`; write `\\{` for itself".to_owned();
    let mut numbers = String::new();
    loop {
        match rest.next() {
            Some('}') => break,
            Some(c) if (c.is_ascii_digit() || c == ',') && numbers.len() < 16 => numbers.push(c),
            _ => return Err(wrong()),
        }
    }
    let (from, to) = match numbers.split_once(',') {
        None => (numbers.as_str(), None),
        Some((from, to)) => (from, Some(to).filter(|to| !to.is_empty())),
    };
    for number in [Some(from), to].into_iter().flatten() {
        let number: u32 = number.parse().map_err(|_| wrong())?;
        if number > MAX_REPEAT {
            return Err(format!("it repeats more than {MAX_REPEAT} times"));
        }
    }
    out.push_str(&format!("{{{numbers}}}"));
    Ok(())
}

/// One part of a class.
enum Item {
    Char(char),
    Set(String),
}

fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if rest.peek() == Some(&']') {
        return Err("an empty `[]`; write `\\]` for a bracket".to_owned());
    }
    loop {
        let item = match rest.next() {
            None => return Err("a `[` without its `]`".to_owned()),
            Some(']') => {
                out.push(']');
                return Ok(());
            }
            Some(c) => item(c, rest)?,
        };
        // `-` is a range only between two characters.
        let mut ahead = rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']');
        if !is_range {
            match item {
                Item::Char(c) => push_char(c, out),
                Item::Set(set) => out.push_str(&set),
            }
            continue;
        }
        rest.next();
        let end = rest.next().map(|c| self::item(c, rest)).transpose()?;
        let (Item::Char(from), Some(Item::Char(to))) = (item, end) else {
            return Err("a range from or to `\\d`, `\\w` or `\\s`; write `\\-`".to_owned());
        };
        push_char(from, out);
        out.push('-');
        push_char(to, out);
    }
}

/// As a number: nothing in the engine's classes then means more than itself.
fn push_char(c: char, out: &mut String) {
    out.push_str(&format!(r"\u{{{:x}}}", u32::from(c)));
}

fn item(c: char, rest: &mut Peekable<Chars<'_>>) -> Result<Item, String> {
    if c != '\\' {
        return Ok(Item::Char(c));
    }
    if rest.next_if_eq(&'b').is_some() {
        return Ok(Item::Char('\u{8}'));
    }
    escaped(rest)
}

fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    if let Some(c) = rest.next_if(|c| matches!(c, 'b' | 'B')) {
        out.push_str(&format!(r"(?-u:\{c})"));
        return Ok(());
    }
    match escaped(rest)? {
        Item::Char(c) => push_char(c, out),
        Item::Set(set) => out.push_str(&set),
    }
    Ok(())
}

/// What follows a `\`, in a class and outside.
fn escaped(rest: &mut Peekable<Chars<'_>>) -> Result<Item, String> {
    Ok(match rest.next() {
        None => return Err("a `\\` at the end".to_owned()),
        Some('d') => Item::Set(format!("[{DIGIT}]")),
        Some('D') => Item::Set(format!("[^{DIGIT}]")),
        Some('w') => Item::Set(format!("[{WORD}]")),
        Some('W') => Item::Set(format!("[^{WORD}]")),
        Some('s') => Item::Set(format!("[{SPACE}]")),
        Some('S') => Item::Set(format!("[^{SPACE}]")),
        Some('t') => Item::Char('\t'),
        Some('n') => Item::Char('\n'),
        Some('v') => Item::Char('\u{b}'),
        Some('f') => Item::Char('\u{c}'),
        Some('r') => Item::Char('\r'),
        Some('x') => Item::Char(hexadecimal(rest, 2)?),
        Some('u') => Item::Char(hexadecimal(rest, 4)?),
        Some(c) if c.is_ascii_punctuation() => Item::Char(c),
        Some(c) if c.is_ascii_alphanumeric() => return Err(format!("`\\{c}` is not known here")),
        Some(_) => return Err("a `\\` before what needs none".to_owned()),
    })
}

fn hexadecimal(rest: &mut Peekable<Chars<'_>>, digits: usize) -> Result<char, String> {
    let wrong = || "`\\x` and `\\u` are followed by the 2 or 4 digits of a character".to_owned();
    let mut number = String::new();
    for _ in 0..digits {
        number.push(rest.next_if(char::is_ascii_hexdigit).ok_or_else(wrong)?);
    }
    let number = u32::from_str_radix(&number, 16).map_err(|_| wrong())?;
    char::from_u32(number).ok_or_else(wrong)
}
