//! One fact: what is recalled, since when, why.

use ringfence_signing::KeyId;
use ringfence_types::Digest;
use serde::Serialize;

/// Most characters of an identifier of a fact.
const MAX_ID: usize = 64;
/// Most characters of a reason.
const MAX_REASON: usize = 500;
/// Most characters of a name or a version.
const MAX_NAME: usize = 214;
/// Most versions in one fact.
const MAX_VERSIONS: usize = 200;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its name in the feed, which it keeps over all sequences.
    pub id: String,
    /// The day on which it was found, as `2026-11-21`.
    pub date: String,
    /// Why; a stranger's text.
    pub reason: String,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// It was taken back: it holds no more, and what it put into quarantine is let out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Subject {
    /// One package, by the digest of the list of its files.
    Package {
        /// As `ringfence inspect` prints it.
        digest: Digest,
    },
    /// All that a key has signed.
    Key {
        /// The key's name.
        key: KeyId,
    },
    /// All that a publisher has signed whom the operator trusts under this name.
    Publisher {
        /// The name.
        name: String,
    },
    /// Versions of a package of a registry.
    Registry {
        /// `npm` or `pypi`.
        registry: String,
        /// As its registry writes it.
        name: String,
        /// Exactly these; all of them when none is named.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        versions: Vec<String>,
    },
}

impl Fact {
    /// What is wrong with it, for a person.
    pub(crate) fn wrong(&self) -> Option<String> {
        let graphic = |text: &str, most: usize| {
            !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_graphic())
        };
        if !graphic(&self.id, MAX_ID) {
            return Some(format!("the id of a fact has 1 to {MAX_ID} plain characters"));
        }
        let wrong = |what: &str| Some(format!("fact `{}`: {what}", self.id));
        if !is_day(&self.date) {
            return wrong("its date is none, such as 2026-11-21");
        }
        if self.reason.trim().is_empty() || self.reason.chars().count() > MAX_REASON {
            return wrong("its reason is empty or too long");
        }
        match &self.subject {
            Subject::Package { .. } | Subject::Key { .. } => None,
            Subject::Publisher { name } => {
                let fits = !name.trim().is_empty() && name.chars().count() <= MAX_NAME;
                if fits { None } else { wrong("its publisher has no name") }
            }
            Subject::Registry { registry, name, versions } => {
                if !matches!(registry.as_str(), "npm" | "pypi") {
                    return wrong("its registry is `npm` or `pypi`");
                }
                if versions.len() > MAX_VERSIONS {
                    return wrong("it names too many versions");
                }
                let all = std::iter::once(name).chain(versions);
                if all.into_iter().any(|text| !graphic(text, MAX_NAME)) {
                    return wrong("a name or a version in it is none");
                }
                None
            }
        }
    }
}

/// Whether it is written as a day is. That there is such a day is not looked at.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}
