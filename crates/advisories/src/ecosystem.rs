//! Registries whose versions can be compared, and how each of them writes a name.

use serde::{Serialize, Serializer};
use std::fmt;

/// A registry whose names and versions are understood here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known {
    /// npm; versions by semver.org, names as they stand: `JSONStream` is not `jsonstream`.
    Npm,
    /// The Python Package Index; versions by PEP 440, names by PEP 503.
    PyPi,
    /// crates.io; versions by semver.org, `_` in a name is `-`.
    CratesIo,
}

impl Known {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Npm, Self::PyPi, Self::CratesIo];

    /// As OSV writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
            Self::CratesIo => "crates.io",
        }
    }

    /// By OSV's word; `npm:whatever` is a part of npm.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.split(':').next().unwrap_or_default();
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// By the type of a package URL.
    #[must_use]
    pub fn from_purl_type(word: &str) -> Option<Self> {
        match word {
            "npm" => Some(Self::Npm),
            "pypi" => Some(Self::PyPi),
            "cargo" => Some(Self::CratesIo),
            _ => None,
        }
    }

    /// The one way in which this registry writes a name, whoever wrote it how.
    #[must_use]
    pub fn name(self, written: &str) -> String {
        match self {
            Self::Npm => written.to_owned(),
            Self::CratesIo => written.to_ascii_lowercase().replace('_', "-"),
            Self::PyPi => {
                let mut name = String::with_capacity(written.len());
                for c in written.chars() {
                    let c = if matches!(c, '-' | '_' | '.') { '-' } else { c.to_ascii_lowercase() };
                    if c != '-' || !name.ends_with('-') {
                        name.push(c);
                    }
                }
                name
            }
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Where a component says it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// One that is understood here.
    Known(Known),
    /// Another one, by the word that was found; a stranger's text.
    Other(String),
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => known.fmt(f),
            Self::Other(word) => f.write_str(word),
        }
    }
}

impl Serialize for Ecosystem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_its_registry_lets_people_write_it() {
        for written in ["Foo.Bar_Baz", "foo-bar-baz", "FOO--bar._.baz"] {
            assert_eq!(Known::PyPi.name(written), "foo-bar-baz");
        }
        assert_eq!(Known::Npm.name("JSONStream"), "JSONStream");
        assert_eq!(Known::CratesIo.name("Serde_JSON"), "serde-json");
    }
}
