//! Values as data: their parts, what went into them, and what they become when they
//! are waited for.

use std::rc::Rc;

use oxc_span::Span;

use super::heap::{Class as ObjectClass, Object};
use super::machine::Machine;
use super::marks::MarkTable;
use super::operator::MAX_TEXT_BYTES;
use super::value::{ApiId, Kind, Marks, ObjectId, Value};
use crate::event::{Effect, Hiding};

/// How deep data is looked through for where it comes from.
const MAX_DATA_DEPTH: u32 = 5;

/// What is needed to look through data; the heap stays as it is.
struct Data<'a, 'm> {
    heap: &'m [Object<'a>],
    marks: &'m mut MarkTable,
    steps: &'m mut u64,
    walks: &'m mut Walks,
}

/// Which objects were looked through in which walk, and from how deep.
#[derive(Debug, Default)]
pub(crate) struct Walks {
    walk: u32,
    /// By the object's number.
    seen: Vec<(u32, u32)>,
}

impl Walks {
    fn begin(&mut self, objects: usize) {
        self.walk = self.walk.checked_add(1).unwrap_or_else(|| {
            self.seen.clear();
            1
        });
        self.seen.resize(self.seen.len().max(objects), (0, 0));
    }

    /// Whether an object has to be looked through from here. What was found in it from
    /// no deeper is known; objects that share others would be walked a million times.
    fn is_new(&mut self, id: ObjectId, depth: u32) -> bool {
        let place = usize::try_from(id.0).ok().and_then(|at| self.seen.get_mut(at));
        let Some((walk, known)) = place else { return false };
        let is_new = *walk != self.walk || depth < *known;
        if is_new {
            (*walk, *known) = (self.walk, depth);
        }
        is_new
    }
}

impl<'a> Data<'a, '_> {
    fn marks_within(&mut self, value: &Value<'a>, depth: u32) -> Marks {
        let mut marks = value.marks;
        if depth > MAX_DATA_DEPTH {
            return marks;
        }
        match &value.kind {
            Kind::Object(id) => {
                let object = usize::try_from(id.0).ok().and_then(|at| self.heap.get(at));
                let Some(object) = object else { return marks };
                if !self.walks.is_new(*id, depth) {
                    return marks;
                }
                let (elements, promised): (&[Value<'a>], _) = match &object.class {
                    ObjectClass::Function(_) => return marks,
                    ObjectClass::Array(elements) => (elements, None),
                    ObjectClass::Promise(value) => (&[], Some(value)),
                    _ => (&[], None),
                };
                let properties = object.properties.get(..64).unwrap_or(&object.properties);
                let elements = elements.get(..256).unwrap_or(elements);
                marks = self.marks.union(marks, object.marks);
                let count = usize::from(object.elsewhere.is_some())
                    + properties.len()
                    + elements.len()
                    + usize::from(promised.is_some());
                *self.steps += u64::try_from(count / 4).unwrap_or(0);
                let inner = object.elsewhere.iter();
                let inner = inner.chain(properties.iter().map(|property| &property.value));
                for one in inner.chain(elements).chain(promised) {
                    if !one.marks.is_none() || matches!(one.kind, Kind::Object(_) | Kind::Choice(_))
                    {
                        let more = self.marks_within(one, depth + 1);
                        marks = self.marks.union(marks, more);
                    }
                }
            }
            Kind::Choice(all) => {
                for one in all.iter() {
                    let more = self.marks_within(one, depth + 1);
                    marks = self.marks.union(marks, more);
                }
            }
            _ => {}
        }
        marks
    }
}

impl<'a> Machine<'a> {
    /// The elements that going through a value gives; where they are not known, one
    /// that stands for any.
    pub(crate) fn elements_of(&mut self, value: &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>> {
        match &value.kind {
            Kind::Object(id) => {
                let Some(object) = self.get(*id) else { return Err(Value::UNKNOWN) };
                match &object.class {
                    ObjectClass::Array(elements)
                        if !object.is_open && object.elsewhere.is_none() =>
                    {
                        let elements = elements.clone();
                        self.steps += u64::try_from(elements.len() / 8).unwrap_or(0);
                        Ok(elements)
                    }
                    ObjectClass::Bytes(bytes) if bytes.len() <= MAX_TEXT_BYTES => {
                        let (bytes, marks) = (Rc::clone(bytes), object.marks);
                        Ok(bytes
                            .iter()
                            .map(|byte| Value::with(Kind::Number(f64::from(*byte)), marks))
                            .collect())
                    }
                    _ => Err(self.unknown_member(value, &Value::UNKNOWN, Span::default())),
                }
            }
            Kind::Literal(_) | Kind::Text(_) => {
                let text = value.as_text().unwrap_or_default();
                if text.len() > 1 << 16 {
                    return Err(Value::unknown(value.marks));
                }
                Ok(text
                    .chars()
                    .map(|letter| Value::with(Kind::Text(Rc::new(letter.to_string())), value.marks))
                    .collect())
            }
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                for one in all.iter() {
                    if let Ok(elements) = self.elements_of(one) {
                        let mut any = Value::unknown(value.marks);
                        for element in elements.into_iter().take(6) {
                            any = self.either(any, element, false);
                        }
                        return Err(any);
                    }
                }
                Err(Value::unknown(value.marks))
            }
            _ => Err(Value::unknown(self.deep_marks(value))),
        }
    }

    /// The names of a value's properties, or one that stands for any.
    pub(crate) fn keys_of(&mut self, value: &Value<'a>) -> Result<Vec<Value<'a>>, Value<'a>> {
        let marks = self.deep_marks(value);
        if let Some(id) = value.as_object()
            && let Some(object) = self.get(id)
            && !object.is_open
            && object.elsewhere.is_none()
        {
            match &object.class {
                ObjectClass::Plain => {
                    return Ok(object
                        .properties
                        .iter()
                        .map(|property| Value::new(Kind::Literal(property.key)))
                        .collect());
                }
                ObjectClass::Array(elements) if elements.len() < 1 << 16 => {
                    return Ok((0..elements.len()).map(|at| Value::text(at.to_string())).collect());
                }
                _ => {}
            }
        }
        if let Some(api) = value.as_api() {
            self.emit_whole_environment(api, Span::default());
            if let Some(names) = super::builtin::member_names(self.apis.name(api)) {
                // Whoever goes through them looks for one without saying which.
                let looked_up = self.hidden(Hiding::ComputedName);
                let names = names.iter();
                return Ok(names.map(|name| Value::with(Kind::Literal(name), looked_up)).collect());
            }
        }
        Err(Value::unknown(marks))
    }

    pub(crate) fn emit_whole_environment(&mut self, api: ApiId, span: Span) {
        if self.apis.name(api) == "node:process.env" {
            self.emit(Effect::EnvironmentRead, api, span, &[], Marks::NONE);
        }
    }

    /// Copies all that is known of one object's properties to another.
    pub(crate) fn copy_properties(&mut self, to: ObjectId, from: &Value<'a>) {
        match &from.kind {
            Kind::Object(id) => {
                let count = self.get(*id).map_or(0, |source| source.properties.len());
                if !self.may_hold(count) {
                    if let Some(target) = self.change(to) {
                        target.is_open = true;
                    }
                    return;
                }
                let Some(source) = self.get(*id).cloned() else { return };
                let Some(target) = self.change(to) else { return };
                for property in source.properties {
                    target.set(property.key, property.value, property.is_getter);
                }
                target.is_open |= source.is_open;
                let marks = target.marks;
                let joined = self.marks.union(marks, source.marks);
                if let Some(target) = self.change(to) {
                    target.marks = joined;
                }
                if let Some(value) = source.elsewhere {
                    self.set_elsewhere(to, value);
                }
            }
            Kind::Undefined | Kind::Null => {}
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                for one in all.iter() {
                    self.copy_properties(to, one);
                }
                if let Some(target) = self.change(to) {
                    target.is_open = true;
                }
            }
            _ => {
                let marks = self.deep_marks(from);
                if let Some(api) = from.as_api() {
                    self.emit_whole_environment(api, Span::default());
                    let has_prototype =
                        self.get(to).is_none_or(|target| target.prototype.is_some());
                    if !self.apis.name(api).ends_with(".env") && !has_prototype {
                        // What a module has is looked for there.
                        let module = self.allocate(Object::new(ObjectClass::Instance(api)));
                        if let Some(target) = self.change(to) {
                            target.prototype = Some(module);
                        }
                    }
                }
                if let Some(target) = self.change(to) {
                    target.is_open = true;
                }
                let before = self.get(to).map_or(Marks::NONE, |object| object.marks);
                let joined = self.marks.union(before, marks);
                if let Some(target) = self.change(to) {
                    target.marks = joined;
                }
            }
        }
    }

    /// Everything that went into a value, through all it holds.
    pub(crate) fn deep_marks(&mut self, value: &Value<'a>) -> Marks {
        match value.kind {
            Kind::Object(_) | Kind::Choice(_) => {}
            _ => return value.marks,
        }
        self.walks.begin(self.heap.len());
        let mut data = Data {
            heap: &self.heap,
            marks: &mut self.marks,
            steps: &mut self.steps,
            walks: &mut self.walks,
        };
        data.marks_within(value, 0)
    }

    /// A promise of this value; a promise stays the one it is.
    pub(crate) fn promise(&mut self, value: Value<'a>) -> Value<'a> {
        if let Some(id) = value.as_object()
            && let Some(ObjectClass::Promise(_)) = self.get(id).map(|object| &object.class)
        {
            return value;
        }
        let marks = value.marks;
        let mut promise = Object::new(ObjectClass::Promise(value));
        promise.marks = marks;
        Value::object(self.allocate(promise))
    }

    /// What a promise becomes; anything else is itself.
    pub(crate) fn awaited(&mut self, value: &Value<'a>) -> Value<'a> {
        match &value.kind {
            Kind::Object(id) => match self.get(*id).map(|object| &object.class) {
                Some(ObjectClass::Promise(inner)) => {
                    let inner = inner.clone();
                    let marks = self.marks.union(inner.marks, value.marks);
                    Value { marks, ..inner }
                }
                _ => value.clone(),
            },
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                let mut result: Option<Value<'a>> = None;
                for one in all.iter() {
                    let one = self.awaited(one);
                    result = Some(match result {
                        Some(before) => self.either(before, one, false),
                        None => one,
                    });
                }
                result.unwrap_or(Value::UNKNOWN)
            }
            _ => value.clone(),
        }
    }
}
