//! Operators: what they give of constants, and of what is known in part.

use ruff_python_ast::{CmpOp, ExprCompare, Operator};

use super::builtin::format;
use super::evaluator::Evaluator;
use super::heap::Sequence;
use super::value::{Data, MAX_TEXT_BYTES, Pieces, Text, Value, merged};
use crate::event::Hiding;

impl<'a> Evaluator<'a> {
    pub(super) fn truth(&self, value: &Value<'a>) -> Option<bool> {
        match &value.data {
            Data::None => Some(false),
            Data::Bool(yes) => Some(*yes),
            Data::Int(number) => Some(*number != 0),
            Data::Float(number) => Some(*number != 0.0),
            Data::Large(_) => Some(true),
            Data::Text(text) => Some(!text.is_empty()),
            Data::Bytes(bytes) => Some(!bytes.is_empty()),
            Data::Partial(pieces) if !pieces.is_empty() => Some(true),
            Data::List(id) => {
                let list = self.heap.list(*id)?;
                if !list.items.is_empty() && !list.open {
                    Some(true)
                } else if list.open || self.calls > 0 || !self.frame.exact {
                    None
                } else {
                    Some(false)
                }
            }
            Data::Dict(id) => {
                let dict = self.heap.dict(*id)?;
                if dict.items.is_empty() { None } else { Some(true) }
            }
            Data::Function(_) | Data::Class(_) => Some(true),
            _ => None,
        }
    }

    /// A value as text, as `str` and `format` make it.
    pub(super) fn text_of(&self, value: &Value<'a>) -> Pieces {
        match &value.data {
            Data::Object(id) => match self.heap.object(*id) {
                Some(object) if self.is_path(object.class) => object.about.as_pieces(),
                _ => Pieces { open: true, ..Pieces::default() },
            },
            Data::Bytes(bytes) => {
                Pieces { prefix: format::bytes_literal(bytes), ..Pieces::default() }
            }
            _ => value.as_pieces(),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "operands end here, and most were just made")]
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: Value<'a>,
        right: Value<'a>,
    ) -> Value<'a> {
        if let Data::Choice(all) = &left.data {
            let all = std::rc::Rc::clone(all);
            return self.each_of(&all, |this, one| this.binary(operator, one, right.clone()));
        }
        if let Data::Choice(all) = &right.data {
            let all = std::rc::Rc::clone(all);
            return self.each_of(&all, |this, one| this.binary(operator, left.clone(), one));
        }
        if let (Data::Instance(_), _) | (_, Data::Instance(_)) = (&left.data, &right.data)
            && let Some(value) = self.special_operator(operator, &left, &right)
        {
            return value;
        }
        if operator == Operator::BitXor {
            self.decoded += 1;
        }
        let taint = merged(&left.taint, &right.taint);
        let taint = if taint.is_none()
            && matches!((&left.data, &right.data), (Data::Unknown, Data::Unknown))
        {
            return Value::unknown();
        } else {
            taint
        };
        let result = match operator {
            Operator::Add => self.add(&left, &right),
            Operator::Mod => match &left.data {
                Data::Text(_) | Data::Bytes(_) | Data::Partial(_) => {
                    self.percent_format(&left, &right)
                }
                _ => numbers(operator, &left, &right),
            },
            Operator::Mult => self.multiply(&left, &right),
            Operator::Div if self.is_path_value(&left) || self.is_path_value(&right) => {
                let joined = self.join_paths(&[left.clone(), right.clone()]);
                self.path_object(joined)
            }
            Operator::BitOr if matches!(left.data, Data::Dict(_) | Data::List(_)) => {
                Value { data: left.data.clone(), taint: None }
            }
            _ => numbers(operator, &left, &right),
        };
        if operator == Operator::BitXor && matches!(result.data, Data::Int(_)) {
            return result.with(&taint).hidden(Hiding::Xor);
        }
        result.with(&taint)
    }

    pub(super) fn each_of(
        &mut self,
        all: &[Value<'a>],
        mut run: impl FnMut(&mut Self, Value<'a>) -> Value<'a>,
    ) -> Value<'a> {
        let mut result: Option<Value<'a>> = None;
        for one in all {
            let value = run(self, one.clone());
            result = Some(match result {
                Some(before) => before.or(value),
                None => value,
            });
        }
        result.unwrap_or_default()
    }

    fn add(&mut self, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
        match (&left.data, &right.data) {
            (Data::Text(one), Data::Text(other)) => {
                let size = one.len() + other.len();
                if size > MAX_TEXT_BYTES || !self.burn_for(size / 8) {
                    return Value::unknown();
                }
                let mut text = String::with_capacity(size);
                text.push_str(one);
                text.push_str(other);
                Value::made(text).hidden(Hiding::Pieces)
            }
            (Data::Bytes(one), Data::Bytes(other)) => {
                if !self.burn_for((one.len() + other.len()) / 8) {
                    return Value::unknown();
                }
                Value::bytes([&**one, &**other].concat()).hidden(Hiding::Pieces)
            }
            (Data::List(one), Data::List(other)) => {
                let (Some(one), Some(other)) = (self.heap.list(*one), self.heap.list(*other))
                else {
                    return Value::unknown();
                };
                let (kind, open) = (one.kind, one.open || other.open);
                let items = [one.items.as_slice(), other.items.as_slice()].concat();
                if !self.burn_for(items.len() * 4) {
                    return Value::unknown();
                }
                if open { self.open_list(kind, items) } else { self.list(kind, items) }
            }
            (Data::List(_), Data::Bytes(_)) => match self.as_bytes(left) {
                Some(bytes) => {
                    let more = right.text_or_bytes().unwrap_or_default();
                    Value::bytes([&*bytes, more].concat())
                }
                None => Value::unknown(),
            },
            (Data::Text(_) | Data::Partial(_), _) | (_, Data::Text(_) | Data::Partial(_)) => {
                let text = match (&left.data, &right.data) {
                    (Data::Int(_) | Data::None | Data::Bool(_), _)
                    | (_, Data::Int(_) | Data::None | Data::Bool(_)) => {
                        return Value::unknown();
                    }
                    _ => {
                        let mut pieces = self.text_of(left);
                        match &right.data {
                            Data::Partial(more) => pieces.push(more),
                            _ => pieces.push(&self.text_of(right)),
                        }
                        pieces
                    }
                };
                Value::pieces(text)
            }
            _ => numbers(Operator::Add, left, right),
        }
    }

    fn multiply(&mut self, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
        let (thing, times) = match (left.integer(), right.integer()) {
            (_, Some(times)) if left.integer().is_none() => (left, times),
            (Some(times), None) => (right, times),
            _ => return numbers(Operator::Mult, left, right),
        };
        let times = usize::try_from(times).unwrap_or(0);
        let size = match &thing.data {
            Data::Text(text) => text.len(),
            Data::Bytes(bytes) => bytes.len(),
            Data::List(id) => self.items(*id).len() * 32,
            _ => return numbers(Operator::Mult, left, right),
        };
        let total = size.saturating_mul(times);
        if total > MAX_TEXT_BYTES || !self.burn_for(total) {
            return Value::unknown();
        }
        match &thing.data {
            Data::Text(text) => Value::made(text.repeat(times)),
            Data::Bytes(bytes) => Value::bytes(bytes.repeat(times)),
            Data::List(id) => {
                let kind = self.heap.list(*id).map_or(Sequence::List, |list| list.kind);
                let mut items = Vec::new();
                for _ in 0..times {
                    items.extend_from_slice(self.items(*id));
                }
                self.list(kind, items)
            }
            _ => Value::unknown(),
        }
    }

    fn percent_format(&mut self, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
        let values = match right.data {
            Data::List(id) => self.items(id).to_vec(),
            _ => vec![right.clone()],
        };
        let record = match right.data {
            Data::Dict(id) => self.heap.dict(id),
            _ => None,
        };
        let mut taint = None;
        for value in &values {
            taint = merged(&taint, &self.deep_taint(value, 2));
        }
        let template = left.as_pieces();
        let text = format::percent(&template.prefix, &values, record, |value| self.text_of(value));
        let result = match &left.data {
            Data::Bytes(_) if !text.open && text.rest.is_empty() => {
                Value::bytes(text.prefix.into_bytes())
            }
            Data::Partial(_) => {
                let mut text = text;
                text.push_unknown();
                for piece in &template.rest {
                    text.push_known(piece);
                    text.push_unknown();
                }
                Value::pieces(text)
            }
            _ => Value::pieces(text),
        };
        result.with(&taint)
    }

    pub(super) fn comparison(&mut self, it: &'a ExprCompare) -> Value<'a> {
        let mut left = self.eval(&it.left);
        let mut all = Some(true);
        for (operator, right) in it.ops.iter().zip(&it.comparators) {
            let right = self.eval(right);
            if let (Data::Instance(_), _) | (_, Data::Instance(_)) = (&left.data, &right.data) {
                self.special_comparison(*operator, &left, &right);
            }
            let truth = self.compare(*operator, &left, &right);
            all = match (all, truth) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            left = right;
        }
        all.map_or(Data::Unknown, Data::Bool).into()
    }

    pub(super) fn compare(
        &mut self,
        operator: CmpOp,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Option<bool> {
        use std::cmp::Ordering;
        let ordering = match (&left.data, &right.data) {
            (Data::Text(one), Data::Text(other)) => Some((**one).cmp(other)),
            (Data::Bytes(one), Data::Bytes(other)) => Some(one.cmp(other)),
            (Data::Float(one), Data::Float(other)) => one.partial_cmp(other),
            _ => match (left.integer(), right.integer()) {
                (Some(one), Some(other)) => Some(one.cmp(&other)),
                _ => None,
            },
        };
        match operator {
            CmpOp::Eq if self.both_empty(left, right) => Some(true),
            CmpOp::Eq => ordering.map(Ordering::is_eq),
            CmpOp::NotEq => ordering.map(Ordering::is_ne),
            CmpOp::Lt => ordering.map(Ordering::is_lt),
            CmpOp::LtE => ordering.map(Ordering::is_le),
            CmpOp::Gt => ordering.map(Ordering::is_gt),
            CmpOp::GtE => ordering.map(Ordering::is_ge),
            CmpOp::Is | CmpOp::IsNot => {
                let same = match (&left.data, &right.data) {
                    (Data::None, Data::None) => Some(true),
                    (Data::None, Data::Text(_) | Data::Int(_) | Data::Bytes(_))
                    | (Data::Text(_) | Data::Int(_) | Data::Bytes(_), Data::None)
                        if self.frame.exact =>
                    {
                        Some(false)
                    }
                    _ => None,
                };
                same.map(|same| same == (operator == CmpOp::Is))
            }
            CmpOp::In | CmpOp::NotIn => {
                self.holds(left, right).map(|holds| holds == (operator == CmpOp::In))
            }
        }
    }

    /// Whether both are lists of a program, tuples or sets without anything in them.
    fn both_empty(&self, left: &Value<'a>, right: &Value<'a>) -> bool {
        let empty = |value: &Value<'a>| match value.data {
            Data::List(id) => {
                self.heap.list(id).is_some_and(|list| !list.open && list.items.is_empty())
            }
            _ => false,
        };
        self.branches == 0 && empty(left) && empty(right)
    }

    fn holds(&mut self, item: &Value<'a>, container: &Value<'a>) -> Option<bool> {
        match (&item.data, &container.data) {
            (Data::Text(item), Data::Text(container)) => Some(container.contains(&**item)),
            (Data::Text(_) | Data::Int(_) | Data::Bytes(_), Data::List(id)) => {
                let list = self.heap.list(*id)?;
                if list.open || list.items.len() > 4096 {
                    return None;
                }
                if list.items.iter().any(|known| known.same(item)) {
                    return Some(true);
                }
                let all_known = list.items.iter().all(|known| {
                    matches!(known.data, Data::Text(_) | Data::Int(_) | Data::Bytes(_))
                });
                all_known.then_some(false)
            }
            (Data::Text(_), Data::Dict(id)) => {
                let dict = self.heap.dict(*id)?;
                (dict.get(item).is_some()).then_some(true).or(self.frame.exact.then_some(false))
            }
            (Data::Int(_), Data::Range(_)) | (Data::Int(_), Data::Bytes(_)) => {
                let items = self.iterate(container, 4096)?;
                Some(items.iter().any(|known| known.same(item)))
            }
            _ => None,
        }
    }

    /// Bytes, from anything that holds them.
    pub(super) fn as_bytes(&self, value: &Value<'a>) -> Option<std::rc::Rc<[u8]>> {
        match &value.data {
            Data::Bytes(bytes) => Some(std::rc::Rc::clone(bytes)),
            Data::List(id) => {
                let list = self.heap.list(*id)?;
                if list.open {
                    return None;
                }
                list.items
                    .iter()
                    .map(|item| item.integer().and_then(|number| u8::try_from(number).ok()))
                    .collect()
            }
            Data::Range(range) => {
                let (from, to, step) = **range;
                if step <= 0 || to > 256 {
                    return None;
                }
                let step = usize::try_from(step).ok()?;
                (from..to).step_by(step).map(|number| u8::try_from(number).ok()).collect()
            }
            _ => None,
        }
    }

    /// Text or bytes, from anything that holds them.
    pub(super) fn as_octets(&self, value: &Value<'a>) -> Option<std::rc::Rc<[u8]>> {
        match &value.data {
            Data::Text(Text::Made(text)) => Some(text.as_bytes().into()),
            Data::Text(text) => Some(text.as_bytes().into()),
            _ => self.as_bytes(value),
        }
    }
}

fn numbers<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    if let (Some(one), Some(other)) = (left.integer(), right.integer()) {
        let shift = u32::try_from(other).ok().filter(|shift| *shift < 63);
        let number = match operator {
            Operator::Add => one.checked_add(other),
            Operator::Sub => one.checked_sub(other),
            Operator::Mult => one.checked_mul(other),
            Operator::FloorDiv => floor_division(one, other),
            Operator::Mod => modulo(one, other),
            Operator::Pow => u32::try_from(other).ok().and_then(|power| one.checked_pow(power)),
            Operator::LShift => shift.and_then(|shift| one.checked_mul(1i64 << shift)),
            Operator::RShift => shift.map(|shift| one >> shift),
            Operator::BitOr => Some(one | other),
            Operator::BitXor => Some(one ^ other),
            Operator::BitAnd => Some(one & other),
            Operator::Div => {
                let (Some(one), Some(other)) = (float(left), float(right)) else {
                    return Value::unknown();
                };
                return if other == 0.0 {
                    Value::unknown()
                } else {
                    Data::Float(one / other).into()
                };
            }
            Operator::MatMult => None,
        };
        return number.map_or_else(Value::unknown, |number| Data::Int(number).into());
    }
    let (Some(one), Some(other)) = (float(left), float(right)) else { return Value::unknown() };
    let number = match operator {
        Operator::Add => one + other,
        Operator::Sub => one - other,
        Operator::Mult => one * other,
        Operator::Div if other != 0.0 => one / other,
        Operator::FloorDiv if other != 0.0 => (one / other).floor(),
        Operator::Pow => one.powf(other),
        _ => return Value::unknown(),
    };
    Data::Float(number).into()
}

#[expect(clippy::cast_precision_loss, reason = "Python's own conversion loses it too")]
fn float(value: &Value<'_>) -> Option<f64> {
    match value.data {
        Data::Float(number) => Some(number),
        _ => value.integer().map(|number| number as f64),
    }
}

/// Division that rounds down, as Python's does.
pub(super) fn floor_division(one: i64, other: i64) -> Option<i64> {
    let quotient = one.checked_div(other)?;
    let rest = one.checked_rem(other)?;
    if rest != 0 && (rest < 0) != (other < 0) { quotient.checked_sub(1) } else { Some(quotient) }
}

/// The rest with the sign of the divisor, as Python's.
pub(super) fn modulo(one: i64, other: i64) -> Option<i64> {
    let rest = one.checked_rem(other)?;
    if rest != 0 && (rest < 0) != (other < 0) { rest.checked_add(other) } else { Some(rest) }
}
