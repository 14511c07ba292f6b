//! Members of values: what is read from an object, and what is written to it.

use std::rc::Rc;

use oxc_span::Span;

use super::function::Call;
use super::heap::{Class as ObjectClass, Property};
use super::machine::Machine;
use super::value::{ApiId, Kind, Marks, ObjectId, Value};
use crate::event::{Effect, Hiding, Role, Source};

/// How many prototypes are walked.
pub(crate) const MAX_PROTOTYPES: u32 = 16;

/// What has members of which one that is not known matters.
const MATTERS: &[&str] = &[
    "js:globalThis",
    "node:child_process",
    "node:vm",
    "node:process",
    "node:module",
    "node:fs",
    "node:http",
    "node:https",
    "node:net",
    "node:worker_threads",
];

impl<'a> Machine<'a> {
    pub(crate) fn member(&mut self, object: &Value<'a>, key: &'a str, span: Span) -> Value<'a> {
        match &object.kind {
            Kind::Object(id) => self.object_member(*id, object, key, span),
            Kind::Api(api) => self.api_member(*api, object.marks, key, span),
            Kind::Literal(_) | Kind::Text(_) => {
                let text = object.as_text().unwrap_or_default();
                if key == "length" {
                    let length =
                        if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
                    return Value::count(length);
                }
                if let Ok(number) = key.parse::<u32>() {
                    let text = text.to_owned();
                    return self.character(&text, f64::from(number), object.marks);
                }
                if !super::builtin::is_method("String", key) {
                    return Value::UNDEFINED;
                }
                self.prototype_member("String", key, object.marks)
            }
            Kind::Partial(_) => Value::unknown(object.marks),
            Kind::Number(_) => self.prototype_member("Number", key, object.marks),
            Kind::Boolean(_) => self.prototype_member("Boolean", key, object.marks),
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                let mut result: Option<Value<'a>> = None;
                for one in all.iter() {
                    if matches!(one.kind, Kind::Undefined | Kind::Null) {
                        continue;
                    }
                    let mut value = self.member(one, key, span);
                    value.marks = self.marks.union(value.marks, object.marks);
                    result = Some(match result {
                        Some(before) => self.either(before, value, false),
                        None => value,
                    });
                }
                result.unwrap_or(Value::UNKNOWN)
            }
            Kind::Unknown | Kind::Undefined | Kind::Null => Value::unknown(object.marks),
        }
    }

    fn prototype_member(&mut self, class: &str, key: &str, marks: Marks) -> Value<'a> {
        let id = if key == "constructor" {
            self.apis.global(class)
        } else if key == "__proto__" {
            self.apis.global(&format!("{class}.prototype"))
        } else {
            self.apis.prototype_member(class, key)
        };
        Value::with(Kind::Api(id), marks)
    }

    fn object_member(
        &mut self,
        id: ObjectId,
        value: &Value<'a>,
        key: &'a str,
        span: Span,
    ) -> Value<'a> {
        let mut at = id;
        for _ in 0..MAX_PROTOTYPES {
            let Some(object) = self.get(at) else { return Value::UNKNOWN };
            if let ObjectClass::Instance(api) = &object.class
                && at != id
            {
                let (api, marks) = (*api, object.marks);
                return self.api_member(api, marks, key, span);
            }
            if let Some(property) = object.property(key) {
                let (found, is_getter, marks) =
                    (property.value.clone(), property.is_getter, object.marks);
                if is_getter {
                    let call =
                        Call { this: value.clone(), arguments: Vec::new(), is_open: false, span };
                    return self.call(&found, call);
                }
                return Value { marks: self.marks.union(found.marks, marks), ..found };
            }
            match object.prototype {
                Some(prototype) => at = prototype,
                None => break,
            }
        }
        let Some(object) = self.get(id) else { return Value::UNKNOWN };
        let marks = self.marks.union(object.marks, value.marks);
        let Some(object) = self.get(id) else { return Value::UNKNOWN };
        let elsewhere = object.elsewhere.clone();
        let is_open = object.is_open;
        match &object.class {
            ObjectClass::Array(elements) => {
                if key == "length" {
                    return if is_open {
                        Value::unknown(marks)
                    } else {
                        Value::count(elements.len())
                    };
                }
                if let Ok(number) = key.parse::<usize>() {
                    return match elements.get(number) {
                        Some(element) => element.clone(),
                        None if is_open => {
                            let first = elements.first().cloned();
                            elsewhere
                                .or(first)
                                .map_or(Value::unknown(marks), |value| Value::unknown(value.marks))
                        }
                        None => Value::UNDEFINED,
                    };
                }
                if !super::builtin::is_method("Array", key) {
                    return elsewhere.unwrap_or(if is_open {
                        Value::unknown(marks)
                    } else {
                        Value::UNDEFINED
                    });
                }
                self.prototype_member("Array", key, marks)
            }
            ObjectClass::Bytes(bytes) => {
                if key == "length" || key == "byteLength" {
                    return Value::count(bytes.len());
                }
                if let Some(byte) = key.parse::<usize>().ok().and_then(|at| bytes.get(at)) {
                    return Value::with(Kind::Number(f64::from(*byte)), marks);
                }
                let api = self.apis.intern(&format!("node:buffer.Buffer.prototype.{key}"));
                Value::with(Kind::Api(api), marks)
            }
            ObjectClass::Function(closure) => {
                if key == "prototype" {
                    let prototype = self.new_object(ObjectClass::Plain);
                    if let Some(object) = prototype.as_object().and_then(|id| self.change(id)) {
                        object.set("constructor", Value::object(id), false);
                        object.is_open = true;
                    }
                    if let Some(object) = self.change(id) {
                        object.set("prototype", prototype.clone(), false);
                    }
                    return prototype;
                }
                let is_async = matches!(closure.code, super::function::Code::Function(it) if it.r#async)
                    || matches!(closure.code, super::function::Code::Arrow(it) if it.r#async);
                let is_generator =
                    matches!(closure.code, super::function::Code::Function(it) if it.generator);
                if key == "constructor" && (is_async || is_generator) {
                    let name = match (is_async, is_generator) {
                        (true, true) => "AsyncGeneratorFunction",
                        (true, false) => "AsyncFunction",
                        _ => "GeneratorFunction",
                    };
                    return Value::api(self.apis.global(name));
                }
                if key == "name" {
                    return Value::UNKNOWN;
                }
                match elsewhere {
                    Some(value) => value,
                    None if matches!(
                        key,
                        "call" | "apply" | "bind" | "constructor" | "toString" | "__proto__"
                    ) =>
                    {
                        self.prototype_member("Function", key, marks)
                    }
                    None if !is_open && key != "length" => Value::UNDEFINED,
                    None => Value::UNKNOWN,
                }
            }
            ObjectClass::Bound(_) | ObjectClass::Settler(..) => {
                self.prototype_member("Function", key, marks)
            }
            ObjectClass::Promise(_) => self.prototype_member("Promise", key, marks),
            ObjectClass::Regexp(..) => self.prototype_member("RegExp", key, marks),
            ObjectClass::Instance(api) => {
                let api = *api;
                self.api_member(api, marks, key, span)
            }
            ObjectClass::Exports => match elsewhere {
                _ if key == "default" => value.clone(),
                Some(value) => value,
                None => Value::unknown(marks),
            },
            ObjectClass::Plain => match key {
                "constructor" => Value::api(self.apis.global("Object")),
                "__proto__" => Value::api(self.apis.global("Object.prototype")),
                "hasOwnProperty"
                | "toString"
                | "valueOf"
                | "isPrototypeOf"
                | "propertyIsEnumerable" => self.prototype_member("Object", key, marks),
                _ => match elsewhere {
                    Some(found) => {
                        let marks = self.marks.union(found.marks, marks);
                        Value { marks, ..found }
                    }
                    None if is_open => Value::unknown(marks),
                    None => Value::UNDEFINED,
                },
            },
        }
    }

    /// Whether a name is one of those that the environment has: then any may be meant,
    /// and not one that somebody computed.
    fn names_any_variable(&self, name: Marks) -> bool {
        self.marks
            .origins(name)
            .iter()
            .any(|origin| origin.source == Source::Environment && origin.name.is_none())
    }

    fn api_member(&mut self, api: ApiId, marks: Marks, key: &'a str, span: Span) -> Value<'a> {
        let name = self.apis.name(api);
        if name == "node:process.env" {
            let name = Value::new(Kind::Literal(key));
            self.emit(Effect::EnvironmentRead, api, span, &[(Role::Name, name)], Marks::NONE);
            let marks = self.origin(Source::Environment, span, Some(key));
            return Value::unknown(marks);
        }
        let Some(member) = self.apis.member(api, key) else { return Value::unknown(marks) };
        if let Some(value) = self.overrides.get(&member).cloned() {
            return self.overridden(member, value);
        }
        match self.apis.name(member) {
            "node:process.env" => {
                let marks = self.origin(Source::Environment, span, None);
                return Value::with(Kind::Api(member), marks);
            }
            "node:process.argv" | "node:process.argv0" => {
                let marks = self.origin(Source::Caller, span, Some("argv"));
                return Value::with(Kind::Api(member), marks);
            }
            "node:path.sep" => return Value::new(Kind::Literal("/")),
            "node:os.EOL" => return Value::new(Kind::Literal("\n")),
            "js:document.cookie" | "js:localStorage" => {
                let marks = self.origin(Source::Credential, span, Some(key));
                return Value::with(Kind::Api(member), marks);
            }
            "js:XMLHttpRequest.responseText" | "js:XMLHttpRequest.response" => {
                let marks = self.origin(Source::Network, span, None);
                return Value::unknown(marks);
            }
            "js:navigator.userAgent" => {
                let marks = self.origin(Source::SystemInformation, span, Some(key));
                return Value::unknown(marks);
            }
            _ => {}
        }
        Value::with(Kind::Api(member), marks)
    }

    /// What was written over something that is provided is one of both: the writing
    /// may never happen, and must hide nothing.
    pub(crate) fn overridden(&mut self, api: ApiId, value: Value<'a>) -> Value<'a> {
        if self.apis.is_provided(api) { self.either(value, Value::api(api), false) } else { value }
    }

    /// A member of which the name is not known.
    pub(crate) fn unknown_member(
        &mut self,
        object: &Value<'a>,
        key: &Value<'a>,
        span: Span,
    ) -> Value<'a> {
        let marks = self.marks.union(object.marks, key.marks);
        match &object.kind {
            Kind::Object(id) => {
                let found = usize::try_from(id.0).ok().and_then(|at| self.heap.get(at));
                let Some(found) = found else { return Value::UNKNOWN };
                let (elements, properties): (&[Value<'a>], &[Property<'a>]) = match &found.class {
                    ObjectClass::Array(elements) => (elements, &[]),
                    ObjectClass::Plain | ObjectClass::Exports => (&[], &found.properties),
                    _ => (&[], &[]),
                };
                let table = &mut self.marks;
                let marks = table.union(marks, found.marks);
                let mut result = Value::unknown(marks);
                let properties = properties.iter().filter(|property| !property.is_getter);
                let properties = properties.take(24).map(|property| &property.value);
                let all = found.elsewhere.iter().chain(elements.iter().take(24)).chain(properties);
                for value in all {
                    if matches!(
                        value.kind,
                        Kind::Api(_)
                            | Kind::Object(_)
                            | Kind::Choice(_)
                            | Kind::Literal(_)
                            | Kind::Text(_)
                    ) || !value.marks.is_none()
                    {
                        let marks = table.union(result.marks, value.marks);
                        result = result.either(value, marks);
                    }
                }
                result
            }
            Kind::Api(api) => {
                if self.apis.name(*api) == "node:process.env" {
                    self.emit(
                        Effect::EnvironmentRead,
                        *api,
                        span,
                        &[(Role::Name, key.clone())],
                        Marks::NONE,
                    );
                    let name =
                        if self.names_any_variable(key.marks) { None } else { Some("\u{2026}") };
                    // One of them, not all of them: what the whole environment would be
                    // stays with the whole environment.
                    let from = self.origin(Source::Environment, span, name);
                    return Value::unknown(self.marks.union(key.marks, from));
                }
                if !MATTERS.contains(&self.apis.name(*api)) {
                    return Value::unknown(marks);
                }
                let hidden = self.hidden(Hiding::ComputedName);
                Value::unknown(self.marks.union(marks, hidden))
            }
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                let mut result = Value::unknown(marks);
                for one in all.iter().take(3) {
                    let value = self.unknown_member(one, key, span);
                    result = self.either(result, value, false);
                }
                result
            }
            _ => Value::unknown(marks),
        }
    }

    /// One character of a text.
    pub(crate) fn character(&mut self, text: &str, at: f64, marks: Marks) -> Value<'a> {
        let Some(at) = super::expression::index(at) else { return Value::UNDEFINED };
        self.steps += u64::try_from(if text.is_ascii() { 0 } else { at / 16 }).unwrap_or(0);
        let found = if text.is_ascii() {
            text.get(at..=at).map(str::to_owned)
        } else {
            text.chars().nth(at).map(String::from)
        };
        match found {
            Some(text) => Value::with(Kind::Text(Rc::new(text)), marks),
            None => Value::UNDEFINED,
        }
    }
}
