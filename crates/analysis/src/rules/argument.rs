//! Reading the arguments of events: what is known of them, whatever shape they have.

use std::borrow::Cow;

use crate::event::{Event, Hiding, Role, Source};
use crate::value::{Origin, Shape, Value};

/// How deep lists and records are looked into, and how many pieces are taken from one.
const MAX_DEPTH: u32 = 6;
const MAX_PIECES: usize = 256;

impl Event {
    /// The first argument for this.
    pub(crate) fn argument(&self, role: Role) -> Option<&Value> {
        self.arguments_of(role).next()
    }

    /// All arguments for this.
    pub(crate) fn arguments_of(&self, role: Role) -> impl Iterator<Item = &Value> {
        self.arguments.iter().filter(move |given| given.role == role).map(|given| &given.value)
    }

    /// The text for this, where all of it is known.
    pub(crate) fn text(&self, role: Role) -> Option<Cow<'_, str>> {
        self.argument(role).and_then(Value::text)
    }

    /// Everything of these sources that goes into arguments of these roles.
    pub(crate) fn origins<'a>(
        &'a self,
        roles: &'a [Role],
        source: Source,
    ) -> impl Iterator<Item = &'a Origin> {
        let mut found = Vec::new();
        for given in self.arguments.iter().filter(|given| roles.contains(&given.role)) {
            given.value.collect_origins(source, MAX_DEPTH, &mut found);
        }
        found.into_iter()
    }

    /// Ways of hiding that nobody uses to make code shorter or to keep it together.
    pub(crate) fn strong_hiding(&self) -> impl Iterator<Item = Hiding> {
        self.hiding.iter().copied().filter(|hiding| is_strong(*hiding))
    }
}

/// Whether honest code has little reason to hide something in this way.
pub(crate) const fn is_strong(hiding: Hiding) -> bool {
    match hiding {
        Hiding::Base64
        | Hiding::Hexadecimal
        | Hiding::CharacterCodes
        | Hiding::Rotation
        | Hiding::Compression
        | Hiding::Xor
        | Hiding::Reversal
        | Hiding::Serialised
        | Hiding::Encryption
        | Hiding::CodeInData
        | Hiding::Confusables
        | Hiding::StringTable
        | Hiding::Brackets
        | Hiding::OffScreen => true,
        Hiding::Pieces
        | Hiding::Escapes
        | Hiding::CodeInText
        | Hiding::ComputedName
        | Hiding::MangledNames => false,
    }
}

/// Whether a value that was decoded is not the package's own: a caller handed it over, or
/// a program wrote it, and nothing of it stands here.
pub(crate) fn comes_from_elsewhere(value: &Value) -> bool {
    let is_handed = |source| value.origin(source).is_some();
    (is_handed(Source::Caller) || is_handed(Source::ProcessOutput))
        // What ends a line or joins a path says nothing.
        && value.pieces().iter().all(|piece| !piece.contains(char::is_alphanumeric))
}

/// A way of hiding, in words.
pub(crate) const fn hiding_words(hiding: Hiding) -> &'static str {
    match hiding {
        Hiding::Base64 => "base64",
        Hiding::Hexadecimal => "hexadecimal digits",
        Hiding::CharacterCodes => "numbers of characters",
        Hiding::Rotation => "rotated letters",
        Hiding::Compression => "compression",
        Hiding::Xor => "exclusive or with a key",
        Hiding::Reversal => "text written backwards",
        Hiding::Pieces => "pieces that are put together",
        Hiding::Escapes => "needless escapes",
        Hiding::Serialised => "serialised code",
        Hiding::Encryption => "encryption with a key that is in the package",
        Hiding::CodeInText => "text that is executed",
        Hiding::ComputedName => "computed names",
        Hiding::Confusables => "characters that look like others or show nothing",
        Hiding::CodeInData => "a file that is not named as code",
        Hiding::MangledNames => "names made by a program",
        Hiding::StringTable => "a table of encoded strings",
        Hiding::Brackets => "code of brackets and signs only",
        Hiding::OffScreen => "a statement far to the right of the screen",
    }
}

impl Value {
    /// The text, where all of it is known. Bytes that are text count.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match &self.shape {
            Shape::Text(text) => Some(Cow::Borrowed(text)),
            Shape::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Shape::Number(number) if number.fract() == 0.0 => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// What it is known to begin with; empty where that is unknown.
    pub(crate) fn beginning(&self) -> &str {
        match &self.shape {
            Shape::Text(text) => text,
            Shape::Partial { prefix, .. } => prefix,
            Shape::Bytes(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            _ => "",
        }
    }

    /// Whether nothing of it is missing.
    pub(crate) fn is_whole(&self) -> bool {
        match &self.shape {
            Shape::Unknown | Shape::Partial { .. } => false,
            Shape::List(items) => items.iter().all(Value::shape_is_simple),
            _ => true,
        }
    }

    fn shape_is_simple(&self) -> bool {
        !matches!(self.shape, Shape::Unknown | Shape::Partial { .. } | Shape::List(_))
    }

    /// All known pieces of text in it, in their order.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        let mut out = Vec::new();
        self.collect_pieces(MAX_DEPTH, &mut out);
        out
    }

    fn collect_pieces<'a>(&'a self, depth: u32, out: &mut Vec<&'a str>) {
        if depth == 0 || out.len() >= MAX_PIECES {
            return;
        }
        match &self.shape {
            Shape::Text(text) => out.push(text),
            Shape::Bytes(bytes) => out.extend(std::str::from_utf8(bytes).ok()),
            Shape::Partial { prefix, rest } => {
                out.extend(std::iter::once(prefix).chain(rest).map(AsRef::as_ref));
            }
            Shape::List(items) => {
                items.iter().for_each(|item| item.collect_pieces(depth - 1, out));
            }
            Shape::Record(fields) => {
                fields.iter().for_each(|(_, value)| value.collect_pieces(depth - 1, out));
            }
            _ => {}
        }
    }

    /// The pieces with a mark where something is unknown, as one line.
    pub(crate) fn sketch(&self) -> String {
        match &self.shape {
            Shape::Text(text) => text.to_string(),
            Shape::Partial { prefix, rest } => {
                let mut line = prefix.to_string();
                for piece in rest {
                    line.push('\u{2026}');
                    line.push_str(piece);
                }
                line
            }
            Shape::List(items) => {
                let words: Vec<String> =
                    items.iter().take(MAX_PIECES).map(Value::flat_sketch).collect();
                words.join(" ")
            }
            Shape::Unknown => "\u{2026}".to_owned(),
            _ => self.pieces().join(" "),
        }
    }

    fn flat_sketch(&self) -> String {
        match &self.shape {
            Shape::List(_) => self.pieces().join(" "),
            _ => self.sketch(),
        }
    }

    /// The words of a list, or the one text; what is unknown is shown as a mark.
    pub(crate) fn words(&self) -> Vec<String> {
        match &self.shape {
            Shape::List(items) => items.iter().take(MAX_PIECES).map(Value::flat_sketch).collect(),
            Shape::Unknown | Shape::Nothing => Vec::new(),
            _ => vec![self.sketch()],
        }
    }

    /// One thing of this source that goes into it.
    pub(crate) fn origin(&self, source: Source) -> Option<&Origin> {
        let mut found = Vec::new();
        self.collect_origins(source, MAX_DEPTH, &mut found);
        found.into_iter().next()
    }

    fn collect_origins<'a>(&'a self, source: Source, depth: u32, out: &mut Vec<&'a Origin>) {
        if depth == 0 || out.len() >= MAX_PIECES {
            return;
        }
        for origin in self.origins.iter().filter(|origin| origin.source == source) {
            if !out.contains(&origin) {
                out.push(origin);
            }
        }
        match &self.shape {
            Shape::List(items) => {
                items.iter().for_each(|item| item.collect_origins(source, depth - 1, out));
            }
            Shape::Record(fields) => {
                fields.iter().for_each(|(_, value)| value.collect_origins(source, depth - 1, out));
            }
            _ => {}
        }
    }
}
