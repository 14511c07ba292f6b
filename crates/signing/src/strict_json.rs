//! JSON of strangers that says one thing to everybody: no name twice, nothing behind it.
//!
//! Two programs that read `{"digest": A, "digest": B}` may see two things; what one checked
//! the other would use.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

/// Looks whether `bytes` are one JSON document of at most `most` bytes in which no object
/// has a name twice. Depth is bounded by the parser (128).
///
/// # Errors
/// What is wrong, for a person.
pub(crate) fn check(bytes: &[u8], most: usize) -> Result<(), String> {
    if bytes.len() > most {
        return Err(format!("it takes more than {most} bytes"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let names = Cell::new(0);
    Once(&names).deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())
}

/// Reads `bytes` as `T` when [`check`] finds nothing.
///
/// # Errors
/// What is wrong, for a person.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], most: usize) -> Result<T, String> {
    check(bytes, most)?;
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Most names of objects that are open at one time: each is kept until its object ends. The
/// largest documents of npm have some tens of thousands in one object.
const MAX_NAMES: usize = 200_000;

/// Looks at a value. How many names are kept is counted over all that are open.
#[derive(Clone, Copy)]
struct Once<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            // What the parser takes for other JSON, in text, where it is told to allow that.
            if name.starts_with("$serde_json::") {
                return Err(A::Error::custom("a name in it is one of the parser's own"));
            }
            if names.contains(&name) {
                return Err(A::Error::custom(format!("`{}` is there twice", name.escape_debug())));
            }
            names.insert(name);
            self.0.set(self.0.get() + 1);
            if self.0.get() > MAX_NAMES {
                return Err(A::Error::custom(format!("it has more than {MAX_NAMES} names")));
            }
            map.next_value_seed(self)?;
        }
        self.0.set(self.0.get() - names.len());
        Ok(())
    }
}
