//! Which of two versions is the older one.

use std::cmp::Ordering;
use std::fmt;

/// How a new version compares with the one that is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// It is newer.
    Newer,
    /// It is the same.
    Same,
    /// It is older.
    Older,
    /// Nobody can tell.
    Unknown,
}

impl Order {
    /// How the new one stands to the old one, in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Newer => "newer than",
            Self::Same => "the same as",
            Self::Older => "older than",
            Self::Unknown => "in no order that can be told with",
        }
    }

    /// How `new` compares with `old`. Both are a stranger's text.
    #[must_use]
    pub fn between(old: Option<&str>, new: Option<&str>) -> Self {
        let (Some(old), Some(new)) = (old, new) else {
            return if old == new { Self::Same } else { Self::Unknown };
        };
        if old == new {
            return Self::Same;
        }
        match (Parts::parse(old), Parts::parse(new)) {
            (Some(old), Some(new)) => match new.compare(&old) {
                Ordering::Greater => Self::Newer,
                Ordering::Equal => Self::Same,
                Ordering::Less => Self::Older,
            },
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Most characters that are read as a version.
const MAX_LENGTH: usize = 128;

/// A version of npm or PyPI, as far as order needs it: the numbers, then what comes
/// before or after the release of those numbers.
struct Parts {
    release: Vec<u64>,
    after: Vec<Part>,
}

/// A word or a number behind the release, in the order of their weight.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// `dev`, `alpha`, `beta`, `rc`, and what npm calls otherwise.
    Before(u8, String),
    Number(u64),
    /// `post`.
    After,
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        if text.len() > MAX_LENGTH {
            return None;
        }
        // What follows `+` says how it was built; it does not count.
        let text = text.split('+').next().unwrap_or_default().to_ascii_lowercase();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        // For npm it comes before the release, for PyPI behind it.
        let behind = rest.starts_with('-').then(|| parts(rest)).flatten().unwrap_or_default();
        if matches!(behind.first(), Some(Part::Number(_) | Part::After)) {
            return None;
        }
        let release: Option<Vec<u64>> =
            numbers.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect();
        let mut release = release?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        Some(Self { release, after: parts(rest)? })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.release.cmp(&other.release).then_with(|| {
            // A release comes after all that is before it, and before a `post`.
            let none = [Part::Number(0)];
            let of = |parts: &Self| -> Ordering {
                if parts.after.is_empty() {
                    Ordering::Equal
                } else {
                    parts.after.as_slice().cmp(&none)
                }
            };
            match (self.after.is_empty(), other.after.is_empty()) {
                (false, false) => self.after.cmp(&other.after),
                (true, true) => Ordering::Equal,
                (false, true) => of(self),
                (true, false) => of(other).reverse(),
            }
        })
    }
}

fn parts(rest: &str) -> Option<Vec<Part>> {
    let mut found = Vec::new();
    let mut rest = rest.trim_start_matches(['-', '.', '_']);
    while let Some(first) = rest.chars().next() {
        let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
        let word = |c: char| c.is_ascii_alphanumeric() && same(c);
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        let (part, more) = rest.split_at(end);
        found.push(match part {
            "dev" => Part::Before(0, String::new()),
            "a" | "alpha" => Part::Before(1, String::new()),
            "b" | "beta" => Part::Before(2, String::new()),
            "c" | "rc" | "pre" | "preview" => Part::Before(3, String::new()),
            "post" | "rev" | "r" => Part::After,
            number if first.is_ascii_digit() => Part::Number(number.parse().ok()?),
            // In no order with the others that all would agree on.
            other => Part::Before(1, other.to_owned()),
        });
        rest = more.trim_start_matches(['-', '.', '_']);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(old: &str, new: &str) -> Order {
        Order::between(Some(old), Some(new))
    }

    #[test]
    fn versions_of_npm_and_pypi_stand_in_their_order() {
        let ascending = [
            "0.9",
            "1.0.dev1",
            "1.0a1",
            "1.0a2",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0.post1",
            "1.0.1",
            "1.2",
            "1.10",
            "2.0.0-alpha",
            "2.0.0-alpha.1",
            "2.0.0-beta.2",
            "2.0.0-beta.11",
            "2.0.0-rc.1",
            "2.0.0",
            "10.0",
        ];
        for (at, old) in ascending.iter().enumerate() {
            for (other, new) in ascending.iter().enumerate() {
                let expected = match other.cmp(&at) {
                    Ordering::Less => Order::Older,
                    Ordering::Equal => Order::Same,
                    Ordering::Greater => Order::Newer,
                };
                assert_eq!(order(old, new), expected, "{old} -> {new}");
            }
        }
        assert_eq!(order("1.0", "v1.0.0"), Order::Same);
        assert_eq!(order("1.0.0+a", "1.0.0+b"), Order::Same);
    }

    #[test]
    fn what_is_no_version_is_in_no_order() {
        for text in ["", "latest", "1.x y", "1.\u{202e}2", "99999999999999999999", "1..2", "1-@"] {
            assert_eq!(order("1.0", text), Order::Unknown, "{text}");
            assert_eq!(order(text, "1.0"), Order::Unknown, "{text}");
        }
        // A prerelease for npm, and a later release for PyPI.
        for text in ["1.0.0-5", "1.0.0-0", "1.0.0-post", "1.0.0-r1", "1.0.0-post.1"] {
            assert_eq!(order("1.0.0", text), Order::Unknown, "{text}");
        }
        assert_eq!(order("1.0", &format!("1{}", ".0".repeat(100_000))), Order::Unknown);
        assert_eq!(Order::between(None, None), Order::Same);
        assert_eq!(Order::between(Some("1.0"), None), Order::Unknown);
    }
}
