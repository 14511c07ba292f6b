//! Members of values: what is read from an object, and what is written to it.

use std::rc::Rc;

use oxc_span::Span;

use super::function::Call;
use super::heap::{Class as ObjectClass, Object};
use super::machine::Machine;
use super::operator::MAX_TEXT_BYTES;
use super::value::{ApiId, Kind, Marks, ObjectId, Value};
use crate::event::{Effect, Hiding, Role, Source};

/// How deep data is looked through for where it comes from.
const MAX_DATA_DEPTH: u32 = 5;
/// How many prototypes are walked.
const MAX_PROTOTYPES: u32 = 16;

/// What has members of which one that is not known matters.
const MATTERS: &[&str] = &[
    "js:globalThis", "node:child_process", "node:vm", "node:process", "node:module", "node:fs", "node:http",
    "node:https", "node:net", "node:worker_threads",
];

impl<'a> Machine<'a> {
    pub(crate) fn member(&mut self, object: &Value<'a>, key: &'a str, span: Span) -> Value<'a> {
        match &object.kind {
            Kind::Object(id) => self.object_member(*id, object, key, span),
            Kind::Api(api) => self.api_member(*api, object.marks, key, span),
            Kind::Literal(_) | Kind::Text(_) => {
                let text = object.as_text().unwrap_or_default();
                if key == "length" {
                    let length = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
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
            self.apis.global(&format!("{class}.prototype.{key}"))
        };
        Value::with(Kind::Api(id), marks)
    }

    fn object_member(&mut self, id: ObjectId, value: &Value<'a>, key: &'a str, span: Span) -> Value<'a> {
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
                let (found, is_getter, marks) = (property.value.clone(), property.is_getter, object.marks);
                if is_getter {
                    let call = Call { this: value.clone(), arguments: Vec::new(), is_open: false, span };
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
                    return if is_open { Value::unknown(marks) } else { Value::count(elements.len()) };
                }
                if let Ok(number) = key.parse::<usize>() {
                    return match elements.get(number) {
                        Some(element) => element.clone(),
                        None if is_open => {
                            let first = elements.first().cloned();
                            elsewhere.or(first).map_or(Value::unknown(marks), |value| Value::unknown(value.marks))
                        }
                        None => Value::UNDEFINED,
                    };
                }
                if !super::builtin::is_method("Array", key) {
                    return elsewhere.unwrap_or(if is_open { Value::unknown(marks) } else { Value::UNDEFINED });
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
                if key == "constructor" && is_async {
                    return Value::api(self.apis.global("AsyncFunction"));
                }
                if key == "name" {
                    return Value::UNKNOWN;
                }
                match elsewhere {
                    Some(value) => value,
                    None if matches!(key, "call" | "apply" | "bind" | "constructor" | "toString" | "__proto__") => {
                        self.prototype_member("Function", key, marks)
                    }
                    None if !is_open && key != "length" => Value::UNDEFINED,
                    None => Value::UNKNOWN,
                }
            }
            ObjectClass::Bound(_) | ObjectClass::Settler(..) => self.prototype_member("Function", key, marks),
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
                "hasOwnProperty" | "toString" | "valueOf" | "isPrototypeOf" | "propertyIsEnumerable" => {
                    self.prototype_member("Object", key, marks)
                }
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

    fn api_member(&mut self, api: ApiId, marks: Marks, key: &'a str, span: Span) -> Value<'a> {
        let name = self.apis.name(api);
        if name == "node:process.env" {
            let name = Value::new(Kind::Literal(key));
            self.emit(Effect::EnvironmentRead, api, span, &[(Role::Name, name)], Marks::NONE);
            let marks = self.origin(Source::Environment, span, Some(key));
            return Value::unknown(marks);
        }
        let Some(member) = self.apis.member(api, key) else { return Value::unknown(marks) };
        if let Some(value) = self.overrides.get(&member) {
            return value.clone();
        }
        match self.apis.name(member) {
            "node:process.env" => {
                let marks = self.origin(Source::Environment, span, None);
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

    /// A member of which the name is not known.
    pub(crate) fn unknown_member(&mut self, object: &Value<'a>, key: &Value<'a>, span: Span) -> Value<'a> {
        let marks = self.marks.union(object.marks, key.marks);
        match &object.kind {
            Kind::Object(id) => {
                let Some(found) = self.get(*id) else { return Value::UNKNOWN };
                let mut all: Vec<Value<'a>> = found.elsewhere.iter().cloned().collect();
                match &found.class {
                    ObjectClass::Array(elements) => all.extend(elements.iter().take(24).cloned()),
                    ObjectClass::Plain | ObjectClass::Exports => {
                        let values = found.properties.iter().filter(|property| !property.is_getter);
                        all.extend(values.take(24).map(|property| property.value.clone()));
                    }
                    _ => {}
                }
                let marks = self.marks.union(marks, self.get(*id).map_or(Marks::NONE, |object| object.marks));
                let mut result = Value::unknown(marks);
                for value in all {
                    if matches!(value.kind, Kind::Api(_) | Kind::Object(_) | Kind::Choice(_) | Kind::Literal(_) | Kind::Text(_))
                        || !value.marks.is_none()
                    {
                        result = self.either(result, value, false);
                    }
                }
                result
            }
            Kind::Api(api) => {
                if self.apis.name(*api) == "node:process.env" {
                    self.emit(Effect::EnvironmentRead, *api, span, &[(Role::Name, key.clone())], Marks::NONE);
                    let from = self.origin(Source::Environment, span, None);
                    return Value::unknown(self.marks.union(marks, from));
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

    pub(crate) fn set_member(&mut self, object: &Value<'a>, key: &'a str, value: Value<'a>, span: Span) {
        match &object.kind {
            Kind::Object(id) => {
                if key == "__proto__" {
                    let prototype = value.as_object().filter(|prototype| prototype != id);
                    if let Some(object) = self.change(*id) {
                        object.prototype = prototype;
                    }
                    return;
                }
                if let Some(ObjectClass::Instance(api)) = self.get(*id).map(|object| &object.class) {
                    let api = *api;
                    self.api_write(api, key, &value, span);
                }
                let Some(object) = self.change(*id) else { return };
                if key == "length"
                    && let ObjectClass::Array(elements) = &mut object.class
                {
                    if let Kind::Number(number) = value.kind
                        && let Some(length) = super::expression::index(number)
                    {
                        elements.truncate(length);
                    }
                    return;
                }
                object.set(key, value, false);
            }
            Kind::Api(api) => self.api_write(*api, key, &value, span),
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                for one in all.iter().filter(|one| !one.is_unknown()) {
                    self.set_member(one, key, value.clone(), span);
                }
            }
            _ => {}
        }
    }

    fn api_write(&mut self, api: ApiId, key: &'a str, value: &Value<'a>, span: Span) {
        let name = self.apis.name(api).to_owned();
        let Some(member) = self.apis.member(api, key) else { return };
        match name.as_str() {
            "node:process.env" => {
                let arguments = [(Role::Name, Value::new(Kind::Literal(key))), (Role::Data, value.clone())];
                self.emit(Effect::EnvironmentWrite, api, span, &arguments, Marks::NONE);
                return;
            }
            "js:Image" | "js:HTMLImageElement" | "js:document.location" | "js:location" if matches!(key, "src" | "href") => {
                self.emit(Effect::Request, member, span, &[(Role::Url, value.clone())], Marks::NONE);
            }
            _ => {
                let is_function = value.as_object().is_some_and(|id| {
                    matches!(
                        self.get(id).map(|object| &object.class),
                        Some(ObjectClass::Function(_) | ObjectClass::Bound(_))
                    )
                });
                let is_builtin = (name.starts_with("node:") && !name.contains('.'))
                    || (name.starts_with("js:") && name.ends_with(".prototype"))
                    || (name == "js:globalThis"
                        && matches!(key, "eval" | "Function" | "fetch" | "XMLHttpRequest" | "require" | "WebSocket" | "setTimeout"))
                    || matches!(name.as_str(), "js:JSON" | "js:Object" | "js:Math" | "js:Promise" | "js:Reflect" | "js:console");
                if is_function && is_builtin && !key.starts_with("on") && name != "node:process" {
                    self.emit(Effect::BuiltinWrite, member, span, &[(Role::Name, Value::new(Kind::Literal(key)))], Marks::NONE);
                }
            }
        }
        self.overrides.insert(member, value.clone());
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

    /// The elements that going through a value gives; where they are not known, one
    /// that stands for any.
    pub(crate) fn elements_of(&mut self, value: &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>> {
        match &value.kind {
            Kind::Object(id) => {
                let Some(object) = self.get(*id) else { return Err(Value::UNKNOWN) };
                match &object.class {
                    ObjectClass::Array(elements) if !object.is_open && object.elsewhere.is_none() => {
                        let elements = elements.clone();
                        self.steps += u64::try_from(elements.len() / 8).unwrap_or(0);
                        Ok(elements)
                    }
                    ObjectClass::Bytes(bytes) if bytes.len() <= MAX_TEXT_BYTES => {
                        let (bytes, marks) = (Rc::clone(bytes), object.marks);
                        Ok(bytes.iter().map(|byte| Value::with(Kind::Number(f64::from(*byte)), marks)).collect())
                    }
                    _ => Err(self.unknown_member(value, &Value::UNKNOWN, Span::default())),
                }
            }
            Kind::Literal(_) | Kind::Text(_) => {
                let text = value.as_text().unwrap_or_default();
                if text.len() > 1 << 16 {
                    return Err(Value::unknown(value.marks));
                }
                Ok(text
                    .chars()
                    .map(|letter| Value::with(Kind::Text(Rc::new(letter.to_string())), value.marks))
                    .collect())
            }
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                for one in all.iter() {
                    if let Ok(elements) = self.elements_of(one) {
                        let mut any = Value::unknown(value.marks);
                        for element in elements.into_iter().take(6) {
                            any = self.either(any, element, false);
                        }
                        return Err(any);
                    }
                }
                Err(Value::unknown(value.marks))
            }
            _ => Err(Value::unknown(self.deep_marks(value))),
        }
    }

    /// The names of a value's properties, or one that stands for any.
    pub(crate) fn keys_of(&mut self, value: &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>> {
        let marks = self.deep_marks(value);
        if let Some(id) = value.as_object()
            && let Some(object) = self.get(id)
            && !object.is_open
            && object.elsewhere.is_none()
        {
            match &object.class {
                ObjectClass::Plain => {
                    return Ok(object
                        .properties
                        .iter()
                        .map(|property| Value::new(Kind::Literal(property.key)))
                        .collect());
                }
                ObjectClass::Array(elements) if elements.len() < 1 << 16 => {
                    return Ok((0..elements.len()).map(|at| Value::text(at.to_string())).collect());
                }
                _ => {}
            }
        }
        if let Some(api) = value.as_api() {
            self.emit_whole_environment(api, Span::default());
            if let Some(names) = super::builtin::member_names(self.apis.name(api)) {
                return Ok(names.iter().map(|name| Value::new(Kind::Literal(name))).collect());
            }
        }
        Err(Value::unknown(marks))
    }

    pub(crate) fn emit_whole_environment(&mut self, api: ApiId, span: Span) {
        if self.apis.name(api) == "node:process.env" {
            self.emit(Effect::EnvironmentRead, api, span, &[], Marks::NONE);
        }
    }

    /// Copies all that is known of one object's properties to another.
    pub(crate) fn copy_properties(&mut self, to: ObjectId, from: &Value<'a>) {
        match &from.kind {
            Kind::Object(id) => {
                let Some(source) = self.get(*id).cloned() else { return };
                let Some(target) = self.change(to) else { return };
                for property in source.properties {
                    target.set(property.key, property.value, property.is_getter);
                }
                target.is_open |= source.is_open;
                let marks = target.marks;
                let joined = self.marks.union(marks, source.marks);
                if let Some(target) = self.change(to) {
                    target.marks = joined;
                }
                if let Some(value) = source.elsewhere {
                    self.set_elsewhere(to, value);
                }
            }
            Kind::Undefined | Kind::Null => {}
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                for one in all.iter() {
                    self.copy_properties(to, one);
                }
                if let Some(target) = self.change(to) {
                    target.is_open = true;
                }
            }
            _ => {
                let marks = self.deep_marks(from);
                if let Some(api) = from.as_api() {
                    self.emit_whole_environment(api, Span::default());
                    let has_prototype = self.get(to).is_none_or(|target| target.prototype.is_some());
                    if !self.apis.name(api).ends_with(".env") && !has_prototype {
                        // What a module has is looked for there.
                        let module = self.allocate(Object::new(ObjectClass::Instance(api)));
                        if let Some(target) = self.change(to) {
                            target.prototype = Some(module);
                        }
                    }
                }
                if let Some(target) = self.change(to) {
                    target.is_open = true;
                }
                let before = self.get(to).map_or(Marks::NONE, |object| object.marks);
                let joined = self.marks.union(before, marks);
                if let Some(target) = self.change(to) {
                    target.marks = joined;
                }
            }
        }
    }

    /// Everything that went into a value, through all it holds.
    pub(crate) fn deep_marks(&mut self, value: &Value<'a>) -> Marks {
        self.deep_marks_within(value, 0)
    }

    fn deep_marks_within(&mut self, value: &Value<'a>, depth: u32) -> Marks {
        let mut marks = value.marks;
        if depth > MAX_DATA_DEPTH {
            return marks;
        }
        match &value.kind {
            Kind::Object(id) => {
                let Some(object) = self.get(*id) else { return marks };
                if matches!(object.class, ObjectClass::Function(_)) {
                    return marks;
                }
                let mut inner: Vec<Value<'a>> = object.elsewhere.iter().cloned().collect();
                inner.extend(object.properties.iter().take(64).map(|property| property.value.clone()));
                match &object.class {
                    ObjectClass::Array(elements) => inner.extend(elements.iter().take(256).cloned()),
                    ObjectClass::Promise(value) => inner.push(value.clone()),
                    _ => {}
                }
                let own = object.marks;
                marks = self.marks.union(marks, own);
                self.steps += u64::try_from(inner.len() / 4).unwrap_or(0);
                for one in inner {
                    if !one.marks.is_none() || matches!(one.kind, Kind::Object(_) | Kind::Choice(_)) {
                        let more = self.deep_marks_within(&one, depth + 1);
                        marks = self.marks.union(marks, more);
                    }
                }
            }
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                for one in all.iter() {
                    let more = self.deep_marks_within(one, depth + 1);
                    marks = self.marks.union(marks, more);
                }
            }
            _ => {}
        }
        marks
    }

    /// A promise of this value; a promise stays the one it is.
    pub(crate) fn promise(&mut self, value: Value<'a>) -> Value<'a> {
        if let Some(id) = value.as_object()
            && let Some(ObjectClass::Promise(_)) = self.get(id).map(|object| &object.class)
        {
            return value;
        }
        let marks = value.marks;
        let mut promise = Object::new(ObjectClass::Promise(value));
        promise.marks = marks;
        Value::object(self.allocate(promise))
    }

    /// What a promise becomes; anything else is itself.
    pub(crate) fn awaited(&mut self, value: &Value<'a>) -> Value<'a> {
        match &value.kind {
            Kind::Object(id) => match self.get(*id).map(|object| &object.class) {
                Some(ObjectClass::Promise(inner)) => {
                    let inner = inner.clone();
                    let marks = self.marks.union(inner.marks, value.marks);
                    Value { marks, ..inner }
                }
                _ => value.clone(),
            },
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                let mut result: Option<Value<'a>> = None;
                for one in all.iter() {
                    let one = self.awaited(one);
                    result = Some(match result {
                        Some(before) => self.either(before, one, false),
                        None => one,
                    });
                }
                result.unwrap_or(Value::UNKNOWN)
            }
            _ => value.clone(),
        }
    }
}
