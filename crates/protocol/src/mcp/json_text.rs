//! JSON as text: its members and items where they stand, and one form for all texts that
//! every reader reads in one way.
//!
//! A reader that builds values loses what tells texts apart: of a member that is there twice
//! it keeps one, of a number the nearest one that it can hold. What is compared here is what
//! was written, with nothing forgiven but white space, the order of members and how a
//! character is escaped.

use std::collections::BTreeMap;

/// Why a text has no such form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOneForm {
    /// One reader sees the first, another the last.
    #[error("a member is there twice")]
    Twice,
    /// Half of a pair of surrogates, which some readers replace and others refuse.
    #[error("a text in it is no Unicode")]
    NotUnicode,
    /// Deeper, or another kind of value, than what is read here.
    #[error("it is not of the form that is expected")]
    Shape,
}

/// Most values inside each other. Frames have at most 64.
const MAX_DEPTH: usize = 128;

/// How the form is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Without any white space.
    Compact,
    /// For people: a line for each member and item, and one after each line end in a text.
    Lines,
}

/// The one form of a JSON text: no white space, members in the order of their names by
/// code point, texts escaped as little as JSON allows, numbers as they were written.
///
/// # Errors
/// When readers may disagree about the text.
pub fn canonical(text: &str) -> Result<String, NotOneForm> {
    whole(text, Layout::Compact)
}

/// The same for people, in lines.
///
/// # Errors
/// As for [`canonical`].
pub fn in_lines(text: &str) -> Result<String, NotOneForm> {
    whole(text, Layout::Lines)
}

fn whole(text: &str, layout: Layout) -> Result<String, NotOneForm> {
    let mut walk = Walk { rest: text };
    let mut out = String::with_capacity(text.len());
    walk.value(&mut out, layout, 0)?;
    walk.space();
    if walk.rest.is_empty() { Ok(out) } else { Err(NotOneForm::Shape) }
}

/// The members of an object, each as it stands.
pub(super) fn members(text: &str) -> Result<BTreeMap<String, &str>, NotOneForm> {
    let mut walk = Walk { rest: text };
    let mut found: BTreeMap<String, &str> = BTreeMap::new();
    walk.list('{', '}', |walk| {
        let (name, value) = walk.member()?;
        match found.insert(name, value) {
            None => Ok(()),
            Some(_) => Err(NotOneForm::Twice),
        }
    })?;
    Ok(found)
}

/// The items of an array.
pub(super) fn items(text: &str) -> Result<Vec<&str>, NotOneForm> {
    let mut walk = Walk { rest: text };
    let mut found = Vec::new();
    walk.list('[', ']', |walk| {
        found.push(walk.skipped()?);
        Ok(())
    })?;
    Ok(found)
}

/// A text value.
pub(super) fn string(text: &str) -> Result<String, NotOneForm> {
    if !text.starts_with('"') {
        return Err(NotOneForm::Shape);
    }
    serde_json::from_str(text).map_err(|_| NotOneForm::NotUnicode)
}

/// What is left of a text that is known to be JSON.
struct Walk<'t> {
    rest: &'t str,
}

impl<'t> Walk<'t> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn peek(&mut self) -> Option<char> {
        self.space();
        self.rest.chars().next()
    }

    /// Takes `sign` if it comes next.
    fn take(&mut self, sign: char) -> bool {
        self.space();
        let after = self.rest.strip_prefix(sign);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn list(
        &mut self,
        open: char,
        close: char,
        mut each: impl FnMut(&mut Self) -> Result<(), NotOneForm>,
    ) -> Result<(), NotOneForm> {
        if !self.take(open) {
            return Err(NotOneForm::Shape);
        }
        if self.take(close) {
            return Ok(());
        }
        loop {
            each(self)?;
            if self.take(close) {
                return Ok(());
            }
            if !self.take(',') {
                return Err(NotOneForm::Shape);
            }
        }
    }

    fn member(&mut self) -> Result<(String, &'t str), NotOneForm> {
        self.space();
        let name = string(self.token()?)?;
        if !self.take(':') {
            return Err(NotOneForm::Shape);
        }
        Ok((name, self.skipped()?))
    }

    /// A whole value, as it stands.
    fn skipped(&mut self) -> Result<&'t str, NotOneForm> {
        self.space();
        let begin = self.rest;
        let mut open = 0_usize;
        loop {
            match self.peek().ok_or(NotOneForm::Shape)? {
                '{' | '[' => {
                    open += 1;
                    self.advance(1);
                }
                '}' | ']' => {
                    open = open.checked_sub(1).ok_or(NotOneForm::Shape)?;
                    self.advance(1);
                }
                ',' | ':' if open > 0 => self.advance(1),
                _ => {
                    self.token()?;
                }
            }
            if open == 0 {
                let length = begin.len() - self.rest.len();
                return begin.get(..length).ok_or(NotOneForm::Shape);
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// A text, a number or a word, as it stands.
    fn token(&mut self) -> Result<&'t str, NotOneForm> {
        let end = match self.rest.strip_prefix('"') {
            Some(inner) => {
                let mut escaped = false;
                let close = inner.bytes().position(|byte| {
                    let ends = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                });
                close.ok_or(NotOneForm::Shape)? + 2
            }
            None => self
                .rest
                .find([',', ':', '{', '}', '[', ']', '"', ' ', '\t', '\n', '\r'])
                .unwrap_or(self.rest.len()),
        };
        let (token, rest) = self.rest.split_at_checked(end).ok_or(NotOneForm::Shape)?;
        if token.is_empty() {
            return Err(NotOneForm::Shape);
        }
        self.rest = rest;
        Ok(token)
    }

    fn value(&mut self, out: &mut String, layout: Layout, depth: usize) -> Result<(), NotOneForm> {
        if depth > MAX_DEPTH {
            return Err(NotOneForm::Shape);
        }
        let inner = depth + 1;
        match self.peek().ok_or(NotOneForm::Shape)? {
            '{' => {
                let mut members: BTreeMap<String, String> = BTreeMap::new();
                self.list('{', '}', |walk| {
                    let (name, value) = walk.member()?;
                    let mut form = String::new();
                    Walk { rest: value }.value(&mut form, layout, inner)?;
                    match members.insert(name, form) {
                        None => Ok(()),
                        Some(_) => Err(NotOneForm::Twice),
                    }
                })?;
                let lines = members.into_iter().map(|(name, form)| {
                    let gap = if layout == Layout::Lines { " " } else { "" };
                    format!("{}:{gap}{form}", quoted(&name))
                });
                enclose(out, ('{', '}'), layout, depth, lines);
            }
            '[' => {
                let mut items = Vec::new();
                self.list('[', ']', |walk| {
                    let mut form = String::new();
                    walk.value(&mut form, layout, inner)?;
                    items.push(form);
                    Ok(())
                })?;
                enclose(out, ('[', ']'), layout, depth, items);
            }
            '"' => {
                let text = quoted(&string(self.token()?)?);
                match layout {
                    Layout::Compact => out.push_str(&text),
                    Layout::Lines => out.push_str(&broken(&text, inner)),
                }
            }
            _ => out.push_str(self.token()?),
        }
        Ok(())
    }
}

/// A text with the escapes that JSON demands and no other.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A quoted text with a line of its own after each line end that it holds.
fn broken(quoted: &str, depth: usize) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c != '\\' {
            continue;
        }
        let Some(escaped) = chars.next() else { break };
        out.push(escaped);
        if escaped == 'n' && chars.peek() != Some(&'"') {
            new_line(&mut out, depth);
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn enclose(
    out: &mut String,
    (open, close): (char, char),
    layout: Layout,
    depth: usize,
    parts: impl IntoIterator<Item = String>,
) {
    out.push(open);
    let mut any = false;
    for part in parts {
        if any {
            out.push(',');
        }
        any = true;
        if layout == Layout::Lines {
            new_line(out, depth + 1);
        }
        out.push_str(&part);
    }
    if any && layout == Layout::Lines {
        new_line(out, depth);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_every_reader_reads_alike_have_one_form() {
        let form = r#"{"a":"\u0001é\n","b":[1,{}],"c":null}"#;
        for text in [
            form,
            " { \"c\" : null , \"b\" : [ 1 , { } ] , \"a\" : \"\\u0001\\u00e9\\u000a\" } ",
            r#"{"b":[1,{}],"\u0063":null,"a":"\u0001é\n"}"#,
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(form), "{text}");
        }
    }

    #[test]
    fn texts_that_some_reader_reads_differently_do_not() {
        let texts = [
            "1",
            "1.0",
            "1e0",
            "1E0",
            "10e-1",
            "-0",
            "0",
            "-0.0",
            "1.0000000000000000001",
            "\"1\"",
            "[1]",
            "[]",
            "{}",
            "null",
            "\"\"",
            "\"a\"",
            "\"A\"",
            "\"a \"",
            "\"a\\u200b\"",
            "\"\\u00e9\"",
            "\"e\\u0301\"",
            "[1,2]",
            "[2,1]",
            "[[1],2]",
            "{\"a\":1}",
            "{\"A\":1}",
            "{\"a\":[1]}",
            "12345678901234567890",
            "12345678901234567891",
            "true",
            "\"true\"",
        ];
        for (at, left) in texts.iter().enumerate() {
            for right in &texts[at + 1..] {
                assert_ne!(canonical(left), canonical(right), "{left} {right}");
            }
        }
    }

    #[test]
    fn a_text_about_which_readers_disagree_has_no_form() {
        for (text, why) in [
            (r#"{"a":1,"a":1}"#, NotOneForm::Twice),
            (r#"{"a":1,"\u0061":2}"#, NotOneForm::Twice),
            (r#"{"x":[{"a":1,"b":2,"a":3}]}"#, NotOneForm::Twice),
            (r#""\ud800""#, NotOneForm::NotUnicode),
            (r#"{"\udc00":1}"#, NotOneForm::NotUnicode),
        ] {
            assert_eq!(canonical(text), Err(why), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(canonical(&deep), Err(NotOneForm::Shape));
    }

    #[test]
    fn what_is_no_json_never_panics_and_has_no_form() {
        for text in [
            "", "{", "[1", "{\"a\"}", "{\"a\":}", "[1,]", "[,]", "\"a", "\"\\", "]", "1 2", "{1:2}",
        ] {
            assert!(canonical(text).is_err(), "{text}");
            let _ = (members(text), items(text));
        }
    }

    #[test]
    fn members_and_items_are_given_as_they_stand() {
        let found = members(r#" {"a" : [1, {"b":"}]"}] , "c":"\"" } "#).unwrap();
        assert_eq!((found["a"], found["c"]), (r#"[1, {"b":"}]"}]"#, r#""\"""#));
        assert_eq!(items("[ 1.50 ,\"[\", [2] ]").unwrap(), ["1.50", "\"[\"", "[2]"]);
        assert_eq!(members(r#"{"a":1,"a":2}"#), Err(NotOneForm::Twice));
    }

    #[test]
    fn people_get_a_line_for_each_line_of_a_text() {
        let lines = in_lines(r#"{"d":"one\ntwo\\n\n","e":[]}"#).unwrap();
        assert_eq!(lines, "{\n  \"d\": \"one\\n\n    two\\\\n\\n\",\n  \"e\": []\n}");
    }
}
