//! One keyword, understood.

use super::pattern::Pattern;
use serde_json::{Number, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Which schema of the compiled list.
pub(super) type Id = usize;

/// The types of JSON Schema, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

/// Each with its word in a schema and what a person calls it.
const TYPES: [(&str, &str); 7] = [
    ("null", "null"),
    ("boolean", "true or false"),
    ("integer", "a whole number"),
    ("number", "a number"),
    ("string", "text"),
    ("array", "a list"),
    ("object", "an object"),
];

impl Types {
    /// None of them.
    pub(super) const NONE: Self = Self(0);

    /// The words that may stand in a schema.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        TYPES.iter().map(|(word, _)| *word)
    }

    /// With the type of this word; `None` when there is none.
    pub(super) fn with(self, word: &str) -> Option<Self> {
        let place = Self::words().position(|known| known == word)?;
        Some(Self(self.0 | (1 << place)))
    }

    pub(super) fn has(self, word: &str) -> bool {
        Self::NONE.with(word).is_some_and(|one| self.0 & one.0 != 0)
    }

    pub(super) fn take(self, value: &Value) -> bool {
        match value {
            Value::Null => self.has("null"),
            Value::Bool(_) => self.has("boolean"),
            Value::Number(number) => {
                self.has("number") || (self.has("integer") && is_whole(number))
            }
            Value::String(_) => self.has("string"),
            Value::Array(_) => self.has("array"),
            Value::Object(_) => self.has("object"),
        }
    }

    /// As a person says it.
    pub(super) fn text(self) -> String {
        let names: Vec<&str> =
            TYPES.iter().filter(|(word, _)| self.has(word)).map(|(_, name)| *name).collect();
        names.join(" or ")
    }

    /// What a person calls this value.
    pub(super) const fn name_of(value: &Value) -> &'static str {
        match value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// 2.0 is a whole number in JSON Schema.
fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// What a value is held against.
#[derive(Debug)]
pub(super) enum Rule {
    /// The schema `false`.
    Never,
    Type(Types),
    /// `enum` and `const`: values in the form of [`super::equal`], and for a message.
    Values {
        word: &'static str,
        keys: BTreeSet<String>,
        shown: String,
    },
    Minimum(Number),
    Maximum(Number),
    ExclusiveMinimum(Number),
    ExclusiveMaximum(Number),
    MultipleOf(u64),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Pattern),
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    Items {
        prefix: Vec<Id>,
        rest: Option<Id>,
    },
    Contains {
        schema: Id,
        min: u64,
        max: Option<u64>,
    },
    MinProperties(u64),
    MaxProperties(u64),
    Required(Vec<String>),
    DependentRequired(BTreeMap<String, Vec<String>>),
    Properties {
        named: BTreeMap<String, Id>,
        patterns: Vec<(Pattern, Id)>,
        rest: Option<Id>,
    },
    PropertyNames(Id),
    AllOf(Vec<Id>),
    AnyOf(Vec<Id>),
    OneOf(Vec<Id>),
    Not(Id),
    If {
        when: Id,
        then: Option<Id>,
        otherwise: Option<Id>,
    },
    DependentSchemas(BTreeMap<String, Id>),
    Ref(Id),
}

impl Rule {
    /// The schemas that are held against the same value; those of its members are
    /// held against a smaller one.
    pub(super) fn in_place(&self) -> Vec<Id> {
        match self {
            Self::AllOf(ids) | Self::AnyOf(ids) | Self::OneOf(ids) => ids.clone(),
            Self::Not(id) | Self::Ref(id) => vec![*id],
            Self::If { when, then, otherwise } => {
                [Some(*when), *then, *otherwise].into_iter().flatten().collect()
            }
            Self::DependentSchemas(map) => map.values().copied().collect(),
            _ => Vec::new(),
        }
    }
}
