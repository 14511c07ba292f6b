//! Where values go: variables, patterns, members.

use oxc_ast::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern,
    Expression, IdentifierReference, SimpleAssignmentTarget,
};
use oxc_span::{GetSpan, Span};

use super::budget::Below;
use super::heap::Class as ObjectClass;
use super::machine::{MAX_DEPTH, Machine};
use super::scope;
use super::value::{Kind, Value};

impl<'a> Machine<'a> {
    /// Gives the names of a pattern their values.
    pub(crate) fn bind(&mut self, pattern: &'a BindingPattern<'a>, value: Value<'a>) {
        if self.depth > MAX_DEPTH {
            self.defer(Below::Binding(pattern));
            return;
        }
        self.depth += 1;
        match pattern {
            BindingPattern::BindingIdentifier(name) => self.declare(name, value),
            BindingPattern::ObjectPattern(it) => {
                for property in &it.properties {
                    let element = match self.property_key(&property.key, property.computed) {
                        Some(key) => self.member(&value, key, property.span),
                        None => self.unknown_member(&value, &Value::UNKNOWN, property.span),
                    };
                    self.bind(&property.value, element);
                }
                if let Some(rest) = &it.rest {
                    self.bind(&rest.argument, value);
                }
            }
            BindingPattern::ArrayPattern(it) => {
                for (at, element) in it.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.element(&value, at, element.span());
                        self.bind(element, part);
                    }
                }
                if let Some(rest) = &it.rest {
                    let part = self.rest_of(&value, it.elements.len());
                    self.bind(&rest.argument, part);
                }
            }
            BindingPattern::AssignmentPattern(it) => {
                let value = self.or_default(value, &it.right);
                self.bind(&it.left, value);
            }
        }
        self.depth -= 1;
    }

    fn or_default(&mut self, value: Value<'a>, default: &'a Expression<'a>) -> Value<'a> {
        if value.is_undefined() {
            return self.expression(default);
        }
        if value.is_unknown() || matches!(value.kind, Kind::Choice(_)) {
            let other = self.maybe(|machine| machine.expression(default));
            return self.either(value, other, false);
        }
        value
    }

    fn element(&mut self, value: &Value<'a>, at: usize, span: Span) -> Value<'a> {
        match self.elements_of(value) {
            Ok(elements) => elements.get(at).cloned().unwrap_or(Value::UNDEFINED),
            Err(_) if matches!(value.kind, Kind::Object(_)) => {
                let key = Value::count(at);
                self.computed(value, &key, span)
            }
            Err(one) => one,
        }
    }

    fn rest_of(&mut self, value: &Value<'a>, from: usize) -> Value<'a> {
        match self.elements_of(value) {
            Ok(elements) => self.new_array(elements.into_iter().skip(from).collect()),
            Err(one) => Value::unknown(one.marks),
        }
    }

    /// Assigns to what is on the left of `=`.
    pub(crate) fn assign(&mut self, target: &'a AssignmentTarget<'a>, value: Value<'a>) {
        if self.depth > MAX_DEPTH {
            self.defer(Below::Target(target));
            return;
        }
        self.depth += 1;
        match target {
            AssignmentTarget::ObjectAssignmentTarget(it) => {
                for property in &it.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => {
                            let mut element =
                                self.member(&value, it.binding.name.as_str(), it.span);
                            if let Some(init) = &it.init {
                                element = self.or_default(element, init);
                            }
                            self.assign_name(&it.binding, element);
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(it) => {
                            let element = match self.property_key(&it.name, it.computed) {
                                Some(key) => self.member(&value, key, it.span),
                                None => self.unknown_member(&value, &Value::UNKNOWN, it.span),
                            };
                            self.assign_maybe_default(&it.binding, element);
                        }
                    }
                }
                if let Some(rest) = &it.rest {
                    self.assign(&rest.target, value);
                }
            }
            AssignmentTarget::ArrayAssignmentTarget(it) => {
                for (at, element) in it.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.element(&value, at, element.span());
                        self.assign_maybe_default(element, part);
                    }
                }
                if let Some(rest) = &it.rest {
                    let part = self.rest_of(&value, it.elements.len());
                    self.assign(&rest.target, part);
                }
            }
            target => {
                if let Some(simple) = target.as_simple_assignment_target() {
                    self.assign_simple(simple, value);
                }
            }
        }
        self.depth -= 1;
    }

    fn assign_maybe_default(
        &mut self,
        target: &'a AssignmentTargetMaybeDefault<'a>,
        value: Value<'a>,
    ) {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(it) => {
                let value = self.or_default(value, &it.init);
                self.assign(&it.binding, value);
            }
            target => {
                if let Some(target) = target.as_assignment_target() {
                    self.assign(target, value);
                }
            }
        }
    }

    fn assign_name(&mut self, name: &IdentifierReference<'a>, value: Value<'a>) {
        match name.reference_id.get() {
            Some(reference) => {
                let (hops, slot) = scope::hops_and_slot(reference);
                if let Some(frame) = self.frame_at(hops) {
                    self.set_slot(frame, slot, value);
                }
            }
            None => {
                if self.nested_code > 0
                    && let Some((frame, slot)) = self.find_name(name.name.as_str())
                {
                    self.set_slot(frame, slot, value);
                    return;
                }
                let id = self.apis.global("globalThis");
                self.set_member(&Value::api(id), name.name.as_str(), value, name.span);
            }
        }
    }

    pub(crate) fn assign_simple(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
        value: Value<'a>,
    ) {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => {
                self.assign_name(name, value);
            }
            SimpleAssignmentTarget::StaticMemberExpression(it) => {
                let object = self.expression(&it.object);
                self.note_prototype_write(&it.object, it.span);
                let key = it.property.name.as_str();
                if let Expression::Identifier(name) = &it.object
                    && let Some(address) = with_part(&object, key, &value)
                {
                    // An address is followed as its text.
                    let marks = self.marks.union(object.marks, value.marks);
                    let address = Value { marks, ..Value::text(address) };
                    return self.assign_name(name, address);
                }
                self.set_member(&object, key, value, it.span);
            }
            SimpleAssignmentTarget::PrivateFieldExpression(it) => {
                let object = self.expression(&it.object);
                self.set_member(&object, it.field.name.as_str(), value, it.span);
            }
            SimpleAssignmentTarget::ComputedMemberExpression(it) => {
                let object = self.expression(&it.object);
                let key = self.expression(&it.expression);
                self.note_prototype_write(&it.object, it.span);
                self.set_computed(&object, &key, value, it.span);
            }
            target => {
                if let Some(expression) = target.get_expression() {
                    match expression {
                        Expression::Identifier(name) => self.assign_name(name, value),
                        Expression::StaticMemberExpression(it) => {
                            let object = self.expression(&it.object);
                            self.set_member(&object, it.property.name.as_str(), value, it.span);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Assigns to a member whose name is computed.
    fn set_computed(&mut self, object: &Value<'a>, key: &Value<'a>, value: Value<'a>, span: Span) {
        if let (Kind::Number(number), Some(id)) = (&key.kind, object.as_object())
            && let Some(at) = super::expression::index(*number)
            && self.set_element(id, at, &value)
        {
            return;
        }
        match self.key_text(key) {
            Some(name) => self.set_member(object, name, value, span),
            None => {
                if let Some(id) = object.as_object() {
                    self.set_elsewhere(id, value);
                }
            }
        }
    }

    /// Assigns to an element of an array or buffer; false, where it is none.
    fn set_element(&mut self, id: super::value::ObjectId, at: usize, value: &Value<'a>) -> bool {
        let number = match value.kind {
            Kind::Number(number) => Some(super::operator::to_int32(number) & 0xff),
            _ => None,
        };
        let Some(object) = self.get(id) else { return false };
        match &object.class {
            ObjectClass::Array(elements)
                if at <= elements.len() + 1024 && at < super::heap::MAX_ELEMENTS =>
            {
                let Some(object) = self.change(id) else { return false };
                if let ObjectClass::Array(elements) = &mut object.class {
                    if at >= elements.len() {
                        elements.resize(at + 1, Value::UNDEFINED);
                    }
                    if let Some(element) = elements.get_mut(at) {
                        *element = value.clone();
                    }
                }
                true
            }
            ObjectClass::Bytes(_) => {
                let marks = value.marks;
                let Some(object) = self.change(id) else { return false };
                if let ObjectClass::Bytes(bytes) = &mut object.class {
                    match number {
                        Some(number) => {
                            let bytes = std::rc::Rc::make_mut(bytes);
                            if let Some(byte) = bytes.get_mut(at) {
                                *byte = u8::try_from(number).unwrap_or(0);
                            }
                        }
                        None => object.is_open = true,
                    }
                }
                let before = self.get(id).map_or(super::value::Marks::NONE, |object| object.marks);
                let joined = self.marks.union(before, marks);
                if let Some(object) = self.change(id) {
                    object.marks = joined;
                }
                true
            }
            _ => false,
        }
    }

    pub(crate) fn read_target(&mut self, target: &'a AssignmentTarget<'a>) -> Value<'a> {
        match target.as_simple_assignment_target() {
            Some(simple) => self.read_simple_target(simple),
            None => Value::UNKNOWN,
        }
    }

    pub(crate) fn read_simple_target(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
    ) -> Value<'a> {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => {
                match name.reference_id.get() {
                    Some(reference) => {
                        let (hops, slot) = scope::hops_and_slot(reference);
                        self.frame_at(hops).map_or(Value::UNKNOWN, |frame| self.slot(frame, slot))
                    }
                    None => self.global(name.name.as_str(), name.span),
                }
            }
            SimpleAssignmentTarget::StaticMemberExpression(it) => {
                let object = self.expression(&it.object);
                self.member(&object, it.property.name.as_str(), it.span)
            }
            SimpleAssignmentTarget::ComputedMemberExpression(it) => {
                let object = self.expression(&it.object);
                let key = self.expression(&it.expression);
                self.computed(&object, &key, it.span)
            }
            SimpleAssignmentTarget::PrivateFieldExpression(it) => {
                let object = self.expression(&it.object);
                self.member(&object, it.field.name.as_str(), it.span)
            }
            _ => Value::UNKNOWN,
        }
    }
}

/// The address with another part, where all of it is known.
fn with_part(address: &Value<'_>, part: &str, value: &Value<'_>) -> Option<String> {
    if !matches!(part, "host" | "hostname" | "port" | "protocol" | "pathname" | "search" | "href") {
        return None;
    }
    let mut url = url::Url::parse(address.as_text()?).ok()?;
    let text = match value.kind {
        Kind::Number(number) => number.to_string(),
        _ => value.as_text()?.to_owned(),
    };
    match part {
        "hostname" => url.set_host(Some(&text)).ok()?,
        "host" => {
            let (host, port) = text.split_once(':').unwrap_or((&text, ""));
            url.set_host(Some(host)).ok()?;
            if let Ok(port) = port.parse() {
                url.set_port(Some(port)).ok()?;
            }
        }
        "port" => url.set_port(Some(text.parse().ok()?)).ok()?,
        "protocol" => url.set_scheme(text.trim_end_matches(':')).ok()?,
        "pathname" => url.set_path(&text),
        "search" => url.set_query(Some(text.trim_start_matches('?'))),
        _ => url = url::Url::parse(&text).ok()?,
    }
    Some(url.into())
}
