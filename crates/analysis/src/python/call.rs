//! Calls: of functions of the package, of constants' methods, and of the library.

use ruff_text_size::{Ranged, TextRange};

use super::api::{Specification, Use};
use super::evaluator::Evaluator;
use super::heap::{Getter, Object};
use super::names::{self, ApiId};
use super::value::{Data, Text, Trail, Value, merged};
use crate::event::{Effect, Hiding, Role};

/// What a call hands over.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments<'a> {
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keyword: Vec<(Text<'a>, Value<'a>)>,
    /// Whether there may be more: `*args`, `**kwargs`.
    pub(super) open: bool,
}

/// A call of something of the library.
pub(super) struct Call<'a> {
    pub(super) api: ApiId,
    pub(super) arguments: Arguments<'a>,
    pub(super) receiver: Option<Value<'a>>,
    pub(super) range: TextRange,
    /// What went into the name that is called.
    pub(super) callee: Trail,
}

impl<'a> Call<'a> {
    pub(super) fn get(&self, position: usize, name: &str) -> Option<&Value<'a>> {
        self.arguments.get(position, name)
    }

    pub(super) fn first(&self) -> Option<&Value<'a>> {
        self.arguments.positional.first()
    }
}

impl<'a> Arguments<'a> {
    pub(super) fn get(&self, position: usize, name: &str) -> Option<&Value<'a>> {
        self.positional.get(position).or_else(|| self.named(name))
    }

    pub(super) fn named(&self, name: &str) -> Option<&Value<'a>> {
        self.keyword.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Value<'a>> {
        self.positional.iter().chain(self.keyword.iter().map(|(_, value)| value))
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn arguments(&mut self, given: &'a ruff_python_ast::Arguments) -> Arguments<'a> {
        let mut arguments =
            Arguments { positional: Vec::with_capacity(given.args.len()), ..Arguments::default() };
        for argument in &given.args {
            if let ruff_python_ast::Expr::Starred(star) = argument {
                let value = self.eval(&star.value);
                match self.iterate(&value, 4096) {
                    Some(items) => arguments
                        .positional
                        .extend(items.into_iter().map(|item| item.with(&value.taint))),
                    None => {
                        arguments.open = true;
                        let element = self.element_of(&value);
                        arguments.positional.push(element);
                    }
                }
            } else {
                let value = self.eval(argument);
                arguments.positional.push(value);
            }
        }
        for keyword in &given.keywords {
            let value = self.eval(&keyword.value);
            match &keyword.arg {
                Some(name) => arguments.keyword.push((Text::Literal(name.id.as_str()), value)),
                None => match &value.data {
                    Data::Dict(id) => {
                        let items =
                            self.heap.dict(*id).map(|dict| dict.items.clone()).unwrap_or_default();
                        for (key, item) in items.into_iter().take(256) {
                            if let Data::Text(name) = key.data {
                                arguments.keyword.push((name, item));
                            }
                        }
                    }
                    _ => arguments.open = true,
                },
            }
        }
        arguments
    }

    pub(super) fn taint_of(&self, arguments: &Arguments<'a>) -> Trail {
        arguments.all().fold(None, |taint, value| merged(&taint, &self.deep_taint(value, 2)))
    }

    pub(super) fn call(
        &mut self,
        callee: &Value<'a>,
        arguments: Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        self.deeper(|this| this.call_value(callee, arguments, range)).unwrap_or_default()
    }

    fn call_value(
        &mut self,
        callee: &Value<'a>,
        arguments: Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        match &callee.data {
            Data::Api(id) => self.call_api(&Call {
                api: *id,
                arguments,
                receiver: None,
                range,
                callee: callee.taint.clone(),
            }),
            Data::Function(id) => self.call_function(*id, arguments),
            Data::Class(id) => self.instantiate(*id, &arguments, range),
            Data::Applied(id) => {
                let Some(applied) = self.heap.applied(*id) else { return Value::unknown() };
                let inner = applied.callee.clone().with(&callee.taint);
                if let Some(getter) = applied.getter {
                    let name = applied.positional.first().cloned().unwrap_or_default();
                    let more = applied.positional.get(1..).unwrap_or_default().to_vec();
                    return self.get_by(getter, &name, more, &arguments, range);
                }
                let mut all = Arguments {
                    positional: applied.positional.clone(),
                    keyword: applied.keyword.clone(),
                    open: arguments.open,
                };
                all.positional.extend(arguments.positional);
                all.keyword.extend(arguments.keyword);
                if all.positional.len() > 256 || all.keyword.len() > 256 {
                    return Value::unknown();
                }
                self.call(&inner, all, range)
            }
            Data::Method(method) => {
                let (receiver, name) = (&method.0, &method.1);
                let name = self.lasting(name);
                let receiver = receiver.clone().with(&callee.taint);
                self.call_method(&receiver, name, arguments, range)
            }
            Data::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                self.each_of(&all, |this, one| this.call(&one, arguments.clone(), range))
            }
            Data::Instance(_) => self.call_method(callee, "__call__", arguments, range),
            Data::Object(_) => self.call_method(callee, "__call__", arguments, range),
            _ => {
                self.call_unknown(callee, &arguments, range);
                Value::unknown().with(&merged(&callee.taint, &self.taint_of(&arguments)))
            }
        }
    }

    /// A call of something that is not known. It matters where the name was hidden.
    fn call_unknown(&mut self, callee: &Value<'a>, arguments: &Arguments<'a>, range: TextRange) {
        if callee.hidings().contains(&Hiding::ComputedName) {
            let given: Vec<(Role, &Value<'a>)> =
                arguments.all().take(8).map(|value| (Role::Other, value)).collect();
            let hidden = callee.hidings().to_vec();
            self.emit_named(Effect::Opaque, "py:unknown", range, &given, &hidden);
        }
    }

    fn get_by(
        &mut self,
        getter: Getter,
        name: &Value<'a>,
        more: Vec<Value<'a>>,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let object = arguments.positional.first().cloned().unwrap_or_default();
        match getter {
            Getter::Item => self.item(&object, name, range),
            Getter::Attribute | Getter::Method => {
                let found = self.attribute_by_value(&object, name, range);
                if getter == Getter::Attribute {
                    return found;
                }
                self.call(&found, Arguments { positional: more, ..Arguments::default() }, range)
            }
        }
    }

    /// `getattr(object, name)`; the name may have dots, as for `attrgetter`.
    pub(super) fn attribute_by_value(
        &mut self,
        object: &Value<'a>,
        name: &Value<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let Data::Text(text) = &name.data else {
            if let Data::Choice(all) = &name.data {
                let all = std::rc::Rc::clone(all);
                return self
                    .each_of(&all, |this, one| this.attribute_by_value(object, &one, range));
            }
            let sensitive = match &object.data {
                Data::Api(id) => matches!(
                    &*self.names.text(*id),
                    "py:os" | "py:subprocess" | "py:builtins" | "py:sys" | "py:ctypes"
                ),
                _ => false,
            };
            if sensitive {
                return Value::unknown().hidden(Hiding::ComputedName).with(&name.taint);
            }
            return Value::unknown();
        };
        let text = self.lasting(&Text::clone(text));
        let mut value = object.clone();
        for part in text.split('.').take(16) {
            value = self.attribute(&value, part, range);
        }
        match value.data {
            Data::Api(_) | Data::Choice(_) => value.hidden(Hiding::ComputedName).with(&name.taint),
            _ => value,
        }
    }

    pub(super) fn call_method_named(
        &mut self,
        object: &Value<'a>,
        name: &'a str,
        range: TextRange,
    ) -> Value<'a> {
        self.call_method(object, name, Arguments::default(), range)
    }

    pub(super) fn call_method(
        &mut self,
        object: &Value<'a>,
        name: &'a str,
        arguments: Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        match &object.data {
            Data::Unknown => {
                if matches!(name, "translate" | "swapcase" | "fromhex") {
                    self.decoded += 1;
                }
                if name == "__subclasses__" && object.hidings().contains(&Hiding::ComputedName) {
                    let api = self.names.id("py:builtins.object.__subclasses__");
                    return self.call_api(&Call {
                        api,
                        arguments,
                        receiver: None,
                        range,
                        callee: object.taint.clone(),
                    });
                }
                if object.taint.is_none()
                    && arguments.positional.is_empty()
                    && arguments.keyword.is_empty()
                {
                    return Value::unknown();
                }
                self.call_unknown(object, &arguments, range);
                Value::unknown().with(&merged(&object.taint, &self.taint_of(&arguments)))
            }
            Data::Api(id) => {
                let Some(child) = self.names.child(*id, name) else { return Value::unknown() };
                if let Some(found) = self.named_by_method(object, child, name, &arguments, range) {
                    return found;
                }
                self.call_api(&Call {
                    api: child,
                    arguments,
                    receiver: None,
                    range,
                    callee: object.taint.clone(),
                })
            }
            Data::Object(id) => {
                let Some(it) = self.heap.object(*id) else { return Value::unknown() };
                let Some(child) = self.names.child(it.class, name) else { return Value::unknown() };
                self.call_api(&Call {
                    api: child,
                    arguments,
                    receiver: Some(object.clone()),
                    range,
                    callee: object.taint.clone(),
                })
            }
            Data::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                self.each_of(&all, |this, one| {
                    this.call_method(&one, name, arguments.clone(), range)
                })
            }
            Data::Instance(_)
            | Data::Module(_)
            | Data::Class(_)
            | Data::Applied(_)
            | Data::Function(_) => {
                let callee = self.attribute(object, name, range);
                self.call(&callee, arguments, range)
            }
            _ => {
                if let Some(value) = self.builtin_method(object, name, &arguments, range) {
                    return value;
                }
                Value::unknown().with(&merged(&object.taint, &self.taint_of(&arguments)))
            }
        }
    }

    /// `os.__getattribute__('system')`, and `os.__dict__.get('system')`, whose dictionary
    /// is the module itself here.
    fn named_by_method(
        &mut self,
        object: &Value<'a>,
        child: ApiId,
        name: &str,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Option<Value<'a>> {
        if !matches!(name, "__getattribute__" | "__getattr__" | "get" | "__getitem__")
            || !self.names.specifications(child).is_empty()
            || self.names.intrinsic(child).is_some()
        {
            return None;
        }
        match (name, arguments.positional.as_slice()) {
            ("__getattribute__" | "__getattr__", [named]) => {
                Some(self.attribute_by_value(object, named, range))
            }
            ("__getattribute__" | "__getattr__", [other, named]) => {
                Some(self.attribute_by_value(other, named, range))
            }
            ("get" | "__getitem__", [named @ Value { data: Data::Text(_), .. }, ..]) => {
                let Data::Api(id) = object.data else { return None };
                let module = self.names.text(id);
                let top = module.strip_prefix("py:")?;
                names::is_standard(top).then(|| self.attribute_by_value(object, named, range))
            }
            _ => None,
        }
    }

    pub(super) fn call_api(&mut self, call: &Call<'a>) -> Value<'a> {
        let specifications = self.names.specifications(call.api);
        let intrinsic = self.names.intrinsic(call.api);
        if specifications.is_empty() && intrinsic.is_none() {
            return self.call_strange(call);
        }
        if call
            .arguments
            .all()
            .any(|value| matches!(value.data, Data::Api(id) if id == self.environ))
            && call.arguments.named("env").is_none()
        {
            self.whole_environment(call.range);
        }
        if let Some(first @ Value { data: Data::Instance(_), .. }) = call.first() {
            let api = self.names.text(call.api);
            if let Some(value) = self.special_conversion(&api, first, call.range) {
                return value;
            }
        }
        if let Some(key) = call.arguments.named("key")
            && let Some(given) = call.first()
        {
            super::builtin::callback::apply_to_each(self, key, given, call);
        }
        if self.names.decodes(call.api) {
            self.decoded += 1;
        }
        for specification in specifications {
            if let Some(effect) = specification.effect {
                self.emit_call(effect, specification, call);
            }
            for (position, (purpose, name)) in specification.parameters.iter().enumerate() {
                if *purpose == Use::Called
                    && let Some(callback) = call.get(position, name).cloned()
                {
                    self.call_back(&callback, call);
                }
            }
        }
        self.remember_peer(specifications, call);
        if let Some(intrinsic) = intrinsic
            && let Some(value) = intrinsic(self, call)
        {
            return value;
        }
        let Some(specification) = specifications.first() else { return self.like(call) };
        self.gives(specification, call)
    }

    /// What is connected to somebody keeps to whom.
    fn remember_peer(&mut self, specifications: &'static [Specification], call: &Call<'a>) {
        let Some(Value { data: Data::Object(id), .. }) = &call.receiver else { return };
        let connects = specifications.iter().find(|it| it.effect == Some(Effect::Connect));
        let Some((Use::As(Role::Host | Role::Url), name)) =
            connects.and_then(|it| it.parameters.first())
        else {
            return;
        };
        let Some(peer) = call.get(0, name) else { return };
        let peer = match peer.data {
            Data::List(pair) => self.items(pair).first().cloned().unwrap_or_default(),
            _ => peer.clone(),
        };
        if let Some(object) = self.heap.object_mut(*id)
            && object.about.is_unknown()
        {
            object.about = peer;
        }
    }

    /// Something of the library calls what it was given.
    pub(super) fn call_back(&mut self, callback: &Value<'a>, call: &Call<'a>) {
        let handed = match call
            .arguments
            .named("args")
            .or_else(|| call.arguments.named("kwargs"))
            .map(|value| &value.data)
        {
            Some(Data::List(id)) => self.items(*id).to_vec(),
            _ => Vec::new(),
        };
        if matches!(callback.data, Data::Function(_) | Data::Applied(_) | Data::Api(_)) {
            self.call(
                callback,
                Arguments { positional: handed, ..Arguments::default() },
                call.range,
            );
        }
    }

    pub(super) fn like(&mut self, call: &Call<'a>) -> Value<'a> {
        let mut taint = merged(&call.callee, &self.taint_of(&call.arguments));
        if let Some(receiver) = &call.receiver {
            taint = merged(&taint, &self.deep_taint(receiver, 1));
        }
        Value::unknown().with(&taint)
    }

    /// Something of a library of which nothing is known.
    fn call_strange(&mut self, call: &Call<'a>) -> Value<'a> {
        let api = self.names.text(call.api);
        // A class has names that begin with a capital: what it makes keeps its name.
        let last = api.rsplit('.').next().unwrap_or_default();
        if call.callee.is_some() && api.ends_with(".__subclasses__") {
            let hidden = [Hiding::ComputedName];
            self.emit_named(Effect::Opaque, &api, call.range, &[], &hidden);
            return Value::from(Data::Api(call.api)).hidden(Hiding::ComputedName);
        }
        if call.receiver.is_none() && last.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            let about = Value::unknown().with(&self.taint_of(&call.arguments));
            let object = self.heap.add_object(Object { class: call.api, about });
            return Value::from(Data::Object(object)).with(&call.callee);
        }
        self.like(call)
    }
}

impl Ranged for Call<'_> {
    fn range(&self) -> TextRange {
        self.range
    }
}
