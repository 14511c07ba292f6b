//! The answer of a vault. One field of it is taken out, and the others are read over:
//! they are secrets that nobody asked for.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use zeroize::Zeroizing;

/// The text of a field in `data.data` of an answer. Nothing when it is not there, is no text, or
/// stands there twice: two readers could take two of them.
#[must_use]
pub fn vault_field(bytes: &[u8], name: &str) -> Option<Zeroizing<String>> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let found = At(&["data", "data", name]).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    found
}

/// Whether it says of the secret that it was there once.
pub(crate) fn was_deleted(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(default)]
        deletion_time: String,
        #[serde(default)]
        destroyed: bool,
    }
    serde_json::from_slice(bytes).is_ok_and(|answer: Answer| {
        let metadata = answer.data.metadata;
        metadata.destroyed || !metadata.deletion_time.is_empty()
    })
}

/// The text at the end of these keys.
#[derive(Clone, Copy)]
struct At<'w>(&'w [&'w str]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Zeroizing<String>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<Zeroizing<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer of a vault")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then(|| Zeroizing::new(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((wanted, rest)) = self.0.split_first() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        let (mut found, mut is_known) = (None, false);
        while let Some(key) = map.next_key::<String>()? {
            if key != *wanted {
                map.next_value::<IgnoredAny>()?;
            } else if is_known {
                return Err(A::Error::custom("a key stands there twice"));
            } else {
                (found, is_known) = (map.next_value_seed(At(rest))?, true);
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        while all.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_one_field_is_taken_out_as_it_was_put_in() {
        let answer = r#"{"request_id":"1","lease_id":"","data":{"data":{"other":"o","key":"a\"\u0041\n","n":1,
            "data":{"key":"inner"}},"metadata":{"key":"m","version":2}},"key":"outer","auth":null}"#;
        assert_eq!(vault_field(answer.as_bytes(), "key").unwrap().as_str(), "a\"A\n");
        for name in ["n", "data", "none", "metadata", ""] {
            assert!(vault_field(answer.as_bytes(), name).is_none(), "{name}");
        }
        for answer in [
            r#"{"data":{"data":null,"metadata":{"version":2}}}"#,
            r#"{"data":{"key":"version 1 of the store"}}"#,
            r#"{"data":{"data":{"key":"one","key":"two"}}}"#,
            r#"{"data":{"data":{"key":"one"}},"data":{"data":{"key":"two"}}}"#,
            r#"{"data":{"data":{"key":"cut"}}"#,
            r#"{"data":{"data":{"key":"more"}}} {}"#,
            r#"["data"]"#,
            "\"key\"",
            "<html>",
            "",
        ] {
            assert!(vault_field(answer.as_bytes(), "key").is_none(), "{answer}");
        }
    }

    #[test]
    fn one_that_is_gone_is_told_from_one_that_never_was() {
        let gone = r#"{"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z","destroyed":false,"version":1}}}"#;
        let destroyed =
            r#"{"data":{"data":null,"metadata":{"deletion_time":"","destroyed":true}}}"#;
        assert!(was_deleted(gone.as_bytes()) && was_deleted(destroyed.as_bytes()));
        for never in [r#"{"errors":[]}"#, "", "{}", r#"{"data":{"metadata":{}}}"#] {
            assert!(!was_deleted(never.as_bytes()), "{never}");
        }
    }

    #[test]
    fn a_deep_answer_does_no_harm() {
        for text in ["[".repeat(1_000_000), "{\"data\":".repeat(100_000)] {
            assert!(vault_field(text.as_bytes(), "key").is_none() && !was_deleted(text.as_bytes()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..64), text in r#"(\{|\}|"data":|"key":|"x"|,|1|null){0,12}"#) {
            let _ = (vault_field(&bytes, "key"), was_deleted(&bytes));
            let _ = (vault_field(text.as_bytes(), "key"), was_deleted(text.as_bytes()));
        }

        #[test]
        fn a_value_of_any_text_comes_out_as_it_is(value in "\\PC{0,40}", other in "\\PC{0,8}") {
            prop_assume!(other != "key");
            let answer = serde_json::json!({ "data": { "data": { "key": value, other: "x" } } });
            let found = vault_field(answer.to_string().as_bytes(), "key").unwrap();
            prop_assert_eq!(found.as_str(), value.as_str());
        }
    }
}
