//! Strict parameters: an object with known names and nothing else.

use crate::answer::{CallError, shown};
use ringfence_types::UntrustedText;
use serde_json::{Map, Value};

/// The parameters of one call.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    /// Accepts an object whose names are all in `known`, or nothing at all.
    pub(crate) fn of(params: &'a Value, known: &[&str]) -> Result<Self, CallError> {
        let map = match params {
            Value::Null => None,
            Value::Object(map) => Some(map),
            _ => return Err(CallError::invalid("the parameters must be an object")),
        };
        let unknown =
            map.into_iter().flat_map(Map::keys).find(|name| !known.contains(&name.as_str()));
        match unknown {
            Some(name) => Err(CallError::invalid(format!(
                "unknown parameter `{}`, known are {}",
                UntrustedText::new(&shown(name)),
                known.join(", ")
            ))),
            None => Ok(Self { map }),
        }
    }

    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.map?.get(name)
    }

    pub(crate) fn needed_value(self, name: &str) -> Result<&'a Value, CallError> {
        self.value(name).ok_or_else(|| CallError::invalid(format!("`{name}` is missing")))
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, CallError> {
        self.needed_value(name)?
            .as_str()
            .ok_or_else(|| CallError::invalid(format!("`{name}` must be a string")))
    }

    pub(crate) fn optional_text(self, name: &str) -> Result<Option<&'a str>, CallError> {
        self.value(name).map(|_| self.text(name)).transpose()
    }

    pub(crate) fn number(self, name: &str) -> Result<Option<u64>, CallError> {
        self.value(name)
            .map(|value| {
                value.as_u64().ok_or_else(|| {
                    CallError::invalid(format!("`{name}` must be a whole number from 0"))
                })
            })
            .transpose()
    }

    /// A count from 1 to `max`, which is also the default.
    pub(crate) fn count(self, name: &str, max: usize) -> Result<usize, CallError> {
        let Some(number) = self.number(name)? else {
            return Ok(max);
        };
        usize::try_from(number)
            .ok()
            .filter(|number| (1..=max).contains(number))
            .ok_or_else(|| CallError::invalid(format!("`{name}` must be from 1 to {max}")))
    }

    pub(crate) fn texts(self, name: &str) -> Result<Vec<String>, CallError> {
        let wrong = || CallError::invalid(format!("`{name}` must be a list of strings"));
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }
}
