//! Expressions.

use oxc_ast::ast::{
    ChainElement, ConditionalExpression, Expression, IdentifierReference, LogicalExpression,
    PropertyKey, RegExpFlags, RegExpLiteral, UnaryExpression,
};
use oxc_span::Span;
use oxc_syntax::operator::{LogicalOperator, UnaryOperator};

use super::budget::Below;
use super::function::Code;
use super::heap::Class as ObjectClass;
use super::machine::{MAX_DEPTH, Machine};
use super::scope;
use super::value::{Kind, Value};
use crate::event::Hiding;

impl<'a> Machine<'a> {
    pub(crate) fn expression(&mut self, expression: &'a Expression<'a>) -> Value<'a> {
        self.steps += 1;
        match expression {
            Expression::StringLiteral(it) => return Value::new(Kind::Literal(it.value.as_str())),
            Expression::NumericLiteral(it) => return Value::number(it.value),
            Expression::BooleanLiteral(it) => return Value::boolean(it.value),
            Expression::NullLiteral(_) => return Value::new(Kind::Null),
            Expression::Identifier(it) => return self.identifier(it),
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            self.defer(Below::Expression(expression));
            return Value::UNKNOWN;
        }
        self.depth += 1;
        let value = self.compound(expression);
        self.depth -= 1;
        value
    }

    fn compound(&mut self, expression: &'a Expression<'a>) -> Value<'a> {
        match expression {
            Expression::CallExpression(it) => self.call_expression(it),
            Expression::StaticMemberExpression(it) => {
                let object = self.expression(&it.object);
                if it.optional && matches!(object.kind, Kind::Undefined | Kind::Null) {
                    return Value::UNDEFINED;
                }
                self.member(&object, it.property.name.as_str(), it.span)
            }
            Expression::ComputedMemberExpression(it) => {
                let object = self.expression(&it.object);
                let key = self.expression(&it.expression);
                self.computed(&object, &key, it.span)
            }
            Expression::PrivateFieldExpression(it) => {
                let object = self.expression(&it.object);
                self.member(&object, it.field.name.as_str(), it.span)
            }
            Expression::BinaryExpression(it) => self.binary_chain(it),
            Expression::LogicalExpression(it) => self.logical(it),
            Expression::AssignmentExpression(it) => self.assignment(it),
            Expression::FunctionExpression(it) => self.closure(Code::Function(it), None),
            Expression::ArrowFunctionExpression(it) => self.closure(Code::Arrow(it), None),
            Expression::ClassExpression(it) => self.class(it),
            Expression::ObjectExpression(it) => self.object_literal(it),
            Expression::ArrayExpression(it) => self.array_literal(it),
            Expression::ConditionalExpression(it) => self.conditional(it),
            Expression::UnaryExpression(it) => self.unary(it),
            Expression::UpdateExpression(it) => self.update(it),
            Expression::TemplateLiteral(it) => self.template(it),
            Expression::NewExpression(it) => self.new_expression(it),
            Expression::ThisExpression(_) => self.this(),
            Expression::SequenceExpression(it) => {
                let mut value = Value::UNDEFINED;
                for expression in &it.expressions {
                    value = self.expression(expression);
                }
                value
            }
            Expression::AwaitExpression(it) => {
                let value = self.expression(&it.argument);
                self.awaited(&value)
            }
            Expression::YieldExpression(it) => {
                let Some(argument) = &it.argument else { return Value::UNKNOWN };
                let value = self.expression(argument);
                let value = self.awaited(&value);
                self.give_back(value.clone());
                value
            }
            Expression::ChainExpression(it) => match &it.expression {
                ChainElement::CallExpression(it) => self.call_expression(it),
                ChainElement::TSNonNullExpression(it) => self.expression(&it.expression),
                ChainElement::StaticMemberExpression(it) => {
                    let object = self.expression(&it.object);
                    if it.optional && matches!(object.kind, Kind::Undefined | Kind::Null) {
                        return Value::UNDEFINED;
                    }
                    self.member(&object, it.property.name.as_str(), it.span)
                }
                ChainElement::ComputedMemberExpression(it) => {
                    let object = self.expression(&it.object);
                    let key = self.expression(&it.expression);
                    self.computed(&object, &key, it.span)
                }
                ChainElement::PrivateFieldExpression(it) => {
                    let object = self.expression(&it.object);
                    self.member(&object, it.field.name.as_str(), it.span)
                }
            },
            Expression::RegExpLiteral(it) => {
                let flags = self.regexp_flags(it);
                self.new_object(ObjectClass::Regexp(it.regex.pattern.text.as_str(), flags))
            }
            Expression::TaggedTemplateExpression(it) => self.tagged_template(it),
            Expression::ImportExpression(it) => {
                let name = self.expression(&it.source);
                let value = self.import(&name, it.span);
                self.promise(value)
            }
            Expression::ParenthesizedExpression(it) => self.expression(&it.expression),
            Expression::TSAsExpression(it) => self.expression(&it.expression),
            Expression::TSSatisfiesExpression(it) => self.expression(&it.expression),
            Expression::TSTypeAssertion(it) => self.expression(&it.expression),
            Expression::TSNonNullExpression(it) => self.expression(&it.expression),
            Expression::TSInstantiationExpression(it) => self.expression(&it.expression),
            Expression::BigIntLiteral(it) => match it.value.parse::<u32>() {
                Ok(number) => Value::number(f64::from(number)),
                Err(_) => Value::UNKNOWN,
            },
            Expression::Super(_) => self.super_object(),
            Expression::JSXElement(it) => {
                self.jsx_element(it);
                Value::UNKNOWN
            }
            Expression::JSXFragment(it) => {
                self.jsx_children(&it.children);
                Value::UNKNOWN
            }
            Expression::ImportMeta(_) => {
                let id = self.apis.intern("js:import.meta");
                Value::api(id)
            }
            _ => Value::UNKNOWN,
        }
    }

    /// The frame so many functions outwards.
    pub(crate) fn frame_at(&self, hops: u32) -> Option<u32> {
        let mut frame = self.frame;
        for _ in 0..hops {
            frame = self.frames.get(usize::try_from(frame).ok()?)?.parent;
        }
        Some(frame)
    }

    fn identifier(&mut self, it: &IdentifierReference<'a>) -> Value<'a> {
        if let Some(reference) = it.reference_id.get() {
            let (hops, slot) = scope::hops_and_slot(reference);
            return match self.frame_at(hops) {
                Some(frame) => self.slot(frame, slot),
                None => Value::UNKNOWN,
            };
        }
        let name = it.name.as_str();
        match name {
            "undefined" => return Value::UNDEFINED,
            "NaN" => return Value::number(f64::NAN),
            "Infinity" => return Value::number(f64::INFINITY),
            "arguments" => return self.arguments(),
            _ => {}
        }
        if self.nested_code > 0
            && let Some((frame, slot)) = self.find_name(name)
        {
            return self.slot(frame, slot);
        }
        if let Some(value) = self.found_with(name, it.span) {
            return value;
        }
        self.global(name, it.span)
    }

    /// A name that is a member of an object of `with`.
    fn found_with(&mut self, name: &'a str, span: Span) -> Option<Value<'a>> {
        for at in (0..self.withs.len()).rev() {
            let object = self.withs.get(at)?.clone();
            match object.kind {
                Kind::Api(api) => {
                    let member = self.apis.member(api, name)?;
                    if self.apis.spec(member).is_some() {
                        return Some(self.member(&object, name, span));
                    }
                }
                Kind::Object(id) if self.get(id)?.property(name).is_some() => {
                    return Some(self.member(&object, name, span));
                }
                _ => {}
            }
        }
        None
    }

    pub(crate) fn global(&mut self, name: &str, _span: Span) -> Value<'a> {
        let id = self.apis.global(name);
        match self.overrides.get(&id).cloned() {
            Some(value) => self.overridden(id, value),
            None => Value::api(id),
        }
    }

    /// A variable around text that is executed as code, by its name.
    pub(crate) fn find_name(&self, name: &str) -> Option<(u32, usize)> {
        let mut at = self.frame;
        for _ in 0..64 {
            let frame = self.frames.get(usize::try_from(at).ok()?)?;
            let layout = self.layout(frame.layout)?;
            if let Some(slot) = layout.names.iter().rposition(|known| *known == name) {
                return Some((at, slot));
            }
            if frame.parent == at {
                return None;
            }
            at = frame.parent;
        }
        None
    }

    fn own_frame(&self) -> Option<&super::heap::Frame<'a>> {
        let mut at = self.frame;
        loop {
            let frame = self.frames.get(usize::try_from(at).ok()?)?;
            if !frame.is_arrow || frame.parent == at {
                return Some(frame);
            }
            at = frame.parent;
        }
    }

    pub(crate) fn this(&mut self) -> Value<'a> {
        match self.own_frame().map(|frame| frame.this.clone()) {
            Some(value) if value.is_undefined() => {
                let id = self.apis.global("globalThis");
                Value::api(id)
            }
            Some(value) => value,
            None => Value::UNKNOWN,
        }
    }

    fn arguments(&mut self) -> Value<'a> {
        self.own_frame().and_then(|frame| frame.arguments.clone()).unwrap_or(Value::UNKNOWN)
    }

    /// The prototype of the class whose method runs.
    pub(crate) fn home(&self) -> Option<super::value::ObjectId> {
        self.own_frame().and_then(|frame| frame.home)
    }

    fn super_object(&mut self) -> Value<'a> {
        let home = self.own_frame().and_then(|frame| frame.home);
        home.and_then(|home| self.get(home))
            .and_then(|object| object.prototype)
            .map_or(Value::UNKNOWN, Value::object)
    }

    fn logical(&mut self, it: &'a LogicalExpression<'a>) -> Value<'a> {
        let left = self.expression(&it.left);
        let takes_right = match it.operator {
            LogicalOperator::And => left.truth(),
            LogicalOperator::Or => left.truth().map(|truth| !truth),
            LogicalOperator::Coalesce => match left.kind {
                Kind::Undefined | Kind::Null => Some(true),
                Kind::Unknown | Kind::Api(_) | Kind::Choice(_) => None,
                _ => Some(false),
            },
        };
        match takes_right {
            Some(true) => self.expression(&it.right),
            Some(false) => {
                self.skip();
                self.aside(|machine| machine.expression(&it.right));
                left
            }
            None => {
                let right = self.maybe(|machine| machine.expression(&it.right));
                if it.operator == LogicalOperator::And {
                    // What is there is asked for first, and then used.
                    if left.as_api().is_some() || left.is_unknown() {
                        let marks = if right.is_unknown() {
                            self.marks.union(left.marks, right.marks)
                        } else {
                            right.marks
                        };
                        return Value::with(right.kind, marks);
                    }
                }
                self.either(left, right, false)
            }
        }
    }

    fn conditional(&mut self, it: &'a ConditionalExpression<'a>) -> Value<'a> {
        let test = self.expression(&it.test);
        match test.truth() {
            Some(truth) => {
                self.skip();
                let (taken, left) = if truth {
                    (&it.consequent, &it.alternate)
                } else {
                    (&it.alternate, &it.consequent)
                };
                self.aside(|machine| machine.expression(left));
                self.expression(taken)
            }
            None => {
                self.begin_branch();
                let one = self.expression(&it.consequent);
                let changes = self.undo_branch();
                self.begin_branch();
                let two = self.expression(&it.alternate);
                let others = self.undo_branch();
                self.join_both(changes, others);
                self.either(one, two, false)
            }
        }
    }

    fn unary(&mut self, it: &'a UnaryExpression<'a>) -> Value<'a> {
        if it.operator == UnaryOperator::Delete {
            return self.delete(&it.argument);
        }
        let value = self.expression(&it.argument);
        match it.operator {
            UnaryOperator::LogicalNot => match value.truth() {
                Some(truth) => Value::boolean(!truth),
                None => Value::UNKNOWN,
            },
            UnaryOperator::Void => Value::UNDEFINED,
            UnaryOperator::Typeof => self.type_of(&value),
            UnaryOperator::UnaryNegation => self.numeric(&value, |number| -number),
            UnaryOperator::UnaryPlus => self.numeric(&value, |number| number),
            UnaryOperator::BitwiseNot => {
                self.numeric(&value, |number| f64::from(!super::operator::to_int32(number)))
            }
            UnaryOperator::Delete => Value::UNKNOWN,
        }
    }

    fn numeric(&mut self, value: &Value<'a>, apply: fn(f64) -> f64) -> Value<'a> {
        match self.number_in(value) {
            Some(number) => Value::with(Kind::Number(apply(number)), value.marks),
            None => Value::unknown(value.marks),
        }
    }

    fn delete(&mut self, argument: &'a Expression<'a>) -> Value<'a> {
        match argument {
            Expression::StaticMemberExpression(it) => {
                let object = self.expression(&it.object);
                if let Some(object) = object.as_object().and_then(|id| self.change(id)) {
                    object.remove(it.property.name.as_str());
                }
            }
            Expression::ComputedMemberExpression(it) => {
                let object = self.expression(&it.object);
                let key = self.expression(&it.expression);
                if let (Some(id), Some(key)) = (object.as_object(), key.as_text())
                    && let Some(object) = self.change(id)
                {
                    object.remove(key);
                }
            }
            argument => {
                self.expression(argument);
            }
        }
        Value::boolean(true)
    }

    /// Writes to a name that is not known.
    pub(crate) fn set_elsewhere(&mut self, id: super::value::ObjectId, value: Value<'a>) {
        let before = self.get(id).and_then(|object| object.elsewhere.clone());
        let joined = match before {
            Some(before) => self.either(before, value, true),
            None => value,
        };
        if let Some(object) = self.change(id) {
            object.elsewhere = Some(joined);
            object.is_open = true;
        }
    }

    /// The name of a property; nothing where it is not known.
    pub(crate) fn property_key(
        &mut self,
        key: &'a PropertyKey<'a>,
        computed: bool,
    ) -> Option<&'a str> {
        match key {
            PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
            PropertyKey::PrivateIdentifier(name) => Some(name.name.as_str()),
            PropertyKey::StringLiteral(text) if !computed => Some(text.value.as_str()),
            key => {
                let value = self.expression(key.as_expression()?);
                self.key_text(&value)
            }
        }
    }

    /// A value as a property's name.
    pub(crate) fn key_text(&mut self, value: &Value<'a>) -> Option<&'a str> {
        if let Kind::Literal(text) = value.kind {
            return Some(text);
        }
        let text = self.text_of(value)?;
        Some(self.keep(&text))
    }

    fn regexp_flags(&mut self, it: &RegExpLiteral<'a>) -> &'a str {
        if it.regex.flags.is_empty() {
            return "";
        }
        if it.regex.flags == RegExpFlags::G {
            return "g";
        }
        self.keep(&it.regex.flags.to_string())
    }

    /// A member whose name is computed.
    pub(crate) fn computed(
        &mut self,
        object: &Value<'a>,
        key: &Value<'a>,
        span: Span,
    ) -> Value<'a> {
        if let (Kind::Number(number), Some(id)) = (&key.kind, object.as_object())
            && let Some(at) = index(*number)
            && let Some(ObjectClass::Array(elements)) = self.get(id).map(|object| &object.class)
            && let Some(element) = elements.get(at)
        {
            return element.clone();
        }
        if let (Kind::Number(number), Some(text)) = (&key.kind, object.as_text()) {
            return self.character(text.to_owned().as_str(), *number, object.marks);
        }
        match self.key_text(key) {
            Some(name) => {
                let mut value = self.member(object, name, span);
                let is_written = match key.kind {
                    Kind::Literal(_) => self.marks.hiding(key.marks) == 0,
                    // An element of a list of the system's, such as `process.argv[2]`.
                    Kind::Number(_) => true,
                    _ => false,
                };
                if !is_written && value.as_api().is_some() {
                    let hidden = self.hidden(Hiding::ComputedName);
                    let marks = self.marks.union(key.marks, hidden);
                    value.marks = self.marks.union(value.marks, marks);
                }
                value
            }
            None => self.unknown_member(object, key, span),
        }
    }
}

/// A number as the index of an element.
pub(crate) fn index(number: f64) -> Option<usize> {
    if number >= 0.0 && number.fract() == 0.0 && number < 4e9 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        return Some(number as usize);
    }
    None
}
