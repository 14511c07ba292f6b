//! Calls of a function within itself with what it was called with before: nothing comes
//! of them that the outer call does not show, and each level multiplies the work.

use std::hash::{BuildHasher as _, Hasher};

use super::heap::Class;
use super::machine::Machine;
use super::names::{NameHasher, NameKey};
use super::value::{Kind, Value};

/// The most values that are looked at to tell calls apart.
const MAX_VALUES: u32 = 48;
/// The deepest that objects are looked into.
const MAX_LEVELS: u32 = 2;

/// What tells a call from another one, put together.
struct Told {
    hasher: NameHasher,
    values: u32,
}

impl<'a> Machine<'a> {
    /// A number that two calls of a function share where they are the same: the same
    /// texts and numbers, objects that hold the same, functions of the same text, from
    /// the same origins.
    pub(crate) fn told_apart(&self, layout: u32, this: &Value<'a>, arguments: &[Value<'a>]) -> u64 {
        let mut told = Told { hasher: NameKey::default().build_hasher(), values: 0 };
        told.hasher.write_u32(layout);
        self.tell(this, 0, &mut told);
        for argument in arguments {
            self.tell(argument, 0, &mut told);
        }
        told.hasher.finish()
    }

    fn tell(&self, value: &Value<'a>, level: u32, told: &mut Told) {
        if told.values >= MAX_VALUES {
            return;
        }
        told.values += 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        told.hasher.write_u32(value.marks.0);
        if let Some(text) = value.as_text() {
            told.hasher.write(text.as_bytes());
            return;
        }
        // What is left out makes calls look alike that are not: then they differ in more
        // than can be followed.
        let is_last = level >= MAX_LEVELS || told.values >= MAX_VALUES;
        match &value.kind {
            Kind::Unknown => told.hasher.write_u32(1),
            Kind::Undefined => told.hasher.write_u32(2),
            Kind::Null => told.hasher.write_u32(3),
            Kind::Boolean(boolean) => told.hasher.write_u32(4 + u32::from(*boolean)),
            Kind::Number(number) => told.hasher.write_u64(number.to_bits()),
            Kind::Literal(_) | Kind::Text(_) => {}
            // A path that grows with every folder below is the same call again.
            Kind::Partial(partial) => told.hasher.write(partial.prefix.as_bytes()),
            Kind::Api(api) => told.hasher.write_u64(1 << 32 | u64::from(api.0)),
            Kind::Choice(all) => {
                told.hasher.write_u32(number(all.len()));
                if !is_last {
                    for one in all.iter() {
                        self.tell(one, level + 1, told);
                    }
                }
            }
            Kind::Object(id) => {
                let Some(object) = self.get(*id) else { return };
                told.hasher.write_u32(object.marks.0);
                told.hasher.write_u32(number(object.properties.len()));
                let mut inner: &[Value<'a>] = &[];
                match &object.class {
                    Class::Function(closure) => return told.hasher.write_u32(closure.layout),
                    Class::Array(elements) => inner = elements,
                    Class::Bytes(bytes) => told.hasher.write(bytes),
                    Class::Regexp(pattern, _) => told.hasher.write(pattern.as_bytes()),
                    Class::Instance(api) => told.hasher.write_u32(api.0),
                    Class::Promise(value) => inner = std::slice::from_ref(value),
                    Class::Plain => {}
                    Class::Bound(_) | Class::Exports | Class::Settler(..) => {
                        return told.hasher.write_u64(2 << 32 | u64::from(id.0));
                    }
                }
                told.hasher.write_u32(number(inner.len()));
                if !is_last {
                    let most = MAX_VALUES as usize;
                    for one in inner.iter().take(most) {
                        self.tell(one, level + 1, told);
                    }
                    for property in object.properties.iter().take(most) {
                        told.hasher.write(property.key.as_bytes());
                        self.tell(&property.value, level + 1, told);
                    }
                }
            }
        }
    }
}
