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
            // It is run whatever it is called.
            let text = first.as_text().unwrap_or_default();
            // Beside this file, whatever stands for that: `new URL('./x', import.meta.url)`.
            let beside = text.rfind("./").filter(|_| text.contains("://"));
            let path = beside.and_then(|at| text.get(at..)).unwrap_or(text);
            if let Some(file) = self.find_file(path) {
                self.note_load(file, call.span);
            }
            self.emit(Effect::Spawn, api, call.span, &[(Role::Path, first)], marks);
        }
        Value::UNKNOWN
    }
}
