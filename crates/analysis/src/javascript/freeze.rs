//! What is left of a value when it is written down.

use super::handover::{Frozen, FrozenOrigin, FrozenShape};
use super::heap::Class as ObjectClass;
use super::machine::{Machine, clipped};
use super::value::{Kind, Marks, Value};
use crate::value::ends;

/// How deep lists and records are written down, and how many parts of each.
const MAX_DEPTH: u32 = 4;
const MAX_PARTS: usize = 48;
/// How many parts of an argument itself, which may be the words of a command.
pub(super) const MAX_WORDS: usize = 256;
/// The most bytes of data.
const MAX_BYTES: usize = 128 << 10;

impl<'a> Machine<'a> {
    pub(crate) fn freeze(&mut self, value: &Value<'a>, depth: u32) -> Frozen {
        let marks = if depth == 0 { self.deep_marks(value) } else { value.marks };
        Frozen { shape: self.shape(value, depth), origins: self.frozen_origins(marks) }
    }

    fn frozen_origins(&self, marks: Marks) -> Vec<FrozenOrigin> {
        if marks.is_none() {
            return Vec::new();
        }
        self.marks
            .origins(marks)
            .into_iter()
            .map(|origin| FrozenOrigin {
                source: origin.source,
                place: origin.place,
                name: origin.name.map(|name| name.to_string()),
            })
            .collect()
    }

    fn shape(&mut self, value: &Value<'a>, depth: u32) -> FrozenShape {
        match &value.kind {
            Kind::Unknown => FrozenShape::Unknown,
            Kind::Undefined | Kind::Null => FrozenShape::Nothing,
            Kind::Boolean(boolean) => FrozenShape::Boolean(*boolean),
            Kind::Number(number) => FrozenShape::Number(*number),
            Kind::Literal(text) => FrozenShape::Text(ends(text).into_owned()),
            Kind::Text(text) => FrozenShape::Text(ends(text).into_owned()),
            Kind::Partial(partial) => {
                FrozenShape::Partial(partial.prefix.clone(), partial.rest.clone())
            }
            Kind::Api(api) => FrozenShape::Api(self.apis.name(*api).to_owned()),
            Kind::Choice(all) => {
                let best = all.iter().max_by_key(|one| match one.kind {
                    Kind::Literal(_) | Kind::Text(_) => 5,
                    Kind::Partial(_) => 4,
                    Kind::Object(_) => 3,
                    Kind::Api(_) => 2,
                    Kind::Unknown => 1,
                    _ => 0,
                });
                match best.cloned() {
                    Some(best) => self.shape(&best, depth + 1),
                    None => FrozenShape::Unknown,
                }
            }
            Kind::Object(id) => {
                let Some(object) = self.get(*id) else { return FrozenShape::Unknown };
                if depth >= MAX_DEPTH {
                    return FrozenShape::Unknown;
                }
                match &object.class {
                    ObjectClass::Function(_) | ObjectClass::Bound(_) | ObjectClass::Settler(..) => {
                        FrozenShape::Function
                    }
                    ObjectClass::Array(elements) => {
                        let most = if depth == 0 { MAX_WORDS } else { MAX_PARTS };
                        let elements: Vec<_> = elements.iter().take(most).cloned().collect();
                        FrozenShape::List(
                            elements
                                .iter()
                                .map(|element| self.freeze(element, depth + 1))
                                .collect(),
                        )
                    }
                    ObjectClass::Bytes(bytes) => FrozenShape::Bytes(
                        bytes.get(..bytes.len().min(MAX_BYTES)).unwrap_or_default().to_vec(),
                    ),
                    ObjectClass::Instance(api) => {
                        let api = *api;
                        FrozenShape::Api(self.apis.name(api).to_owned())
                    }
                    ObjectClass::Promise(inner) => {
                        let inner = inner.clone();
                        self.shape(&inner, depth + 1)
                    }
                    ObjectClass::Regexp(pattern, _) => FrozenShape::Text((*pattern).to_owned()),
                    ObjectClass::Plain | ObjectClass::Exports => {
                        let fields: Vec<_> = object
                            .properties
                            .iter()
                            .filter(|property| {
                                !property.is_getter && !property.key.starts_with('\u{0}')
                            })
                            .take(MAX_PARTS)
                            .map(|property| (property.key, property.value.clone()))
                            .collect();
                        FrozenShape::Record(
                            fields
                                .into_iter()
                                .map(|(key, value)| {
                                    (clipped(key, 256).to_owned(), self.freeze(&value, depth + 1))
                                })
                                .collect(),
                        )
                    }
                }
            }
        }
    }
}
