//! What an assignment changes.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::evaluator::Evaluator;
use super::heap::Sequence;
use super::value::{Data, Text, Value};
use crate::event::{Effect, Role};

impl<'a> Evaluator<'a> {
    pub(super) fn assign(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value),
            Expr::Attribute(it) => {
                let object = self.eval(&it.value);
                self.set_attribute(&object, it.attr.id.as_str(), value, it);
            }
            Expr::Subscript(it) => {
                let object = self.eval(&it.value);
                if let Expr::Slice(_) = &*it.slice {
                    if let Data::List(id) = object.data
                        && let Some(list) = self.heap.list_mut(id)
                    {
                        list.open = true;
                        list.items.push(value);
                    }
                    return;
                }
                let key = self.eval(&it.slice);
                self.set_item(&object, key, value, it);
            }
            Expr::Tuple(it) => self.unpack(&it.elts, &value),
            Expr::List(it) => self.unpack(&it.elts, &value),
            Expr::Starred(it) => self.assign(&it.value, value),
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: &Value<'a>) {
        let items = self.iterate(value, 4096);
        let star = targets.iter().position(|target| matches!(target, Expr::Starred(_)));
        let Some(items) = items else {
            let element = self.element_of(value);
            for target in targets {
                self.deeper(|this| this.assign(target, element.clone()));
            }
            return;
        };
        let after = star.map_or(0, |star| targets.len().saturating_sub(star + 1));
        for (position, target) in targets.iter().enumerate() {
            let item = match star {
                Some(star) if position == star => {
                    let end = items.len().saturating_sub(after);
                    let middle = items.get(star..end).unwrap_or_default().to_vec();
                    self.list(Sequence::List, middle)
                }
                Some(star) if position > star => {
                    let from_end = targets.len() - position;
                    items
                        .len()
                        .checked_sub(from_end)
                        .and_then(|index| items.get(index))
                        .cloned()
                        .unwrap_or_default()
                }
                _ => items.get(position).cloned().unwrap_or_default(),
            };
            self.deeper(|this| this.assign(target, item.with(&value.taint)));
        }
    }

    /// `setattr`, and an attribute on the left.
    pub(super) fn set_attribute(
        &mut self,
        object: &Value<'a>,
        name: &'a str,
        value: Value<'a>,
        node: &impl Ranged,
    ) {
        match &object.data {
            Data::Instance(id) => {
                let given = vec![Value::literal(name), value.clone()];
                self.special_method(object, "__setattr__", given, node.range());
                let before = self.heap.instance(*id).and_then(|it| it.attributes.get(name));
                if before.is_some_and(|before| !before.same(&value)) {
                    self.note_addition(&value);
                }
                if let Some(instance) = self.heap.instance_mut(*id)
                    && (instance.attributes.len() < 4096 || instance.attributes.contains_key(name))
                {
                    let before = instance.attributes.insert(name, value.clone());
                    if self.branches > 0
                        && let Some(before) = before
                    {
                        instance.attributes.insert(name, before.or(value));
                    }
                    self.changes += 1;
                }
            }
            Data::Class(id) => {
                if let Some(class) = self.heap.class(*id) {
                    let scope = class.scope;
                    self.bind_in(scope, name, value);
                }
            }
            Data::Module(id) => {
                if let Some(module) = self.modules.get(id.0 as usize) {
                    let scope = module.scope;
                    self.bind_in(scope, name, value);
                }
            }
            Data::Api(id) => {
                let Some(child) = self.names.child(*id, name) else { return };
                let api = self.names.text(child);
                if api.starts_with("py:") {
                    self.emit_named(
                        Effect::BuiltinWrite,
                        &api,
                        node.range(),
                        &[(Role::Name, &Value::literal(name)), (Role::Data, &value)],
                        value.hidings(),
                    );
                }
            }
            Data::Object(id) => {
                // A setting of what it is about, such as a URL or a body.
                let taint = self.deep_taint(&value, 2);
                if let Some(object) = self.heap.object_mut(*id) {
                    if object.about.is_unknown() && value.text().is_some() {
                        object.about = value;
                    } else {
                        object.about = std::mem::take(&mut object.about).with(&taint);
                    }
                }
            }
            _ => {}
        }
    }

    fn set_item(
        &mut self,
        object: &Value<'a>,
        key: Value<'a>,
        value: Value<'a>,
        node: &impl Ranged,
    ) {
        match &object.data {
            Data::Dict(id) => {
                self.changes += 1;
                let before = self.heap.dict(*id).and_then(|dict| dict.get(&key));
                if !key.is_unknown() && before.is_none_or(|before| !before.same(&value)) {
                    self.note_addition(&value);
                }
                if let Some(dict) = self.heap.dict_mut(*id) {
                    dict.set(key, value);
                }
            }
            Data::List(id) => {
                self.changes += 1;
                self.note_addition(&value);
                let Some(list) = self.heap.list_mut(*id) else { return };
                let length = i64::try_from(list.items.len()).unwrap_or(i64::MAX);
                let position = key
                    .integer()
                    .map(|index| if index < 0 { index.saturating_add(length) } else { index });
                let slot = position
                    .and_then(|index| usize::try_from(index).ok())
                    .and_then(|index| list.items.get_mut(index));
                match slot {
                    Some(slot) => *slot = value,
                    None => {
                        list.open = true;
                        if list.items.len() < 4096 && !value.is_unknown() {
                            list.items.push(value);
                        }
                    }
                }
            }
            Data::Instance(_) => {
                self.special_method(object, "__setitem__", vec![key, value], node.range());
            }
            Data::Namespace(scope) => {
                if let Data::Text(name) = &key.data {
                    let name = self.lasting(&Text::clone(name));
                    self.bind_in(*scope, name, value);
                }
            }
            Data::Api(id) => {
                let api = self.names.text(*id);
                match &*api {
                    "py:os.environ" => self.emit_named(
                        Effect::EnvironmentWrite,
                        &api,
                        node.range(),
                        &[(Role::Name, &key), (Role::Data, &value)],
                        key.hidings(),
                    ),
                    "py:sys.modules" | "py:builtins" => self.emit_named(
                        Effect::BuiltinWrite,
                        &api,
                        node.range(),
                        &[(Role::Name, &key), (Role::Data, &value)],
                        key.hidings(),
                    ),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// `del a[key]`, where it surely happens.
    pub(super) fn remove_item(&mut self, object: &Value<'a>, key: &Value<'a>) {
        if !self.is_certain() {
            return;
        }
        match object.data {
            Data::Dict(id) => {
                let size = self.heap.dict(id).map_or(0, |dict| dict.items.len());
                if self.burn_for(size)
                    && let Some(dict) = self.heap.dict_mut(id)
                {
                    dict.remove(key);
                }
            }
            Data::List(id) => {
                let Some(list) = self.heap.list_mut(id) else { return };
                let at = key
                    .integer()
                    .and_then(|index| super::subscript::position(index, list.items.len()));
                if let Some(at) = at.filter(|at| *at < list.items.len() && !list.open) {
                    list.items.remove(at);
                }
            }
            _ => {}
        }
    }

    /// `a += b` where `a` is a list that others see too.
    pub(super) fn extend_in_place(&mut self, list: &Value<'a>, more: &Value<'a>) -> bool {
        let Data::List(id) = list.data else { return false };
        if self.heap.list(id).is_none_or(|list| list.kind == Sequence::Tuple) {
            return false;
        }
        let items = self.iterate(more, 1 << 20);
        self.burn_for(items.as_ref().map_or(0, Vec::len));
        self.changes += 1;
        if let Some(last) = items.as_ref().and_then(|items| items.last()).cloned() {
            self.note_addition(&last);
        }
        let taint = more.taint.clone();
        if let Some(list) = self.heap.list_mut(id) {
            match items {
                Some(items) => list.items.extend(items.into_iter().map(|item| item.with(&taint))),
                None => {
                    list.open = true;
                    list.items.push(Value::unknown().with(&taint));
                }
            }
        }
        true
    }
}
