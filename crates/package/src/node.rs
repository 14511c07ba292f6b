//! YAML text to a bounded tree in which every node knows its place.
//!
//! What YAML can do beyond plain data is refused, not interpreted: anchors,
//! aliases, tags, several documents, keys that are not text.

use crate::error::{Position, Problem};
use ringfence_types::UntrustedText;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use std::collections::HashSet;

/// Largest manifest, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024;
/// Deepest nesting of lists and maps.
pub const MAX_DEPTH: usize = 32;
/// Most scalars, lists, maps and keys together.
pub const MAX_NODES: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    /// `plain` is false for quoted and block text, which is never a number,
    /// a boolean or null.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Field>),
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) key_at: Position,
    pub(crate) value: Node,
}

impl Node {
    /// What a person would call it.
    pub(crate) fn form(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Null of the YAML 1.2 core schema.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// A list or map whose end has not come yet.
enum Open {
    List { at: Position, items: Vec<Node> },
    Map { at: Position, fields: Vec<Field>, keys: HashSet<String>, key: Option<(String, Position)> },
}

/// Reads one document.
pub(crate) fn read(text: &str) -> Result<Node, Problem> {
    if text.len() > MAX_MANIFEST_BYTES {
        return Err(Problem::new(
            Position::START,
            format!("the file has {} bytes; at most {MAX_MANIFEST_BYTES} are read", text.len()),
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_control_characters(text)?;
    let mut tree = Tree { places: Places::of(text), open: Vec::new(), root: None, nodes: 0 };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            Problem::new(
                tree.places.of_marker(*error.marker()),
                format!("not YAML: {}", UntrustedText::new(error.info())),
            )
        })?;
        let at = tree.places.of_marker(span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::DocumentEnd | Event::StreamEnd => {}
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(Problem::new(at, "a second document begins here")
                        .help("a manifest is one document; remove the `---` and what follows"));
                }
            }
            Event::Alias(_) => {
                return Err(Problem::new(at, "aliases (`*name`) are not read")
                    .help("write the value out, or put it in quotes"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_decoration(at, anchor, tag.is_some())?;
                tree.scalar(at, text.into_owned(), style == ScalarStyle::Plain)?;
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_decoration(at, anchor, tag.is_some())?;
                tree.begin(at, |at| Open::List { at, items: Vec::new() })?;
            }
            Event::MappingStart(anchor, tag) => {
                refuse_decoration(at, anchor, tag.is_some())?;
                tree.begin(at, |at| Open::Map {
                    at,
                    fields: Vec::new(),
                    keys: HashSet::new(),
                    key: None,
                })?;
            }
            Event::SequenceEnd | Event::MappingEnd => tree.end()?,
        }
    }
    tree.root.ok_or_else(|| Problem::new(Position::START, "the file is empty"))
}

/// The place just behind the last character of `text`.
pub(crate) fn end_of(text: &str) -> Position {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut at = Position::START;
    let mut last = ' ';
    for c in text.chars() {
        at = at.after(last, c);
        last = c;
    }
    at
}

impl Position {
    /// The place behind `c`; `\r\n` is one line end, `\r` alone is one too.
    fn after(self, last: char, c: char) -> Position {
        match c {
            '\n' if last == '\r' => self,
            '\n' | '\r' => Position { line: self.line.saturating_add(1), column: 1 },
            _ => Position { line: self.line, column: self.column.saturating_add(1) },
        }
    }
}

fn refuse_decoration(at: Position, anchor: usize, tagged: bool) -> Result<(), Problem> {
    if anchor != 0 {
        return Err(Problem::new(at, "anchors (`&name`) are not read").help("remove the anchor"));
    }
    if tagged {
        return Err(Problem::new(at, "tags (`!name`) are not read").help("remove the tag"));
    }
    Ok(())
}

/// YAML allows no control character but tab and line ends; some of them would
/// also make a reader see another file than the parser.
fn refuse_control_characters(text: &str) -> Result<(), Problem> {
    let mut at = Position::START;
    let mut last = ' ';
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\t' | '\n' | '\r') {
            return Err(Problem::new(
                at,
                format!("the character U+{:04X} has no place in YAML", u32::from(c)),
            ));
        }
        at = at.after(last, c);
        last = c;
    }
    Ok(())
}

/// The length of every line, to keep every printed position inside the file.
struct Places {
    /// Characters per line.
    lines: Vec<u32>,
}

impl Places {
    fn of(text: &str) -> Self {
        let mut lines = Vec::new();
        let mut length = 0_u32;
        let mut last = ' ';
        for c in text.chars() {
            match c {
                '\n' if last == '\r' => {}
                '\n' | '\r' => lines.push(std::mem::take(&mut length)),
                _ => length = length.saturating_add(1),
            }
            last = c;
        }
        if length > 0 || lines.is_empty() {
            lines.push(length);
        }
        Self { lines }
    }

    /// The parser counts lines from 1 and columns from 0, and may stand behind
    /// the end of the file.
    fn of_marker(&self, marker: Marker) -> Position {
        let wanted = u32::try_from(marker.line()).unwrap_or(u32::MAX).max(1);
        let last = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let line = wanted.min(last);
        let length = self.lines.get(line.saturating_sub(1) as usize).copied().unwrap_or(0);
        let column = if wanted > last {
            length.saturating_add(1)
        } else {
            u32::try_from(marker.col())
                .unwrap_or(u32::MAX)
                .saturating_add(1)
                .min(length.saturating_add(1))
        };
        Position { line, column }
    }
}

struct Tree {
    places: Places,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

impl Tree {
    fn count(&mut self, at: Position) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Problem::new(at, format!("the file has more than {MAX_NODES} values")));
        }
        Ok(())
    }

    fn begin(&mut self, at: Position, open: impl FnOnce(Position) -> Open) -> Result<(), Problem> {
        self.count(at)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::new(at, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        if let Some(Open::Map { key: None, .. }) = self.open.last() {
            return Err(Problem::new(at, "a key must be text"));
        }
        self.open.push(open(at));
        Ok(())
    }

    fn scalar(&mut self, at: Position, text: String, plain: bool) -> Result<(), Problem> {
        self.count(at)?;
        if let Some(Open::Map { key, keys, .. }) = self.open.last_mut()
            && key.is_none()
        {
            if !keys.insert(text.clone()) {
                return Err(Problem::new(
                    at,
                    format!("the key `{}` is here twice", crate::reader::short(&text)),
                )
                .help("keep one of the two"));
            }
            *key = Some((text, at));
            return Ok(());
        }
        self.place(Node { at, value: Value::Scalar { text, plain } });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        let node = match self.open.pop() {
            Some(Open::List { at, items }) => Node { at, value: Value::List(items) },
            Some(Open::Map { at, fields, .. }) => Node { at, value: Value::Map(fields) },
            None => return Err(Problem::new(Position::START, "not YAML: unbalanced")),
        };
        self.place(node);
        Ok(())
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { fields, key, .. }) => {
                if let Some((key, key_at)) = key.take() {
                    fields.push(Field { key, key_at, value: node });
                }
            }
            None => self.root = Some(node),
        }
    }
}
