//! What an expression of Python evaluates to here: a constant, a thing of the heap, a
//! name of the library, or nothing known; with what went into it.

use std::rc::Rc;

use super::heap::{
    AppliedId, ClassId, DictId, FunctionId, InstanceId, ListId, ModuleId, ObjectId, ScopeId,
};
use super::names::ApiId;
use crate::event::{Hiding, Source};
use crate::value::{Origin, keep_most_telling};

/// Alternatives that are kept of one value.
const MAX_ALTERNATIVES: usize = 16;
/// Bytes of one text or byte string; a longer one is not known.
pub(super) const MAX_TEXT_BYTES: usize = 8 << 20;

/// Text, of the source where it is there already.
#[derive(Clone, Debug)]
pub(super) enum Text<'a> {
    Literal(&'a str),
    Made(Rc<str>),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl std::hash::Hash for Text<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        str::hash(self, state);
    }
}

/// Text of which pieces are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pieces {
    pub(super) prefix: String,
    pub(super) rest: Vec<String>,
    /// Whether what comes last is not known.
    pub(super) open: bool,
}

impl Pieces {
    pub(super) fn push_known(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.open {
            if self.rest.len() < 64 {
                self.rest.push(text.to_owned());
                self.open = false;
            }
        } else if let Some(last) = self.rest.last_mut() {
            last.push_str(text);
        } else {
            self.prefix.push_str(text);
        }
    }

    pub(super) fn push_unknown(&mut self) {
        self.open = true;
    }

    pub(super) fn push(&mut self, other: &Self) {
        self.push_known(&other.prefix);
        if !other.rest.is_empty() || other.open {
            for piece in &other.rest {
                self.push_unknown();
                self.push_known(piece);
            }
            if other.open {
                self.push_unknown();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.prefix.is_empty() && self.rest.is_empty()
    }

    /// Each known piece changed.
    pub(super) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            prefix: change(&self.prefix),
            rest: self.rest.iter().map(|piece| change(piece)).collect(),
            open: self.open,
        }
    }
}

/// What went into a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Taint {
    pub(super) origins: Vec<Origin>,
    pub(super) hiding: Vec<Hiding>,
}

pub(super) type Trail = Option<Rc<Taint>>;

/// Both, without duplicates.
pub(super) fn merged(one: &Trail, other: &Trail) -> Trail {
    match (one, other) {
        (None, None) => None,
        (Some(taint), None) | (None, Some(taint)) => Some(Rc::clone(taint)),
        (Some(one), Some(other)) if Rc::ptr_eq(one, other) => Some(Rc::clone(one)),
        (Some(one), Some(other)) => {
            let new_origin = other.origins.iter().any(|origin| !one.origins.contains(origin));
            let new_hiding = other.hiding.iter().any(|hiding| !one.hiding.contains(hiding));
            if !new_origin && !new_hiding {
                return Some(Rc::clone(one));
            }
            let mut both = Taint::clone(one);
            for origin in &other.origins {
                if !both.origins.contains(origin) {
                    both.origins.push(origin.clone());
                }
            }
            keep_most_telling(&mut both.origins, |origin| origin.source);
            for hiding in &other.hiding {
                if !both.hiding.contains(hiding) {
                    both.hiding.push(*hiding);
                }
            }
            Some(Rc::new(both))
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) enum Data<'a> {
    #[default]
    Unknown,
    None,
    Bool(bool),
    Int(i64),
    /// A whole number that is too large for a processor, most significant byte first.
    Large(Rc<[u8]>),
    Float(f64),
    Text(Text<'a>),
    Bytes(Rc<[u8]>),
    /// Text or bytes, in part.
    Partial(Rc<Pieces>),
    /// A list, tuple, set, byte array, or anything that gives one thing after another.
    List(ListId),
    Dict(DictId),
    /// Whole numbers: from, to, step.
    Range(Rc<(i64, i64, i64)>),
    /// The variables of a scope as a dictionary.
    Namespace(ScopeId),
    /// Something of the library.
    Api(ApiId),
    /// What something of the library gave.
    Object(ObjectId),
    /// A method of a constant or a collection, not called yet.
    Method(Rc<(Value<'a>, Text<'a>)>),
    Function(FunctionId),
    Class(ClassId),
    Instance(InstanceId),
    Module(ModuleId),
    /// Something with some of its arguments.
    Applied(AppliedId),
    /// One of these.
    Choice(Rc<[Value<'a>]>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Value<'a> {
    pub(super) data: Data<'a>,
    pub(super) taint: Trail,
}

impl<'a> From<Data<'a>> for Value<'a> {
    fn from(data: Data<'a>) -> Self {
        Self { data, taint: None }
    }
}

impl<'a> Value<'a> {
    pub(super) fn unknown() -> Self {
        Self::default()
    }

    pub(super) fn none() -> Self {
        Data::None.into()
    }

    pub(super) fn made(text: impl Into<Rc<str>>) -> Self {
        let text = text.into();
        if text.len() > MAX_TEXT_BYTES {
            Self::unknown()
        } else {
            Data::Text(Text::Made(text)).into()
        }
    }

    pub(super) fn literal(text: &'a str) -> Self {
        Data::Text(Text::Literal(text)).into()
    }

    pub(super) fn bytes(bytes: impl Into<Rc<[u8]>>) -> Self {
        let bytes = bytes.into();
        if bytes.len() > MAX_TEXT_BYTES { Self::unknown() } else { Data::Bytes(bytes).into() }
    }

    /// Pieces, as text where all of it is known and as nothing where nothing is.
    pub(super) fn pieces(pieces: Pieces) -> Self {
        if !pieces.open && pieces.rest.is_empty() {
            return Self::made(pieces.prefix);
        }
        let size = pieces.rest.iter().map(String::len).sum::<usize>() + pieces.prefix.len();
        if pieces.is_empty() || size > MAX_TEXT_BYTES {
            return Self::unknown();
        }
        Data::Partial(Rc::new(pieces)).into()
    }

    pub(super) fn with(mut self, taint: &Trail) -> Self {
        if taint.is_some() {
            self.taint = merged(&self.taint, taint);
        }
        self
    }

    pub(super) fn come_from(mut self, origin: Origin) -> Self {
        let taint = Taint { origins: vec![origin], hiding: Vec::new() };
        self.taint = merged(&self.taint, &Some(Rc::new(taint)));
        self
    }

    pub(super) fn hidden(mut self, hiding: Hiding) -> Self {
        let known = self.taint.as_ref().is_some_and(|taint| taint.hiding.contains(&hiding));
        if !known {
            // The outermost first: what was undone last.
            let mut taint = self.taint.as_deref().cloned().unwrap_or_default();
            taint.hiding.insert(0, hiding);
            self.taint = Some(Rc::new(taint));
        }
        self
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.data, Data::Unknown)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Text or the bytes of text.
    pub(super) fn text_or_bytes(&self) -> Option<&[u8]> {
        match &self.data {
            Data::Text(text) => Some(text.as_bytes()),
            Data::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self.data {
            Data::Int(number) => Some(number),
            Data::Bool(yes) => Some(i64::from(yes)),
            _ => None,
        }
    }

    /// What it is as pieces of text; something unknown is a gap.
    pub(super) fn as_pieces(&self) -> Pieces {
        let known = |prefix: String| Pieces { prefix, ..Pieces::default() };
        match &self.data {
            Data::Text(text) => known(text.to_string()),
            Data::Partial(pieces) => Pieces::clone(pieces),
            Data::Int(number) => known(number.to_string()),
            Data::Bytes(bytes) => known(String::from_utf8_lossy(bytes).into_owned()),
            Data::Bool(true) => known("True".to_owned()),
            Data::Bool(false) => known("False".to_owned()),
            Data::None => known("None".to_owned()),
            Data::Float(number) => known(if number.fract() == 0.0 {
                format!("{number:.1}")
            } else {
                number.to_string()
            }),
            Data::Choice(all) => all.first().map(Self::as_pieces).unwrap_or_default(),
            _ => Pieces { open: true, ..Pieces::default() },
        }
    }

    pub(super) fn has_source(&self, source: Source) -> bool {
        self.taint.as_ref().is_some_and(|taint| taint.origins.iter().any(|it| it.source == source))
    }

    pub(super) fn hidings(&self) -> &[Hiding] {
        self.taint.as_ref().map_or(&[], |taint| taint.hiding.as_slice())
    }

    /// Whether they are surely one thing.
    pub(super) fn same(&self, other: &Self) -> bool {
        same_data(&self.data, &other.data)
    }

    /// Either of them: what is known wins over what is not.
    pub(super) fn or(self, other: Self) -> Self {
        let taint = merged(&self.taint, &other.taint);
        let vague = |data: &Data<'a>| matches!(data, Data::Unknown | Data::None);
        let data = if vague(&other.data) || self.same(&other) {
            if vague(&self.data) && matches!(other.data, Data::Unknown) {
                other.data
            } else {
                self.data
            }
        } else if vague(&self.data) {
            other.data
        } else {
            let mut all: Vec<Self> = Vec::with_capacity(2);
            for value in [Self { data: self.data, taint: self.taint }, other] {
                match &value.data {
                    Data::Choice(more) => all.extend(more.iter().cloned()),
                    _ => all.push(value),
                }
            }
            let mut different: Vec<Self> = Vec::with_capacity(all.len());
            for value in all {
                if different.len() < MAX_ALTERNATIVES && !different.iter().any(|it| it.same(&value))
                {
                    different.push(value);
                }
            }
            Data::Choice(different.into())
        };
        Self { data, taint }
    }
}

fn same_data(one: &Data<'_>, other: &Data<'_>) -> bool {
    match (one, other) {
        (Data::Unknown, Data::Unknown) | (Data::None, Data::None) => true,
        (Data::Bool(one), Data::Bool(other)) => one == other,
        (Data::Int(one), Data::Int(other)) => one == other,
        (Data::Float(one), Data::Float(other)) => one == other,
        (Data::Text(one), Data::Text(other)) => **one == **other,
        (Data::Bytes(one), Data::Bytes(other)) => one == other,
        (Data::Partial(one), Data::Partial(other)) => one == other,
        (Data::List(one), Data::List(other)) => one == other,
        (Data::Dict(one), Data::Dict(other)) => one == other,
        (Data::Api(one), Data::Api(other)) => one == other,
        (Data::Object(one), Data::Object(other)) => one == other,
        (Data::Function(one), Data::Function(other)) => one == other,
        (Data::Class(one), Data::Class(other)) => one == other,
        (Data::Instance(one), Data::Instance(other)) => one == other,
        (Data::Module(one), Data::Module(other)) => one == other,
        (Data::Applied(one), Data::Applied(other)) => one == other,
        _ => false,
    }
}
