//! How far a package of a registry is vouched for: by the registry, and by who built it.

use ringfence_signing::{Attested, Signer, Standing};
use ringfence_types::UntrustedText;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most packages that are named on the card.
const MOST_NAMED: usize = 2;

/// What a registry's signature over one version is worth. What fails stands nowhere: it is
/// refused. Only [`Trusted`](Self::Trusted) says that a key which counts here stands for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum Word {
    /// By a key that is built in, or that the operator trusts for this registry.
    Trusted {
        /// Whose key it is.
        by: String,
    },
    /// By a key that only the registry itself names: whoever speaks for it could have signed.
    Unknown {
        /// The registry.
        by: String,
    },
    /// It is not signed.
    Absent,
    /// Nobody here can tell.
    NotCheckable {
        /// Why; safe to show.
        why: String,
    },
}

/// The registry's word on one package of what was fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signed {
    /// Its name in the registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the registry's signature is worth.
    #[serde(flatten)]
    pub word: Word,
}

/// Who is said to have built the package that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum Provenance {
    /// It holds, and names this build; nobody here said that it is the one that counts.
    Unknown {
        /// As its certificate says; text of strangers.
        by: Box<Signer>,
    },
    /// Nobody says.
    Absent,
    /// Somebody does, and nobody here can tell whether it is so.
    NotCheckable {
        /// Why; safe to show.
        why: String,
    },
}

/// How far a package of a registry is vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// Of each package, sorted. None where the registry is of a kind that signs nothing.
    pub signatures: Option<Vec<Signed>>,
    /// Of the package that was asked for.
    pub provenance: Provenance,
}

/// What does not hold: it is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) String);

impl Word {
    /// What a look at a signature is worth, when only the registry names the keys or others.
    pub(crate) fn of(standing: Standing, own_keys: bool) -> Result<Self, Wrong> {
        Ok(match standing {
            Standing::Trusted { publisher, .. } if own_keys => Self::Unknown { by: publisher },
            Standing::Trusted { publisher, .. } => Self::Trusted { by: publisher },
            Standing::Unknown { .. } => {
                Self::NotCheckable { why: "it is signed by a key that nobody knows".to_owned() }
            }
            Standing::Absent => Self::Absent,
            Standing::NotCheckable { why } => Self::NotCheckable { why: safe(&why) },
            Standing::Failed { why } => return Err(Wrong(safe(&why))),
        })
    }
}

impl Provenance {
    pub(crate) fn of(attested: Attested) -> Result<Self, Wrong> {
        Ok(match attested {
            Attested::Trusted { by } | Attested::Unknown { by } => Self::Unknown { by },
            Attested::Absent => Self::Absent,
            Attested::NotCheckable { why } => Self::NotCheckable { why: safe(&why) },
            Attested::Failed { why } => return Err(Wrong(safe(&why))),
        })
    }

    /// From which repository it was built, or else by whom, where that holds. Text of
    /// strangers.
    #[must_use]
    pub fn repository(&self) -> Option<&str> {
        match self {
            Self::Unknown { by } => by.repository.as_deref().or(Some(by.identity.as_str())),
            Self::Absent | Self::NotCheckable { .. } => None,
        }
    }

    fn line(&self) -> String {
        match self {
            Self::Unknown { by } => {
                let from = by.repository.as_deref().unwrap_or(&by.identity);
                // The workflow is named with its repository, which stands there already.
                let workflow = by.workflow.as_deref().unwrap_or_default();
                let workflow = workflow.strip_prefix(from).unwrap_or(workflow);
                let workflow = workflow.trim_start_matches('/');
                let workflow = workflow.strip_prefix(".github/workflows/").unwrap_or(workflow);
                let by =
                    if workflow.is_empty() { String::new() } else { format!(" by {workflow}") };
                format!("built from {}{}", safe(from), safe(&by))
            }
            Self::Absent => "no provenance".to_owned(),
            Self::NotCheckable { why } => format!("provenance cannot be checked: {why}"),
        }
    }
}

impl Vouched {
    /// For what comes from where nobody signs in this way.
    pub(crate) const fn nobody() -> Self {
        Self { signatures: None, provenance: Provenance::Absent }
    }

    /// In one line that is safe to show.
    #[must_use]
    pub fn line(&self) -> String {
        let signatures = match &self.signatures {
            None => "its registry signs nothing".to_owned(),
            Some(signed) => signatures(signed),
        };
        format!("{signatures}; {}", self.provenance.line())
    }

    /// Why it is not signed as it has to be where all of it has to be; safe to show.
    pub(crate) fn unsigned(&self) -> Option<String> {
        let Some(signed) = &self.signatures else {
            return Some("its registry signs nothing".to_owned());
        };
        let open: Vec<&Signed> =
            signed.iter().filter(|one| !matches!(one.word, Word::Trusted { .. })).collect();
        let first = open.first()?;
        let what = format!("{}@{}", safe(&first.name), safe(&first.version));
        let more = match open.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        Some(match &first.word {
            Word::Unknown { .. } => {
                format!("{what} is signed by a key that only its registry names{more}")
            }
            Word::NotCheckable { why } => format!("{what} cannot be checked: {why}{more}"),
            Word::Absent | Word::Trusted { .. } => format!("{what} is not signed{more}"),
        })
    }

    /// Why it has no provenance that holds, if so; safe to show.
    pub(crate) fn unproven(&self) -> Option<String> {
        match &self.provenance {
            Provenance::Unknown { .. } => None,
            other => Some(other.line()),
        }
    }
}

/// How many of them are signed by whom, and how many are not.
fn signatures(signed: &[Signed]) -> String {
    let mut groups: BTreeMap<String, Vec<&Signed>> = BTreeMap::new();
    for one in signed {
        let group = match &one.word {
            Word::Trusted { by } => format!("signed by {}", safe(by)),
            Word::Unknown { by } => format!("signed by keys that only {} names", safe(by)),
            Word::Absent => "not signed".to_owned(),
            Word::NotCheckable { why } => format!("cannot be checked ({why})"),
        };
        groups.entry(group).or_default().push(one);
    }
    let all = signed.len();
    let lines: Vec<String> = groups
        .into_iter()
        .map(|(group, of)| {
            let few = of.len() < all && of.len() <= MOST_NAMED;
            let names: Vec<String> = of.iter().filter(|_| few).map(|one| safe(&one.name)).collect();
            let names =
                if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
            if of.len() == all && all > 1 {
                format!("all {all} {group}")
            } else {
                format!("{} of {all} {group}{names}", of.len())
            }
        })
        .collect();
    lines.join(", ")
}

fn safe(text: &str) -> String {
    UntrustedText::new(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(name: &str, word: Word) -> Signed {
        Signed { name: name.to_owned(), version: "1.0.0".to_owned(), word }
    }

    fn trusted() -> Word {
        Word::Trusted { by: "registry.npmjs.org".to_owned() }
    }

    fn line(signed: &[Signed]) -> String {
        signatures(signed)
    }

    #[test]
    fn what_is_not_signed_or_cannot_be_checked_never_reads_as_signed() {
        let all = [signed("a", trusted()), signed("b", trusted())];
        assert_eq!(line(&all), "all 2 signed by registry.npmjs.org");
        let one = [signed("a", trusted()), signed("b", Word::Absent)];
        assert_eq!(line(&one), "1 of 2 not signed (b), 1 of 2 signed by registry.npmjs.org (a)");
        let why = "the keys are not there".to_owned();
        let not = [signed("a", Word::NotCheckable { why })];
        assert_eq!(line(&not), "1 of 1 cannot be checked (the keys are not there)");
        let own = [signed("a", Word::Unknown { by: "r.example".to_owned() })];
        assert_eq!(line(&own), "1 of 1 signed by keys that only r.example names");
        for open in [&one[..], &not, &own] {
            let vouched =
                Vouched { signatures: Some(open.to_vec()), provenance: Provenance::Absent };
            assert!(vouched.unsigned().is_some(), "{open:?}");
            assert!(vouched.unproven().is_some());
        }
        let vouched = Vouched { signatures: Some(all.to_vec()), provenance: Provenance::Absent };
        assert_eq!(vouched.unsigned(), None);
        assert_eq!(vouched.line(), "all 2 signed by registry.npmjs.org; no provenance");
        let none = Vouched { signatures: None, provenance: Provenance::Absent };
        assert!(none.unsigned().is_some());
    }

    #[test]
    fn a_name_of_a_stranger_moves_no_cursor() {
        let evil = signed("a\u{1b}[2J", Word::Absent);
        let other = signed("b", trusted());
        assert!(!line(&[evil, other]).contains('\u{1b}'));
    }
}
