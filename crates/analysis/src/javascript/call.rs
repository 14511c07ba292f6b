//! Calls: what is called, with what, and what is done where that is not known.

use std::rc::Rc;

use oxc_ast::ast::{Argument, CallExpression, ChainElement, Expression, NewExpression};
use oxc_span::Span;

use super::function::Call;
use super::heap::Class as ObjectClass;
use super::machine::Machine;
use super::marks;
use super::value::{Kind, Marks, Value};
use crate::event::{Effect, Hiding};

/// The most alternatives of a callee that are followed.
const MAX_CALLEES: usize = 4;

impl<'a> Machine<'a> {
    pub(crate) fn call_expression(&mut self, it: &'a CallExpression<'a>) -> Value<'a> {
        if let Expression::Super(_) = &it.callee {
            let this = self.this();
            let parent = self.super_constructor();
            let (arguments, is_open) = self.arguments_of(&it.arguments);
            return match parent.kind {
                Kind::Object(id) => {
                    self.call_closure(id, Call { this, arguments, is_open, span: it.span })
                }
                _ => self.construct(&parent, Call { this, arguments, is_open, span: it.span }),
            };
        }
        let (callee, this) = self.callee(&it.callee);
        if matches!(
            it.callee,
            Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_)
        ) && self.pending.last().copied() == callee.as_object()
        {
            self.pending.pop();
        }
        let (arguments, is_open) = self.arguments_of(&it.arguments);
        self.here = it.span;
        self.call(&callee, Call { this, arguments, is_open, span: it.span })
    }

    fn super_constructor(&mut self) -> Value<'a> {
        let home = self.home();
        let constructor = home.and_then(|home| {
            self.get(home)?.property("constructor").map(|found| found.value.clone())
        });
        let class = constructor.and_then(|constructor| constructor.as_object());
        match class.and_then(|class| self.get(class)).and_then(|class| class.prototype) {
            Some(parent) => Value::object(parent),
            None => {
                let prototype = home.and_then(|home| self.get(home)?.prototype);
                match prototype
                    .and_then(|prototype| self.get(prototype))
                    .map(|object| &object.class)
                {
                    Some(ObjectClass::Instance(api)) => Value::api(*api),
                    _ => Value::UNKNOWN,
                }
            }
        }
    }

    /// What is called, and what it is called on.
    pub(crate) fn callee(&mut self, callee: &'a Expression<'a>) -> (Value<'a>, Value<'a>) {
        match callee {
            Expression::StaticMemberExpression(it) => {
                let object = self.expression(&it.object);
                let key = it.property.name.as_str();
                (self.method(&object, key, it.span), object)
            }
            Expression::ComputedMemberExpression(it) => {
                let object = self.expression(&it.object);
                let key = self.expression(&it.expression);
                (self.computed(&object, &key, it.span), object)
            }
            Expression::PrivateFieldExpression(it) => {
                let object = self.expression(&it.object);
                (self.member(&object, it.field.name.as_str(), it.span), object)
            }
            Expression::ChainExpression(it) => match &it.expression {
                ChainElement::StaticMemberExpression(it) => {
                    let object = self.expression(&it.object);
                    let key = it.property.name.as_str();
                    (self.method(&object, key, it.span), object)
                }
                ChainElement::ComputedMemberExpression(it) => {
                    let object = self.expression(&it.object);
                    let key = self.expression(&it.expression);
                    (self.computed(&object, &key, it.span), object)
                }
                _ => (self.expression(callee), Value::UNDEFINED),
            },
            Expression::TSNonNullExpression(it) => self.callee(&it.expression),
            Expression::TSAsExpression(it) => self.callee(&it.expression),
            callee => (self.expression(callee), Value::UNDEFINED),
        }
    }

    /// A method of a value; of one that is not known, what gives its own text back is
    /// told apart from the rest.
    fn method(&mut self, object: &Value<'a>, key: &'a str, span: Span) -> Value<'a> {
        let is_itself = matches!(
            key,
            "toString" | "trim" | "valueOf" | "toLowerCase" | "normalize" | "text" | "json"
        );
        match object.kind {
            Kind::Unknown | Kind::Partial(_) if is_itself => {
                let id = self.apis.intern("js:?.itself");
                Value::api(id)
            }
            // Where a piece begins and ends says nothing about what is in it.
            Kind::Unknown if matches!(key, "slice" | "substring" | "substr" | "subarray") => {
                let id = self.apis.intern("js:?.part");
                Value::with(Kind::Api(id), object.marks)
            }
            // What is read flows on into what it is handed to.
            Kind::Unknown if matches!(key, "pipe" | "pipeTo") => {
                let id = self.apis.intern("js:?.pipe");
                Value::with(Kind::Api(id), object.marks)
            }
            Kind::Unknown | Kind::Partial(_) if matches!(key, "then" | "catch" | "finally") => {
                let id = self.apis.intern("js:Promise.prototype.then");
                Value::with(Kind::Api(id), object.marks)
            }
            Kind::Unknown
                if matches!(
                    key,
                    "forEach"
                        | "map"
                        | "filter"
                        | "reduce"
                        | "find"
                        | "some"
                        | "every"
                        | "flatMap"
                        | "sort"
                ) =>
            {
                let id = self.apis.intern("js:?.each");
                Value::with(Kind::Api(id), object.marks)
            }
            _ => self.member(object, key, span),
        }
    }

    pub(crate) fn arguments_of(&mut self, arguments: &'a [Argument<'a>]) -> (Vec<Value<'a>>, bool) {
        let mut values = Vec::with_capacity(arguments.len());
        let mut is_open = false;
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    let value = self.expression(&spread.argument);
                    match self.elements_of(&value) {
                        Ok(elements) => values.extend(elements),
                        Err(one) => {
                            values.push(one);
                            is_open = true;
                        }
                    }
                }
                argument => {
                    if let Some(expression) = argument.as_expression() {
                        values.push(self.expression(expression));
                    }
                }
            }
        }
        (values, is_open)
    }

    pub(crate) fn new_expression(&mut self, it: &'a NewExpression<'a>) -> Value<'a> {
        let callee = self.expression(&it.callee);
        let (arguments, is_open) = self.arguments_of(&it.arguments);
        self.construct(&callee, Call { this: Value::UNDEFINED, arguments, is_open, span: it.span })
    }

    pub(crate) fn call(&mut self, callee: &Value<'a>, call: Call<'a>) -> Value<'a> {
        match &callee.kind {
            Kind::Object(id) => match self.get(*id).map(|object| &object.class) {
                Some(ObjectClass::Function(_)) => self.call_closure(*id, call),
                Some(ObjectClass::Bound(bound)) => {
                    let bound = Rc::clone(bound);
                    let mut arguments = bound.arguments.clone();
                    arguments.extend(call.arguments);
                    let (target, this) = (bound.target.clone(), bound.this.clone());
                    self.call(&target, Call { this, arguments, ..call })
                }
                Some(ObjectClass::Settler(promise, resolves)) => {
                    let (promise, resolves) = (*promise, *resolves);
                    if resolves {
                        let value = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
                        let value = self.awaited(&value);
                        let before = match self.get(promise).map(|object| &object.class) {
                            Some(ObjectClass::Promise(before)) => before.clone(),
                            _ => Value::UNKNOWN,
                        };
                        let joined = if before.is_unknown() && before.marks.is_none() {
                            value
                        } else {
                            self.either(before, value, false)
                        };
                        if let Some(object) = self.change(promise) {
                            object.class = ObjectClass::Promise(joined);
                        }
                    }
                    Value::UNDEFINED
                }
                Some(ObjectClass::Instance(api)) => {
                    let api = *api;
                    self.call_api(api, callee.marks, call)
                }
                _ => self.unknown_call(callee, &call),
            },
            Kind::Api(api) => self.call_api(*api, callee.marks, call),
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                let mut result: Option<Value<'a>> = None;
                let callable = all.iter().filter(|one| {
                    matches!(one.kind, Kind::Api(_) | Kind::Object(_) | Kind::Unknown)
                });
                for one in callable.take(MAX_CALLEES) {
                    let call = Call {
                        this: call.this.clone(),
                        arguments: call.arguments.clone(),
                        is_open: call.is_open,
                        span: call.span,
                    };
                    let mut one = one.clone();
                    one.marks = self.marks.union(one.marks, callee.marks);
                    let value = self.maybe(|machine| machine.call(&one, call));
                    result = Some(match result {
                        Some(before) => self.either(before, value, false),
                        None => value,
                    });
                }
                result.unwrap_or(Value::UNKNOWN)
            }
            _ => self.unknown_call(callee, &call),
        }
    }

    /// A call of something that is not known: what it gives back may hold everything
    /// that went in.
    pub(crate) fn unknown_call(&mut self, callee: &Value<'a>, call: &Call<'a>) -> Value<'a> {
        if let Kind::Api(api) = call.this.kind
            && callee.is_unknown()
            && self.marks.hiding(callee.marks) & marks::bit(Hiding::ComputedName) != 0
            && let Some(api) = self.apis.member(api, "?")
        {
            let arguments: Vec<_> = call
                .arguments
                .iter()
                .map(|value| (crate::event::Role::Other, value.clone()))
                .collect();
            self.emit(Effect::Opaque, api, call.span, &arguments, callee.marks);
        }
        let mut marks = self.marks.union(callee.marks, call.this.marks);
        for argument in &call.arguments {
            let more = match argument.kind {
                Kind::Object(_) | Kind::Choice(_) => self.deep_marks(argument),
                _ => argument.marks,
            };
            marks = self.marks.union(marks, more);
        }
        self.hand_over(call, marks);
        Value::unknown(marks)
    }

    /// Objects and functions go to something that is not known.
    pub(crate) fn hand_over(&mut self, call: &Call<'a>, marks: Marks) {
        let is_telling = self.marks.is_telling(marks);
        for argument in &call.arguments {
            let Some(id) = argument.as_object() else { continue };
            match self.get(id).map(|object| (&object.class, object.is_open)) {
                Some((ObjectClass::Function(_) | ObjectClass::Bound(_), _)) if is_telling => {
                    let data = Value::unknown(marks);
                    let arguments = vec![data.clone(), data.clone(), data];
                    self.call_back(argument, arguments, call.span);
                }
                Some((ObjectClass::Plain | ObjectClass::Array(_), false)) => {
                    if let Some(object) = self.change(id) {
                        object.is_open = true;
                    }
                }
                _ => {}
            }
        }
    }
}
