//! The file of the store.
//!
//! ```text
//! {"body":{"version":1,"key":"<16 hex>","generation":7,"secrets":{
//!   "API_KEY":{"version":5,"set_ms":1700000000000,"sealed":"<base64>"}}},
//!  "seal":"<base64>"}
//! ```
//!
//! `sealed` is nonce, ciphertext and tag of a value, bound to its name, version
//! and time: it opens nowhere else. `seal` is nonce and tag over the whole body: a
//! secret that was added, taken away, or put back from an older file of the same
//! key does not pass. An older file as a whole does.

use crate::store::key::{OVERHEAD, StoreKey};
use crate::value::MAX_SECRET;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Most secrets in one store.
pub(crate) const MAX_SECRETS: usize = 256;
/// Longest file that is read: all secrets at their longest, in base64, and their names.
pub(crate) const MAX_FILE: u64 = 4 * 1024 * 1024;
/// Longest name, as in a grant.
const MAX_NAME: usize = 128;
const VERSION: u32 = 1;

/// A file that was read, or is to be written. Nothing in it is proved yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreFile {
    pub(crate) body: Body,
    seal: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    version: u32,
    /// Name of the key.
    pub(crate) key: String,
    /// Counts the changes.
    pub(crate) generation: u64,
    pub(crate) secrets: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The change that set it.
    version: u64,
    pub(crate) set_ms: u64,
    sealed: String,
}

/// Whether this can be a secret's name: that of a variable.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain)
}

impl StoreFile {
    /// Reads bytes that anybody may have written.
    ///
    /// # Errors
    /// When they are not, byte for byte, what would be written for what they say.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE {
            return Err("it is larger than a store can be");
        }
        let file: Self = serde_json::from_slice(bytes).map_err(|_| "it is cut or no store")?;
        if file.body.version != VERSION {
            return Err("it is of another version");
        }
        if file.body.secrets.len() > MAX_SECRETS || !file.body.secrets.keys().all(|n| is_name(n)) {
            return Err("it holds a name that no secret has, or too many");
        }
        // One content has one text: no second field of a name, no other spelling.
        if file.bytes() != bytes {
            return Err("it is not as it is written");
        }
        Ok(file)
    }

    /// The content of the file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Whether the whole body was sealed with this key.
    pub(crate) fn is_sealed_with(&self, key: &StoreKey) -> bool {
        STANDARD
            .decode(&self.seal)
            .ok()
            .and_then(|seal| key.open(&self.body.context(), &seal))
            .is_some_and(|text| text.is_empty())
    }
}

impl Body {
    pub(crate) fn new(key: &StoreKey) -> Self {
        Self { version: VERSION, key: key.id(), generation: 0, secrets: BTreeMap::new() }
    }

    fn context(&self) -> Vec<u8> {
        let mut context = b"ringfence secrets store v1\n".to_vec();
        context.extend(serde_json::to_vec(self).unwrap_or_default());
        context
    }

    pub(crate) fn seal(self, key: &StoreKey) -> Option<StoreFile> {
        let seal = STANDARD.encode(key.seal(&self.context(), b"")?);
        Some(StoreFile { body: self, seal })
    }

    /// The value of a secret, when it is as it was set.
    pub(crate) fn open(&self, key: &StoreKey, name: &str) -> Option<Zeroizing<String>> {
        let entry = self.secrets.get(name)?;
        let sealed = STANDARD.decode(&entry.sealed).ok()?;
        if sealed.len() > MAX_SECRET + OVERHEAD {
            return None;
        }
        let mut bytes = key.open(&entry.context(name), &sealed)?;
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Some(Zeroizing::new(text)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                None
            }
        }
    }
}

impl Entry {
    pub(crate) fn seal(
        key: &StoreKey,
        name: &str,
        version: u64,
        set_ms: u64,
        value: &str,
    ) -> Option<Self> {
        let mut entry = Self { version, set_ms, sealed: String::new() };
        entry.sealed = STANDARD.encode(key.seal(&entry.context(name), value.as_bytes())?);
        Some(entry)
    }

    /// The same value with another key.
    pub(crate) fn sealed_anew(&self, key: &StoreKey, name: &str, value: &str) -> Option<Self> {
        Self::seal(key, name, self.version, self.set_ms, value)
    }

    fn context(&self, name: &str) -> Vec<u8> {
        format!("ringfence secret v1\n{name}\n{}\n{}", self.version, self.set_ms).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(key: &StoreKey) -> StoreFile {
        let mut body = Body::new(key);
        for (version, name) in [(1, "FIRST_KEY"), (2, "SECOND_KEY")] {
            let entry = Entry::seal(key, name, version, 5, &format!("value of {name}")).unwrap();
            body.secrets.insert(name.to_owned(), entry);
        }
        body.seal(key).unwrap()
    }

    #[test]
    fn values_that_change_their_names_are_not_opened() {
        let key = StoreKey::generate().unwrap();
        let mut swapped = file(&key).body;
        let (first, second) =
            (swapped.secrets["FIRST_KEY"].clone(), swapped.secrets["SECOND_KEY"].clone());
        swapped.secrets.insert("FIRST_KEY".into(), second);
        swapped.secrets.insert("SECOND_KEY".into(), first);
        assert!(!StoreFile { seal: file(&key).seal, body: swapped.clone() }.is_sealed_with(&key));
        // Even without the seal around them all.
        assert!(swapped.open(&key, "FIRST_KEY").is_none());
        let mut older = file(&key).body;
        older.secrets.get_mut("FIRST_KEY").unwrap().version = 9;
        assert!(older.open(&key, "FIRST_KEY").is_none());
    }

    #[test]
    fn one_value_put_back_from_an_older_file_is_noticed() {
        let key = StoreKey::generate().unwrap();
        let (old, mut new) = (file(&key), file(&key).body);
        new.generation = 2;
        let next = Entry::seal(&key, "FIRST_KEY", 3, 6, "a newer value").unwrap();
        new.secrets.insert("FIRST_KEY".into(), next);
        let mut file = new.seal(&key).unwrap();
        assert!(file.is_sealed_with(&key));
        file.body.secrets.insert("FIRST_KEY".into(), old.body.secrets["FIRST_KEY"].clone());
        assert!(!file.is_sealed_with(&key));
    }

    #[test]
    fn a_file_with_any_byte_changed_or_cut_is_refused() {
        let key = StoreKey::generate().unwrap();
        let bytes = file(&key).bytes();
        let passes = |bytes: &[u8]| StoreFile::parse(bytes).is_ok_and(|f| f.is_sealed_with(&key));
        assert!(passes(&bytes));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(!passes(&flipped), "byte {at}");
            assert!(!passes(&bytes[..at]), "{at} bytes");
        }
        let twice =
            String::from_utf8(bytes).unwrap().replace("{\"body\":", "{\"seal\":\"\",\"body\":");
        assert!(StoreFile::parse(twice.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_what_is_read_is_what_is_written(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            at in 0usize..300,
            generation in any::<u64>(),
        ) {
            let _ = StoreFile::parse(&bytes);
            let key = StoreKey::read(&"07".repeat(32)).unwrap();
            let mut good = file(&key);
            good.body.generation = generation;
            let mut text = good.bytes();
            prop_assert_eq!(StoreFile::parse(&text), Ok(good));
            let at = at.min(text.len());
            text.splice(at..at, bytes.iter().copied());
            if let Ok(read) = StoreFile::parse(&text) {
                prop_assert_eq!(read.bytes(), text);
            }
        }
    }
}
