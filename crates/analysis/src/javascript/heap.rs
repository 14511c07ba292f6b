//! Objects with an identity, the variables of functions, and the way back: what a
//! branch that may not be taken changes is written down, undone, and joined.

use std::rc::Rc;

use super::machine::Machine;
use super::names::NameMap;
use super::value::{Marks, ObjectId, Value};

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    pub(crate) class: Class<'a>,
    pub(crate) properties: Vec<Property<'a>>,
    /// Where its properties are, once they are many.
    index: Option<Box<NameMap<&'a str, usize>>>,
    pub(crate) prototype: Option<ObjectId>,
    /// It may have properties that are not known here.
    pub(crate) is_open: bool,
    /// What was written to names that are not known.
    pub(crate) elsewhere: Option<Value<'a>>,
    pub(crate) marks: Marks,
    stamp: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Property<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Value<'a>,
    /// The value is a function that is called to get it.
    pub(crate) is_getter: bool,
}

/// What an object is besides its properties.
#[derive(Clone, Debug)]
pub(crate) enum Class<'a> {
    Plain,
    Array(Vec<Value<'a>>),
    Function(super::function::Closure<'a>),
    Bound(Rc<Bound<'a>>),
    /// A buffer or typed array.
    Bytes(Rc<Vec<u8>>),
    /// What it will be when it is there.
    Promise(Value<'a>),
    /// Pattern and flags.
    Regexp(&'a str, &'a str),
    /// The exports of a module, while others may still add to them.
    Exports,
    /// An instance of something that a library provides.
    Instance(super::value::ApiId),
    /// Resolves (true) or rejects the promise of this number when called.
    Settler(ObjectId, bool),
}

/// A function with what it is called on and its first arguments.
#[derive(Clone, Debug)]
pub(crate) struct Bound<'a> {
    pub(crate) target: Value<'a>,
    pub(crate) this: Value<'a>,
    pub(crate) arguments: Vec<Value<'a>>,
}

/// From here on an object finds its properties by a table.
const INDEXED_FROM: usize = 12;
/// So many changed variables are looked through one by one.
const FEW: usize = 32;
/// The most properties of an object and elements of an array.
pub(crate) const MAX_ELEMENTS: usize = 1 << 20;

impl<'a> Object<'a> {
    pub(crate) fn new(class: Class<'a>) -> Self {
        Self {
            class,
            properties: Vec::new(),
            index: None,
            prototype: None,
            is_open: false,
            elsewhere: None,
            marks: Marks::NONE,
            stamp: 0,
        }
    }

    pub(crate) fn property(&self, key: &str) -> Option<&Property<'a>> {
        match &self.index {
            Some(index) => index.get(key).and_then(|at| self.properties.get(*at)),
            None => self.properties.iter().find(|property| property.key == key),
        }
    }

    pub(crate) fn set(&mut self, key: &'a str, value: Value<'a>, is_getter: bool) {
        let at = match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.properties.iter().position(|property| property.key == key),
        };
        if let Some(property) = at.and_then(|at| self.properties.get_mut(at)) {
            property.value = value;
            property.is_getter = is_getter;
            return;
        }
        if self.properties.len() >= MAX_ELEMENTS {
            return;
        }
        if let Some(index) = &mut self.index {
            index.insert(key, self.properties.len());
        }
        self.properties.push(Property { key, value, is_getter });
        if self.index.is_none() && self.properties.len() > INDEXED_FROM {
            let index = self.properties.iter().enumerate();
            self.index = Some(Box::new(index.map(|(at, property)| (property.key, at)).collect()));
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.properties.retain(|property| property.key != key);
        if self.index.is_some() {
            let index = self.properties.iter().enumerate();
            self.index = Some(Box::new(index.map(|(at, property)| (property.key, at)).collect()));
        }
    }

    fn weight(&self) -> usize {
        let elements = match &self.class {
            Class::Array(elements) => elements.len(),
            _ => 0,
        };
        elements + self.properties.len() + 1
    }
}

/// The variables of one call.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) slots: Vec<Value<'a>>,
    pub(crate) parent: u32,
    pub(crate) this: Value<'a>,
    /// What it was called with, for `arguments`.
    pub(crate) arguments: Option<Value<'a>>,
    pub(crate) layout: u32,
    /// An arrow has no `this` of its own.
    pub(crate) is_arrow: bool,
    /// The class around a method, for `super`.
    pub(crate) home: Option<ObjectId>,
}

/// One change that can be undone.
#[derive(Debug)]
pub(crate) enum Undo<'a> {
    Slot(u32, usize, Value<'a>),
    Object(ObjectId, Box<Object<'a>>),
}

/// The oldest of what code changed: frames and objects have their numbers in the order in
/// which they came to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) frame: u32,
    pub(crate) object: u32,
}

impl Changed {
    pub(crate) const NOTHING: Self = Self { frame: u32::MAX, object: u32::MAX };

    pub(crate) fn and(self, other: Self) -> Self {
        Self { frame: self.frame.min(other.frame), object: self.object.min(other.object) }
    }
}

/// Where a branch began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    trail: usize,
    frames: usize,
    heap: usize,
    stamp: u32,
}

/// What a branch left behind, after it was undone.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    slots: Vec<(u32, usize, Value<'a>)>,
    objects: Vec<(ObjectId, Object<'a>)>,
}

impl Changes<'_> {
    /// Lists stay as they were.
    pub(crate) fn forget_lists(&mut self) {
        self.objects.retain(|(_, object)| !matches!(object.class, Class::Array(_)));
    }
}

impl<'a> Machine<'a> {
    pub(crate) fn allocate(&mut self, object: Object<'a>) -> ObjectId {
        let id = ObjectId(u32::try_from(self.heap.len()).unwrap_or(u32::MAX));
        self.held += size_of::<Object<'a>>();
        self.heap.push(object);
        id
    }

    pub(crate) fn new_object(&mut self, class: Class<'a>) -> Value<'a> {
        Value::object(self.allocate(Object::new(class)))
    }

    pub(crate) fn new_array(&mut self, mut elements: Vec<Value<'a>>) -> Value<'a> {
        let is_kept = self.may_hold(elements.len());
        if !is_kept {
            elements = Vec::new();
        }
        let mut array = Object::new(Class::Array(elements));
        array.is_open = !is_kept;
        Value::object(self.allocate(array))
    }

    pub(crate) fn get(&self, id: ObjectId) -> Option<&Object<'a>> {
        usize::try_from(id.0).ok().and_then(|at| self.heap.get(at))
    }

    /// The object, to be changed; what it was is kept, where a branch needs it.
    pub(crate) fn change(&mut self, id: ObjectId) -> Option<&mut Object<'a>> {
        let at = usize::try_from(id.0).ok()?;
        let object = self.heap.get_mut(at)?;
        self.changed.object = self.changed.object.min(id.0);
        if let Some(branch) = self.branches.last()
            && at < branch.heap
            && object.stamp != branch.stamp
        {
            self.steps += u64::try_from(object.weight()).unwrap_or(0);
            self.trail.push(Undo::Object(id, Box::new(object.clone())));
            object.stamp = branch.stamp;
        }
        Some(object)
    }

    pub(crate) fn slot(&self, frame: u32, slot: usize) -> Value<'a> {
        usize::try_from(frame)
            .ok()
            .and_then(|at| self.frames.get(at))
            .and_then(|frame| frame.slots.get(slot))
            .cloned()
            .unwrap_or(Value::UNKNOWN)
    }

    pub(crate) fn set_slot(&mut self, frame: u32, slot: usize, value: Value<'a>) {
        let Ok(at) = usize::try_from(frame) else { return };
        let Some(place) = self.frames.get_mut(at).and_then(|frame| frame.slots.get_mut(slot))
        else {
            return;
        };
        self.changed.frame = self.changed.frame.min(frame);
        let before = std::mem::replace(place, value);
        if self.branches.last().is_some_and(|branch| at < branch.frames) {
            self.trail.push(Undo::Slot(frame, slot, before));
        }
    }

    /// Takes a variable's value out, to be put back at once: text that only the
    /// variable holds can then grow in place.
    pub(crate) fn take_slot(&mut self, frame: u32, slot: usize) -> Value<'a> {
        if !self.branches.is_empty() {
            return self.slot(frame, slot);
        }
        usize::try_from(frame)
            .ok()
            .and_then(|at| self.frames.get_mut(at))
            .and_then(|frame| frame.slots.get_mut(slot))
            .map_or(Value::UNKNOWN, |value| std::mem::replace(value, Value::UNDEFINED))
    }

    /// A branch begins that may not be taken.
    pub(crate) fn begin_branch(&mut self) {
        self.stamps += 1;
        self.branches.push(Branch {
            trail: self.trail.len(),
            frames: self.frames.len(),
            heap: self.heap.len(),
            stamp: self.stamps,
        });
    }

    /// The branch ends, and everything is as before it.
    pub(crate) fn undo_branch(&mut self) -> Changes<'a> {
        let mut changes = Changes::default();
        let Some(branch) = self.branches.pop() else { return changes };
        let mut seen: Option<NameMap<(u32, usize), ()>> = None;
        while self.trail.len() > branch.trail {
            match self.trail.pop() {
                Some(Undo::Slot(frame, slot, before)) => {
                    let now = self.put_slot(frame, slot, before);
                    // Few change; for them a table costs more than it saves.
                    let is_known = if changes.slots.len() < FEW {
                        changes.slots.iter().any(|entry| (entry.0, entry.1) == (frame, slot))
                    } else {
                        let seen = seen.get_or_insert_with(|| {
                            changes.slots.iter().map(|entry| ((entry.0, entry.1), ())).collect()
                        });
                        seen.insert((frame, slot), ()).is_some()
                    };
                    if !is_known {
                        changes.slots.push((frame, slot, now));
                    }
                }
                Some(Undo::Object(id, before)) => {
                    if let Some(object) =
                        usize::try_from(id.0).ok().and_then(|at| self.heap.get_mut(at))
                    {
                        let now = std::mem::replace(object, *before);
                        changes.objects.push((id, now));
                    }
                }
                None => break,
            }
        }
        changes
    }

    fn put_slot(&mut self, frame: u32, slot: usize, value: Value<'a>) -> Value<'a> {
        usize::try_from(frame)
            .ok()
            .and_then(|at| self.frames.get_mut(at))
            .and_then(|frame| frame.slots.get_mut(slot))
            .map_or(Value::UNDEFINED, |place| std::mem::replace(place, value))
    }

    /// The branch was taken after all: its changes are those of what is around it.
    pub(crate) fn redo(&mut self, changes: Changes<'a>) {
        for (frame, slot, value) in changes.slots {
            self.set_slot(frame, slot, value);
        }
        for (id, object) in changes.objects {
            self.replace_object(id, object);
        }
    }

    fn replace_object(&mut self, id: ObjectId, mut object: Object<'a>) {
        if let Some(place) = self.change(id) {
            object.stamp = place.stamp;
            *place = object;
        }
    }

    /// One of two branches was taken.
    pub(crate) fn join_both(&mut self, mut one: Changes<'a>, other: Changes<'a>) {
        for (frame, slot, then) in other.slots {
            let at = one.slots.iter().position(|entry| (entry.0, entry.1) == (frame, slot));
            let now = match at {
                Some(at) => one.slots.swap_remove(at).2,
                None => self.slot(frame, slot),
            };
            let joined = self.either(now, then, false);
            self.set_slot(frame, slot, joined);
        }
        for (id, then) in other.objects {
            let at = one.objects.iter().position(|entry| entry.0 == id);
            if let Some(at) = at {
                let now = one.objects.swap_remove(at).1;
                let joined = self.either_object(now, then, false);
                self.replace_object(id, joined);
            } else if let Some(now) = self.take_object(id) {
                let joined = self.either_object(now, then, false);
                self.put_object(id, joined);
            }
        }
        self.join(one, false);
    }

    /// The branch may have been taken: everything it changed is either as it was or
    /// as it left it. `widen` gives up numbers that differ, as a loop's counter does.
    pub(crate) fn join(&mut self, changes: Changes<'a>, widen: bool) {
        for (frame, slot, then) in changes.slots {
            let now = self.slot(frame, slot);
            let joined = self.either(now, then, widen);
            self.set_slot(frame, slot, joined);
        }
        for (id, then) in changes.objects {
            let Some(now) = self.take_object(id) else { continue };
            self.steps += u64::try_from(then.weight()).unwrap_or(0);
            let joined = self.either_object(now, then, widen);
            self.put_object(id, joined);
        }
    }

    /// Takes an object out, to be put back at once; what it was is kept, where a branch
    /// needs it.
    fn take_object(&mut self, id: ObjectId) -> Option<Object<'a>> {
        self.change(id).map(|object| std::mem::replace(object, Object::new(Class::Plain)))
    }

    fn put_object(&mut self, id: ObjectId, object: Object<'a>) {
        if let Some(place) = usize::try_from(id.0).ok().and_then(|at| self.heap.get_mut(at)) {
            *place = object;
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "both are given up for the one that is left")]
    pub(crate) fn either(&mut self, now: Value<'a>, then: Value<'a>, widen: bool) -> Value<'a> {
        let marks = self.marks.union(now.marks, then.marks);
        if widen && !now.same(&then) {
            let is_counter = |value: &Value<'a>| {
                matches!(value.kind, super::value::Kind::Number(_))
                    || value.as_text().is_some()
                    || matches!(value.kind, super::value::Kind::Partial(_))
            };
            if is_counter(&now) && is_counter(&then) {
                return match (now.as_text(), then.as_text()) {
                    // Text that grows begins as it began.
                    (Some(one), Some(two)) if two.starts_with(one) && !one.is_empty() => {
                        let partial = super::value::Partial::starting(one);
                        Value::with(super::value::Kind::Partial(Rc::new(partial)), marks)
                    }
                    _ => Value::unknown(marks),
                };
            }
        }
        now.either(&then, marks)
    }

    fn either_object(&mut self, mut now: Object<'a>, then: Object<'a>, widen: bool) -> Object<'a> {
        now.is_open |= then.is_open;
        now.marks = self.marks.union(now.marks, then.marks);
        for property in then.properties {
            let value = match now.property(property.key) {
                Some(known) => {
                    let known = known.value.clone();
                    self.either(known, property.value, widen)
                }
                None => {
                    let marks = property.value.marks;
                    Value::UNDEFINED.either(&property.value, marks)
                }
            };
            now.set(property.key, value, property.is_getter);
        }
        now.elsewhere = match (now.elsewhere.take(), then.elsewhere) {
            (Some(one), Some(two)) => Some(self.either(one, two, widen)),
            (one, two) => one.or(two),
        };
        match (&mut now.class, then.class) {
            (Class::Array(elements), Class::Array(others)) => {
                if elements.len() != others.len() {
                    now.is_open = true;
                }
                for (at, other) in others.into_iter().enumerate() {
                    match elements.get_mut(at) {
                        Some(element) => {
                            let known = std::mem::replace(element, Value::UNKNOWN);
                            *element = self.either(known, other, widen);
                        }
                        None => elements.push(other),
                    }
                }
            }
            (Class::Promise(one), Class::Promise(two)) => {
                let known = std::mem::replace(one, Value::UNKNOWN);
                *one = self.either(known, two, widen);
            }
            _ => {}
        }
        now
    }
}
