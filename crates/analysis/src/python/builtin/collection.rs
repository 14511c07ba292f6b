//! Methods of lists, dictionaries and scopes.

use ruff_text_size::TextRange;

use crate::event::Hiding;
use crate::python::call::Arguments;
use crate::python::evaluator::Evaluator;
use crate::python::heap::{DictId, ListId, ScopeId, Sequence};
use crate::python::subscript::position;
use crate::python::value::{Data, Text, Value};

impl<'a> Evaluator<'a> {
    pub(super) fn list_method(
        &mut self,
        id: ListId,
        object: &Value<'a>,
        name: &str,
        arguments: &Arguments<'a>,
        _range: TextRange,
    ) -> Option<Value<'a>> {
        let first = arguments.positional.first();
        self.changes += 1;
        match name {
            "append" | "add" | "appendleft" | "put" => {
                let value = first?.clone();
                self.note_addition(&value);
                let list = self.heap.list_mut(id)?;
                if list.items.len() < 1 << 20 {
                    list.items.push(value);
                }
                Some(Value::none())
            }
            "extend" | "update" => {
                let more = first?.clone();
                self.note_addition(&more);
                self.extend_in_place(object, &more);
                Some(Value::none())
            }
            "insert" => {
                let at = first?.integer();
                let value = arguments.positional.get(1)?.clone();
                self.note_addition(&value);
                let list = self.heap.list_mut(id)?;
                match at.and_then(|at| usize::try_from(at).ok()) {
                    Some(at) if at <= list.items.len() => list.items.insert(at, value),
                    _ => list.items.push(value),
                }
                Some(Value::none())
            }
            "pop" | "popleft" => {
                let at =
                    first.and_then(Value::integer).unwrap_or(if name == "pop" { -1 } else { 0 });
                let exact = self.is_certain();
                let list = self.heap.list_mut(id)?;
                let at = position(at, list.items.len())?;
                if exact && !list.open {
                    self.counted += 1;
                    Some(list.items.remove(at))
                } else {
                    list.items.get(at).cloned()
                }
            }
            "reverse" => {
                let list = self.heap.list_mut(id)?;
                list.items.reverse();
                let items = std::mem::take(&mut list.items);
                let items =
                    items
                        .into_iter()
                        .map(|item| {
                            if item.text().is_some() { item.hidden(Hiding::Reversal) } else { item }
                        })
                        .collect();
                self.heap.list_mut(id)?.items = items;
                Some(Value::none())
            }
            "sort" => {
                let items = self.heap.list(id)?.items.clone();
                let sorted = super::compute::sorted(items)?;
                self.heap.list_mut(id)?.items = sorted;
                Some(Value::none())
            }
            "copy" => {
                let (kind, items) =
                    self.heap.list(id).map(|list| (list.kind, list.items.clone()))?;
                Some(self.list(kind, items))
            }
            "clear" => {
                self.heap.list_mut(id)?.items.clear();
                Some(Value::none())
            }
            "index" => {
                let wanted = first?;
                let at = self.items(id).iter().take(1 << 16).position(|item| item.same(wanted))?;
                Some(Data::Int(i64::try_from(at).ok()?).into())
            }
            "count" => {
                let wanted = first?;
                let count = self.items(id).iter().filter(|item| item.same(wanted)).count();
                Some(Data::Int(i64::try_from(count).ok()?).into())
            }
            "union" => {
                let more = self.iterate(first?, 1 << 16)?;
                let mut items = self.items(id).to_vec();
                items.extend(more);
                Some(self.list(Sequence::Set, items))
            }
            "decode" | "hex" | "translate" | "replace" | "find" | "startswith" | "tobytes" => {
                let bytes = self.as_bytes(object)?;
                let whole =
                    Value::bytes(std::rc::Rc::clone(&bytes)).with(&self.deep_taint(object, 1));
                let result = self.bytes_method(&whole, &bytes, name, arguments)?;
                Some(result.with(&whole.taint))
            }
            "__getitem__" => {
                let key = first?.clone();
                Some(self.item(object, &key, TextRange::default()))
            }
            "__len__" => Some(Data::Int(i64::try_from(self.items(id).len()).ok()?).into()),
            "__iter__" => Some(object.clone()),
            "__next__" | "get" => Some(self.element_of(object)),
            "__subclasses__" | "mro" => None,
            _ => None,
        }
    }

    pub(super) fn dict_method(
        &mut self,
        id: DictId,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value<'a>> {
        let first = arguments.positional.first();
        match name {
            "get" | "pop" | "setdefault" | "__getitem__" => {
                let found = self.heap.dict(id)?.get(first?).cloned();
                match (found, arguments.positional.get(1)) {
                    (Some(found), _) => Some(found),
                    (None, Some(default)) => {
                        let default = default.clone();
                        if name == "setdefault" {
                            let key = first?.clone();
                            self.heap.dict_mut(id)?.set(key, default.clone());
                        }
                        Some(default)
                    }
                    (None, None) => {
                        let whole: Value<'a> = Data::Dict(id).into();
                        let key = first?.clone();
                        Some(self.item(&whole, &key, TextRange::default()))
                    }
                }
            }
            "keys" => {
                let items = self.heap.dict(id)?.items.iter().map(|(key, _)| key.clone()).collect();
                Some(self.list(Sequence::List, items))
            }
            "values" => {
                let items =
                    self.heap.dict(id)?.items.iter().map(|(_, value)| value.clone()).collect();
                Some(self.list(Sequence::List, items))
            }
            "items" | "iteritems" => {
                let pairs = self.heap.dict(id)?.items.clone();
                let items = pairs
                    .into_iter()
                    .map(|(key, value)| self.list(Sequence::Tuple, vec![key, value]))
                    .collect();
                Some(self.list(Sequence::List, items))
            }
            "update" => {
                self.changes += 1;
                self.counted += 1;
                if let Some(Data::Dict(other)) = first.map(|first| first.data.clone()) {
                    for (key, value) in self.heap.dict(other)?.items.clone() {
                        self.heap.dict_mut(id)?.set(key, value);
                    }
                } else if let Some(other) = first {
                    let unknown = Value::unknown().with(&self.deep_taint(other, 2));
                    self.heap.dict_mut(id)?.set(Value::unknown(), unknown);
                }
                for (key, value) in arguments.keyword.clone() {
                    self.heap.dict_mut(id)?.set(Data::Text(key).into(), value);
                }
                Some(Value::none())
            }
            "copy" => {
                let items = self.heap.dict(id)?.items.clone();
                let mut dict = crate::python::heap::Dict::default();
                for (key, value) in items {
                    dict.set(key, value);
                }
                Some(Data::Dict(self.heap.add_dict(dict)).into())
            }
            _ => None,
        }
    }

    pub(super) fn namespace_method(
        &mut self,
        scope: ScopeId,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value<'a>> {
        match name {
            "get" | "__getitem__" | "pop" => {
                let whole: Value<'a> = Data::Namespace(scope).into();
                let key = arguments.positional.first()?.clone();
                Some(self.item(&whole, &key, TextRange::default()))
            }
            "update" => {
                if let Some(Data::Dict(other)) =
                    arguments.positional.first().map(|first| first.data.clone())
                {
                    for (key, value) in self.heap.dict(other)?.items.clone() {
                        if let Data::Text(text) = key.data {
                            let name = self.lasting(&text);
                            self.bind_in(scope, name, value);
                        }
                    }
                }
                for (key, value) in arguments.keyword.clone() {
                    let name = self.lasting(&Text::clone(&key));
                    self.bind_in(scope, name, value);
                }
                Some(Value::none())
            }
            "setdefault" | "__setitem__" => {
                let key = arguments.positional.first()?.clone();
                let value = arguments.positional.get(1)?.clone();
                if let Data::Text(text) = key.data {
                    let name = self.lasting(&text);
                    self.bind_in(scope, name, value.clone());
                }
                Some(value)
            }
            _ => None,
        }
    }
}
