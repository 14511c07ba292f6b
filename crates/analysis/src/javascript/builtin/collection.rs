//! `Map` and `Set`: what is put in comes out again.

use super::super::function::Call;
use super::super::heap::{Class as ObjectClass, Object};
use super::super::machine::Machine;
use super::super::value::{ApiId, Value};

/// The most entries that are kept apart; what comes later is one of all.
const MAX_ENTRIES: usize = 64;

impl<'a> Machine<'a> {
    /// `new Map(…)` and its kin.
    pub(super) fn new_collection(&mut self, api: ApiId, call: &Call<'a>) -> Value<'a> {
        let mut object = Object::new(ObjectClass::Instance(api));
        object.is_open = true;
        let is_set = self.apis.name(api).ends_with("Set");
        let given = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let elements = self.elements_of(&given);
        if elements.is_err() {
            object.marks = self.deep_marks(&given);
        }
        let collection = Value::object(self.allocate(object));
        for element in elements.unwrap_or_default().into_iter().take(MAX_ENTRIES) {
            if is_set {
                self.put(&collection, &Value::UNKNOWN, element);
                continue;
            }
            let entry = self.elements_of(&element).unwrap_or_default();
            if let [key, value, ..] = entry.as_slice() {
                let (key, value) = (key.clone(), value.clone());
                self.put(&collection, &key, value);
            }
        }
        collection
    }

    /// A method of one; nothing where it is none that moves values.
    pub(super) fn collection_method(&mut self, method: &str, call: &Call<'a>) -> Option<Value<'a>> {
        let id = call.this.as_object()?;
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "set" => {
                let value = call.arguments.get(1).cloned().unwrap_or(Value::UNDEFINED);
                self.put(&call.this, &first, value);
                call.this.clone()
            }
            "add" => {
                self.put(&call.this, &Value::UNKNOWN, first);
                call.this.clone()
            }
            "get" => {
                let key = self.entry_key(&first);
                let object = self.get(id)?;
                let known = key.and_then(|key| object.property(&key)).map(|found| &found.value);
                let marks = object.marks;
                let found = known.or(object.elsewhere.as_ref()).cloned();
                found.unwrap_or(Value::unknown(marks))
            }
            "forEach" => {
                let any = self.unknown_member(&call.this, &Value::UNKNOWN, call.span);
                self.maybe(|machine| {
                    machine.call_back(&first, vec![any, Value::UNKNOWN], call.span)
                });
                Value::UNDEFINED
            }
            "values" => call.this.clone(),
            _ => return None,
        })
    }

    fn entry_key(&mut self, key: &Value<'a>) -> Option<String> {
        // No method of the collection has such a name.
        self.key_text(key).map(|key| format!("\u{0}{key}"))
    }

    /// Only what a rule could care for is kept.
    fn put(&mut self, collection: &Value<'a>, key: &Value<'a>, value: Value<'a>) {
        let Some(id) = collection.as_object() else { return };
        if !value.matters() {
            return;
        }
        if let Some(key) = self.entry_key(key)
            && self.get(id).is_some_and(|object| object.properties.len() < MAX_ENTRIES)
        {
            let key = self.keep(&key);
            if let Some(object) = self.change(id) {
                object.set(key, value.clone(), false);
            }
        }
        self.set_elsewhere(id, value);
    }
}
