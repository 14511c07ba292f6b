//! Promises: what they become goes to what waits for it.

use super::super::function::Call;
use super::super::heap::Class as ObjectClass;
use super::super::machine::Machine;
use super::super::value::{Marks, Value};

impl<'a> Machine<'a> {
    pub(super) fn promise_function(
        &mut self,
        method: &str,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "" => self.new_promise(call),
            ".resolve" => {
                let value = self.awaited(&first);
                self.promise(value)
            }
            ".reject" => self.promise(Value::UNKNOWN),
            ".all" | ".allSettled" => match self.elements_of(&first) {
                Ok(elements) => {
                    let mut values = Vec::with_capacity(elements.len());
                    for element in &elements {
                        values.push(self.awaited(element));
                    }
                    let array = self.new_array(values);
                    self.promise(array)
                }
                Err(one) => self.promise(Value::unknown(one.marks)),
            },
            ".race" | ".any" => match self.elements_of(&first) {
                Ok(elements) => {
                    let mut any = Value::UNKNOWN;
                    for element in elements.iter().take(8) {
                        let value = self.awaited(element);
                        any = self.either(any, value, false);
                    }
                    self.promise(any)
                }
                Err(one) => self.promise(Value::unknown(one.marks)),
            },
            ".prototype.then" | ".prototype.finally" | ".prototype.catch" => {
                let mut value = self.awaited(&call.this);
                value.marks = self.marks.union(value.marks, marks);
                if value.as_api().is_some_and(|api| self.apis.name(api).starts_with("js:Promise")) {
                    value = Value::UNKNOWN;
                }
                if method == ".prototype.catch" {
                    self.maybe(|machine| {
                        machine.call_back(&first, vec![Value::UNKNOWN], call.span)
                    });
                    return Some(self.promise(value));
                }
                self.look_for_rearming("js:Promise.prototype.then", &call.arguments, call.span);
                if first.as_object().is_none() && first.as_api().is_none() {
                    return Some(self.promise(value));
                }
                let arguments =
                    if method == ".prototype.finally" { Vec::new() } else { vec![value] };
                let result = self.call(
                    &first,
                    Call { this: Value::UNDEFINED, arguments, is_open: false, span: call.span },
                );
                if let Some(second) = call.arguments.get(1).cloned() {
                    self.maybe(|machine| {
                        machine.call_back(&second, vec![Value::UNKNOWN], call.span)
                    });
                }
                let result = self.awaited(&result);
                self.promise(result)
            }
            _ => return None,
        })
    }

    pub(super) fn new_promise(&mut self, call: &Call<'a>) -> Value<'a> {
        let promise = self.promise(Value::UNKNOWN);
        let (Some(id), Some(executor)) = (promise.as_object(), call.arguments.first().cloned())
        else {
            return promise;
        };
        let resolve = self.new_object(ObjectClass::Settler(id, true));
        let reject = self.new_object(ObjectClass::Settler(id, false));
        self.call(
            &executor,
            Call {
                this: Value::UNDEFINED,
                arguments: vec![resolve, reject],
                is_open: false,
                span: call.span,
            },
        );
        promise
    }
}
