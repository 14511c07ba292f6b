//! JSON with places, strict, bounded in depth and in values.

use std::rc::Rc;

/// Most lists and maps in each other.
const MAX_DEPTH: u32 = 100;
/// Most values of one file; the largest lock files have a tenth.
const MAX_VALUES: u32 = 2_000_000;

/// A value and the bytes it stands in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) value: Json,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    /// A number, true, false or null, as it is written.
    Word(Rc<str>),
    Text(Rc<str>),
    List(Vec<Node>),
    Map(Vec<Field>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) key: Rc<str>,
    pub(super) key_start: usize,
    pub(super) value: Node,
}

impl Node {
    /// The last value of this key, which is the one that programs use.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.fields().iter().rev().find(|field| &*field.key == key).map(|field| &field.value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Json::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn fields(&self) -> &[Field] {
        if let Json::Map(fields) = &self.value { fields } else { &[] }
    }
}

/// The value of a whole text.
pub(super) fn parse(text: &str) -> Result<Node, &'static str> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut parser = Parser { text, at: start, values: MAX_VALUES };
    let node = parser.value(0)?;
    parser.blanks();
    if parser.at < text.len() { Err("something follows the JSON") } else { Ok(node) }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    values: u32,
}

impl Parser<'_> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), &'static str> {
        self.blanks();
        if self.next() != Some(byte) {
            return Err("it is not valid JSON");
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: u32) -> Result<Node, &'static str> {
        if depth > MAX_DEPTH {
            return Err("its JSON is nested more than a hundred levels");
        }
        self.values =
            self.values.checked_sub(1).ok_or("its JSON has more than two million values")?;
        self.blanks();
        let start = self.at;
        let value = match self.next() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Json::Text(self.string()?),
            _ => self.word()?,
        };
        Ok(Node { value, start, end: self.at })
    }

    fn map(&mut self, depth: u32) -> Result<Json, &'static str> {
        self.at += 1;
        let mut fields = Vec::new();
        self.blanks();
        if self.next() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Map(fields));
        }
        loop {
            self.blanks();
            let key_start = self.at;
            if self.next() != Some(b'"') {
                return Err("it is not valid JSON");
            }
            let key = self.string()?;
            self.expect(b':')?;
            let value = self.value(depth + 1)?;
            fields.push(Field { key, key_start, value });
            self.blanks();
            match self.next() {
                Some(b',') => self.at += 1,
                _ => {
                    self.expect(b'}')?;
                    return Ok(Json::Map(fields));
                }
            }
        }
    }

    fn list(&mut self, depth: u32) -> Result<Json, &'static str> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.next() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            match self.next() {
                Some(b',') => self.at += 1,
                _ => {
                    self.expect(b']')?;
                    return Ok(Json::List(items));
                }
            }
        }
    }

    fn string(&mut self) -> Result<Rc<str>, &'static str> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.next() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
                None => return Err("a text in its JSON does not end"),
            }
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).ok_or("it is not valid JSON")?;
        if escaped {
            let text: String = serde_json::from_str(quoted).map_err(|_| "it is not valid JSON")?;
            return Ok(text.into());
        }
        Ok(quoted.get(1..quoted.len() - 1).unwrap_or_default().into())
    }

    fn word(&mut self) -> Result<Json, &'static str> {
        let start = self.at;
        while self.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            self.at += 1;
        }
        match self.text.get(start..self.at) {
            Some(word) if !word.is_empty() => Ok(Json::Word(word.into())),
            _ => Err("it is not valid JSON"),
        }
    }
}
