//! Classes and what `new` makes.

use super::function::{Call, Closure, Code};
use super::heap::{Class as ObjectClass, Frame, Object};
use super::machine::{MAX_DEPTH, Machine};
use super::value::{Kind, Marks, ObjectId, Value};
use oxc_ast::ast::{Class, ClassElement};

/// The property under which a class keeps one of its instances for its methods.
const INSTANCE: &str = "\u{0}instance";

impl<'a> Machine<'a> {
    pub(crate) fn class(&mut self, class: &'a Class<'a>) -> Value<'a> {
        let parent = class.heritage_expression().map(|parent| self.expression(parent));
        let mut prototype = Object::new(ObjectClass::Plain);
        prototype.is_open = true;
        if let Some(parent) = &parent {
            prototype.prototype = match &parent.kind {
                Kind::Object(_) => self.member(parent, "prototype", class.span).as_object(),
                Kind::Api(api) => Some(self.allocate(Object::new(ObjectClass::Instance(*api)))),
                _ => None,
            };
        }
        let home = self.allocate(prototype);
        let constructor = self.closure(Code::Class(class), Some(home));
        let Some(id) = constructor.as_object() else { return Value::UNKNOWN };
        if let Some(object) = self.change(id) {
            object.set("prototype", Value::object(home), false);
            object.is_open = true;
            object.prototype = parent.as_ref().and_then(Value::as_object);
        }
        if let Some(object) = self.change(home) {
            object.set("constructor", constructor.clone(), false);
        }
        if let Some(name) = &class.id
            && class.is_expression()
        {
            self.declare(name, constructor.clone());
        }
        for decorator in &class.decorators {
            self.expression(&decorator.expression);
        }
        for element in &class.body.body {
            self.class_element(element, id, home);
        }
        constructor
    }

    fn class_element(&mut self, element: &'a ClassElement<'a>, class: ObjectId, home: ObjectId) {
        match element {
            ClassElement::MethodDefinition(method) => {
                if method.kind.is_constructor() || method.value.body.is_none() {
                    return;
                }
                let key = self.property_key(&method.key, method.computed);
                let value = self.closure(Code::Function(&method.value), Some(home));
                let target = if method.r#static { class } else { home };
                if let Some(key) = key {
                    let name = if method.kind.is_set() { self.setter_name(key) } else { key };
                    if let Some(object) = self.change(target) {
                        object.set(name, value, method.kind.is_get());
                    }
                }
            }
            ClassElement::PropertyDefinition(property) if property.r#static => {
                let key = self.property_key(&property.key, property.computed);
                let value = match &property.value {
                    Some(value) => self
                        .with_this(Value::object(class), home, |machine| machine.expression(value)),
                    None => Value::UNDEFINED,
                };
                if let Some(key) = key
                    && let Some(object) = self.change(class)
                {
                    object.set(key, value, false);
                }
            }
            ClassElement::StaticBlock(block) => {
                self.with_this(Value::object(class), home, |machine| machine.block(&block.body));
            }
            _ => {}
        }
    }

    /// Runs with another `this`, in the variables that are here: what is declared
    /// within has its slots in the function around.
    fn with_this<T>(
        &mut self,
        this: Value<'a>,
        home: ObjectId,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let at = usize::try_from(self.frame).unwrap_or(0);
        let saved = self.frames.get_mut(at).map(|frame| {
            (
                std::mem::replace(&mut frame.this, this),
                frame.home.replace(home),
                std::mem::replace(&mut frame.is_arrow, false),
            )
        });
        let result = run(self);
        if let (Some((this, home, is_arrow)), Some(frame)) = (saved, self.frames.get_mut(at)) {
            frame.this = this;
            frame.home = home;
            frame.is_arrow = is_arrow;
        }
        result
    }

    pub(crate) fn construct_class(
        &mut self,
        id: ObjectId,
        class: &'a Class<'a>,
        closure: &Closure<'a>,
        call: Call<'a>,
    ) -> Value<'a> {
        let Some(home) = closure.home else { return Value::UNKNOWN };
        if self.depth + 8 > MAX_DEPTH {
            self.stop(call.span, "it calls deeper than is followed");
            self.pending.push(id);
            return Value::UNKNOWN;
        }
        self.depth += 8;
        // `super(…)` fills the object that is there; anything else makes one.
        let this = match call.this.as_object() {
            Some(_) => call.this.clone(),
            None => {
                let mut object = Object::new(ObjectClass::Plain);
                object.prototype = Some(home);
                object.is_open = true;
                Value::object(self.allocate(object))
            }
        };
        if let Some(object) = self.change(home) {
            object.set(INSTANCE, this.clone(), false);
        }
        if let Some(object) = self.change(id) {
            object.set(INSTANCE, this.clone(), false);
        }
        let frame = self.frame;
        let file = self.file;
        self.frame = closure.frame;
        self.file = closure.file;
        for element in &class.body.body {
            if let ClassElement::PropertyDefinition(property) = element
                && !property.r#static
                && let Some(value) = &property.value
                && let Some(key) = self.property_key(&property.key, property.computed)
            {
                let value = self.with_this(this.clone(), home, |machine| machine.expression(value));
                self.set_member(&this, key, value, property.span);
            }
        }
        // What a class that extends `Function` makes is a function of text.
        let mut made = None;
        let constructor = class.body.body.iter().find_map(|element| match element {
            ClassElement::MethodDefinition(method) if method.kind.is_constructor() => Some(method),
            _ => None,
        });
        match constructor {
            Some(method) if method.value.body.is_some() => {
                let value = self.closure(Code::Function(&method.value), Some(home));
                if let Some(constructor) = value.as_object() {
                    if self.pending.last() == Some(&constructor) {
                        self.pending.pop();
                    }
                    self.call_closure(constructor, Call { this: this.clone(), ..call });
                }
            }
            _ => {
                let base = self.get(home).and_then(|object| object.prototype);
                let provided = match base.and_then(|base| self.get(base)).map(|base| &base.class) {
                    Some(ObjectClass::Instance(api)) => Some(*api),
                    _ => None,
                };
                if let Some(parent) = self.get(id).and_then(|object| object.prototype) {
                    self.call_closure(parent, Call { this: this.clone(), ..call });
                } else if let Some(api) = provided {
                    let one = self.construct_api(api, Marks::NONE, &call);
                    if self.apis.name(api).ends_with("Function") {
                        made = Some(one);
                    }
                }
            }
        }
        self.frame = frame;
        self.file = file;
        self.depth -= 8;
        made.unwrap_or(this)
    }

    pub(crate) fn has_instance(&self, class: ObjectId) -> bool {
        self.get(class).is_some_and(|object| object.property(INSTANCE).is_some())
    }

    /// What `this` is in a method that nothing is known to call.
    pub(crate) fn instance_of(&mut self, home: Option<ObjectId>) -> Value<'a> {
        let Some(home) = home else { return Value::UNKNOWN };
        if let Some(property) = self.get(home).and_then(|object| object.property(INSTANCE)) {
            return property.value.clone();
        }
        let mut object = Object::new(ObjectClass::Plain);
        object.prototype = Some(home);
        object.is_open = true;
        Value::object(self.allocate(object))
    }

    /// `new` of something.
    pub(crate) fn construct(&mut self, callee: &Value<'a>, call: Call<'a>) -> Value<'a> {
        let span = call.span;
        match &callee.kind {
            Kind::Object(id) => match self.get(*id).map(|object| &object.class) {
                Some(ObjectClass::Function(closure)) => {
                    if matches!(closure.code, Code::Class(_)) {
                        return self.call_closure(*id, Call { this: Value::UNDEFINED, ..call });
                    }
                    let prototype = self.member(callee, "prototype", span).as_object();
                    let mut object = Object::new(ObjectClass::Plain);
                    object.prototype = prototype;
                    object.is_open = true;
                    let this = Value::object(self.allocate(object));
                    let result = self.call_closure(*id, Call { this: this.clone(), ..call });
                    if result.as_object().is_some() { result } else { this }
                }
                Some(ObjectClass::Bound(bound)) => {
                    let bound = std::rc::Rc::clone(bound);
                    let target = bound.target.clone();
                    let mut arguments = bound.arguments.clone();
                    arguments.extend(call.arguments.iter().cloned());
                    self.construct(&target, Call { arguments, ..call })
                }
                _ => self.call(callee, call),
            },
            Kind::Api(api) => self.construct_api(*api, callee.marks, &call),
            Kind::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                let mut result: Option<Value<'a>> = None;
                for one in
                    all.iter().filter(|one| one.as_api().is_some() || one.as_object().is_some())
                {
                    let call = Call {
                        this: Value::UNDEFINED,
                        arguments: call.arguments.clone(),
                        is_open: call.is_open,
                        span,
                    };
                    let value = self.construct(one, call);
                    result = Some(match result {
                        Some(before) => self.either(before, value, false),
                        None => value,
                    });
                }
                result.unwrap_or(Value::UNKNOWN)
            }
            _ => self.call(callee, call),
        }
    }

    /// The frame of a program or of text that is executed as code.
    pub(crate) fn push_frame(
        &mut self,
        layout: u32,
        parent: Option<u32>,
        this: Value<'a>,
        is_arrow: bool,
    ) -> u32 {
        let frame = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        let slots = self.layout(layout).map_or(0, |layout| layout.names.len());
        self.frames.push(Frame {
            slots: vec![Value::UNDEFINED; slots],
            parent: parent.unwrap_or(frame),
            this,
            arguments: None,
            layout,
            is_arrow,
            home: None,
        });
        frame
    }
}
