//! What is left of a value when it is written down in an event.

use std::rc::Rc;

use super::evaluator::Evaluator;
use super::value::{Data, Value};
use crate::value::{Shape, Value as Frozen, ends, keep_most_telling};

/// Items of a list or dictionary that are written down.
const MAX_ITEMS: usize = 64;
/// The same of an argument itself, which may be the words of a command.
pub(super) const MAX_WORDS: usize = 256;
/// Bytes of data that are written down.
const MAX_BYTES: usize = 64 << 10;
const MAX_DEPTH: u32 = 4;

impl<'a> Evaluator<'a> {
    pub(super) fn frozen(&self, value: &Value<'a>) -> Frozen {
        self.frozen_at(value, MAX_DEPTH)
    }

    fn frozen_at(&self, value: &Value<'a>, depth: u32) -> Frozen {
        let mut origins =
            self.deep_taint(value, 2).map_or_else(Vec::new, |taint| taint.origins.clone());
        origins.sort_by(|one, other| {
            (one.place, one.source, &one.name).cmp(&(other.place, other.source, &other.name))
        });
        origins.dedup();
        keep_most_telling(&mut origins, |origin| origin.source);
        Frozen { shape: self.shape(value, depth), origins }
    }

    fn shape(&self, value: &Value<'a>, depth: u32) -> Shape {
        match &value.data {
            Data::Unknown | Data::Range(_) | Data::Namespace(_) | Data::Instance(_) => {
                Shape::Unknown
            }
            Data::None => Shape::Nothing,
            Data::Bool(yes) => Shape::Boolean(*yes),
            #[expect(clippy::cast_precision_loss, reason = "rules compare ports and small numbers")]
            Data::Int(number) => Shape::Number(*number as f64),
            Data::Float(number) => Shape::Number(*number),
            Data::Text(text) => Shape::Text(cut(text)),
            Data::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Shape::Text(cut(text)),
                Err(_) => Shape::Bytes(bytes.get(..MAX_BYTES).unwrap_or(bytes).into()),
            },
            Data::Partial(pieces) => Shape::Partial {
                prefix: cut(&pieces.prefix),
                rest: pieces.rest.iter().map(|piece| cut(piece)).collect(),
            },
            Data::List(id) if depth > 0 => Shape::List(
                self.items(*id)
                    .iter()
                    .take(if depth == MAX_DEPTH { MAX_WORDS } else { MAX_ITEMS })
                    .map(|item| self.frozen_at(item, depth - 1))
                    .collect(),
            ),
            Data::Dict(id) if depth > 0 => Shape::Record(
                self.heap
                    .dict(*id)
                    .map_or(&[][..], |dict| &dict.items)
                    .iter()
                    .take(MAX_ITEMS)
                    .map(|(key, item)| {
                        (cut(key.text().unwrap_or("")), self.frozen_at(item, depth - 1))
                    })
                    .collect(),
            ),
            Data::Object(id) if depth > 0 => match self.heap.object(*id) {
                Some(object) => match self.shape(&object.about, depth - 1) {
                    Shape::Unknown => Shape::Api(self.names.text(object.class)),
                    known => known,
                },
                None => Shape::Unknown,
            },
            Data::Api(id) => Shape::Api(self.names.text(*id)),
            Data::Function(_) | Data::Class(_) | Data::Applied(_) | Data::Method(_) => {
                Shape::Function
            }
            Data::Module(_) => Shape::Unknown,
            Data::Choice(all) if depth > 0 => {
                all.first().map_or(Shape::Unknown, |first| self.shape(first, depth - 1))
            }
            Data::List(_) | Data::Dict(_) | Data::Object(_) | Data::Choice(_) | Data::Large(_) => {
                Shape::Unknown
            }
        }
    }
}

/// Text, not longer than is written down.
fn cut(text: &str) -> Rc<str> {
    ends(text).into()
}
