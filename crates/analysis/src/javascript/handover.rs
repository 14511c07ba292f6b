//! What crosses from the evaluator's thread, which has a stack of its own, to the one
//! that asked: the same words as the crate's events, without shared counters.

use std::rc::Rc;

use crate::event::{Argument, Effect, Event, Hiding, Role, Source, When};
use crate::place::Place;
use crate::value::{Origin, Shape, Value};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FrozenEvent {
    pub(crate) effect: Effect,
    pub(crate) api: String,
    pub(crate) place: Place,
    pub(crate) arguments: Vec<(Role, Frozen)>,
    pub(crate) when: When,
    pub(crate) hiding: Vec<Hiding>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frozen {
    pub(crate) shape: FrozenShape,
    pub(crate) origins: Vec<FrozenOrigin>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FrozenOrigin {
    pub(crate) source: Source,
    pub(crate) place: Place,
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum FrozenShape {
    #[default]
    Unknown,
    Nothing,
    Boolean(bool),
    Number(f64),
    Text(String),
    Partial(String, Vec<String>),
    Bytes(Vec<u8>),
    List(Vec<Frozen>),
    Record(Vec<(String, Frozen)>),
    Api(String),
    Function,
}

impl FrozenEvent {
    pub(crate) fn thawed(self) -> Event {
        let arguments = self
            .arguments
            .into_iter()
            .map(|(role, value)| Argument { role, value: value.thawed() })
            .collect();
        Event {
            effect: self.effect,
            api: self.api.into(),
            place: self.place,
            arguments,
            when: self.when,
            hiding: self.hiding,
        }
    }
}

impl Frozen {
    fn thawed(self) -> Value {
        let origins = self
            .origins
            .into_iter()
            .map(|origin| Origin {
                source: origin.source,
                place: origin.place,
                name: origin.name.map(Rc::from),
            })
            .collect();
        let shape = match self.shape {
            FrozenShape::Unknown => Shape::Unknown,
            FrozenShape::Nothing => Shape::Nothing,
            FrozenShape::Boolean(boolean) => Shape::Boolean(boolean),
            FrozenShape::Number(number) => Shape::Number(number),
            FrozenShape::Text(text) => Shape::Text(text.into()),
            FrozenShape::Partial(prefix, rest) => Shape::Partial {
                prefix: prefix.into(),
                rest: rest.into_iter().map(Rc::from).collect(),
            },
            FrozenShape::Bytes(bytes) => Shape::Bytes(bytes.into()),
            FrozenShape::List(list) => Shape::List(list.into_iter().map(Self::thawed).collect()),
            FrozenShape::Record(fields) => Shape::Record(
                fields.into_iter().map(|(name, value)| (name.into(), value.thawed())).collect(),
            ),
            FrozenShape::Api(name) => Shape::Api(name.into()),
            FrozenShape::Function => Shape::Function,
        };
        Value { shape, origins }
    }
}
