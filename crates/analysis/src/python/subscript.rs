//! Elements: by key, by slice, one after another.

use super::evaluator::Evaluator;
use super::heap::Sequence;
use super::names;
use super::value::{Data, Pieces, Text, Value, merged};
use crate::event::{Effect, Hiding, Role, Source};
use ruff_text_size::TextRange;

impl<'a> Evaluator<'a> {
    pub(super) fn item(
        &mut self,
        object: &Value<'a>,
        key: &Value<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let taint = merged(&object.taint, &key.taint);
        let result = match &object.data {
            Data::List(id) => {
                let found = key.integer().and_then(|index| self.list_item(*id, index));
                match found {
                    Some(value) => value,
                    None => self.element_of(object),
                }
            }
            Data::Dict(id) => match self.heap.dict(*id).and_then(|dict| dict.get(key)) {
                Some(value) => value.clone(),
                None => self.value_of_dict(object),
            },
            Data::Text(text) => match key.integer().and_then(|index| letter(text, index)) {
                Some(letter) => Value::made(letter.to_string()).hidden(Hiding::Pieces),
                None => Value::unknown(),
            },
            Data::Bytes(bytes) => key
                .integer()
                .and_then(|index| position(index, bytes.len()))
                .and_then(|index| bytes.get(index))
                .map_or_else(Value::unknown, |byte| Data::Int(i64::from(*byte)).into()),
            Data::Class(_) => self
                .special_method(object, "__class_getitem__", vec![key.clone()], range)
                .unwrap_or_default(),
            Data::Range(_) => self
                .iterate(object, 1 << 16)
                .and_then(|items| items.get(position(key.integer()?, items.len())?).cloned())
                .unwrap_or_default(),
            Data::Namespace(scope) => return self.name_in_namespace(*scope, key).with(&taint),
            Data::Api(id) => {
                let found = self.item_of_api(*id, key, range);
                return if *id == self.environ { found } else { found.with(&taint) };
            }
            Data::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                self.each_of(&all, |this, one| this.item(&one, key, range))
            }
            Data::Instance(_) => self.call_method(
                object,
                "__getitem__",
                super::call::Arguments { positional: vec![key.clone()], ..Default::default() },
                range,
            ),
            Data::Object(id) => {
                let child = self.heap.object(*id).map(|object| object.class);
                match child {
                    // `Fore['RED']`, a column of a row: what came out of it.
                    Some(_) => Value::unknown().with(&self.deep_taint(object, 1)),
                    None => Value::unknown(),
                }
            }
            _ => Value::unknown(),
        };
        result.with(&taint)
    }

    fn list_item(&self, id: super::heap::ListId, index: i64) -> Option<Value<'a>> {
        let list = self.heap.list(id)?;
        if list.open && index < 0 {
            return None;
        }
        list.items.get(position(index, list.items.len())?).cloned()
    }

    fn value_of_dict(&self, dict: &Value<'a>) -> Value<'a> {
        let Data::Dict(id) = dict.data else { return Value::unknown() };
        let Some(dict) = self.heap.dict(id) else { return Value::unknown() };
        let mut taint = None;
        for (_, value) in dict.items.iter().take(64) {
            taint = merged(&taint, &value.taint);
        }
        // A table of functions or modules: any of them may be meant.
        let callable = |value: &Value<'a>| {
            matches!(value.data, Data::Api(_) | Data::Function(_) | Data::Class(_))
        };
        let mut found: Option<Value<'a>> = None;
        for (_, value) in dict.items.iter().take(256).filter(|(_, value)| callable(value)).take(4) {
            found = Some(match found {
                Some(before) => before.or(value.clone()),
                None => value.clone(),
            });
        }
        found.unwrap_or_default().with(&taint)
    }

    fn name_in_namespace(&mut self, scope: super::heap::ScopeId, key: &Value<'a>) -> Value<'a> {
        let Data::Text(name) = &key.data else {
            return Value::unknown();
        };
        let name = self.lasting(&Text::clone(name));
        let outer = self.scope;
        self.scope = scope;
        let value = self.lookup(name);
        self.scope = outer;
        value.hidden(Hiding::ComputedName)
    }

    fn item_of_api(&mut self, id: names::ApiId, key: &Value<'a>, range: TextRange) -> Value<'a> {
        let api = self.names.text(id);
        match (&*api, &key.data) {
            ("py:os.environ" | "py:os.environb", _) => self.environment(key, range),
            ("py:sys.modules", Data::Text(name)) => {
                let module = names::module(name);
                self.api(&module).hidden(Hiding::ComputedName)
            }
            ("py:sys.argv", _) => {
                Value::unknown().come_from(self.origin(Source::Caller, range, None))
            }
            ("py:builtins.globals()", Data::Text(name)) => {
                let text = if names::is_standard(name) {
                    names::module(name)
                } else {
                    self.global_of_some_module(name)
                };
                self.api(&text).hidden(Hiding::ComputedName)
            }
            (_, Data::Text(name)) => {
                let name = self.lasting(&Text::clone(name));
                match self.names.child(id, name) {
                    Some(child) => Value::from(Data::Api(child)).hidden(Hiding::ComputedName),
                    None => Value::unknown(),
                }
            }
            ("py:os" | "py:builtins" | "py:subprocess", _) => {
                self.emit_named(
                    Effect::Opaque,
                    &api,
                    range,
                    &[(Role::Name, key)],
                    &[Hiding::ComputedName],
                );
                Value::unknown().hidden(Hiding::ComputedName)
            }
            // `sys.version_info[0]`, `typing.List[int]`, `object.__subclasses__()[140]`.
            (name, _)
                if name.contains("__subclasses__")
                    || name.contains("__mro__")
                    || name.contains("__bases__") =>
            {
                Value::from(Data::Api(id)).hidden(Hiding::ComputedName)
            }
            _ => Value::unknown(),
        }
    }

    /// What a name means in a module that is not known: something built in, or what the
    /// modules have that programs climb to for it.
    fn global_of_some_module(&mut self, name: &str) -> String {
        let does_something = |this: &mut Self, module: &str| {
            let full = format!("{module}.{name}");
            let id = this.names.id(&full);
            let is_known =
                !this.names.specifications(id).is_empty() || this.names.intrinsic(id).is_some();
            is_known.then_some(full)
        };
        ["py:builtins", "py:os", "py:subprocess"]
            .iter()
            .find_map(|module| does_something(self, module))
            .unwrap_or_else(|| format!("py:builtins.{name}"))
    }

    pub(super) fn slice(
        &mut self,
        object: &Value<'a>,
        lower: &Value<'a>,
        upper: &Value<'a>,
        step: &Value<'a>,
    ) -> Value<'a> {
        let whole = |value: &Value<'a>| matches!(value.data, Data::None);
        let number = |value: &Value<'a>| value.integer();
        let known =
            [lower, upper, step].into_iter().all(|part| whole(part) || number(part).is_some());
        let backwards = number(step) == Some(-1) && whole(lower) && whole(upper);
        if backwards {
            self.decoded += 1;
        }
        let result = match &object.data {
            Data::Text(text) if known => {
                if !self.burn_for(text.len()) {
                    return Value::unknown();
                }
                let letters: Vec<char> = text.chars().collect();
                let text: String = picked(&letters, number(lower), number(upper), number(step))
                    .into_iter()
                    .collect();
                let value = Value::made(text);
                if backwards {
                    value.hidden(Hiding::Reversal)
                } else {
                    value.hidden(Hiding::Pieces)
                }
            }
            Data::Bytes(bytes) if known => {
                if !self.burn_for(bytes.len()) {
                    return Value::unknown();
                }
                let value = Value::bytes(picked(bytes, number(lower), number(upper), number(step)));
                if backwards {
                    value.hidden(Hiding::Reversal)
                } else {
                    value.hidden(Hiding::Pieces)
                }
            }
            Data::List(id) if known => {
                let (kind, open, items) = match self.heap.list(*id) {
                    Some(list) => (
                        list.kind,
                        list.open,
                        picked(&list.items, number(lower), number(upper), number(step)),
                    ),
                    None => return Value::unknown(),
                };
                if !self.burn_for(items.len() * 8) {
                    return Value::unknown();
                }
                if open { self.open_list(kind, items) } else { self.list(kind, items) }
            }
            Data::Partial(pieces) if whole(lower) => {
                Value::pieces(Pieces { open: true, ..Pieces::clone(pieces) })
            }
            Data::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                self.each_of(&all, |this, one| this.slice(&one, lower, upper, step))
            }
            Data::Range(_) => match self.iterate(object, 1 << 16) {
                Some(items) if known => {
                    let items = picked(&items, number(lower), number(upper), number(step));
                    self.list(Sequence::List, items)
                }
                _ => Value::unknown(),
            },
            _ => Value::unknown(),
        };
        result.with(&object.taint)
    }

    /// All that something gives when one goes through it, where all of it is known and
    /// it is not more than `most`.
    pub(super) fn iterate(&mut self, value: &Value<'a>, most: usize) -> Option<Vec<Value<'a>>> {
        let items: Vec<Value<'a>> = match &value.data {
            Data::List(id) => {
                let list = self.heap.list(*id)?;
                if list.open || list.items.len() > most {
                    return None;
                }
                list.items.clone()
            }
            Data::Text(text) if text.len() <= most => {
                text.chars().map(|letter| Value::made(letter.to_string())).collect()
            }
            Data::Bytes(bytes) if bytes.len() <= most => {
                bytes.iter().map(|byte| Data::Int(i64::from(*byte)).into()).collect()
            }
            Data::Dict(id) => {
                let dict = self.heap.dict(*id)?;
                if dict.items.is_empty() || dict.items.len() > most {
                    return None;
                }
                dict.items.iter().map(|(key, _)| key.clone()).collect()
            }
            Data::Range(range) => {
                let (from, to, step) = **range;
                let mut items = Vec::new();
                let mut at = from;
                while (step > 0 && at < to) || (step < 0 && at > to) {
                    if items.len() >= most {
                        return None;
                    }
                    items.push(Data::Int(at).into());
                    at = at.checked_add(step)?;
                }
                items
            }
            _ => return None,
        };
        self.burn_for(items.len().saturating_mul(8)).then_some(items)
    }

    /// One of the things that something gives, whichever.
    pub(super) fn element_of(&mut self, value: &Value<'a>) -> Value<'a> {
        match &value.data {
            Data::List(id) => {
                let mut found: Option<Value<'a>> = None;
                for item in self.items(*id).iter().take(8) {
                    found = Some(match found {
                        Some(before) => before.or(item.clone()),
                        None => item.clone(),
                    });
                }
                found.unwrap_or_default().with(&value.taint)
            }
            // A file gives lines, a reply chunks.
            Data::Object(_) => Value::unknown().with(&self.deep_taint(value, 1)),
            Data::Api(id) if self.names.text(*id).contains("__subclasses__") => value.clone(),
            Data::Api(id) if *id != self.environ => Value::unknown(),
            _ => Value::unknown().with(&value.taint),
        }
    }
}

/// The position that an index means, where there is one.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(i64::try_from(length).ok()?)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

fn letter(text: &str, index: i64) -> Option<char> {
    if index >= 0 {
        text.chars().nth(usize::try_from(index).ok()?)
    } else {
        text.chars().rev().nth(usize::try_from(index.checked_neg()?.checked_sub(1)?).ok()?)
    }
}

/// What a slice of Python picks.
pub(super) fn picked<T: Clone>(
    items: &[T],
    lower: Option<i64>,
    upper: Option<i64>,
    step: Option<i64>,
) -> Vec<T> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Vec::new();
    }
    let clamp = |index: i64, low: i64, high: i64| {
        let index = if index < 0 { index.saturating_add(length) } else { index };
        index.clamp(low, high)
    };
    let (from, to) = if step > 0 {
        (
            lower.map_or(0, |index| clamp(index, 0, length)),
            upper.map_or(length, |index| clamp(index, 0, length)),
        )
    } else {
        (
            lower.map_or(length - 1, |index| clamp(index, -1, length - 1)),
            upper.map_or(-1, |index| clamp(index, -1, length - 1)),
        )
    };
    let mut out = Vec::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        if let Some(item) = usize::try_from(at).ok().and_then(|index| items.get(index)) {
            out.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    out
}
