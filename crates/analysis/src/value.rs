//! What an argument of an event is, as far as evaluation could tell. Each language's
//! evaluator has values of its own while it works; this is what is left of one when it
//! is written down, whole enough for any rule and bounded in size.

use std::borrow::Cow;
use std::rc::Rc;

use crate::event::Source;
use crate::place::Place;

/// The most origins that a value keeps.
pub(crate) const MAX_ORIGINS: usize = 16;
/// The most bytes of one text that are written down.
pub(crate) const MAX_TEXT_BYTES: usize = 64 << 10;

/// Leaves as many origins as a value keeps, in their order. What a caller hands over is
/// the least telling and goes first, then what was only decoded: it costs nothing to make
/// many of those.
pub(crate) fn keep_most_telling<T>(all: &mut Vec<T>, source: impl Fn(&T) -> Source) {
    let mut over = all.len().saturating_sub(MAX_ORIGINS);
    for least in [Source::Caller, Source::Decoded] {
        while over > 0
            && let Some(at) = all.iter().rposition(|one| source(one) == least)
        {
            all.remove(at);
            over -= 1;
        }
    }
    all.truncate(MAX_ORIGINS);
}

/// A text as it is written down: of one that is too long the beginning and the end, so
/// that what matters cannot be pushed out at one of them.
pub(crate) fn ends(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT_BYTES {
        return Cow::Borrowed(text);
    }
    let half = MAX_TEXT_BYTES / 2;
    let head = text.get(..text.floor_char_boundary(half)).unwrap_or_default();
    let tail = text.get(text.ceil_char_boundary(text.len() - half)..).unwrap_or_default();
    Cow::Owned(format!("{head}\n{tail}"))
}

/// A value and where it comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// What it is.
    pub shape: Shape,
    /// Everything that went into it and that a rule may care for, without duplicates,
    /// in the order of their places; at most 16.
    pub origins: Vec<Origin>,
}

/// What a value is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Null, none, undefined.
    Nothing,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text, all of it.
    Text(Rc<str>),
    /// Text of which only pieces are known: what it begins with, and whether there is
    /// more that is known (`"https://" + host + "/collect"` has both).
    Partial {
        /// What it begins with; may be empty.
        prefix: Rc<str>,
        /// Known pieces after something unknown, in their order.
        rest: Vec<Rc<str>>,
    },
    /// Bytes, all of them.
    Bytes(Rc<[u8]>),
    /// A list or tuple.
    List(Vec<Value>),
    /// Names and values, in the order of the program.
    Record(Vec<(Rc<str>, Value)>),
    /// Something that the language or a library provides, by its canonical name, such
    /// as `node:child_process.exec` or `os.system`.
    Api(Rc<str>),
    /// A function of the package.
    Function,
}

/// One thing that went into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// What kind of thing.
    pub source: Source,
    /// Where it was obtained.
    pub place: Place,
    /// Its name where it has one: the variable's, the file's, the address.
    pub name: Option<Rc<str>>,
}
