//! Expressions, each to a value.

use ruff_python_ast::{
    BoolOp, Comprehension, Expr, ExprBinOp, ExprBoolOp, ExprCall, FStringPart,
    InterpolatedStringElement, Number, UnaryOp,
};
use ruff_text_size::Ranged;

use super::budget::Below;
use super::evaluator::Evaluator;
use super::heap::{Dict, Sequence};
use super::value::{Data, Pieces, Value, merged};
use crate::event::{Effect, Hiding, Role};

impl<'a> Evaluator<'a> {
    pub(super) fn eval(&mut self, expression: &'a Expr) -> Value<'a> {
        match expression {
            Expr::Name(name) => {
                let value = self.lookup(name.id.as_str());
                if usize::from(name.range.len()) != name.id.len() && is_plain(&name.id) {
                    return value.hidden(Hiding::Confusables);
                }
                value
            }
            Expr::StringLiteral(it) => {
                let text = it.value.to_str();
                let value = Value::literal(text);
                self.refuel(text.len());
                if usize::from(it.range().len()) > text.len() * 2 + 24 && is_plain(text) {
                    return value.hidden(Hiding::Escapes);
                }
                value
            }
            Expr::NumberLiteral(it) => match &it.value {
                Number::Int(number) => match number.as_i64() {
                    Some(number) => Data::Int(number).into(),
                    None => large(&number.to_string()),
                },
                Number::Float(number) => Data::Float(*number).into(),
                Number::Complex { .. } => Value::unknown(),
            },
            Expr::BooleanLiteral(it) => Data::Bool(it.value).into(),
            Expr::NoneLiteral(_) => Value::none(),
            Expr::EllipsisLiteral(_) | Expr::IpyEscapeCommand(_) => Value::unknown(),
            other => match self.deeper(|this| this.eval_deep(other)) {
                Some(value) => value,
                None => {
                    self.defer(Below::Expression(other));
                    Value::unknown()
                }
            },
        }
    }

    fn eval_deep(&mut self, expression: &'a Expr) -> Value<'a> {
        match expression {
            Expr::Attribute(it) => {
                let object = self.eval(&it.value);
                let name = it.attr.id.as_str();
                let value = self.attribute(&object, name, it.range);
                if usize::from(it.attr.range.len()) != name.len() && is_plain(name) {
                    return value.hidden(Hiding::Confusables);
                }
                value
            }
            Expr::Call(it) => self.call_expression(it),
            Expr::BinOp(it) => self.chain(it),
            Expr::BoolOp(it) => self.bool_operation(it),
            Expr::UnaryOp(it) => {
                let value = self.eval(&it.operand);
                self.unary(it.op, &value)
            }
            Expr::Compare(it) => self.comparison(it),
            Expr::Subscript(it) => {
                let object = self.eval(&it.value);
                if let Expr::Slice(slice) = &*it.slice {
                    let [lower, upper, step] =
                        [&slice.lower, &slice.upper, &slice.step].map(|part| {
                            part.as_deref().map(|part| self.eval(part)).unwrap_or(Value::none())
                        });
                    return self.slice(&object, &lower, &upper, &step);
                }
                let key = self.eval(&it.slice);
                self.item(&object, &key, it.range)
            }
            Expr::List(it) => self.sequence(Sequence::List, &it.elts),
            Expr::Tuple(it) => self.sequence(Sequence::Tuple, &it.elts),
            Expr::Set(it) => self.sequence(Sequence::Set, &it.elts),
            Expr::Dict(it) => {
                let mut dict = Dict::default();
                for item in &it.items {
                    let key = item.key.as_ref().map(|key| self.eval(key));
                    let value = self.eval(&item.value);
                    match key {
                        Some(key) => dict.set(key, value),
                        None => {
                            if let Data::Dict(other) = value.data
                                && let Some(other) = self.heap.dict(other)
                            {
                                for (key, value) in other.items.clone() {
                                    dict.set(key, value);
                                }
                            } else if matches!(value.data, Data::Api(id) if id == self.environ) {
                                let all = self.whole_environment(item.value.range());
                                dict.set(Value::unknown(), all);
                            } else if value.taint.is_some() {
                                dict.set(Value::unknown(), Value::unknown().with(&value.taint));
                            }
                        }
                    }
                }
                Data::Dict(self.heap.add_dict(dict)).into()
            }
            Expr::BytesLiteral(it) => {
                let bytes: Vec<u8> = it.value.bytes().collect();
                let many_escapes = usize::from(it.range().len()) > bytes.len() * 2 + 24;
                self.refuel(bytes.len());
                let readable = many_escapes && std::str::from_utf8(&bytes).is_ok_and(is_plain);
                let value = Value::bytes(bytes);
                if readable { value.hidden(Hiding::Escapes) } else { value }
            }
            Expr::FString(it) => {
                let mut pieces = Pieces::default();
                let mut taint = None;
                for part in &it.value {
                    match part {
                        FStringPart::Literal(text) => pieces.push_known(&text.value),
                        FStringPart::FString(part) => {
                            for element in &part.elements {
                                self.interpolate(element, &mut pieces, &mut taint);
                            }
                        }
                    }
                }
                Value::pieces(pieces).with(&taint)
            }
            Expr::TString(it) => {
                let (mut pieces, mut taint) = (Pieces::default(), None);
                for element in it.value.elements() {
                    self.interpolate(element, &mut pieces, &mut taint);
                }
                Value::pieces(pieces).with(&taint)
            }
            Expr::Lambda(it) => self.define_lambda(it),
            Expr::If(it) => {
                let test = self.eval(&it.test);
                match self.truth(&test) {
                    Some(true) if self.frame.exact => self.eval(&it.body),
                    Some(false) if self.frame.exact => self.eval(&it.orelse),
                    truth => {
                        let one = self.eval(&it.body);
                        let other = self.eval(&it.orelse);
                        match truth {
                            Some(true) => one,
                            Some(false) => other,
                            None => one.or(other),
                        }
                    }
                }
            }
            Expr::Named(it) => {
                let value = self.eval(&it.value);
                self.assign(&it.target, value.clone());
                value
            }
            Expr::ListComp(it) => self.comprehension(Sequence::List, &it.generators, &it.elt, true),
            Expr::SetComp(it) => self.comprehension(Sequence::Set, &it.generators, &it.elt, false),
            Expr::Generator(it) => {
                self.comprehension(Sequence::List, &it.generators, &it.elt, false)
            }
            Expr::DictComp(it) => {
                let mut found = Vec::new();
                let complete = self.in_comprehension(&it.generators, &mut |this| {
                    let key = it.key.as_deref().map(|key| this.eval(key)).unwrap_or_default();
                    let value = this.eval(&it.value);
                    found.push((key, value));
                });
                let mut dict = Dict::default();
                for (key, value) in found {
                    dict.set(key, value);
                }
                if !complete
                    && dict.items.iter().all(|(key, value)| key.is_unknown() && value.is_unknown())
                {
                    let taint = dict
                        .items
                        .iter()
                        .fold(None, |taint, (_, value)| merged(&taint, &value.taint));
                    return Value::unknown().with(&taint);
                }
                Data::Dict(self.heap.add_dict(dict)).into()
            }
            Expr::Await(it) => self.eval(&it.value),
            Expr::Yield(it) => {
                let value = it.value.as_deref().map(|value| self.eval(value)).unwrap_or_default();
                match value.data {
                    Data::Text(_) | Data::Bytes(_) => self.learned += 1,
                    Data::Int(_) => self.counted += 1,
                    _ => {}
                }
                let yielded = self.frame.yielded.get_or_insert_default();
                if yielded.len() < 100_000 {
                    yielded.push(value);
                }
                Value::unknown()
            }
            Expr::YieldFrom(it) => {
                let value = self.eval(&it.value);
                let items =
                    self.iterate(&value, 4096).unwrap_or_else(|| vec![self.element_of(&value)]);
                self.frame.yielded.get_or_insert_default().extend(items);
                Value::unknown()
            }
            Expr::Starred(it) => self.eval(&it.value),
            Expr::Slice(it) => {
                for part in [&it.lower, &it.upper, &it.step].into_iter().flatten() {
                    self.eval(part);
                }
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }

    fn interpolate(
        &mut self,
        element: &'a InterpolatedStringElement,
        pieces: &mut Pieces,
        taint: &mut super::value::Trail,
    ) {
        match element {
            InterpolatedStringElement::Literal(text) => pieces.push_known(&text.value),
            InterpolatedStringElement::Interpolation(it) => {
                let value = self.eval(&it.expression);
                *taint = merged(taint, &self.deep_taint(&value, 2));
                for part in it.format_spec.iter().flat_map(|it| &it.elements) {
                    if let InterpolatedStringElement::Interpolation(inner) = part {
                        self.eval(&inner.expression);
                    }
                }
                let specified =
                    it.format_spec.as_ref().and_then(|specification| {
                        match specification.elements.first() {
                            Some(InterpolatedStringElement::Literal(text)) => Some(&*text.value),
                            _ => None,
                        }
                    });
                if let Data::Instance(_) = value.data {
                    let range = it.range;
                    let given = vec![Value::made(specified.unwrap_or_default())];
                    if self.special_method(&value, "__format__", given, range).is_none() {
                        self.special_conversion("py:builtins.str", &value, range);
                    }
                }
                let text = match specified {
                    Some(specification) => super::builtin::format::formatted(&value, specification),
                    None => self.text_of(&value),
                };
                pieces.push(&text);
            }
        }
    }

    /// Operators one after another on the left, without recursion: programs that were
    /// cut to pieces have thousands.
    fn chain(&mut self, last: &'a ExprBinOp) -> Value<'a> {
        let mut operations = vec![last];
        let mut left: &'a Expr = &last.left;
        while let Expr::BinOp(inner) = left {
            operations.push(inner);
            left = &inner.left;
        }
        let mut value = self.eval(left);
        for operation in operations.into_iter().rev() {
            let right = self.eval(&operation.right);
            value = self.binary(operation.op, value, right);
        }
        value
    }

    fn bool_operation(&mut self, it: &'a ExprBoolOp) -> Value<'a> {
        let mut result: Option<Value<'a>> = None;
        let mut decided = false;
        for operand in &it.values {
            if decided && self.frame.exact {
                break;
            }
            let value = self.eval(operand);
            if decided {
                continue;
            }
            let truth = self.truth(&value);
            decided = truth == Some(it.op == BoolOp::Or);
            result = Some(match (result, truth, it.op) {
                (Some(before), _, BoolOp::Or) if !matches!(before.data, Data::None) => {
                    if self.truth(&before) == Some(false) { value } else { before.or(value) }
                }
                (Some(before), _, BoolOp::And) => {
                    if self.truth(&before) == Some(true) {
                        value.with(&before.taint)
                    } else {
                        value
                    }
                }
                (_, _, _) => value,
            });
        }
        result.unwrap_or_default()
    }

    fn sequence(&mut self, kind: Sequence, elements: &'a [Expr]) -> Value<'a> {
        let mut items = Vec::with_capacity(elements.len());
        self.refuel(elements.len());
        let mut open = false;
        for element in elements {
            if let Expr::Starred(star) = element {
                let value = self.eval(&star.value);
                match self.iterate(&value, 1 << 16) {
                    Some(more) => items.extend(more),
                    None => open = true,
                }
            } else {
                items.push(self.eval(element));
            }
        }
        if open { self.open_list(kind, items) } else { self.list(kind, items) }
    }

    fn comprehension(
        &mut self,
        kind: Sequence,
        generators: &'a [Comprehension],
        element: &'a Expr,
        is_whole: bool,
    ) -> Value<'a> {
        let mut items = Vec::new();
        let complete = self.in_comprehension(generators, &mut |this| {
            let value = this.eval(element);
            items.push(value);
        });
        if is_whole
            && let [only] = generators
            && let Expr::Call(call) = &only.iter
            && call.arguments.args.len() < 3
            && call.arguments.keywords.is_empty()
            && let Expr::Attribute(_) | Expr::Name(_) = &*call.func
            && let Data::Api(api) = self.eval(&call.func).data
            && self.names.text(api).starts_with("py:itertools.")
        {
            let iterated = self.eval(&only.iter);
            if self.never_ends(&iterated) {
                let given = [(Role::Other, &iterated)];
                self.emit_named(Effect::EndlessLoop, "py:for", only.range, &given, &[]);
            }
        }
        if complete { self.list(kind, items) } else { self.open_list(kind, items) }
    }

    /// Runs `each` for each element; gives whether all elements were known.
    fn in_comprehension(
        &mut self,
        generators: &'a [Comprehension],
        each: &mut dyn FnMut(&mut Self),
    ) -> bool {
        let outer = self.scope;
        self.scope = self.new_scope(Some(outer));
        let complete = self.generate(generators, each);
        self.scope = outer;
        complete
    }

    fn generate(
        &mut self,
        generators: &'a [Comprehension],
        each: &mut dyn FnMut(&mut Self),
    ) -> bool {
        let Some((first, rest)) = generators.split_first() else {
            each(self);
            return true;
        };
        let iterated = self.eval(&first.iter);
        let known = if self.has_fuel() { self.iterate(&iterated, 1 << 20) } else { None };
        let Some(items) = known else {
            let element = self.element_of(&iterated);
            self.assign(&first.target, element);
            for condition in &first.ifs {
                self.eval(condition);
            }
            self.generate(rest, each);
            return false;
        };
        let emitted = self.emitted;
        let mut complete = true;
        for (round, item) in items.into_iter().enumerate() {
            if !self.burn(1) || (self.emitted > emitted && round > 64) {
                return false;
            }
            self.assign(&first.target, item.with(&iterated.taint));
            let mut wanted = true;
            for condition in &first.ifs {
                let value = self.eval(condition);
                match self.truth(&value) {
                    Some(true) => {}
                    Some(false) => wanted = false,
                    None => complete = false,
                }
            }
            if wanted {
                complete &= self.generate(rest, each);
            }
        }
        complete
    }

    pub(super) fn unary(&mut self, operator: UnaryOp, value: &Value<'a>) -> Value<'a> {
        let data = match (operator, &value.data) {
            (UnaryOp::Not, _) => {
                self.truth(value).map_or(Data::Unknown, |truth| Data::Bool(!truth))
            }
            (UnaryOp::USub, Data::Float(number)) => Data::Float(-number),
            (UnaryOp::USub, _) => {
                value.integer().and_then(i64::checked_neg).map_or(Data::Unknown, Data::Int)
            }
            (UnaryOp::UAdd, _) => value.data.clone(),
            (UnaryOp::Invert, _) => {
                value.integer().map_or(Data::Unknown, |number| Data::Int(!number))
            }
        };
        Value { data, taint: value.taint.clone() }
    }

    pub(super) fn call_expression(&mut self, it: &'a ExprCall) -> Value<'a> {
        if self.rounds > 0 || self.calls > 0 {
            self.burn(1);
        }
        if let Expr::Attribute(attribute) = &*it.func {
            let object = self.eval(&attribute.value);
            let arguments = self.arguments(&it.arguments);
            let name = attribute.attr.id.as_str();
            let confused = usize::from(attribute.attr.range.len()) != name.len() && is_plain(name);
            let object = if confused { object.hidden(Hiding::Confusables) } else { object };
            return self.call_method(&object, name, arguments, it.range());
        }
        let callee = self.eval(&it.func);
        let arguments = self.arguments(&it.arguments);
        self.call(&callee, arguments, it.range())
    }
}

/// Text of letters, digits and signs that need no escape.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\n')
}

/// A whole number that no processor holds, from its digits.
fn large<'a>(digits: &str) -> Value<'a> {
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16u32, digits.get(2..).unwrap_or_default()),
        Some("0o" | "0O") => (8, digits.get(2..).unwrap_or_default()),
        Some("0b" | "0B") => (2, digits.get(2..).unwrap_or_default()),
        _ => (10, digits),
    };
    // Each digit is multiplied into all before it: bounded, as it is quadratic.
    if digits.len() > 8_000 {
        return Value::unknown();
    }
    let mut bytes: Vec<u8> = Vec::new();
    for letter in digits.chars().filter(|letter| *letter != '_') {
        let Some(mut carry) = letter.to_digit(radix) else { return Value::unknown() };
        for byte in &mut bytes {
            let next = u32::from(*byte) * radix + carry;
            *byte = next.to_le_bytes()[0];
            carry = next >> 8;
        }
        if carry > 0 {
            bytes.push(carry.to_le_bytes()[0]);
        }
    }
    bytes.reverse();
    Data::Large(bytes.into()).into()
}
