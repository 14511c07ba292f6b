//! What the library computes, computed: each function here gives the value that a call
//! gives, or nothing where it is not known.

mod bytes;
pub(super) mod callback;
mod collection;
mod compute;
mod decoding;
mod environment;
mod execute;
mod files;
pub(super) mod format;
mod functional;
mod json;
mod paths;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

use ruff_text_size::TextRange;

use super::call::{Arguments, Call};
use super::evaluator::Evaluator;
use super::value::{Data, Value};

/// What a call gives, where it is known.
pub(super) type Intrinsic = for<'a> fn(&mut Evaluator<'a>, &Call<'a>) -> Option<Value<'a>>;

/// Names and what computes them.
type Entries = &'static [(&'static str, Intrinsic)];

/// What computes this name, where something does.
pub(super) fn intrinsic(name: &str) -> Option<Intrinsic> {
    static TABLE: LazyLock<HashMap<&'static str, Intrinsic>> = LazyLock::new(|| {
        let all: [Entries; 9] = [
            callback::ENTRIES,
            compute::ENTRIES,
            decoding::ENTRIES,
            environment::ENTRIES,
            execute::ENTRIES,
            files::ENTRIES,
            functional::ENTRIES,
            json::ENTRIES,
            paths::ENTRIES,
        ];
        all.into_iter().flatten().copied().collect()
    });
    TABLE.get(name).copied()
}

/// Whether decoders are made of this.
pub(super) fn decodes(name: &str) -> bool {
    let basic = ["chr", "ord", "bytes", "bytearray", "bytes.fromhex", "int.from_bytes"];
    name.strip_prefix("py:builtins.").is_some_and(|bare| basic.contains(&bare))
        || decoding::ENTRIES
            .iter()
            .any(|(known, _)| *known == name && !known.contains("json") && !known.contains("quote"))
}

impl<'a> Evaluator<'a> {
    /// A method of a constant or a collection.
    pub(super) fn builtin_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Option<Value<'a>> {
        let result = match &object.data {
            Data::Text(text) => self.text_method(object, &text.clone(), name, arguments),
            Data::Partial(pieces) => self.partial_method(&pieces.clone(), name, arguments),
            Data::Bytes(bytes) => self.bytes_method(object, &bytes.clone(), name, arguments),
            Data::List(id) => self.list_method(*id, object, name, arguments, range),
            Data::Dict(id) => self.dict_method(*id, name, arguments),
            Data::Int(_) | Data::Large(_) => bytes::number_method(object, name, arguments),
            Data::Namespace(scope) => self.namespace_method(*scope, name, arguments),
            _ => None,
        }?;
        // Lists give back what they hold, which has its own origins.
        let holds = matches!(object.data, Data::List(_) | Data::Dict(_));
        let taint = if holds {
            object.taint.clone()
        } else {
            super::value::merged(&object.taint, &self.taint_of(arguments))
        };
        Some(result.with(&taint))
    }
}
