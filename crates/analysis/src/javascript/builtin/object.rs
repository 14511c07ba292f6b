//! `Object` and `Reflect`.

use std::rc::Rc;

use super::super::function::Call;
use super::super::heap::{Class as ObjectClass, Object};
use super::super::machine::Machine;
use super::super::value::{Kind, Marks, Value};
use crate::event::{Effect, Hiding, Role};

impl<'a> Machine<'a> {
    pub(super) fn object_function(&mut self, method: &str, call: &Call<'a>) -> Option<Value<'a>> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let second = call.arguments.get(1).cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "keys" | "getOwnPropertyNames" => self.list(&first, Self::keys_of),
            "values" => self.list(&first, Self::values_of),
            "entries" => self.list(&first, Self::entries_of),
            "assign" => {
                for from in call.arguments.iter().skip(1) {
                    if let Some(id) = first.as_object() {
                        self.copy_properties(id, from);
                    }
                }
                first
            }
            "create" => {
                let mut object = Object::new(ObjectClass::Plain);
                object.prototype = first.as_object();
                object.is_open = !matches!(first.kind, Kind::Null | Kind::Object(_));
                if let Some(api) = first.as_api() {
                    object.prototype = Some(self.allocate(Object::new(ObjectClass::Instance(api))));
                }
                Value::object(self.allocate(object))
            }
            "freeze" | "seal" | "preventExtensions" => first,
            "setPrototypeOf" => {
                if let (Some(id), prototype) = (first.as_object(), second.as_object())
                    && prototype != Some(id)
                    && let Some(object) = self.change(id)
                {
                    object.prototype = prototype;
                }
                first
            }
            "getPrototypeOf" => self.prototype_of(&first, call),
            "defineProperty" => {
                let key = self.key_text(&second);
                let descriptor = call.arguments.get(2).cloned().unwrap_or(Value::UNDEFINED);
                self.define(&first, key, &descriptor, call);
                first
            }
            "defineProperties" => {
                let names = self.keys_of(&second).unwrap_or_default();
                for name in names {
                    let key = self.key_text(&name);
                    let descriptor = self.computed(&second, &name, call.span);
                    self.define(&first, key, &descriptor, call);
                }
                first
            }
            "getOwnPropertyDescriptor" => {
                let value = self.looked_up(&first, &second, call);
                let mut descriptor = Object::new(ObjectClass::Plain);
                descriptor.is_open = true;
                descriptor.set("value", value, false);
                Value::object(self.allocate(descriptor))
            }
            "getOwnPropertyDescriptors" => {
                let names = match self.keys_of(&first) {
                    Ok(names) => names,
                    Err(one) => return Some(one),
                };
                let all = self.new_object(ObjectClass::Plain);
                let id = all.as_object()?;
                for name in names.into_iter().take(256) {
                    let value = self.computed(&first, &name, call.span);
                    let mut descriptor = Object::new(ObjectClass::Plain);
                    descriptor.set("value", value, false);
                    let descriptor = Value::object(self.allocate(descriptor));
                    if let Some(key) = self.key_text(&name)
                        && let Some(object) = self.change(id)
                    {
                        object.set(key, descriptor, false);
                    }
                }
                all
            }
            "fromEntries" => {
                let object = self.new_object(ObjectClass::Plain);
                let marks = self.deep_marks(&first);
                let id = object.as_object()?;
                match self.elements_of(&first) {
                    Ok(pairs) => {
                        for pair in pairs {
                            let key = self.member(&pair, "0", call.span);
                            let value = self.member(&pair, "1", call.span);
                            if let Some(key) = self.key_text(&key)
                                && let Some(object) = self.change(id)
                            {
                                object.set(key, value, false);
                            }
                        }
                    }
                    Err(_) => return Some(Value::unknown(marks)),
                }
                object
            }
            "is" => self.strictly_equal(&first, &second).map_or(Value::UNKNOWN, Value::boolean),
            _ => return None,
        })
    }

    fn list(
        &mut self,
        value: &Value<'a>,
        parts: impl FnOnce(&mut Self, &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>>,
    ) -> Value<'a> {
        match parts(self, value) {
            Ok(parts) => self.new_array(parts),
            Err(one) => {
                let array = self.new_array(vec![one.clone()]);
                if let Some(object) = array.as_object().and_then(|id| self.change(id)) {
                    object.is_open = true;
                    object.marks = one.marks;
                }
                array
            }
        }
    }

    fn values_of(&mut self, value: &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>> {
        let names = self.keys_of(value)?;
        Ok(names
            .iter()
            .take(4096)
            .map(|name| self.computed(value, name, oxc_span::Span::default()))
            .collect())
    }

    fn entries_of(&mut self, value: &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>> {
        let names = match self.keys_of(value) {
            Ok(names) => names,
            Err(one) => {
                let pair = self.new_array(vec![one.clone(), one]);
                return Err(pair);
            }
        };
        let values = self.values_of(value)?;
        Ok(names
            .into_iter()
            .zip(values)
            .map(|(name, value)| self.new_array(vec![name, value]))
            .collect())
    }

    fn define(
        &mut self,
        target: &Value<'a>,
        key: Option<&'a str>,
        descriptor: &Value<'a>,
        call: &Call<'a>,
    ) {
        let getter = self.member(descriptor, "get", call.span);
        let value = self.member(descriptor, "value", call.span);
        let (value, is_getter) =
            if getter.as_object().is_some() { (getter, true) } else { (value, false) };
        match (target.as_object(), key) {
            (Some(id), Some(key)) => {
                if let Some(object) = self.change(id) {
                    object.set(key, value, is_getter);
                }
            }
            (Some(id), None) => self.set_elsewhere(id, value),
            (None, Some(key)) => self.set_member(target, key, value, call.span),
            (None, None) => {}
        }
    }

    fn prototype_of(&mut self, value: &Value<'a>, call: &Call<'a>) -> Value<'a> {
        match &value.kind {
            Kind::Object(id) => {
                let prototype = self.get(*id).and_then(|object| object.prototype);
                match prototype {
                    Some(prototype) => Value::object(prototype),
                    None => {
                        let constructor = self.member(value, "constructor", call.span);
                        match constructor
                            .as_api()
                            .and_then(|api| self.apis.member(api, "prototype"))
                        {
                            Some(api) => Value::api(api),
                            None => Value::UNKNOWN,
                        }
                    }
                }
            }
            Kind::Api(_) => Value::api(self.apis.global("Function.prototype")),
            Kind::Literal(_) | Kind::Text(_) => Value::api(self.apis.global("String.prototype")),
            _ => Value::UNKNOWN,
        }
    }

    pub(super) fn reflect_function(&mut self, method: &str, call: &Call<'a>) -> Option<Value<'a>> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let second = call.arguments.get(1).cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "get" => self.looked_up(&first, &second, call),
            "apply" => {
                let list = call.arguments.get(2).cloned().unwrap_or(Value::UNDEFINED);
                let (arguments, is_open) = self.spread(&list);
                self.call(&first, Call { this: second, arguments, is_open, span: call.span })
            }
            "construct" => {
                let (arguments, is_open) = self.spread(&second);
                self.construct(
                    &first,
                    Call { this: Value::UNDEFINED, arguments, is_open, span: call.span },
                )
            }
            "ownKeys" => return self.object_function("keys", call),
            "getOwnPropertyDescriptor" | "defineProperty" | "getPrototypeOf" | "setPrototypeOf" => {
                return self.object_function(method, call);
            }
            "set" => {
                let value = call.arguments.get(2).cloned().unwrap_or(Value::UNDEFINED);
                if let Some(key) = self.key_text(&second) {
                    self.set_member(&first, key, value, call.span);
                }
                Value::boolean(true)
            }
            "has" => Value::UNKNOWN,
            _ => return None,
        })
    }

    /// A member that is asked for by a function: what a library or the system provides
    /// is not written where it is used.
    fn looked_up(&mut self, object: &Value<'a>, key: &Value<'a>, call: &Call<'a>) -> Value<'a> {
        let mut value = self.computed(object, key, call.span);
        if object.as_api().is_some() && value.as_api().is_some() {
            let hidden = self.hidden(Hiding::ComputedName);
            value.marks = self.marks.union(value.marks, hidden);
        }
        value
    }

    /// The whole environment goes somewhere.
    pub(super) fn note_environment(&mut self, value: &Value<'a>, call: &Call<'a>) {
        if let Some(api) = value.as_api()
            && self.apis.name(api) == "node:process.env"
        {
            let none: [(Role, Value<'a>); 0] = [];
            self.emit(Effect::EnvironmentRead, api, call.span, &none, Marks::NONE);
        }
        let _ = Rc::<str>::from("");
    }
}
