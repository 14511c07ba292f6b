//! Functions that need no import and compute: `chr`, `ord`, `int`, `bytes`, `map` and
//! their like.

use std::rc::Rc;

use super::{Entries, format};
use crate::event::Hiding;
use crate::python::call::{Arguments, Call};
use crate::python::evaluator::Evaluator;
use crate::python::heap::{Dict, List, Object, Sequence};
use crate::python::value::{Data, Value, merged};

pub(super) const ENTRIES: Entries = &[
    ("py:builtins.chr", |this, call| {
        let first = call.first()?;
        let letter = first
            .integer()
            .and_then(|number| u32::try_from(number).ok())
            .and_then(char::from_u32)?;
        let _ = this;
        Some(Value::made(letter.to_string()).with(&first.taint).hidden(Hiding::CharacterCodes))
    }),
    ("py:builtins.ord", |_, call| {
        let first = call.first()?;
        let number = match &first.data {
            Data::Text(text) => i64::from(u32::from(text.chars().next()?)),
            Data::Bytes(bytes) => i64::from(*bytes.first()?),
            Data::Int(number) => *number,
            _ => return None,
        };
        Some(Value::from(Data::Int(number)).with(&first.taint))
    }),
    ("py:builtins.len", |this, call| {
        let first = call.first()?;
        let length = match &first.data {
            Data::Text(text) => text.chars().count(),
            Data::Bytes(bytes) => bytes.len(),
            Data::List(id) => this.heap.list(*id).filter(|list| !list.open)?.items.len(),
            Data::Dict(id) => this.heap.dict(*id)?.items.len(),
            Data::Range(_) => this.iterate(first, 1 << 16)?.len(),
            _ => return Some(Value::unknown()),
        };
        Some(Data::Int(i64::try_from(length).ok()?).into())
    }),
    ("py:builtins.int", |_, call| {
        let first = call.first()?;
        let base = call
            .get(1, "base")
            .and_then(Value::integer)
            .and_then(|base| u32::try_from(base).ok())
            .unwrap_or(10);
        let number = match &first.data {
            Data::Int(number) => *number,
            Data::Bool(yes) => i64::from(*yes),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "Python cuts off what is behind the point"
            )]
            Data::Float(number) => *number as i64,
            _ => integer(std::str::from_utf8(first.text_or_bytes()?).ok()?, base)?,
        };
        Some(Value::from(Data::Int(number)).with(&first.taint))
    }),
    ("py:builtins.int.from_bytes", |_, call| {
        let bytes = call.first()?.text_or_bytes()?;
        let little = call.get(1, "byteorder").and_then(Value::text) == Some("little");
        let mut bytes: Vec<u8> = bytes.to_vec();
        if little {
            bytes.reverse();
        }
        if bytes.len() > 7 {
            return Some(Data::Large(bytes.into()).into());
        }
        Some(
            Data::Int(bytes.iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))).into(),
        )
    }),
    ("py:builtins.float", |_, call| {
        let first = call.first()?;
        let number = first.text().and_then(|text| text.trim().parse::<f64>().ok())?;
        Some(Data::Float(number).into())
    }),
    ("py:builtins.bool", |this, call| this.truth(call.first()?).map(|yes| Data::Bool(yes).into())),
    ("py:builtins.str", |this, call| {
        let Some(first) = call.first() else { return Some(Value::literal("")) };
        if let Data::Bytes(_) = first.data
            && let Some(encoding) = call.get(1, "encoding").and_then(Value::text)
        {
            return this.decode_named(first, encoding);
        }
        Some(Value::pieces(this.text_of(first)).with(&this.deep_taint(first, 2)))
    }),
    ("py:builtins.str.join", |this, call| unbound(this, call, "join")),
    ("py:builtins.str.encode", |this, call| unbound(this, call, "encode")),
    ("py:builtins.str.replace", |this, call| unbound(this, call, "replace")),
    ("py:builtins.str.lower", |this, call| unbound(this, call, "lower")),
    ("py:builtins.str.format", |this, call| unbound(this, call, "format")),
    ("py:builtins.bytes.decode", |this, call| unbound(this, call, "decode")),
    ("py:builtins.bytes.join", |this, call| unbound(this, call, "join")),
    ("py:builtins.str.maketrans", |this, call| this.make_translation(&call.arguments)),
    ("py:builtins.bytes.maketrans", |this, call| {
        let empty = Value::bytes(Vec::new());
        this.bytes_method(&empty, &Rc::from([]), "maketrans", &call.arguments)
    }),
    ("py:builtins.bytes.fromhex", |_, call| super::bytes::from_hexadecimal(call.first()?)),
    ("py:builtins.bytearray.fromhex", |_, call| super::bytes::from_hexadecimal(call.first()?)),
    ("py:builtins.repr", |_, call| {
        let first = call.first()?;
        Some(Value::made(format::literal(first)?).with(&first.taint))
    }),
    ("py:builtins.ascii", |_, call| Some(Value::made(format::literal(call.first()?)?))),
    ("py:builtins.format", |_, call| {
        let specification =
            call.get(1, "format_spec").and_then(Value::text).unwrap_or("").to_owned();
        Some(Value::pieces(format::formatted(call.first()?, &specification)))
    }),
    ("py:builtins.hex", |_, call| match &call.first()?.data {
        Data::Large(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Some(Value::made(format!("0x{}", digits.trim_start_matches('0'))))
        }
        _ => Some(Value::made(format!("{:#x}", call.first()?.integer()?))),
    }),
    ("py:builtins.bin", |_, call| Some(Value::made(format!("{:#b}", call.first()?.integer()?)))),
    ("py:builtins.oct", |_, call| Some(Value::made(format!("{:#o}", call.first()?.integer()?)))),
    ("py:builtins.abs", |_, call| Some(Data::Int(call.first()?.integer()?.checked_abs()?).into())),
    ("py:builtins.pow", |_, call| {
        let (base, power) =
            (call.first()?.integer()?, u32::try_from(call.get(1, "exp")?.integer()?).ok()?);
        match call.get(2, "mod").and_then(Value::integer) {
            Some(modulus) if modulus > 0 => {
                power_modulo(base, power, modulus).map(|number| Data::Int(number).into())
            }
            _ => base.checked_pow(power).map(|number| Data::Int(number).into()),
        }
    }),
    ("py:builtins.divmod", |this, call| {
        let (one, other) = (call.first()?.integer()?, call.get(1, "")?.integer()?);
        let quotient = crate::python::operator::floor_division(one, other)?;
        let rest = crate::python::operator::modulo(one, other)?;
        Some(this.list(Sequence::Tuple, vec![Data::Int(quotient).into(), Data::Int(rest).into()]))
    }),
    ("py:builtins.bytes", bytes_of),
    ("py:builtins.bytearray", |this, call| {
        let bytes = match call.first() {
            None => return Some(this.list(Sequence::ByteArray, Vec::new())),
            Some(_) => bytes_of(this, call)?,
        };
        let Data::Bytes(all) = &bytes.data else { return Some(bytes) };
        if all.len() > 1 << 18 || !this.burn_for(all.len() * 8) {
            return Some(bytes);
        }
        let items = all.iter().map(|byte| Data::Int(i64::from(*byte)).into()).collect();
        Some(this.list(Sequence::ByteArray, items).with(&bytes.taint))
    }),
    ("py:builtins.memoryview", |_, call| call.first().cloned()),
    ("py:array.array", |this, call| {
        let items = this.iterate(call.get(1, "")?, 1 << 18)?;
        Some(this.list(Sequence::ByteArray, items))
    }),
    ("py:builtins.list", |this, call| collected(this, call, Sequence::List)),
    ("py:builtins.tuple", |this, call| collected(this, call, Sequence::Tuple)),
    ("py:builtins.set", |this, call| collected(this, call, Sequence::Set)),
    ("py:builtins.frozenset", |this, call| collected(this, call, Sequence::Set)),
    ("py:collections.deque", |this, call| collected(this, call, Sequence::List)),
    ("py:builtins.iter", |this, call| {
        if call.arguments.positional.len() == 1 {
            return call.first().cloned();
        }
        let object = Object { class: call.api, about: Value::unknown() };
        Some(Data::Object(this.heap.add_object(object)).into())
    }),
    ("py:builtins.next", |this, call| {
        let first = call.first()?.clone();
        match first.data {
            Data::List(id) => this.items(id).first().cloned(),
            _ => Some(this.element_of(&first)),
        }
    }),
    ("py:builtins.dict", |this, call| {
        let mut dict = Dict::default();
        if let Some(first) = call.first() {
            match &first.data {
                Data::Dict(other) => {
                    for (key, value) in this.heap.dict(*other)?.items.clone() {
                        dict.set(key, value);
                    }
                }
                Data::Api(_) | Data::Unknown | Data::Object(_) => return Some(first.clone()),
                _ => {
                    for pair in this.iterate(first, 1 << 16)? {
                        let pair = this.iterate(&pair, 4)?;
                        if let [key, value] = pair.as_slice() {
                            dict.set(key.clone(), value.clone());
                        }
                    }
                }
            }
        }
        for (key, value) in &call.arguments.keyword {
            dict.set(Data::Text(key.clone()).into(), value.clone());
        }
        Some(Data::Dict(this.heap.add_dict(dict)).into())
    }),
    ("py:builtins.range", |_, call| {
        let number = |position: usize| call.arguments.positional.get(position).map(Value::integer);
        let (from, to, step) = match (number(0)?, number(1), number(2)) {
            (Some(to), None, None) => (0, to, 1),
            (Some(from), Some(Some(to)), None) => (from, to, 1),
            (Some(from), Some(Some(to)), Some(Some(step))) if step != 0 => (from, to, step),
            _ => return None,
        };
        Some(Data::Range(Rc::new((from, to, step))).into())
    }),
    ("py:builtins.enumerate", |this, call| {
        let items = this.iterate(call.first()?, 1 << 18)?;
        let begin = call.get(1, "start").and_then(Value::integer).unwrap_or(0);
        let pairs = (begin..)
            .zip(items)
            .map(|(at, item)| this.list(Sequence::Tuple, vec![Data::Int(at).into(), item]))
            .collect();
        Some(this.list(Sequence::List, pairs))
    }),
    ("py:builtins.zip", |this, call| {
        let mut columns = Vec::new();
        for argument in &call.arguments.positional {
            match &argument.data {
                Data::Object(_) => return None,
                _ => columns.push(this.iterate(argument, 1 << 18)?),
            }
        }
        let shortest = columns.iter().map(Vec::len).min()?;
        let mut rows = Vec::with_capacity(shortest);
        for position in 0..shortest {
            let row = columns.iter().filter_map(|column| column.get(position).cloned()).collect();
            rows.push(this.list(Sequence::Tuple, row));
        }
        Some(this.list(Sequence::List, rows))
    }),
    ("py:builtins.reversed", |this, call| {
        let first = call.first()?;
        let mut items = this.iterate(first, 1 << 20)?;
        items.reverse();
        let value = this.list(Sequence::List, items).with(&first.taint);
        Some(if first.text_or_bytes().is_some() { value.hidden(Hiding::Reversal) } else { value })
    }),
    ("py:builtins.sorted", |this, call| {
        if call.arguments.named("key").is_some() {
            return None;
        }
        let items = this.iterate(call.first()?, 1 << 18)?;
        let mut items = sorted(items)?;
        if call.arguments.named("reverse").is_some_and(|reverse| this.truth(reverse) == Some(true))
        {
            items.reverse();
        }
        Some(this.list(Sequence::List, items))
    }),
    ("py:builtins.sum", |this, call| {
        let items = this.iterate(call.first()?, 1 << 18)?;
        let begin = call.get(1, "start").and_then(Value::integer).unwrap_or(0);
        let total = items.iter().try_fold(begin, |sum, item| sum.checked_add(item.integer()?))?;
        Some(Data::Int(total).into())
    }),
    ("py:builtins.min", |this, call| extreme(this, call, false)),
    ("py:builtins.max", |this, call| extreme(this, call, true)),
    ("py:builtins.map", |this, call| {
        let function = call.first()?.clone();
        let given = call.arguments.positional.get(1)?;
        let Some(items) = this.iterate(given, 1 << 18) else {
            let element = this.element_of(given);
            let result = this.call(
                &function,
                Arguments { positional: vec![element], ..Default::default() },
                call.range,
            );
            return Some(this.open_list(Sequence::List, vec![result]));
        };
        let others: Vec<Vec<Value<'_>>> = call
            .arguments
            .positional
            .iter()
            .skip(2)
            .map(|other| this.iterate(other, 1 << 18))
            .collect::<Option<_>>()?;
        let mut results = Vec::with_capacity(items.len());
        for (position, item) in items.into_iter().enumerate() {
            if !this.burn(1) {
                return None;
            }
            let mut positional = vec![item.with(&given.taint)];
            positional.extend(others.iter().filter_map(|other| other.get(position).cloned()));
            results.push(this.call(
                &function,
                Arguments { positional, ..Default::default() },
                call.range,
            ));
        }
        Some(this.list(Sequence::List, results))
    }),
    ("py:builtins.filter", |this, call| {
        let function = call.first()?.clone();
        let given = call.arguments.positional.get(1)?;
        let items = this.iterate(given, 1 << 18)?;
        let mut kept = Vec::new();
        let mut sure = true;
        for item in items {
            let wanted = match function.data {
                Data::None => item.clone(),
                _ => this.call(
                    &function,
                    Arguments { positional: vec![item.clone()], ..Default::default() },
                    call.range,
                ),
            };
            match this.truth(&wanted) {
                Some(true) => kept.push(item),
                Some(false) => {}
                None => {
                    sure = false;
                    kept.push(item);
                }
            }
        }
        Some(if sure {
            this.list(Sequence::List, kept)
        } else {
            this.open_list(Sequence::List, kept)
        })
    }),
    ("py:builtins.slice", |this, call| {
        let parts = call.arguments.positional.clone();
        let mut all = match parts.len() {
            1 => vec![Value::none()],
            _ => Vec::new(),
        };
        all.extend(parts);
        Some(this.list(Sequence::Tuple, all))
    }),
    ("py:builtins.all", |_, _| Some(Value::unknown())),
    ("py:builtins.any", |_, _| Some(Value::unknown())),
    ("py:builtins.isinstance", |_, _| Some(Value::unknown())),
    ("py:builtins.hasattr", |_, _| Some(Value::unknown())),
    ("py:builtins.callable", |_, _| Some(Value::unknown())),
    ("py:builtins.print", |_, _| Some(Value::none())),
];

fn unbound<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, name: &'a str) -> Option<Value<'a>> {
    let (first, rest) = call.arguments.positional.split_first()?;
    let arguments = Arguments {
        positional: rest.to_vec(),
        keyword: call.arguments.keyword.clone(),
        open: call.arguments.open,
    };
    this.builtin_method(first, name, &arguments, call.range)
}

fn collected<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, kind: Sequence) -> Option<Value<'a>> {
    let Some(first) = call.first() else { return Some(this.list(kind, Vec::new())) };
    match this.iterate(first, 1 << 20) {
        Some(items) => Some(this.list(kind, items).with(&first.taint)),
        None => match first.data {
            Data::List(id) => {
                let items = this.items(id).to_vec();
                Some(Data::List(this.heap.add_list(List { kind, items, open: true })).into())
            }
            _ => Some(Value::unknown().with(&this.deep_taint(first, 1))),
        },
    }
}

fn bytes_of<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let Some(first) = call.first() else { return Some(Value::bytes(Vec::new())) };
    let taint = this.deep_taint(first, 1);
    let value = match &first.data {
        Data::Text(text) => Value::bytes(text.as_bytes()),
        Data::Bytes(_) | Data::Partial(_) => return Some(first.clone()),
        Data::Int(length) => {
            Value::bytes(vec![0; usize::try_from(*length).ok().filter(|length| *length < 1 << 20)?])
        }
        Data::List(_) | Data::Range(_) => {
            let bytes = this.as_bytes(first)?;
            let hidden = Value::bytes(bytes).with(&taint);
            return Some(if hidden.hidings().contains(&Hiding::Xor) {
                hidden
            } else {
                hidden.hidden(Hiding::CharacterCodes)
            });
        }
        _ => return None,
    };
    Some(value.with(&taint))
}

fn extreme<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, most: bool) -> Option<Value<'a>> {
    let items = match call.arguments.positional.as_slice() {
        [only] => this.iterate(only, 1 << 16)?,
        several => several.to_vec(),
    };
    if call.arguments.named("key").is_some() {
        return None;
    }
    let sorted = sorted(items)?;
    if most { sorted.last().cloned() } else { sorted.first().cloned() }
}

/// Values of one kind in order; nothing where they cannot be compared.
pub(super) fn sorted(mut items: Vec<Value<'_>>) -> Option<Vec<Value<'_>>> {
    if items.iter().all(|item| item.integer().is_some()) {
        items.sort_by_key(Value::integer);
    } else if items.iter().all(|item| item.text().is_some()) {
        items.sort_by(|one, other| one.text().cmp(&other.text()));
    } else {
        return None;
    }
    Some(items)
}

fn integer(text: &str, base: u32) -> Option<i64> {
    let text = text.trim().replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.as_str()),
    };
    let prefix = digits.get(..2).unwrap_or("").to_ascii_lowercase();
    let (base, digits) = match (base, prefix.as_str()) {
        (0 | 16, "0x") => (16, digits.get(2..)?),
        (0 | 8, "0o") => (8, digits.get(2..)?),
        (0 | 2, "0b") => (2, digits.get(2..)?),
        (0, _) => (10, digits),
        (base @ 2..=36, _) => (base, digits),
        _ => return None,
    };
    let number = i64::from_str_radix(digits, base).ok()?;
    if negative { number.checked_neg() } else { Some(number) }
}

fn power_modulo(base: i64, mut power: u32, modulus: i64) -> Option<i64> {
    let wide = i128::from(modulus);
    let (mut result, mut square) = (1i128, i128::from(base).checked_rem_euclid(wide)?);
    while power > 0 {
        if power & 1 == 1 {
            result = result.checked_mul(square)?.checked_rem(wide)?;
        }
        square = square.checked_mul(square)?.checked_rem(wide)?;
        power >>= 1;
    }
    i64::try_from(result).ok()
}

/// What all of these hold, for a value that is put together from them.
pub(super) fn all_taint<'a>(
    this: &Evaluator<'a>,
    values: &[Value<'a>],
) -> crate::python::value::Trail {
    values.iter().fold(None, |taint, value| merged(&taint, &this.deep_taint(value, 2)))
}
