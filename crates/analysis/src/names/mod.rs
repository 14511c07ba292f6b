//! Names that are made to be taken for a better known one.
//!
//! The lists beside this file were made in June 2026 by `cargo xtask names` from the
//! downloads and dependents that npm-high-impact 1.13.0 and top-pypi-packages publish,
//! both under the MIT licence. They hold names only, sorted by their bytes: `-popular`
//! is what others are compared with, `-known` is never held against anybody.

mod confusable;
mod forms;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::facts::Ecosystem;
pub(crate) use confusable::skeleton;

/// A well-known name that another one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resemblance {
    /// The well-known name.
    pub popular: &'static str,
    /// How the name differs from it.
    pub form: Form,
}

/// How a name differs from a well-known one; the forms that honest names have least
/// often come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Letters of another script, or digits for letters, that look the same.
    Confusable,
    /// Large letters for small ones.
    Case,
    /// `-`, `_`, `.`, `@` and `/` left out, put in, or for each other.
    Separator,
    /// Two letters that stand beside each other are exchanged, or one is moved.
    Transposition,
    /// A letter is written twice.
    Repetition,
    /// A key beside the right one.
    Keyboard,
    /// A letter is left out.
    Omission,
    /// A letter differs in one bit.
    BitFlip,
    /// The same words in another order.
    Order,
    /// Digits left out, put in, or changed.
    Digit,
    /// Another letter.
    Substitution,
    /// A letter too many.
    Insertion,
    /// Two letters differ, in a long name.
    TwoLetters,
    /// Another scope that looks like a well-known one.
    Scope,
    /// `js`, `py`, `-cli`, `node-` or the like in front or behind.
    Affix,
}

impl Form {
    /// What a person calls it, as a lowercase fragment.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Form::Confusable => "with letters that look the same",
            Form::Case => "with other large and small letters",
            Form::Separator => "with other separators",
            Form::Transposition => "with two letters exchanged",
            Form::Repetition => "with a letter doubled",
            Form::Keyboard => "with a neighbouring key",
            Form::Omission => "with a letter left out",
            Form::BitFlip => "with a letter that differs in one bit",
            Form::Order => "with its words in another order",
            Form::Digit => "with other digits",
            Form::Substitution => "with one letter changed",
            Form::Insertion => "with a letter added",
            Form::TwoLetters => "with two letters changed",
            Form::Scope => "with another scope",
            Form::Affix => "with an ending or beginning that is added",
        }
    }

    /// Whether an honest package rarely gets such a name. Endings and added letters are
    /// how honest packages are named after what they extend.
    #[must_use]
    pub fn is_strong(self) -> bool {
        self < Form::Order
    }
}

/// The lists of one ecosystem.
struct Names {
    popular: Vec<Popular>,
    known: Vec<&'static str>,
    scopes: Vec<&'static str>,
}

/// A name with what is compared most often.
struct Popular {
    name: &'static str,
    /// One bit for each letter that it has.
    letters: u64,
}

static NPM: LazyLock<Names> =
    LazyLock::new(|| Names::new(include_str!("npm-popular.txt"), include_str!("npm-known.txt")));
static PYPI: LazyLock<Names> =
    LazyLock::new(|| Names::new(include_str!("pypi-popular.txt"), include_str!("pypi-known.txt")));

impl Names {
    fn new(popular: &'static str, known: &'static str) -> Self {
        let popular: Vec<Popular> =
            popular.lines().map(|name| Popular { name, letters: letters(name) }).collect();
        let mut scopes: Vec<&str> = popular
            .iter()
            .filter_map(|popular| popular.name.split_once('/').map(|(scope, _)| scope))
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self { popular, known: known.lines().collect(), scopes }
    }

    fn of(ecosystem: Ecosystem) -> &'static Self {
        match ecosystem {
            Ecosystem::Npm => &NPM,
            Ecosystem::Pypi => &PYPI,
        }
    }

    fn holds(&self, name: &str) -> bool {
        self.known.binary_search(&name).is_ok()
            || self.popular.binary_search_by(|popular| popular.name.cmp(name)).is_ok()
    }
}

fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |bits, byte| bits | 1 << (byte.to_ascii_lowercase() & 63))
}

/// Whether a name is itself well known.
#[must_use]
pub fn is_known(ecosystem: Ecosystem, name: &str) -> bool {
    Names::of(ecosystem).holds(&normal(ecosystem, name))
}

/// The well-known name that this one looks like, if it is not well known itself. Of
/// several the one whose form is the least honest.
#[must_use]
pub fn resembles(ecosystem: Ecosystem, name: &str) -> Option<Resemblance> {
    // Longer ones are no names: neither registry takes them.
    if name.is_empty() || name.len() > 214 {
        return None;
    }
    let names = Names::of(ecosystem);
    let normal = normal(ecosystem, name);
    if names.holds(&normal) {
        return None;
    }
    if let Some((scope, _)) = normal.split_once('/').filter(|_| normal.starts_with('@'))
        && names.scopes.binary_search(&scope).is_ok()
    {
        // Only the owner of a scope publishes in it.
        return None;
    }
    forms::closest(names, &normal)
}

/// The name as its registry compares it.
fn normal(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Npm => name.to_owned(),
        Ecosystem::Pypi => {
            let mut normal = String::with_capacity(name.len());
            for letter in name.chars().flat_map(char::to_lowercase) {
                match letter {
                    '-' | '_' | '.' if normal.ends_with('-') => {}
                    '-' | '_' | '.' => normal.push('-'),
                    letter => normal.push(letter),
                }
            }
            normal
        }
    }
}
