//! What is written to members: of objects, and of what the language and Node.js
//! provide, which the whole program sees.

use std::rc::Rc;

use oxc_span::Span;

use super::function::Call;
use super::heap::Class as ObjectClass;
use super::machine::Machine;
use super::member::MAX_PROTOTYPES;
use super::value::{ApiId, Kind, Marks, ObjectId, Value};
use crate::event::{Effect, Role};

impl<'a> Machine<'a> {
    pub(crate) fn set_member(
        &mut self,
        object: &Value<'a>,
        key: &'a str,
        value: Value<'a>,
        span: Span,
    ) {
        match &object.kind {
            Kind::Object(id) => {
                if key == "__proto__" {
                    let prototype = value.as_object().filter(|prototype| prototype != id);
                    if let Some(object) = self.change(*id) {
                        object.prototype = prototype;
                    }
                    return;
                }
                if let Some(ObjectClass::Instance(api)) = self.get(*id).map(|object| &object.class)
                {
                    let api = *api;
                    self.api_write(api, key, &value, span);
                }
                if let Some(setter) = self.setter(*id, key) {
                    let arguments = vec![value];
                    let this = object.clone();
                    self.call(&setter, Call { this, arguments, is_open: false, span });
                    return;
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

    /// The name under which an object keeps what is called when this is written.
    pub(crate) fn setter_name(&mut self, key: &'a str) -> &'a str {
        if let Some(known) = self.setters.get(key) {
            return known;
        }
        let name = self.keep(&format!("\u{0}set {key}"));
        self.setters.insert(key, name);
        name
    }

    fn setter(&self, id: ObjectId, key: &str) -> Option<Value<'a>> {
        let name = *self.setters.get(key)?;
        let mut at = id;
        for _ in 0..MAX_PROTOTYPES {
            let object = self.get(at)?;
            if let Some(found) = object.property(name) {
                return Some(found.value.clone());
            }
            at = object.prototype?;
        }
        None
    }

    fn api_write(&mut self, api: ApiId, key: &'a str, value: &Value<'a>, span: Span) {
        let name = self.apis.name(api).to_owned();
        let Some(member) = self.apis.member(api, key) else { return };
        match name.as_str() {
            "node:process.env" => {
                let arguments =
                    [(Role::Name, Value::new(Kind::Literal(key))), (Role::Data, value.clone())];
                self.emit(Effect::EnvironmentWrite, api, span, &arguments, Marks::NONE);
                return;
            }
            "js:Image" | "js:HTMLImageElement" | "js:document.location" | "js:location"
                if matches!(key, "src" | "href") =>
            {
                self.emit(
                    Effect::Request,
                    member,
                    span,
                    &[(Role::Url, value.clone())],
                    Marks::NONE,
                );
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
                        && matches!(
                            key,
                            "eval"
                                | "Function"
                                | "fetch"
                                | "XMLHttpRequest"
                                | "require"
                                | "WebSocket"
                                | "setTimeout"
                        ))
                    || matches!(
                        name.as_str(),
                        "js:JSON"
                            | "js:Object"
                            | "js:Math"
                            | "js:Promise"
                            | "js:Reflect"
                            | "js:console"
                    );
                if is_function && is_builtin && !key.starts_with("on") && name != "node:process" {
                    self.emit(
                        Effect::BuiltinWrite,
                        member,
                        span,
                        &[(Role::Name, Value::new(Kind::Literal(key)))],
                        Marks::NONE,
                    );
                }
            }
        }
        self.overrides.insert(member, value.clone());
    }
}
