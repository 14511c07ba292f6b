//! What the language and Node.js compute, computed: without these, every text that is
//! hidden stays hidden.

mod array;
mod buffer;
mod collection;
mod json;
mod names;
mod node;
mod object;
pub(super) mod pattern;
mod promise;
mod string;
mod worker;

use std::rc::Rc;

pub(super) use names::{is_method, member_names};

use super::function::Call;
use super::heap::Class as ObjectClass;
use super::machine::Machine;
use super::value::{ApiId, Kind, Marks, Value};
use crate::event::{Effect, Hiding, Role};

impl<'a> Machine<'a> {
    /// What a built-in function gives; nothing, where this is none that is computed.
    pub(super) fn builtin(
        &mut self,
        name: &Rc<str>,
        api: ApiId,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        if let Some(method) = name.strip_prefix("js:") {
            if let Some(method) = method.strip_prefix("String.prototype.") {
                return Some(self.string_method(method, call));
            }
            if let Some(method) = method.strip_prefix("Array.prototype.") {
                return Some(self.array_method(method, call));
            }
            if let Some(method) = method.strip_prefix("Function.prototype.") {
                return self.function_method(method, marks, call);
            }
            if let Some(method) = method.strip_prefix("Promise") {
                return self.promise_function(method, marks, call);
            }
            if let Some(method) = method.strip_prefix("Object.") {
                return self.object_function(method, call);
            }
            if let Some(method) = method.strip_prefix("Reflect.") {
                return self.reflect_function(method, call);
            }
            if let Some((class, method)) = method.split_once('.')
                && matches!(class, "Map" | "Set" | "WeakMap" | "WeakSet")
            {
                return self.collection_method(method, call);
            }
            return self.global_function(method, name, api, marks, call);
        }
        if let Some(method) = name.strip_prefix("node:") {
            return self.node_function(method, marks, call);
        }
        None
    }

    /// What `new` of a built-in class makes.
    pub(super) fn builtin_new(
        &mut self,
        name: &Rc<str>,
        api: ApiId,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        match &**name {
            "js:Function"
            | "js:AsyncFunction"
            | "js:GeneratorFunction"
            | "js:AsyncGeneratorFunction" => {
                self.global_function(name.strip_prefix("js:")?, name, api, marks, call)
            }
            "js:Promise" => Some(self.new_promise(call)),
            "js:Array" | "js:Object" | "js:String" | "js:Number" | "js:RegExp" | "js:Error" => {
                self.global_function(name.strip_prefix("js:")?, name, api, marks, call)
            }
            "js:Uint8Array" | "js:Uint8ClampedArray" | "js:Int8Array" | "node:buffer.Buffer" => {
                Some(self.new_bytes(call))
            }
            "js:Proxy" => Some(call.arguments.first().cloned().unwrap_or(Value::UNKNOWN)),
            "js:URL" | "js:URLSearchParams" => {
                let first = call.arguments.first().cloned().unwrap_or(Value::UNKNOWN);
                let data = self.deep_marks(&first);
                let base = call.arguments.get(1).cloned();
                Some(match base {
                    Some(base) if !base.is_undefined() => self.concatenate(&base, &first),
                    _ if first.as_object().is_some() => Value::unknown(data),
                    _ => first,
                })
            }
            "js:Map" | "js:Set" | "js:WeakMap" | "js:WeakSet" => {
                Some(self.new_collection(api, call))
            }
            // A request is followed as its address.
            "js:Request" => {
                let first = call.arguments.first().cloned().unwrap_or(Value::UNKNOWN);
                let data = self.deep_marks(call.arguments.get(1).unwrap_or(&Value::UNDEFINED));
                let all = self.marks.union(first.marks, data);
                if let Some(spec) = self.apis.spec(api) {
                    self.perform(api, spec, marks, call);
                }
                Some(Value { marks: all, ..first })
            }
            "node:module" => Some(Value::api(api)),
            "node:worker_threads.Worker" | "js:Worker" | "js:SharedWorker" => {
                Some(self.new_worker(api, marks, call))
            }
            _ => None,
        }
    }

    fn function_method(
        &mut self,
        method: &str,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let mut rest = call.arguments.iter().cloned();
        let mut target = call.this.clone();
        if !marks.is_none() {
            target.marks = self.marks.union(target.marks, marks);
        }
        match method {
            "call" => {
                let this = rest.next().unwrap_or(Value::UNDEFINED);
                let call = Call {
                    this,
                    arguments: rest.collect(),
                    is_open: call.is_open,
                    span: call.span,
                };
                Some(self.call(&target, call))
            }
            "apply" => {
                let this = rest.next().unwrap_or(Value::UNDEFINED);
                let list = rest.next().unwrap_or(Value::UNDEFINED);
                let (arguments, is_open) = self.spread(&list);
                Some(self.call(&target, Call { this, arguments, is_open, span: call.span }))
            }
            "bind" => {
                let this = rest.next().unwrap_or(Value::UNDEFINED);
                let bound = super::heap::Bound { target, this, arguments: rest.collect() };
                Some(self.new_object(ObjectClass::Bound(Rc::new(bound))))
            }
            "constructor" => Some(Value::UNKNOWN),
            "toString" => Some(match self.text_of(&target) {
                Some(text) => Value::with(Kind::Text(text), target.marks),
                None => Value::UNKNOWN,
            }),
            _ => None,
        }
    }

    /// A list of arguments.
    pub(super) fn spread(&mut self, list: &Value<'a>) -> (Vec<Value<'a>>, bool) {
        if matches!(list.kind, Kind::Undefined | Kind::Null) {
            return (Vec::new(), false);
        }
        match self.elements_of(list) {
            Ok(elements) => (elements, false),
            Err(one) => (vec![one], true),
        }
    }

    fn global_function(
        &mut self,
        method: &str,
        name: &Rc<str>,
        api: ApiId,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "require" | "require.resolve" if method == "require" => {
                let mut first = first;
                first.marks = self.marks.union(first.marks, marks);
                return Some(self.import(&first, call.span));
            }
            "?.itself" => {
                let mut this = call.this.clone();
                if matches!(this.kind, Kind::Partial(_)) || this.is_unknown() {
                    this.marks = self.marks.union(this.marks, marks);
                    return Some(this);
                }
                Value::unknown(this.marks)
            }
            "?.part" => Value::unknown(call.this.marks),
            "?.pipe" => {
                let data = Value::unknown(call.this.marks);
                self.flow_into(&data, &first, call);
                first
            }
            "?.each" => self.each_unknown(call),
            "eval" | "execScript" => {
                self.emit(
                    Effect::DynamicCode,
                    api,
                    call.span,
                    &[(Role::Code, first.clone())],
                    marks,
                );
                return Some(self.run_value(&first, call, true));
            }
            "Function" | "AsyncFunction" | "GeneratorFunction" | "AsyncGeneratorFunction" => {
                return Some(self.function_of_text(api, marks, call));
            }
            "setTimeout"
            | "setInterval"
            | "setImmediate"
            | "queueMicrotask"
            | "requestAnimationFrame"
            | "process.nextTick" => {
                self.timer(name, api, marks, call);
                Value::UNKNOWN
            }
            "String" | "String.raw" => {
                if let Some(text) = self.text_of(&first) {
                    return Some(Value::with(Kind::Text(text), first.marks));
                }
                if matches!(first.kind, Kind::Partial(_)) {
                    return Some(first);
                }
                // Whatever it was, it is text now.
                let data = self.deep_marks(&first);
                Value::with(Kind::Partial(Rc::new(super::value::Partial::default())), data)
            }
            "String.fromCharCode" | "String.fromCodePoint" => self.character_codes(call),
            "Number" | "parseFloat" => match self.number_in(&first) {
                Some(number) => Value::with(Kind::Number(number), first.marks),
                None => Value::unknown(first.marks),
            },
            "Boolean" => first.truth().map_or(Value::UNKNOWN, Value::boolean),
            "parseInt" | "Number.parseInt" => self.parse_integer(call),
            "Number.prototype.toString" => self.number_to_text(call),
            "isNaN" | "Number.isNaN" => match self.number_in(&first) {
                Some(number) => Value::boolean(number.is_nan()),
                None => Value::UNKNOWN,
            },
            "Array" => match (call.arguments.len(), &first.kind) {
                (1, Kind::Number(number)) => match super::expression::index(*number) {
                    Some(length) if length <= 1 << 16 => {
                        self.new_array(vec![Value::UNDEFINED; length])
                    }
                    _ => Value::UNKNOWN,
                },
                _ => self.new_array(call.arguments.clone()),
            },
            "Array.isArray" => match &first.kind {
                Kind::Object(id) => Value::boolean(matches!(
                    self.get(*id).map(|object| &object.class),
                    Some(ObjectClass::Array(_))
                )),
                Kind::Unknown | Kind::Api(_) | Kind::Choice(_) => Value::UNKNOWN,
                _ => Value::boolean(false),
            },
            "Array.from" | "Array.of" => self.array_from(method, call),
            "Object" => {
                if first.is_undefined() {
                    return Some(self.new_object(ObjectClass::Plain));
                }
                first
            }
            "Error" | "TypeError" | "RangeError" => Value::UNKNOWN,
            "RegExp" => {
                // Without a pattern it matches the empty text: code of brackets takes its
                // colon from how that is written.
                let nothing = call.arguments.is_empty().then(|| "(?:)".to_owned());
                let pattern = nothing.or_else(|| first.as_text().map(str::to_owned))?;
                let pattern = self.keep(&pattern);
                let flags = call.arguments.get(1).and_then(Value::as_text).unwrap_or_default();
                let flags = self.keep(flags);
                self.new_object(ObjectClass::Regexp(pattern, flags))
            }
            "atob" | "btoa" => self.base64_function(method == "atob", &first, call),
            "unescape" | "decodeURIComponent" | "decodeURI" => match first.as_text() {
                Some(text) => {
                    let decoded = if method == "unescape" {
                        string::unescape(text)
                    } else {
                        crate::decode::percent(text)
                    };
                    let is_changed = decoded != text;
                    let data = if is_changed && decoded.len() >= 4 {
                        self.decoded_from(first.marks, call.span, Hiding::Escapes)
                    } else {
                        first.marks
                    };
                    Value::with(Kind::Text(Rc::new(decoded)), data)
                }
                None => Value::unknown(self.deep_marks(&first)),
            },
            "escape" | "encodeURIComponent" | "encodeURI" => match first.as_text() {
                Some(text) => Value::with(Kind::Text(Rc::new(string::escaped(text))), first.marks),
                None => Value::unknown(self.deep_marks(&first)),
            },
            "JSON.parse" => match first.as_text() {
                Some(text) if text.len() < 1 << 20 => {
                    match serde_json::from_str::<serde_json::Value>(text) {
                        Ok(json) => {
                            let mut value = self.json(&json);
                            value.marks = first.marks;
                            value
                        }
                        Err(_) => Value::unknown(first.marks),
                    }
                }
                _ => Value::unknown(self.deep_marks(&first)),
            },
            "JSON.stringify" => {
                if let Some(api) = first.as_api() {
                    self.emit_whole_environment(api, call.span);
                }
                let data = self.deep_marks(&first);
                // What came from somewhere is followed, and not written out.
                let is_own = self
                    .marks
                    .origins(data)
                    .iter()
                    .all(|origin| origin.source == crate::event::Source::Decoded);
                match self.json_text(&first).filter(|_| is_own) {
                    Some(text) if self.may_make(text.len()) => {
                        Value::with(Kind::Text(Rc::new(text)), data)
                    }
                    _ => Value::unknown(data),
                }
            }
            "RegExp.prototype.test" => self.pattern_test(&first, call),
            "RegExp.prototype.exec" => {
                let marks = self.deep_marks(&first);
                match self.text_of(&first) {
                    Some(text) => self
                        .matches(&call.this, &text, "exec", marks)
                        .unwrap_or(Value::unknown(marks)),
                    None => Value::unknown(marks),
                }
            }
            "RegExp.prototype.toString" => Value::unknown(self.deep_marks(&first)),
            "Symbol" | "Date.now" | "Math.random" => Value::UNKNOWN,
            "Object.prototype.toString" | "Object.prototype.hasOwnProperty" => Value::UNKNOWN,
            method if method.starts_with("Math.") => self.mathematics(method, call),
            "TextDecoder.decode" => self.bytes_to_text(&first, "utf8", call.span),
            _ => return None,
        })
    }

    fn mathematics(&mut self, method: &str, call: &Call<'a>) -> Value<'a> {
        let mut numbers = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            match self.number_in(argument) {
                Some(number) => numbers.push(number),
                None => return Value::unknown(self.marks_of(&call.arguments)),
            }
        }
        let first = numbers.first().copied().unwrap_or(f64::NAN);
        let number = match method {
            "Math.floor" => first.floor(),
            "Math.ceil" => first.ceil(),
            "Math.round" => (first + 0.5).floor(),
            "Math.trunc" => first.trunc(),
            "Math.abs" => first.abs(),
            "Math.sqrt" => first.sqrt(),
            "Math.pow" => first.powf(numbers.get(1).copied().unwrap_or(f64::NAN)),
            "Math.min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            "Math.max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            _ => return Value::UNKNOWN,
        };
        Value::with(Kind::Number(number), self.marks_of(&call.arguments))
    }

    fn timer(&mut self, name: &Rc<str>, api: ApiId, marks: Marks, call: &Call<'a>) {
        let Some(first) = call.arguments.first().cloned() else { return };
        self.look_for_rearming(name, &call.arguments, call.span);
        if first.as_text().is_some() || matches!(first.kind, Kind::Partial(_)) {
            self.emit(Effect::DynamicCode, api, call.span, &[(Role::Code, first.clone())], marks);
            self.run_value(&first, call, false);
            return;
        }
        let arguments = call.arguments.iter().skip(2).cloned().collect();
        if first.as_object().is_some() || first.as_api().is_some() {
            self.maybe(|machine| machine.call_back(&first, arguments, call.span));
        }
    }

    /// Text that is executed; what it is where it is not known stays unknown.
    pub(super) fn run_value(
        &mut self,
        value: &Value<'a>,
        call: &Call<'a>,
        is_direct: bool,
    ) -> Value<'a> {
        self.note_load_of(value, call);
        match &value.kind {
            Kind::Literal(_) | Kind::Text(_) => {
                let text = value.as_text().unwrap_or_default().to_owned();
                self.run_text(&text, call.span, value.marks, is_direct)
            }
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                let mut result = Value::UNKNOWN;
                for one in all.iter().filter(|one| one.as_text().is_some()) {
                    let one = self.maybe(|machine| machine.run_value(one, call, is_direct));
                    result = self.either(result, one, false);
                }
                result
            }
            Kind::Object(id)
                if matches!(
                    self.get(*id).map(|object| &object.class),
                    Some(ObjectClass::Bytes(_))
                ) =>
            {
                let text = self.bytes_to_text(value, "utf8", call.span);
                if text.as_text().is_some() {
                    self.run_value(&text, call, is_direct)
                } else {
                    Value::UNKNOWN
                }
            }
            Kind::Object(_) => value.clone(),
            _ => Value::unknown(value.marks),
        }
    }

    fn note_load_of(&mut self, value: &Value<'a>, call: &Call<'a>) {
        let marks = self.deep_marks(value);
        for origin in self.marks.origins(marks) {
            if origin.source == crate::event::Source::File
                && let Some(name) = origin.name
                && let Some(file) = self.find_file(&name)
            {
                self.note_load(file, call.span);
            }
        }
    }

    /// `Function("a", "b", "return a + b")`.
    fn function_of_text(&mut self, api: ApiId, marks: Marks, call: &Call<'a>) -> Value<'a> {
        let body = call.arguments.last().cloned().unwrap_or(Value::new(Kind::Literal("")));
        self.emit(Effect::DynamicCode, api, call.span, &[(Role::Code, body.clone())], marks);
        self.note_load_of(&body, call);
        let mut parameters = String::new();
        for argument in call.arguments.iter().rev().skip(1).rev() {
            match self.text_of(argument) {
                Some(text) => {
                    parameters.push_str(&text);
                    parameters.push(',');
                }
                None => return Value::unknown(body.marks),
            }
        }
        match self.text_of(&body) {
            Some(text) => {
                let source = format!("(async function anonymous({parameters}) {{\n{text}\n}})");
                let source = if self.apis.name(api).contains("Async") {
                    source
                } else {
                    source.replacen("async ", "", 1)
                };
                let value = self.run_text(&source, call.span, body.marks, false);
                // Not called by anything: that is what it was made for.
                value
            }
            None => Value::unknown(body.marks),
        }
    }
}
