//! Threads of a program that run a file or a text.

use super::super::function::Call;
use super::super::machine::Machine;
use super::super::value::{ApiId, Marks, Value};
use crate::event::{Effect, Role};

impl<'a> Machine<'a> {
    pub(super) fn new_worker(&mut self, api: ApiId, marks: Marks, call: &Call<'a>) -> Value<'a> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNKNOWN);
        let is_text = match call.arguments.get(1) {
            Some(options) => self.member(options, "eval", call.span).truth() == Some(true),
            None => first.as_text().is_some_and(|text| text.starts_with("data:")),
        };
        if is_text {
            self.emit(Effect::DynamicCode, api, call.span, &[(Role::Code, first.clone())], marks);
            if let Some(text) = first.as_text() {
                let text = text.to_owned();
                self.run_text(&text, call.span, first.marks, false);
            }
        } else {
            self.emit(Effect::Spawn, api, call.span, &[(Role::Path, first)], marks);
        }
        Value::UNKNOWN
    }
}
