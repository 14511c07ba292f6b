//! Operators, and the conversions between kinds of values that they do.

use std::rc::Rc;

use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BinaryExpression, Expression, UpdateExpression,
};
use oxc_syntax::operator::{AssignmentOperator, BinaryOperator, UpdateOperator};

use super::heap::Class as ObjectClass;
use super::machine::Machine;
use super::scope;
use super::value::{Kind, Partial, Value};
use crate::event::Hiding;

/// The longest text that is put together.
pub(crate) const MAX_TEXT_BYTES: usize = 8 << 20;

impl<'a> Machine<'a> {
    /// `a + b + c + …` leans to the left as far as it is long.
    pub(crate) fn binary_chain(&mut self, it: &'a BinaryExpression<'a>) -> Value<'a> {
        let mut rights = Vec::new();
        let mut binary = it;
        loop {
            rights.push((binary.operator, &binary.right));
            match &binary.left {
                Expression::BinaryExpression(inner) => binary = inner,
                left => {
                    let mut value = self.expression(left);
                    while let Some((operator, right)) = rights.pop() {
                        let right = self.expression(right);
                        value = self.binary(operator, &value, &right);
                    }
                    return value;
                }
            }
        }
    }

    pub(crate) fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Value<'a> {
        let marks = self.marks.union(left.marks, right.marks);
        let boolean = |known: Option<bool>| known.map_or(Value::UNKNOWN, Value::boolean);
        match operator {
            BinaryOperator::Addition => return self.add(left, right),
            BinaryOperator::StrictEquality => return boolean(self.strictly_equal(left, right)),
            BinaryOperator::StrictInequality => {
                return boolean(self.strictly_equal(left, right).map(|equal| !equal));
            }
            BinaryOperator::Equality => return boolean(self.loosely_equal(left, right)),
            BinaryOperator::Inequality => {
                return boolean(self.loosely_equal(left, right).map(|equal| !equal));
            }
            BinaryOperator::In => {
                if let (Some(key), Some(id)) = (left.as_text(), right.as_object())
                    && let Some(object) = self.get(id)
                    && (!object.is_open || object.property(key).is_some())
                    && matches!(object.class, ObjectClass::Plain)
                {
                    return Value::boolean(object.property(key).is_some());
                }
                return Value::UNKNOWN;
            }
            BinaryOperator::Instanceof => return Value::UNKNOWN,
            _ => {}
        }
        if let (Some(one), Some(two)) = (left.as_text(), right.as_text()) {
            let known = match operator {
                BinaryOperator::LessThan => Some(one < two),
                BinaryOperator::LessEqualThan => Some(one <= two),
                BinaryOperator::GreaterThan => Some(one > two),
                BinaryOperator::GreaterEqualThan => Some(one >= two),
                _ => None,
            };
            if let Some(known) = known {
                return Value::boolean(known);
            }
        }
        let (Some(one), Some(two)) = (self.number_in(left), self.number_in(right)) else {
            let is_xor = operator == BinaryOperator::BitwiseXOR;
            if is_xor && !marks.is_none() {
                let hidden = self.hidden(Hiding::Xor);
                let marks = self.marks.union(marks, hidden);
                return Value::unknown(marks);
            }
            return Value::unknown(marks);
        };
        let (int, other) = (to_int32(one), to_int32(two));
        let shift = u32::from_ne_bytes(other.to_ne_bytes()) & 31;
        let number = match operator {
            BinaryOperator::Subtraction => one - two,
            BinaryOperator::Multiplication => one * two,
            BinaryOperator::Division => one / two,
            BinaryOperator::Remainder => one % two,
            BinaryOperator::Exponential => one.powf(two),
            BinaryOperator::BitwiseAnd => f64::from(int & other),
            BinaryOperator::BitwiseOR => f64::from(int | other),
            BinaryOperator::BitwiseXOR => f64::from(int ^ other),
            BinaryOperator::ShiftLeft => f64::from(int.wrapping_shl(shift)),
            BinaryOperator::ShiftRight => f64::from(int.wrapping_shr(shift)),
            BinaryOperator::ShiftRightZeroFill => {
                f64::from(u32::from_ne_bytes(int.to_ne_bytes()).wrapping_shr(shift))
            }
            BinaryOperator::LessThan => return Value::boolean(one < two),
            BinaryOperator::LessEqualThan => return Value::boolean(one <= two),
            BinaryOperator::GreaterThan => return Value::boolean(one > two),
            BinaryOperator::GreaterEqualThan => return Value::boolean(one >= two),
            _ => return Value::unknown(marks),
        };
        let marks = if operator == BinaryOperator::BitwiseXOR {
            let hidden = self.hidden(Hiding::Xor);
            self.marks.union(marks, hidden)
        } else {
            marks
        };
        Value::with(Kind::Number(number), marks)
    }

    fn add(&mut self, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
        let is_number = |value: &Value<'a>| {
            matches!(value.kind, Kind::Number(_) | Kind::Boolean(_) | Kind::Null | Kind::Undefined)
        };
        if is_number(left) && is_number(right) {
            let (one, two) = (self.number_in(left), self.number_in(right));
            let marks = self.marks.union(left.marks, right.marks);
            return match (one, two) {
                (Some(one), Some(two)) => Value::with(Kind::Number(one + two), marks),
                _ => Value::unknown(marks),
            };
        }
        self.concatenate(left, right)
    }

    pub(crate) fn concatenate(&mut self, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
        let mut marks = self.marks.union(left.marks, right.marks);
        if let (Kind::Choice(_), _) | (_, Kind::Choice(_)) = (&left.kind, &right.kind) {
            return self.concatenate_choices(left, right);
        }
        let is_data = |value: &Value<'a>| matches!(value.kind, Kind::Object(_) | Kind::Api(_));
        if is_data(left) || is_data(right) {
            let (one, two) = (self.deep_marks(left), self.deep_marks(right));
            marks = self.marks.union(one, two);
        }
        match (self.text_of(left), self.text_of(right)) {
            (Some(one), Some(two)) => {
                if one.len() + two.len() > MAX_TEXT_BYTES || !self.may_make(two.len() + 16) {
                    return Value::unknown(marks);
                }
                if one.len() > 1
                    && two.len() > 1
                    && left.as_text().is_some()
                    && right.as_text().is_some()
                {
                    let hidden = self.hidden(Hiding::Pieces);
                    marks = self.marks.union(marks, hidden);
                }
                let mut text = String::with_capacity(one.len() + two.len());
                text.push_str(&one);
                text.push_str(&two);
                self.steps += u64::try_from(text.len() / 64).unwrap_or(0);
                Value::with(Kind::Text(Rc::new(text)), marks)
            }
            (Some(one), None) => {
                if one.is_empty() && left.as_text().is_none() {
                    return Value::unknown(marks);
                }
                let mut partial = match &right.kind {
                    Kind::Partial(partial) => {
                        let mut joined = (**partial).clone();
                        joined.prefix.insert_str(0, &one);
                        joined
                    }
                    _ => Partial::starting(&one),
                };
                if !matches!(right.kind, Kind::Partial(_)) {
                    partial.push_unknown();
                }
                Value::with(Kind::Partial(Rc::new(partial)), marks)
            }
            (None, Some(two)) => {
                let mut partial = match &left.kind {
                    Kind::Partial(partial) => (**partial).clone(),
                    _ if right.as_text().is_none() => return Value::unknown(marks),
                    _ => Partial::default(),
                };
                partial.push_known(&two);
                Value::with(Kind::Partial(Rc::new(partial)), marks)
            }
            (None, None) => match (&left.kind, &right.kind) {
                (Kind::Partial(one), Kind::Partial(two)) => {
                    let mut partial = (**one).clone();
                    partial.push_known(&two.prefix);
                    for piece in &two.rest {
                        partial.push_unknown();
                        partial.push_known(piece);
                    }
                    partial.ends_known = two.ends_known;
                    Value::with(Kind::Partial(Rc::new(partial)), marks)
                }
                (Kind::Partial(one), _) => {
                    let mut partial = (**one).clone();
                    partial.push_unknown();
                    Value::with(Kind::Partial(Rc::new(partial)), marks)
                }
                (_, Kind::Partial(two)) => {
                    let mut partial = Partial::default();
                    partial.push_known(&two.prefix);
                    for piece in &two.rest {
                        partial.push_unknown();
                        partial.push_known(piece);
                    }
                    Value::with(Kind::Partial(Rc::new(partial)), marks)
                }
                _ => Value::unknown(marks),
            },
        }
    }

    fn concatenate_choices(&mut self, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
        let mut result: Option<Value<'a>> = None;
        // Two that may be many give no more than one that may be.
        let most = |other: &Value<'a>| if other.alternatives().len() > 1 { 3 } else { 16 };
        for one in left.alternatives().iter().take(most(right)) {
            for two in right.alternatives().iter().take(most(left)) {
                let mut value = self.concatenate(one, two);
                value.marks = self.marks.union(value.marks, left.marks);
                value.marks = self.marks.union(value.marks, right.marks);
                result = Some(match result {
                    Some(before) => self.either(before, value, false),
                    None => value,
                });
            }
        }
        result.unwrap_or(Value::UNKNOWN)
    }

    pub(crate) fn strictly_equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Option<bool> {
        match (&left.kind, &right.kind) {
            (Kind::Unknown | Kind::Choice(_) | Kind::Api(_) | Kind::Partial(_), _)
            | (_, Kind::Unknown | Kind::Choice(_) | Kind::Api(_) | Kind::Partial(_)) => None,
            (Kind::Number(one), Kind::Number(two)) => Some(one == two),
            _ => Some(left.same(right)),
        }
    }

    fn loosely_equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Option<bool> {
        let is_nothing = |value: &Value<'a>| matches!(value.kind, Kind::Null | Kind::Undefined);
        if is_nothing(left) && is_nothing(right) {
            return Some(true);
        }
        let equal = self.strictly_equal(left, right)?;
        if equal || is_nothing(left) || is_nothing(right) {
            return Some(equal);
        }
        if left.as_object().is_some() && right.as_object().is_some() {
            return Some(false);
        }
        if let (Some(_), Some(_)) = (left.as_text(), right.as_text()) {
            return Some(false);
        }
        if left.as_object().is_some() || right.as_object().is_some() {
            return Some(*self.text_of(left)? == *self.text_of(right)?);
        }
        Some((self.number_in(left)? - self.number_in(right)?).abs() == 0.0)
    }

    pub(crate) fn type_of(&mut self, value: &Value<'a>) -> Value<'a> {
        let name = match &value.kind {
            Kind::Undefined => "undefined",
            Kind::Null => "object",
            Kind::Boolean(_) => "boolean",
            Kind::Number(_) => "number",
            Kind::Literal(_) | Kind::Text(_) | Kind::Partial(_) => "string",
            Kind::Object(id) => match self.get(*id).map(|object| &object.class) {
                Some(ObjectClass::Function(_) | ObjectClass::Bound(_)) => "function",
                Some(ObjectClass::Instance(_)) | None => return Value::UNKNOWN,
                Some(_) => "object",
            },
            Kind::Unknown | Kind::Api(_) | Kind::Choice(_) => return Value::UNKNOWN,
        };
        Value::new(Kind::Literal(name))
    }

    /// As a number, where that is known.
    pub(crate) fn number_in(&mut self, value: &Value<'a>) -> Option<f64> {
        match &value.kind {
            Kind::Number(number) => Some(*number),
            Kind::Boolean(boolean) => Some(f64::from(u8::from(*boolean))),
            Kind::Null => Some(0.0),
            Kind::Undefined => Some(f64::NAN),
            Kind::Literal(text) => Some(number_of(text)),
            Kind::Text(text) => Some(number_of(text)),
            Kind::Object(id) => match self.get(*id).map(|object| &object.class) {
                Some(ObjectClass::Array(_)) => self.text_of(value).map(|text| number_of(&text)),
                Some(ObjectClass::Plain) => Some(f64::NAN),
                _ => None,
            },
            Kind::Unknown | Kind::Api(_) | Kind::Partial(_) | Kind::Choice(_) => None,
        }
    }

    /// As text, where all of it is known.
    pub(crate) fn text_of(&mut self, value: &Value<'a>) -> Option<Rc<String>> {
        self.text_of_within(value, 0)
    }

    fn text_of_within(&mut self, value: &Value<'a>, depth: u32) -> Option<Rc<String>> {
        Some(match &value.kind {
            Kind::Literal(text) => Rc::new((*text).to_owned()),
            Kind::Text(text) => Rc::clone(text),
            Kind::Number(number) => Rc::new(text_of_number(*number)),
            Kind::Boolean(boolean) => Rc::new(boolean.to_string()),
            Kind::Null => Rc::new("null".to_owned()),
            Kind::Undefined => Rc::new("undefined".to_owned()),
            Kind::Object(id) => {
                let object = self.get(*id)?;
                match &object.class {
                    ObjectClass::Array(elements) if depth < 8 && !object.is_open => {
                        let elements = elements.clone();
                        let mut text = String::new();
                        for (at, element) in elements.iter().enumerate() {
                            if at > 0 {
                                text.push(',');
                            }
                            if !matches!(element.kind, Kind::Undefined | Kind::Null) {
                                text.push_str(&self.text_of_within(element, depth + 1)?);
                            }
                            if text.len() > MAX_TEXT_BYTES || !self.may_make(1) {
                                return None;
                            }
                        }
                        Rc::new(text)
                    }
                    ObjectClass::Plain
                        if object.property("toString").is_none() && !object.is_open =>
                    {
                        Rc::new("[object Object]".to_owned())
                    }
                    ObjectClass::Bytes(bytes) => {
                        Rc::new(String::from_utf8_lossy(bytes).into_owned())
                    }
                    ObjectClass::Regexp(pattern, flags) => Rc::new(format!("/{pattern}/{flags}")),
                    ObjectClass::Function(closure) => {
                        let (file, span) = (closure.file, closure.code.span());
                        let is_from_text = usize::try_from(closure.layout)
                            .ok()
                            .and_then(|at| self.functions.get(at))
                            .is_none_or(|state| state.pinned.is_some());
                        let program = self.modules.programs.get(&file)?;
                        let text = program.source_text.get(
                            usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?,
                        )?;
                        if is_from_text || !self.may_make(text.len()) {
                            return None;
                        }
                        Rc::new(text.to_owned())
                    }
                    _ => return None,
                }
            }
            Kind::Api(id) => {
                let name = self.apis.name(*id);
                let last = name.rsplit(['.', ':']).next().unwrap_or(name);
                let is_native = name.starts_with("js:")
                    && (name.contains(".prototype.")
                        || matches!(
                            last,
                            "Function"
                                | "Array"
                                | "String"
                                | "Number"
                                | "Object"
                                | "Boolean"
                                | "RegExp"
                                | "Date"
                                | "eval"
                                | "escape"
                                | "unescape"
                                | "Symbol"
                        ));
                if !is_native {
                    return None;
                }
                Rc::new(format!("function {last}() {{ [native code] }}"))
            }
            Kind::Unknown | Kind::Partial(_) | Kind::Choice(_) => return None,
        })
    }

    pub(crate) fn assignment(&mut self, it: &'a AssignmentExpression<'a>) -> Value<'a> {
        match it.operator {
            AssignmentOperator::Assign => {
                let value = self.expression(&it.right);
                self.assign(&it.left, value.clone());
                value
            }
            AssignmentOperator::LogicalOr
            | AssignmentOperator::LogicalAnd
            | AssignmentOperator::LogicalNullish => {
                let before = self.read_target(&it.left);
                let value = self.maybe(|machine| machine.expression(&it.right));
                let value = match (it.operator, before.truth()) {
                    (AssignmentOperator::LogicalOr, Some(true)) => before,
                    (AssignmentOperator::LogicalOr | AssignmentOperator::LogicalNullish, _)
                        if before.is_undefined() =>
                    {
                        value
                    }
                    _ => self.either(before, value, false),
                };
                self.assign(&it.left, value.clone());
                value
            }
            operator => {
                let Some(operator) = operator.to_binary_operator() else { return Value::UNKNOWN };
                if operator == BinaryOperator::Addition
                    && let AssignmentTarget::AssignmentTargetIdentifier(name) = &it.left
                    && let Some(reference) = name.reference_id.get()
                {
                    return self.append(reference, &it.right);
                }
                let before = self.read_target(&it.left);
                let right = self.expression(&it.right);
                let value = self.binary(operator, &before, &right);
                self.assign(&it.left, value.clone());
                value
            }
        }
    }

    /// `text += more`, in place where only this variable holds the text.
    fn append(
        &mut self,
        reference: oxc_syntax::reference::ReferenceId,
        right: &'a Expression<'a>,
    ) -> Value<'a> {
        let (hops, slot) = scope::hops_and_slot(reference);
        let more = self.expression(right);
        let Some(frame) = self.frame_at(hops) else { return Value::UNKNOWN };
        let mut before = self.take_slot(frame, slot);
        if let Kind::Text(text) = &mut before.kind
            && let Some(more_text) = more.as_text()
            && text.len() + more_text.len() <= MAX_TEXT_BYTES
            && Rc::get_mut(text).is_some()
        {
            let marks = self.marks.union(before.marks, more.marks);
            self.steps += 1;
            if let Some(text) = Rc::get_mut(text) {
                text.push_str(more_text);
            }
            before.marks = marks;
            self.set_slot(frame, slot, before);
            return Value::unknown(marks);
        }
        let value = self.add(&before, &more);
        self.set_slot(frame, slot, value.clone());
        // The expression's own value is seldom used, and would share the text.
        value
    }

    pub(crate) fn update(&mut self, it: &'a UpdateExpression<'a>) -> Value<'a> {
        let step = if it.operator == UpdateOperator::Increment { 1.0 } else { -1.0 };
        let before = self.read_simple_target(&it.argument);
        let (before, after) = match self.number_in(&before) {
            Some(number) => (Value::number(number), Value::number(number + step)),
            None => (Value::unknown(before.marks), Value::unknown(before.marks)),
        };
        self.assign_simple(&it.argument, after.clone());
        if it.prefix { after } else { before }
    }
}

/// What `ToInt32` of the language gives.
pub(crate) fn to_int32(number: f64) -> i32 {
    if !number.is_finite() {
        return 0;
    }
    let wrapped = number.trunc().rem_euclid(4_294_967_296.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "wrapped to 32 bits"
    )]
    let unsigned = wrapped as u32;
    i32::from_ne_bytes(unsigned.to_ne_bytes())
}

/// What `Number` of the language gives for text.
pub(crate) fn number_of(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            #[expect(clippy::cast_precision_loss, reason = "as the language does")]
            return u64::from_str_radix(digits, radix).map_or(f64::NAN, |number| number as f64);
        }
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        text if text.bytes().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
        }) =>
        {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// A number as the language writes it.
pub(crate) fn text_of_number(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        "0".to_owned()
    } else if number.abs() >= 1e21 || number.abs() < 1e-6 {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => text,
        }
    } else {
        format!("{number}")
    }
}
