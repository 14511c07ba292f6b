//! Everything that a program of Python can make and share, in tables by number: no
//! cycles to leak, no depth to drop.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::sync::LazyLock;

use ruff_python_ast::{ExprLambda, StmtFunctionDef};

use super::names::ApiId;
use super::value::{Data, Text, Value};
use crate::event::Hiding;
use crate::place::{FileId, Place};

/// A fast hash for names of a program; the tables are never iterated for output.
#[derive(Clone, Copy, Default)]
pub(super) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((head, tail)) = rest.split_first_chunk::<8>() {
            self.mix(u64::from_le_bytes(*head));
            rest = tail;
        }
        let mut last = 0;
        for byte in rest {
            last = (last << 8) | u64::from(*byte);
        }
        self.mix(last);
    }
    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }
    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

impl NameHasher {
    fn mix(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// Begins every hash with a number that a package cannot know, so that names which
/// collide cannot be prepared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seeded;

impl BuildHasher for Seeded {
    type Hasher = NameHasher;
    fn build_hasher(&self) -> NameHasher {
        static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0u8));
        NameHasher(*SEED)
    }
}

/// A table by name.
pub(super) type Table<K, V> = HashMap<K, V, Seeded>;

macro_rules! numbers {
    ($($name:ident)*) => { $(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) struct $name(pub(super) u32);
    )* };
}
numbers!(ListId DictId ObjectId FunctionId ClassId InstanceId ModuleId ScopeId AppliedId);

/// What kind of sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sequence {
    List,
    Tuple,
    Set,
    ByteArray,
}

#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) kind: Sequence,
    pub(super) items: Vec<Value<'a>>,
    /// Whether there may be more than is known.
    pub(super) open: bool,
}

/// Items of one dictionary of which the key is not known.
const MAX_UNKNOWN_KEYS: usize = 8;
/// Keys of other kinds than text and numbers that are looked through.
const MAX_ODD_KEYS: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Dict<'a> {
    pub(super) items: Vec<(Value<'a>, Value<'a>)>,
    /// Where a text is among the items.
    index: Table<Text<'a>, usize>,
    numbers: Table<i64, usize>,
    /// Where keys of other kinds are.
    odd: Vec<usize>,
}

impl<'a> Dict<'a> {
    fn position(&self, key: &Value<'a>) -> Option<usize> {
        if let Some(text) = key.text() {
            return self.index.get(text).copied();
        }
        if let Some(number) = key.integer() {
            return self.numbers.get(&number).copied();
        }
        if key.is_unknown() {
            return None;
        }
        let is_key = |position: &&usize| {
            self.items.get(**position).is_some_and(|(known, _)| known.same(key))
        };
        self.odd.iter().take(MAX_ODD_KEYS).find(is_key).copied()
    }

    pub(super) fn get(&self, key: &Value<'a>) -> Option<&Value<'a>> {
        self.items.get(self.position(key)?).map(|(_, value)| value)
    }

    /// Takes an item out; gives whether it was there.
    pub(super) fn remove(&mut self, key: &Value<'a>) -> bool {
        let Some(position) = self.position(key).filter(|position| *position < self.items.len())
        else {
            return false;
        };
        self.items.remove(position);
        let items = std::mem::take(&mut self.items);
        *self = Self::default();
        for (key, value) in items {
            self.set(key, value);
        }
        true
    }

    pub(super) fn set(&mut self, key: Value<'a>, value: Value<'a>) {
        if let Some(slot) = self.position(&key).and_then(|position| self.items.get_mut(position)) {
            slot.1 = value;
            return;
        }
        if key.is_unknown() {
            // A loop that sets what it does not know must not fill the memory.
            let is_unknown = |position: &&usize| {
                self.items.get(**position).is_some_and(|(known, _)| known.is_unknown())
            };
            let mut unknown = self.odd.iter().rev().take(64).filter(is_unknown);
            let last = unknown.next().copied();
            if unknown.count() >= MAX_UNKNOWN_KEYS
                && let Some(slot) = last.and_then(|position| self.items.get_mut(position))
            {
                slot.1 = std::mem::take(&mut slot.1).or(value);
                return;
            }
        }
        let position = self.items.len();
        if let Data::Text(text) = &key.data {
            self.index.insert(text.clone(), position);
        } else if let Some(number) = key.integer() {
            self.numbers.insert(number, position);
        } else {
            self.odd.push(position);
        }
        self.items.push((key, value));
    }
}

/// What something of the library gave.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) class: ApiId,
    /// What it is about: a file's path, a connection's host, a request's address.
    pub(super) about: Value<'a>,
}

/// Where code stands: its file, and how it came to be code.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) file: FileId,
    pub(super) module: ModuleId,
    /// For code that was decoded: the expression that runs it.
    pub(super) over: Option<Place>,
    pub(super) hiding: Vec<Hiding>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    Named(&'a StmtFunctionDef),
    Lambda(&'a ExprLambda),
}

#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) body: Body<'a>,
    pub(super) scope: ScopeId,
    pub(super) unit: Rc<Unit>,
    pub(super) defaults: Vec<(&'a str, Value<'a>)>,
    pub(super) class: Option<ClassId>,
    pub(super) is_static: bool,
    pub(super) is_property: bool,
    /// How often it was evaluated for a call.
    pub(super) inlined: u32,
    /// Calls that showed something, and calls that did not.
    pub(super) hits: u32,
    pub(super) misses: u32,
    /// How often it runs now, within itself.
    pub(super) active: u32,
    /// Whether it was evaluated with unknown arguments.
    pub(super) known: bool,
    /// Whether it then did something that is written down.
    pub(super) matters: bool,
    /// Whether it then did what decoders do.
    pub(super) decodes: bool,
    /// What it then gave.
    pub(super) result: Value<'a>,
}

#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) scope: ScopeId,
    pub(super) bases: Vec<Value<'a>>,
    /// What its methods see as themselves when nobody calls them.
    pub(super) template: Option<InstanceId>,
}

#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) class: ClassId,
    pub(super) attributes: Table<&'a str, Value<'a>>,
}

#[derive(Debug)]
pub(super) struct Applied<'a> {
    pub(super) callee: Value<'a>,
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keyword: Vec<(Text<'a>, Value<'a>)>,
    /// Whether the callee is applied to the argument (`attrgetter`), not called with more.
    pub(super) getter: Option<Getter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Getter {
    Attribute,
    Item,
    Method,
}

#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) names: Table<&'a str, Value<'a>>,
    pub(super) parent: Option<ScopeId>,
    /// Names that belong to the module or an outer function.
    pub(super) elsewhere: Vec<(&'a str, bool)>,
    /// Whether something keeps it after its function ended.
    pub(super) kept: bool,
    pub(super) is_class: bool,
}

#[derive(Debug, Default)]
pub(super) struct Heap<'a> {
    pub(super) lists: Vec<List<'a>>,
    pub(super) dicts: Vec<Dict<'a>>,
    pub(super) objects: Vec<Object<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) classes: Vec<Class<'a>>,
    pub(super) instances: Vec<Instance<'a>>,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) applied: Vec<Applied<'a>>,
}

macro_rules! tables {
    ($($field:ident $id:ident $kind:ident $get:ident $change:ident $add:ident;)*) => {
        impl<'a> Heap<'a> { $(
            pub(super) fn $get(&self, id: $id) -> Option<&$kind<'a>> {
                self.$field.get(id.0 as usize)
            }
            pub(super) fn $change(&mut self, id: $id) -> Option<&mut $kind<'a>> {
                self.$field.get_mut(id.0 as usize)
            }
            pub(super) fn $add(&mut self, thing: $kind<'a>) -> $id {
                let id = $id(u32::try_from(self.$field.len()).unwrap_or(u32::MAX));
                self.$field.push(thing);
                id
            }
        )* }
    };
}
impl<'a> Heap<'a> {
    pub(super) fn applied(&self, id: AppliedId) -> Option<&Applied<'a>> {
        self.applied.get(id.0 as usize)
    }

    pub(super) fn add_applied(&mut self, applied: Applied<'a>) -> AppliedId {
        let id = AppliedId(u32::try_from(self.applied.len()).unwrap_or(u32::MAX));
        self.applied.push(applied);
        id
    }
}

tables! {
    lists ListId List list list_mut add_list;
    dicts DictId Dict dict dict_mut add_dict;
    objects ObjectId Object object object_mut add_object;
    functions FunctionId Function function function_mut add_function;
    classes ClassId Class class class_mut add_class;
    instances InstanceId Instance instance instance_mut add_instance;
    scopes ScopeId Scope scope scope_mut add_scope;
}
