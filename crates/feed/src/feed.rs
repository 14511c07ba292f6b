//! What is signed: the list of facts, with its number and its time.

use crate::error::FeedError;
use crate::fact::Fact;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What DSSE is told that the payload is.
pub const PAYLOAD_TYPE: &str = "application/vnd.ringfence.feed.v1+json";
/// Most bytes of a feed with its signatures: 10,000 facts take some three million.
pub const MAX_BYTES: usize = 6 << 20;
/// Most facts in one feed: each is looked up at each start.
pub const MAX_FACTS: usize = 10_000;
/// Most characters of a feed's own name.
const MAX_NAME: usize = 64;
/// Longest time that one may be in force, in seconds: 400 days.
const MAX_LIFE: u64 = 400 * 24 * 60 * 60;

/// A list of facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// What its signers call it.
    pub feed: String,
    /// One more each time that it says something else.
    pub sequence: u64,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub issued: u64,
    /// Until when it is the newest for certain, in seconds since 1970-01-01 UTC.
    pub expires: u64,
    /// All that is known, in any order.
    #[serde(deserialize_with = "bounded")]
    pub facts: Vec<Fact>,
}

impl Feed {
    /// Reads what was signed. Whether it was is another question.
    ///
    /// # Errors
    /// When it is none, has a name twice or one that nobody knows, or breaks a bound.
    pub fn parse(bytes: &[u8]) -> Result<Self, FeedError> {
        if bytes.len() > MAX_BYTES {
            return Err(FeedError::TooLarge(MAX_BYTES));
        }
        let feed: Self = serde_json::from_slice(bytes).map_err(|error| {
            let text = error.to_string();
            if text.starts_with(TOO_MANY) {
                return FeedError::TooMany(MAX_FACTS);
            }
            FeedError::Form(text)
        })?;
        feed.wrong().map_or(Ok(feed), |wrong| Err(FeedError::Form(wrong)))
    }

    /// The bytes to be signed.
    ///
    /// # Errors
    /// When it would not be read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FeedError> {
        if self.facts.len() > MAX_FACTS {
            return Err(FeedError::TooMany(MAX_FACTS));
        }
        if let Some(wrong) = self.wrong() {
            return Err(FeedError::Form(wrong));
        }
        serde_json::to_vec(self).map_err(|error| FeedError::Form(error.to_string()))
    }

    fn wrong(&self) -> Option<String> {
        let plain = |byte: u8| byte.is_ascii_graphic();
        if self.feed.is_empty() || self.feed.len() > MAX_NAME || !self.feed.bytes().all(plain) {
            return Some(format!("its name has 1 to {MAX_NAME} plain characters"));
        }
        // A number at the end of the line could never be followed by another one.
        if self.sequence == 0 || self.sequence > u64::from(u32::MAX) {
            return Some("its sequence is from 1 to 4294967295".to_owned());
        }
        let life = self.expires.checked_sub(self.issued);
        if !life.is_some_and(|life| (1..=MAX_LIFE).contains(&life)) {
            return Some("it is in force for more than a moment and at most 400 days".to_owned());
        }
        let mut ids = BTreeSet::new();
        for fact in &self.facts {
            if let Some(wrong) = fact.wrong() {
                return Some(wrong);
            }
            if !ids.insert(fact.id.as_str()) {
                return Some(format!("fact `{}` is there twice", fact.id));
            }
        }
        None
    }
}

const TOO_MANY: &str = "too many facts";

/// A list that is given up as soon as it is too long.
fn bounded<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Fact>, D::Error> {
    struct Bounded;
    impl<'de> Visitor<'de> for Bounded {
        type Value = Vec<Fact>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of facts")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Fact>, A::Error> {
            let mut facts = Vec::new();
            while let Some(fact) = items.next_element::<Strict>()? {
                if facts.len() >= MAX_FACTS {
                    return Err(de::Error::custom(TOO_MANY));
                }
                facts.push(fact.0);
            }
            Ok(facts)
        }
    }
    from.deserialize_seq(Bounded)
}

/// A fact of which each name is there once, and none that nobody knows.
struct Strict(Fact);

/// Every name that a fact can have. That those of one subject are not mixed with those of
/// another is looked at afterwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    id: String,
    date: String,
    reason: String,
    about: String,
    digest: Option<String>,
    key: Option<String>,
    registry: Option<String>,
    name: Option<String>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    revoked: bool,
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use crate::fact::Subject;
        let Flat { id, date, reason, about, digest, key, registry, name, versions, revoked } =
            Flat::deserialize(from)?;
        let wrong = |what: &str| de::Error::custom(format!("fact `{id}`: {what}"));
        let subject = match (about.as_str(), digest, key, registry, name) {
            ("package", Some(digest), None, None, None) if versions.is_empty() => {
                let digest = digest.parse().map_err(|_| wrong("its digest is none"))?;
                Subject::Package { digest }
            }
            ("key", None, Some(key), None, None) if versions.is_empty() => {
                Subject::Key { key: key.parse().map_err(|_| wrong("its key has no such name"))? }
            }
            ("publisher", None, None, None, Some(name)) if versions.is_empty() => {
                Subject::Publisher { name }
            }
            ("registry", None, None, Some(registry), Some(name)) => {
                Subject::Registry { registry, name, versions }
            }
            _ => return Err(wrong("what it is about cannot be told")),
        };
        Ok(Self(Fact { id, date, reason, subject, revoked }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn feed() -> Value {
        json!({
            "feed": "acme", "sequence": 1, "issued": 1_000, "expires": 2_000,
            "facts": [
                { "id": "A-1", "date": "2026-11-21", "reason": "stolen key", "about": "key",
                  "key": format!("sha256:{}", "ab".repeat(32)) },
                { "id": "A-2", "date": "2026-11-21", "reason": "it mines", "about": "package",
                  "digest": format!("sha256:{}", "cd".repeat(32)), "revoked": true },
                { "id": "A-3", "date": "2026-11-21", "reason": "sold", "about": "publisher",
                  "name": "Evil & Co" },
                { "id": "A-4", "date": "2026-11-21", "reason": "worm", "about": "registry",
                  "registry": "npm", "name": "@evil/x", "versions": ["1.0.0", "1.0.1"] },
            ],
        })
    }

    fn parse(value: &Value) -> Result<Feed, FeedError> {
        Feed::parse(value.to_string().as_bytes())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let read = parse(&feed()).unwrap();
        assert_eq!(read.facts.len(), 4);
        assert_eq!(Feed::parse(&read.to_bytes().unwrap()).unwrap(), read);
    }

    #[test]
    fn a_name_that_is_there_twice_or_that_nobody_knows_is_no_feed() {
        let text = feed().to_string();
        for (from, to) in [
            ("\"sequence\":1", "\"sequence\":1,\"sequence\":9"),
            ("\"sequence\":1", "\"sequence\":1,\"more\":9"),
            ("\"reason\":\"it mines\"", "\"reason\":\"it mines\",\"reason\":\"other\""),
            ("\"reason\":\"it mines\"", "\"reason\":\"it mines\",\"more\":1"),
            ("\"about\":\"key\"", "\"about\":\"key\",\"name\":\"x\""),
            ("\"about\":\"key\"", "\"about\":\"key\",\"about\":\"publisher\""),
            ("\"about\":\"publisher\"", "\"about\":\"publisher\",\"versions\":[\"1\"]"),
            ("\"A-2\"", "\"A-1\""),
            ("\"A-2\"", "\"\""),
            ("\"A-2\"", "\"A 2\""),
            ("2026-11-21", "yesterday"),
            ("\"npm\"", "\"homebrew\""),
            ("\"it mines\"", "\" \""),
            ("\"expires\":2000", "\"expires\":1000"),
            ("\"expires\":2000", "\"expires\":99999999999"),
            ("\"sequence\":1", "\"sequence\":0"),
            ("\"sequence\":1", "\"sequence\":4294967296"),
            ("\"sequence\":1", "\"sequence\":-1"),
        ] {
            assert!(text.contains(from), "{from}");
            let changed = text.replacen(from, to, 1);
            let read = Feed::parse(changed.as_bytes());
            assert!(matches!(read, Err(FeedError::Form(_))), "{to}: {read:?}");
        }
        let behind = format!("{text} 1");
        assert!(matches!(Feed::parse(behind.as_bytes()), Err(FeedError::Form(_))));
    }

    #[test]
    fn a_million_facts_are_given_up_and_not_kept() {
        let fact = |at: usize| {
            format!(
                "{{\"id\":\"{at}\",\"date\":\"2026-11-21\",\"reason\":\"x\",\"about\":\"publisher\",\"name\":\"x\"}}"
            )
        };
        let many = |count: usize| {
            let facts: Vec<String> = (0..count).map(fact).collect();
            format!(
                "{{\"feed\":\"a\",\"sequence\":1,\"issued\":1,\"expires\":2,\"facts\":[{}]}}",
                facts.join(",")
            )
        };
        assert!(Feed::parse(many(MAX_FACTS).as_bytes()).is_ok());
        let read = Feed::parse(many(MAX_FACTS + 1).as_bytes());
        assert_eq!(read, Err(FeedError::TooMany(MAX_FACTS)));
        let read = Feed::parse(many(1_000_000).as_bytes());
        assert_eq!(read, Err(FeedError::TooLarge(MAX_BYTES)));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_reading_them_ends(bytes: Vec<u8>) {
            let _ = Feed::parse(&bytes);
        }

        #[test]
        fn a_feed_with_a_byte_changed_is_read_or_refused(at in 0_usize..900, byte: u8) {
            let mut bytes = feed().to_string().into_bytes();
            let length = bytes.len();
            bytes[at % length] = byte;
            if let Ok(read) = Feed::parse(&bytes) {
                prop_assert_eq!(Feed::parse(&read.to_bytes().unwrap()).unwrap(), read);
            }
        }
    }
}
