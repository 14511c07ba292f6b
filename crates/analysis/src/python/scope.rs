//! Names and what they are bound to, by the rules of Python, and what they may be bound
//! to after code of which it is not known whether it runs.

use std::collections::hash_map::Entry;

use super::evaluator::{Bound, Evaluator};
use super::heap::{Scope, ScopeId, Seeded, Table};
use super::names::ApiId;
use super::value::{Data, Value};

/// So many names are looked for one by one.
const FEW: usize = 16;

/// Names in the order in which they came.
#[derive(Default)]
struct Known<'a> {
    few: Vec<(ScopeId, &'a str)>,
    many: Table<(ScopeId, &'a str), usize>,
}

impl<'a> Known<'a> {
    /// Where a name is among those that came; nothing for a new one, which is added.
    fn place(&mut self, scope: ScopeId, name: &'a str) -> Option<usize> {
        if let Some(place) = self.few.iter().position(|known| *known == (scope, name)) {
            return Some(place);
        }
        if self.few.len() < FEW {
            self.few.push((scope, name));
            return None;
        }
        let next = FEW + self.many.len();
        match self.many.entry((scope, name)) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(place) => {
                place.insert(next);
                None
            }
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new_scope(&mut self, parent: Option<ScopeId>) -> ScopeId {
        let names = Table::with_capacity_and_hasher(7, Seeded);
        self.heap.add_scope(Scope { parent, names, ..Scope::default() })
    }

    /// What a name is bound to, in this scope, around it, or built in.
    pub(super) fn lookup(&mut self, name: &'a str) -> Value<'a> {
        let mut at = Some(self.scope);
        let mut first = true;
        while let Some(scope) = at.and_then(|id| self.heap.scope(id)) {
            if (first || !scope.is_class)
                && let Some(value) = scope.names.get(name)
            {
                return value.clone();
            }
            first = false;
            at = scope.parent;
        }
        match self.builtin(name) {
            Some(id) => Data::Api(id).into(),
            None => self.special(name),
        }
    }

    fn builtin(&mut self, name: &'a str) -> Option<ApiId> {
        if let Some(known) = self.builtin_names.get(name) {
            return *known;
        }
        let id = BUILTINS
            .binary_search(&name)
            .is_ok()
            .then(|| self.names.child(self.builtins, name))
            .flatten();
        self.builtin_names.insert(name, id);
        id
    }

    fn special(&mut self, name: &str) -> Value<'a> {
        match name {
            "__builtins__" | "__builtin__" => Data::Api(self.builtins).into(),
            "__file__" => {
                let path = self.module_path();
                Value::made(format!("./{path}"))
            }
            "__doc__" => self
                .modules
                .get(self.unit.module.0 as usize)
                .and_then(|module| module.code)
                .map_or_else(Value::unknown, |code| {
                    super::attribute::description(&code.syntax.body)
                }),
            "__pyarmor__" | "pyarmor_runtime" => self.api("pypi:pytransform.__pyarmor__"),
            "get_ipython" => self.api("pypi:IPython.get_ipython"),
            _ => Value::unknown(),
        }
    }

    pub(super) fn module_path(&self) -> &'a str {
        self.tree.file(self.unit.file).map_or("", |file| file.path.as_str())
    }

    /// Binds a name where the rules of Python say.
    pub(super) fn bind(&mut self, name: &'a str, value: Value<'a>) {
        let scope = self.target_scope(name);
        self.bind_in(scope, name, value);
    }

    fn target_scope(&self, name: &str) -> ScopeId {
        let here = self.scope;
        let Some(scope) = self.heap.scope(here) else { return here };
        let Some((_, to_module)) = scope.elsewhere.iter().find(|(known, _)| *known == name) else {
            return here;
        };
        let mut at = scope.parent;
        let mut found = here;
        while let Some((id, outer)) = at.and_then(|id| Some((id, self.heap.scope(id)?))) {
            if !outer.is_class {
                found = id;
                if !to_module && outer.names.contains_key(name) {
                    return id;
                }
            }
            at = outer.parent;
        }
        found
    }

    pub(super) fn bind_in(&mut self, scope: ScopeId, name: &'a str, value: Value<'a>) {
        let branching = self.branches > 0;
        let Some(table) = self.heap.scope_mut(scope) else { return };
        let before = table.names.insert(name, value);
        if before.as_ref().is_none_or(|before| {
            table.names.get(name).is_none_or(|now| {
                !before.same(now) || now.taint.is_some() && before.taint.is_none()
            })
        }) {
            self.changes += 1;
            if let Some(before) = &before {
                self.note_change(scope, name, &before.data);
            }
        }
        if branching {
            self.undo.push(Bound { scope, name, before });
        }
    }

    /// Notes what the new value of a name tells that the one before it did not: a loop
    /// without anything of the kind is at its end, however often it goes round.
    fn note_change(&mut self, scope: ScopeId, name: &str, before: &Data<'a>) {
        let Some(now) = self.heap.scope(scope).and_then(|scope| scope.names.get(name)) else {
            return;
        };
        match (before, &now.data) {
            (Data::Int(_), Data::Int(_)) => self.counted += 1,
            (Data::Text(_) | Data::Partial(_), Data::Text(_) | Data::Partial(_))
            | (Data::Bytes(_), Data::Bytes(_))
            | (Data::Large(_) | Data::Int(_), Data::Large(_))
            | (Data::Api(_), Data::Api(_))
            | (Data::Function(_), Data::Function(_)) => self.learned += 1,
            (Data::List(before), Data::List(now)) => {
                let (before, now) = (self.items(*before), self.items(*now));
                if now.len() > before.len() && now.last().is_some_and(is_content) {
                    self.learned += 1;
                }
            }
            _ => {}
        }
    }

    /// Notes that something is added to a collection.
    pub(super) fn note_addition(&mut self, value: &Value<'a>) {
        let holds = match value.data {
            Data::List(id) => self.items(id).iter().take(8).any(is_content),
            _ => false,
        };
        if holds || is_content(value) {
            self.learned += 1;
        }
    }

    /// Runs code of which it is not known whether it runs, each piece from the same
    /// beginning; afterwards a name is bound to what any of them left. `always` is
    /// whether one of them surely runs. A piece that gives `false` does not come back
    /// to what follows.
    pub(super) fn alternatives(
        &mut self,
        count: usize,
        always: bool,
        mut run: impl FnMut(&mut Self, usize) -> bool,
    ) {
        let mark = self.undo.len();
        self.branches += 1;
        let mut outcomes: Vec<Vec<(ScopeId, &'a str, Value<'a>)>> = Vec::with_capacity(count);
        for position in 0..count {
            let begin = self.undo.len();
            let goes_on = run(self, position);
            // Put back what this piece changed, the last change first.
            let (mut outcome, mut known) = (Vec::new(), Known::default());
            let changed = self.undo.len();
            for index in (begin..changed).rev() {
                let Some(entry) = self.undo.get(index) else { continue };
                let (scope, name, before) = (entry.scope, entry.name, entry.before.clone());
                let Some(table) = self.heap.scope_mut(scope) else { continue };
                let now = match before {
                    Some(before) => table.names.insert(name, before),
                    None => table.names.remove(name),
                };
                // The last change of a name is put back first.
                if let Some(now) = now
                    && goes_on
                    && known.place(scope, name).is_none()
                {
                    outcome.push((scope, name, now));
                }
            }
            outcomes.push(outcome);
            self.undo.truncate(begin);
        }
        self.branches -= 1;
        self.undo.truncate(mark);
        let mut joined: Vec<(ScopeId, &'a str, Value<'a>, usize)> = Vec::new();
        let mut positions = Known::default();
        let arms = outcomes.len();
        for (scope, name, value) in outcomes.into_iter().flatten() {
            match positions.place(scope, name) {
                Some(position) => {
                    if let Some(entry) = joined.get_mut::<usize>(position) {
                        entry.2 = std::mem::take(&mut entry.2).or(value);
                        entry.3 += 1;
                    }
                }
                None => joined.push((scope, name, value, 1)),
            }
        }
        for (scope, name, value, times) in joined {
            let before = self.heap.scope(scope).and_then(|table| table.names.get(name)).cloned();
            let value = match before {
                Some(before) if !always || times < arms => before.or(value),
                _ => value,
            };
            self.bind_in(scope, name, value);
        }
    }
}

/// Whether something is more than a thing that is not known when it is added to others.
fn is_content(value: &Value<'_>) -> bool {
    matches!(
        value.data,
        Data::Int(_)
            | Data::Text(_)
            | Data::Bytes(_)
            | Data::Large(_)
            | Data::Api(_)
            | Data::Function(_)
    )
}

/// Functions and types that need no import, in order.
const BUILTINS: &[&str] = &[
    "__build_class__",
    "__import__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "apply",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "execfile",
    "exit",
    "file",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "raw_input",
    "reduce",
    "reload",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "unichr",
    "unicode",
    "vars",
    "xrange",
    "zip",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_builtins_are_in_order() {
        assert!(super::BUILTINS.is_sorted());
    }
}
