//! Takes secrets out of what comes back, in every form in which a server would
//! show what it was sent.
//!
//! A server that means to give a secret away can always do so in a form of its
//! own; it has the secret. What is held here is that none comes back by accident.

use crate::escapes::Wanted;
use crate::forms::{Form, Unit, forms_of, known_of};
use crate::rest::Rest;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use zeroize::Zeroizing;

/// Replaces the forms of some secrets in a stream.
pub(crate) struct Scrubber {
    forms: Vec<Form>,
    finder: Option<AhoCorasick>,
    /// The secrets, for where no list of forms is enough, with what is behind each.
    wanted: Vec<(Wanted, [usize; Unit::ALL.len()])>,
    /// Bytes that may be the beginning of a form, as they came.
    held: Zeroizing<Vec<u8>>,
    /// Which of them are a part of a secret already.
    starred: Vec<bool>,
    /// How many of them were searched.
    searched: usize,
    /// What is to come of secrets whose beginning was found.
    rests: [Rest; Unit::ALL.len()],
}

impl Scrubber {
    pub(crate) fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        let (mut forms, mut wanted) = (Vec::new(), Vec::new());
        for secret in secrets {
            forms.extend(forms_of(secret));
            let (known, rest) = known_of(secret);
            let behind = Unit::ALL.map(|unit| if unit == Unit::Address { rest } else { 0 });
            wanted.extend(Wanted::of(known).map(|wanted| (wanted, behind)));
        }
        let finder = AhoCorasick::builder()
            // A secret may be the beginning of another one: each counts.
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            // The usual kind takes 512 bytes for each letter of each form: megabytes
            // for every connection, where a secret is long.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(forms.iter().map(|form| form.bytes.as_slice()));
        Self {
            finder: finder.ok().filter(|_| !forms.is_empty()),
            forms,
            wanted,
            held: Zeroizing::default(),
            starred: Vec::new(),
            searched: 0,
            rests: Unit::ALL.map(Rest::of),
        }
    }

    /// Whether there is anything to look for.
    pub(crate) const fn is_needed(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Goes on where `other` is in the stream, and searches again what that one holds.
    pub(crate) fn continue_for(mut self, other: Self) -> Self {
        (self.held, self.starred, self.rests) = (other.held, other.starred, other.rests);
        self
    }

    /// Takes the next bytes, and gives those that can no longer become a secret:
    /// of the same length, with stars for what was one. With `ended`, all of them,
    /// and what comes then is something new.
    pub(crate) fn pass(&mut self, bytes: &[u8], ended: bool) -> Zeroizing<Vec<u8>> {
        let mut all = std::mem::take(&mut self.held);
        let mut stars = std::mem::take(&mut self.starred);
        let mut at = all.len();
        all.extend_from_slice(bytes);
        stars.resize(all.len(), false);
        let mut waits = all.len();
        if let Some(finder) = &self.finder {
            let mut places = Vec::new();
            for found in finder.find_overlapping_iter(all.as_slice()) {
                let form = self.forms.get(found.pattern().as_usize());
                places.push((found.range(), form.map_or_else(Default::default, |form| form.rest)));
            }
            for (wanted, rest) in &self.wanted {
                let first = wanted.find(&all, &mut |from, to| places.push((from..to, *rest)));
                waits = waits.min(first.unwrap_or(waits));
            }
            // What ends earlier was found before.
            places.retain(|(range, _)| range.end > self.searched);
            places.sort_by_key(|(range, _)| range.end);
            for (range, behind) in places {
                walk(&mut self.rests, &all, &mut stars, at..range.end);
                at = at.max(range.end);
                stars.get_mut(range.start..at).unwrap_or_default().fill(true);
                for (rest, length) in self.rests.iter_mut().zip(behind) {
                    rest.begin(length);
                }
            }
        } else if self.is_needed() {
            // Whatever nobody can search, nobody gets.
            stars.fill(true);
        }
        walk(&mut self.rests, &all, &mut stars, at..all.len());
        let given = if ended {
            all.len()
        } else {
            all.len().saturating_sub(self.beginning_at_end_of(&all)).min(waits)
        };
        self.held = Zeroizing::new(all.get(given..).unwrap_or(&[]).to_vec());
        self.starred = stars.get(given..).unwrap_or(&[]).to_vec();
        self.searched = all.len().saturating_sub(given);
        if ended {
            self.rests = Unit::ALL.map(Rest::of);
        }
        all.truncate(given);
        for (byte, _) in all.iter_mut().zip(&stars).filter(|(_, starred)| **starred) {
            *byte = b'*';
        }
        all
    }

    /// How many of the last bytes are the beginning of a form.
    fn beginning_at_end_of(&self, all: &[u8]) -> usize {
        let longest = self.forms.iter().map(|form| form.bytes.len()).max().unwrap_or(0);
        let from = all.len().saturating_sub(longest.saturating_sub(1));
        (from..all.len())
            .find(|at| {
                let end = all.get(*at..).unwrap_or(&[]);
                let begins = |form: &Form| {
                    form.bytes.len() > end.len()
                        && form.bytes.get(..end.len()).is_some_and(|b| b.eq_ignore_ascii_case(end))
                };
                self.forms.iter().any(begins)
            })
            .map_or(0, |at| all.len().saturating_sub(at))
    }
}

/// Stars for what belongs to secrets whose beginning was found before.
fn walk(rests: &mut [Rest], all: &[u8], stars: &mut [bool], range: std::ops::Range<usize>) {
    if rests.iter().all(Rest::is_over) {
        return;
    }
    let bytes = all.get(range.clone()).unwrap_or(&[]);
    for (byte, starred) in bytes.iter().zip(stars.get_mut(range).unwrap_or_default()) {
        for rest in &mut *rests {
            *starred |= rest.holds(*byte);
        }
    }
}

#[cfg(test)]
#[path = "scrub_tests.rs"]
mod tests;
