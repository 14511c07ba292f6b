//! JSON of strangers that becomes no more memory than was agreed on.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A list of at most so many values; `null` and nothing are an empty one.
#[derive(Debug)]
pub(crate) struct AtMost<T, const MOST: usize>(pub(crate) Vec<T>);

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T, const MOST: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for List<T, MOST> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    if list.len() == MOST {
                        return Err(A::Error::custom(format!(
                            "a list has more than {MOST} values"
                        )));
                    }
                    list.push(value);
                }
                Ok(list)
            }
        }

        deserializer.deserialize_any(List::<T, MOST>(PhantomData)).map(Self)
    }
}

/// An object where one was expected; nothing where anything else stands. For the parts of
/// a record that each database fills as it likes.
#[derive(Debug)]
pub(crate) struct IfObject<T>(pub(crate) Option<T>);

impl<T> Default for IfObject<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// The visitor's answers for everything that is passed over.
macro_rules! pass_over {
    ($($visit:ident: $kind:ty,)*) => {
        $(fn $visit<E: Error>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(None)
        })*

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "anything")
        }
    };
    (list $($visit:ident: $kind:ty,)*) => {
        pass_over! { $($visit: $kind,)* }

        fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
            while values.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
    (object $($visit:ident: $kind:ty,)*) => {
        pass_over! { $($visit: $kind,)* }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for IfObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Option<T>;

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
            }

            pass_over! { list
                visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str,
            }
        }

        deserializer.deserialize_any(Object(PhantomData)).map(Self)
    }
}

/// A text where one was expected; nothing where anything else stands.
#[derive(Debug, Default)]
pub(crate) struct IfText(pub(crate) Option<String>);

impl<'de> Deserialize<'de> for IfText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Option<String>;

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Some(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(None)
            }

            pass_over! { list
                visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64,
            }
        }

        deserializer.deserialize_any(Text).map(Self)
    }
}

/// The texts of a list of at most so many values; nothing where anything else stands.
#[derive(Debug, Default)]
pub(crate) struct IfTexts<const MOST: usize>(pub(crate) Vec<String>);

impl<'de, const MOST: usize> Deserialize<'de> for IfTexts<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts<const MOST: usize>;

        impl<'de, const MOST: usize> Visitor<'de> for Texts<MOST> {
            type Value = Option<Vec<String>>;

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(IfText(text)) = values.next_element()? {
                    texts.extend(text.filter(|_| texts.len() < MOST));
                }
                Ok(Some(texts))
            }

            pass_over! { object
                visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str,
            }
        }

        let texts = deserializer.deserialize_any(Texts::<MOST>)?;
        Ok(Self(texts.unwrap_or_default()))
    }
}

/// At most so many bytes of a text, cut where a character begins.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
