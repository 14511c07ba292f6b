//! What the evaluator works with: values that are cheap to copy, and the marks they
//! carry about where they come from and how they were hidden.

use std::rc::Rc;

/// A value and the marks on it.
#[derive(Clone, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) marks: Marks,
}

/// A set of origins and hidings, by its number in [`super::marks::MarkTable`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Marks(pub(crate) u32);

impl Marks {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// An object of the abstract heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId(pub(crate) u32);

/// Something that the language, Node.js or a library provides, by its interned name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ApiId(pub(crate) u32);

/// What a value is, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    /// Nothing is known.
    Unknown,
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    /// Text as the program wrote it.
    Literal(&'a str),
    /// Text that was computed.
    Text(Rc<String>),
    /// Text of which only pieces are known.
    Partial(Rc<Partial>),
    Object(ObjectId),
    Api(ApiId),
    /// One of these: what several ways through the program leave behind.
    Choice(Rc<[Value<'a>]>),
}

/// Text of which only pieces are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) prefix: String,
    pub(crate) rest: Vec<String>,
    /// The last piece is where the text ends, so that more may be put to it.
    pub(crate) ends_known: bool,
}

/// The most alternatives that are kept apart.
const MAX_CHOICES: usize = 16;
/// The most pieces of a partly known text, and the most bytes of one.
const MAX_PIECES: usize = 16;
const MAX_PIECE_BYTES: usize = 4096;

impl<'a> Value<'a> {
    pub(crate) const UNKNOWN: Self = Self { kind: Kind::Unknown, marks: Marks::NONE };
    pub(crate) const UNDEFINED: Self = Self { kind: Kind::Undefined, marks: Marks::NONE };

    pub(crate) fn new(kind: Kind<'a>) -> Self {
        Self { kind, marks: Marks::NONE }
    }

    pub(crate) fn unknown(marks: Marks) -> Self {
        Self { kind: Kind::Unknown, marks }
    }

    pub(crate) fn with(kind: Kind<'a>, marks: Marks) -> Self {
        Self { kind, marks }
    }

    pub(crate) fn text(text: String) -> Self {
        Self::new(Kind::Text(Rc::new(text)))
    }

    pub(crate) fn number(number: f64) -> Self {
        Self::new(Kind::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    pub(crate) fn count(count: usize) -> Self {
        Self::number(count as f64)
    }

    pub(crate) fn boolean(boolean: bool) -> Self {
        Self::new(Kind::Boolean(boolean))
    }

    pub(crate) fn object(id: ObjectId) -> Self {
        Self::new(Kind::Object(id))
    }

    pub(crate) fn api(id: ApiId) -> Self {
        Self::new(Kind::Api(id))
    }

    /// The text, where all of it is known and it is text already.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Literal(text) => Some(text),
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<ObjectId> {
        match self.kind {
            Kind::Object(id) => Some(id),
            _ => None,
        }
    }

    pub(crate) fn as_api(&self) -> Option<ApiId> {
        match self.kind {
            Kind::Api(id) => Some(id),
            _ => None,
        }
    }

    pub(crate) fn is_undefined(&self) -> bool {
        matches!(self.kind, Kind::Undefined)
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown)
    }

    /// Whether a call with this argument may do something else than a call with
    /// anything.
    pub(crate) fn matters(&self) -> bool {
        !self.marks.is_none()
            || !matches!(
                self.kind,
                Kind::Unknown | Kind::Undefined | Kind::Null | Kind::Boolean(_) | Kind::Number(_)
            )
    }

    /// True or false, where it is known.
    pub(crate) fn truth(&self) -> Option<bool> {
        match &self.kind {
            Kind::Undefined | Kind::Null => Some(false),
            Kind::Boolean(boolean) => Some(*boolean),
            Kind::Number(number) => Some(*number != 0.0 && !number.is_nan()),
            Kind::Literal(text) => Some(!text.is_empty()),
            Kind::Text(text) => Some(!text.is_empty()),
            Kind::Partial(partial) => {
                (!partial.prefix.is_empty() || !partial.rest.is_empty()).then_some(true)
            }
            Kind::Object(_) => Some(true),
            // Whether something exists on the machine is what code asks with this.
            Kind::Api(_) | Kind::Unknown => None,
            Kind::Choice(all) => {
                let mut truths = all.iter().map(Value::truth);
                let first = truths.next()??;
                truths.all(|truth| truth == Some(first)).then_some(first)
            }
        }
    }

    /// Whether both are the same for all that is known.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Unknown, Kind::Unknown)
            | (Kind::Undefined, Kind::Undefined)
            | (Kind::Null, Kind::Null) => true,
            (Kind::Boolean(one), Kind::Boolean(two)) => one == two,
            (Kind::Number(one), Kind::Number(two)) => one.to_bits() == two.to_bits(),
            (Kind::Object(one), Kind::Object(two)) => one == two,
            (Kind::Api(one), Kind::Api(two)) => one == two,
            (Kind::Partial(one), Kind::Partial(two)) => Rc::ptr_eq(one, two) || one == two,
            (Kind::Choice(one), Kind::Choice(two)) => {
                Rc::ptr_eq(one, two)
                    || (one.len() == two.len()
                        && one.iter().zip(two.iter()).all(|(one, two)| one.same(two)))
            }
            _ => match (self.as_text(), other.as_text()) {
                (Some(one), Some(two)) => one == two,
                _ => false,
            },
        }
    }

    /// The alternatives: itself, where it is one thing.
    pub(crate) fn alternatives(&self) -> &[Self] {
        match &self.kind {
            Kind::Choice(all) => all,
            _ => std::slice::from_ref(self),
        }
    }

    /// Whether it says nothing that a rule could care for.
    fn is_dull(&self) -> bool {
        matches!(
            self.kind,
            Kind::Unknown | Kind::Undefined | Kind::Null | Kind::Boolean(_) | Kind::Number(_)
        )
    }

    /// Either of both; `marks` are those of both together.
    pub(crate) fn either(self, other: &Self, marks: Marks) -> Self {
        if self.same(other) {
            return Self { kind: self.kind, marks };
        }
        if self.is_dull() && other.is_dull() {
            return Self::unknown(marks);
        }
        if let Kind::Choice(all) = &self.kind {
            let is_there = |value: &Self| all.iter().any(|known| known.same(value));
            if all.len() >= MAX_CHOICES || other.alternatives().iter().all(is_there) {
                return Self { kind: self.kind, marks };
            }
        }
        let mut all = [const { Self::UNKNOWN }; MAX_CHOICES];
        let mut count = 0;
        for value in self.alternatives().iter().chain(other.alternatives()) {
            let (known, rest) = all.split_at_mut(count);
            if let Some(next) = rest.first_mut()
                && !known.iter().any(|known| known.same(value))
            {
                *next = value.clone();
                count += 1;
            }
        }
        Self { kind: Kind::Choice(all.into_iter().take(count).collect()), marks }
    }
}

impl Partial {
    pub(crate) fn starting(prefix: &str) -> Self {
        Self { prefix: clipped(prefix).to_owned(), rest: Vec::new(), ends_known: false }
    }

    /// Puts known text to the end.
    pub(crate) fn push_known(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.ends_known
            && let Some(last) = self.rest.last_mut()
        {
            if last.len() + text.len() <= MAX_PIECE_BYTES {
                last.push_str(text);
            } else {
                self.ends_known = false;
            }
        } else if self.rest.len() < MAX_PIECES {
            self.rest.push(clipped(text).to_owned());
            self.ends_known = text.len() <= MAX_PIECE_BYTES;
        }
    }

    /// Puts something unknown to the end.
    pub(crate) fn push_unknown(&mut self) {
        self.ends_known = false;
    }
}

fn clipped(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_PIECE_BYTES)).unwrap_or(text)
}
