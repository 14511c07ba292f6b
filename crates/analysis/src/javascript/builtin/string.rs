//! Methods of text.

use std::rc::Rc;

use super::super::expression::index;
use super::super::function::Call;
use super::super::machine::Machine;
use super::super::operator::{MAX_TEXT_BYTES, text_of_number};
use super::super::value::{Kind, Value};
use crate::event::Hiding;

/// The most pieces into which a text is split.
pub(super) const MAX_PIECES: usize = 1 << 18;

impl<'a> Machine<'a> {
    pub(super) fn string_method(&mut self, method: &str, call: &Call<'a>) -> Value<'a> {
        let data = self.marks_of(&call.arguments);
        let marks = self.marks.union(call.this.marks, data);
        let Some(text) = self.text_of(&call.this) else {
            if let Kind::Choice(all) = &call.this.kind {
                let all = Rc::clone(all);
                let mut result: Option<Value<'a>> = None;
                for one in all.iter().filter(|one| one.as_text().is_some()).take(3) {
                    let call = Call {
                        this: one.clone(),
                        arguments: call.arguments.clone(),
                        is_open: call.is_open,
                        span: call.span,
                    };
                    let value = self.string_method(method, &call);
                    result = Some(match result {
                        Some(before) => self.either(before, value, false),
                        None => value,
                    });
                }
                return result.unwrap_or(Value::unknown(marks));
            }
            if matches!(method, "toString" | "trim" | "valueOf") {
                return call.this.clone();
            }
            return Value::unknown(marks);
        };
        self.steps += u64::try_from(text.len() / 32).unwrap_or(0);
        match self.known_string_method(method, &text, call) {
            Some(mut value) => {
                value.marks = self.marks.union(value.marks, marks);
                value
            }
            None => Value::unknown(marks),
        }
    }

    fn known_string_method(
        &mut self,
        method: &str,
        text: &Rc<String>,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let arguments = &call.arguments;
        let number = |machine: &mut Self, at: usize| -> Option<f64> {
            match arguments.get(at) {
                Some(value) if !value.is_undefined() => machine.number_in(value),
                _ => Some(f64::NAN),
            }
        };
        let argument = |machine: &mut Self, at: usize| machine.text_of(arguments.get(at)?);
        Some(match method {
            "toString" | "valueOf" | "normalize" => {
                Value::with(Kind::Text(Rc::clone(text)), call.this.marks)
            }
            "charAt" | "at" => {
                let at = number(self, 0)?;
                let at = if at.is_nan() { 0.0 } else { at };
                if at < 0.0 {
                    return None;
                }
                let letter = self.character(text, at, call.this.marks);
                if letter.is_undefined() && method == "charAt" {
                    Value::new(Kind::Literal(""))
                } else {
                    letter
                }
            }
            "charCodeAt" | "codePointAt" => {
                let at = number(self, 0)?;
                let at = if at.is_nan() { 0 } else { index(at)? };
                self.steps += u64::try_from(if text.is_ascii() { 0 } else { at / 16 }).unwrap_or(0);
                let code = if text.is_ascii() {
                    text.as_bytes().get(at).map(|byte| u32::from(*byte))
                } else {
                    text.chars().nth(at).map(u32::from)
                };
                Value::number(code.map_or(f64::NAN, f64::from))
            }
            "split" => return self.split(text, call),
            "slice" | "substring" | "substr" => {
                let (start, end) = (number(self, 0)?, number(self, 1)?);
                Value::text(part(text, method, start, end))
            }
            "concat" => {
                let mut joined = (**text).clone();
                for at in 0..arguments.len() {
                    joined.push_str(&argument(self, at)?);
                }
                if joined.len() > MAX_TEXT_BYTES || !self.may_make(joined.len()) {
                    return None;
                }
                Value::text(joined)
            }
            "replace" | "replaceAll" => return self.replace(method, text, call),
            "toLowerCase" | "toLocaleLowerCase" => Value::text(text.to_lowercase()),
            "toUpperCase" | "toLocaleUpperCase" => Value::text(text.to_uppercase()),
            "trim" => Value::text(text.trim().to_owned()),
            "trimStart" | "trimLeft" => Value::text(text.trim_start().to_owned()),
            "trimEnd" | "trimRight" => Value::text(text.trim_end().to_owned()),
            "repeat" => {
                let times = index(number(self, 0)?)?;
                if text.len().saturating_mul(times) > MAX_TEXT_BYTES
                    || !self.may_make(text.len() * times)
                {
                    return None;
                }
                Value::text(text.repeat(times))
            }
            "padStart" | "padEnd" => {
                let length = index(number(self, 0)?)?;
                let pad = argument(self, 1).unwrap_or_else(|| Rc::new(" ".to_owned()));
                let missing = length.saturating_sub(text.chars().count());
                if missing > 1 << 16 {
                    return None;
                }
                let fill: String =
                    pad.chars().cycle().take(if pad.is_empty() { 0 } else { missing }).collect();
                Value::text(if method == "padStart" {
                    fill + text
                } else {
                    (**text).clone() + &fill
                })
            }
            "indexOf" | "search" | "lastIndexOf" => {
                let what = argument(self, 0)?;
                let found = if method == "lastIndexOf" {
                    text.rfind(what.as_str())
                } else {
                    text.find(what.as_str())
                };
                match found.and_then(|at| text.get(..at)) {
                    Some(before) => Value::count(before.chars().count()),
                    None => Value::number(-1.0),
                }
            }
            "includes" => Value::boolean(text.contains(argument(self, 0)?.as_str())),
            "startsWith" => Value::boolean(text.starts_with(argument(self, 0)?.as_str())),
            "endsWith" => Value::boolean(text.ends_with(argument(self, 0)?.as_str())),
            "match" | "matchAll" => {
                let pattern = call.arguments.first()?.clone();
                return self.matches(&pattern, text, method, call.this.marks);
            }
            // HTML methods, which some code takes letters from.
            "italics" => Value::text(format!("<i>{text}</i>")),
            "bold" => Value::text(format!("<b>{text}</b>")),
            "fontcolor" => {
                let color = argument(self, 0).unwrap_or_else(|| Rc::new("undefined".to_owned()));
                Value::text(format!("<font color=\"{color}\">{text}</font>"))
            }
            "link" => {
                let target = argument(self, 0).unwrap_or_else(|| Rc::new("undefined".to_owned()));
                Value::text(format!("<a href=\"{target}\">{text}</a>"))
            }
            _ => return None,
        })
    }

    fn split(&mut self, text: &Rc<String>, call: &Call<'a>) -> Option<Value<'a>> {
        let marks = call.this.marks;
        let piece = |text: &str| Value::with(Kind::Text(Rc::new(text.to_owned())), marks);
        let separator = match call.arguments.first() {
            None => return Some(self.new_array(vec![piece(text)])),
            Some(separator) => match self.pattern_of(separator) {
                Some(pattern) => {
                    let (regex, mut cache) = self.patterns.compiled(pattern)?;
                    let mut pieces = Vec::new();
                    let mut from = 0;
                    for found in regex.find_iter(&mut cache, text.as_str()).take(MAX_PIECES) {
                        if found.end() == 0 {
                            continue;
                        }
                        pieces.push(piece(text.get(from..found.start())?));
                        from = found.end();
                    }
                    pieces.push(piece(text.get(from..)?));
                    return Some(self.new_array(pieces));
                }
                None => self.text_of(separator)?,
            },
        };
        if !self.may_make(text.len()) {
            return None;
        }
        let pieces: Vec<Value<'a>> = if separator.is_empty() {
            text.chars()
                .take(MAX_PIECES)
                .map(|letter| piece(letter.encode_utf8(&mut [0; 4])))
                .collect()
        } else {
            text.split(separator.as_str()).take(MAX_PIECES).map(piece).collect()
        };
        self.steps += u64::try_from(pieces.len() / 4).unwrap_or(0);
        Some(self.new_array(pieces))
    }

    pub(super) fn character_codes(&mut self, call: &Call<'a>) -> Value<'a> {
        let marks = self.marks_of(&call.arguments);
        let mut text = String::new();
        let mut units = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            let Some(number) = self.number_in(argument) else { return Value::unknown(marks) };
            let code = super::super::operator::to_int32(number);
            match u32::try_from(code).ok().filter(|code| *code > 0xffff).and_then(char::from_u32) {
                Some(letter) => {
                    text.push_str(&String::from_utf16_lossy(&units));
                    units.clear();
                    text.push(letter);
                }
                None => units.push(u16::try_from(code & 0xffff).unwrap_or(0)),
            }
        }
        text.push_str(&String::from_utf16_lossy(&units));
        let hidden = if call.arguments.len() >= 4 {
            self.decoded(call.span, Hiding::CharacterCodes)
        } else {
            self.hidden(Hiding::CharacterCodes)
        };
        let marks = self.marks.union(marks, hidden);
        Value::with(Kind::Text(Rc::new(text)), marks)
    }

    pub(super) fn parse_integer(&mut self, call: &Call<'a>) -> Value<'a> {
        let Some(first) = call.arguments.first() else { return Value::number(f64::NAN) };
        let marks = first.marks;
        let Some(text) = self.text_of(first) else { return Value::unknown(marks) };
        let radix = match call.arguments.get(1) {
            Some(radix) if !radix.is_undefined() => self.number_in(radix).and_then(index),
            _ => Some(10),
        };
        let mut radix = u32::try_from(radix.unwrap_or(10)).unwrap_or(10);
        let trimmed = text.trim();
        let (sign, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (-1.0, rest),
            None => (1.0, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
        let digits = match hexadecimal {
            Some(rest) if radix == 16 || call.arguments.len() < 2 => {
                radix = 16;
                rest
            }
            _ => digits,
        };
        if !(2..=36).contains(&radix) {
            radix = 10;
        }
        let (mut number, mut any) = (0.0, false);
        for digit in digits.chars().map_while(|letter| letter.to_digit(radix)) {
            number = number * f64::from(radix) + f64::from(digit);
            any = true;
        }
        Value::with(Kind::Number(if any { sign * number } else { f64::NAN }), marks)
    }

    pub(super) fn number_to_text(&mut self, call: &Call<'a>) -> Value<'a> {
        let marks = call.this.marks;
        let Some(number) = self.number_in(&call.this) else { return Value::unknown(marks) };
        let radix = match call.arguments.first() {
            Some(radix) => self.number_in(radix).and_then(index).unwrap_or(10),
            None => 10,
        };
        if radix == 10 {
            return Value::with(Kind::Text(Rc::new(text_of_number(number))), marks);
        }
        let (Some(mut whole), Ok(radix)) = (index(number), u32::try_from(radix)) else {
            return Value::unknown(marks);
        };
        if !(2..=36).contains(&radix) {
            return Value::unknown(marks);
        }
        let mut digits = Vec::new();
        loop {
            let digit = u32::try_from(whole % usize::try_from(radix).unwrap_or(10)).unwrap_or(0);
            digits.push(char::from_digit(digit, radix).unwrap_or('0'));
            whole /= usize::try_from(radix).unwrap_or(10);
            if whole == 0 {
                break;
            }
        }
        Value::with(Kind::Text(Rc::new(digits.into_iter().rev().collect())), marks)
    }
}

/// A part of a text as `slice`, `substring` and `substr` take it.
fn part(text: &str, method: &str, start: f64, end: f64) -> String {
    let letters = || text.chars();
    let length = if text.is_ascii() { text.len() } else { letters().count() };
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let whole = length as f64;
    let from_end =
        |number: f64| if number < 0.0 { (whole + number).max(0.0) } else { number.min(whole) };
    let start = if start.is_nan() { 0.0 } else { start };
    let (start, end) = match method {
        "slice" => (from_end(start), if end.is_nan() { whole } else { from_end(end) }),
        "substr" => {
            let start = from_end(start);
            (start, if end.is_nan() { whole } else { (start + end.max(0.0)).min(whole) })
        }
        _ => {
            let (one, two) =
                (start.clamp(0.0, whole), if end.is_nan() { whole } else { end.clamp(0.0, whole) });
            (one.min(two), one.max(two))
        }
    };
    let (start, end) = (index(start.trunc()).unwrap_or(0), index(end.trunc()).unwrap_or(0));
    if text.is_ascii() {
        return text.get(start..end.max(start)).unwrap_or_default().to_owned();
    }
    letters().skip(start).take(end.saturating_sub(start)).collect()
}

/// `%41` and `%u0041` undone, as `unescape` does.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let code = |from: usize, to: usize| {
            rest.get(from..to)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                .and_then(char::from_u32)
        };
        let (letter, taken) =
            if rest.starts_with("%u") { (code(2, 6), 6) } else { (code(1, 3), 3) };
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = rest.get(taken..).unwrap_or_default();
            }
            None => {
                out.push('%');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// What `encodeURIComponent` gives, nearly.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
