//! Takes secrets out of what comes back, in every form in which a server would
//! show what it was sent.
//!
//! A server that means to give a secret away can always do so in a form of its
//! own; it has the secret. What is held here is that none comes back by accident.

use crate::escapes::Wanted;
use crate::forms::forms_of;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use zeroize::Zeroizing;

/// Replaces the forms of some secrets in a stream.
pub(crate) struct Scrubber {
    forms: Vec<Zeroizing<Vec<u8>>>,
    finder: Option<AhoCorasick>,
    /// The secrets, for where no list of forms is enough.
    wanted: Vec<Wanted>,
    /// Bytes that may be the beginning of a form.
    held: Zeroizing<Vec<u8>>,
}

impl Scrubber {
    pub(crate) fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        let (mut forms, mut wanted) = (Vec::new(), Vec::new());
        for secret in secrets {
            forms.extend(forms_of(secret));
            wanted.extend(Wanted::of(secret));
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            // The usual kind takes 512 bytes for each letter of each form: megabytes
            // for every connection, where a secret is long.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(forms.iter().map(|form| form.as_slice()));
        Self {
            finder: finder.ok().filter(|_| !forms.is_empty()),
            forms,
            wanted,
            held: Zeroizing::default(),
        }
    }

    /// Whether there is anything to look for.
    pub(crate) const fn is_needed(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Takes the next bytes, and gives those that can no longer become a secret:
    /// of the same length, with stars for what was one.
    pub(crate) fn pass(&mut self, bytes: &[u8], ended: bool) -> Zeroizing<Vec<u8>> {
        let Some(finder) = &self.finder else {
            let mut all = Zeroizing::new(bytes.to_vec());
            if self.is_needed() {
                // Whatever nobody can search, nobody gets.
                all.fill(b'*');
            }
            return all;
        };
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut found: Vec<_> = finder.find_iter(all.as_slice()).map(|one| one.range()).collect();
        let mut whole = all.len();
        for wanted in &self.wanted {
            let waits = wanted.find(&all, &mut |from, to| found.push(from..to));
            whole = whole.min(waits.unwrap_or(whole));
        }
        let mut clean_from = 0;
        for range in found {
            clean_from = clean_from.max(range.end);
            if let Some(part) = all.get_mut(range) {
                part.fill(b'*');
            }
        }
        if !ended {
            let tail = all.get(clean_from..).unwrap_or(&[]);
            let kept = all.len().saturating_sub(self.beginning_at_end_of(tail));
            self.held = Zeroizing::new(all.split_off(kept.min(whole.max(clean_from))));
        }
        all
    }

    /// How many of the last bytes are the beginning of a form.
    fn beginning_at_end_of(&self, tail: &[u8]) -> usize {
        let longest = self.forms.iter().map(|form| form.len()).max().unwrap_or(0);
        let from = tail.len().saturating_sub(longest.saturating_sub(1));
        (from..tail.len())
            .find(|at| {
                let end = tail.get(*at..).unwrap_or(&[]);
                let begins = |form: &[u8]| {
                    form.get(..end.len()).is_some_and(|form| form.eq_ignore_ascii_case(end))
                };
                self.forms.iter().any(|form| begins(form))
            })
            .map_or(0, |at| tail.len().saturating_sub(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    const SECRET: &str = "sk-a/b\"c+d=é0123";

    fn scrubbed(text: &[u8], step: usize) -> Vec<u8> {
        let mut scrubber = Scrubber::new(std::iter::once(SECRET));
        let mut out = Vec::new();
        for part in text.chunks(step) {
            out.extend_from_slice(&scrubber.pass(part, false));
        }
        out.extend_from_slice(&scrubber.pass(&[], true));
        out
    }

    #[test]
    fn a_reflected_secret_is_gone_in_every_usual_form_however_it_is_cut() {
        for around in ["", "x", "xy", "user:", "{\"k\":"] {
            let text = format!("{around}{SECRET}{around}");
            let texts = [
                text.clone(),
                STANDARD.encode(&text),
                STANDARD.encode(STANDARD.encode(&text).get(..0).unwrap_or("").to_owned() + &text),
                URL_SAFE_NO_PAD.encode(&text),
                format!("\"{}\"", text.replace('"', "\\\"")),
                text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ];
            for text in texts {
                for step in [1, 2, 7, 1000] {
                    let out = scrubbed(text.as_bytes(), step);
                    assert_eq!(out.len(), text.len(), "lengths that were announced stay true");
                    assert!(out.contains(&b'*'), "{text} in steps of {step}");
                    let left = String::from_utf8_lossy(&out);
                    assert!(!left.contains("sk-a") && !left.contains("0123"), "{left}");
                }
            }
        }
    }

    #[test]
    fn a_server_that_changes_the_case_of_letters_shows_no_secret() {
        let quoted = "SK-a/b%22c%2bd%3DÉ0123";
        for text in [SECRET.to_uppercase().replace('É', "é"), quoted.replace('É', "%c3%a9")] {
            for step in [1, 3, 1000] {
                let out = scrubbed(text.as_bytes(), step);
                assert!(out.iter().all(|byte| *byte == b'*'), "{}", String::from_utf8_lossy(&out));
            }
        }
    }

    #[test]
    fn an_answer_that_cannot_be_searched_is_stars() {
        let mut scrubber = Scrubber::new(std::iter::once(SECRET));
        scrubber.finder = None;
        assert_eq!(*scrubber.pass(b"ab", false), b"**");
    }

    #[test]
    fn a_long_secret_takes_little_memory() {
        let long = "a+/=".repeat(2048);
        let scrubber = Scrubber::new(std::iter::once(long.as_str()));
        let bytes = scrubber.finder.map_or(0, |finder| finder.memory_usage());
        assert!((1..8 << 20).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_secret_in_an_address_in_an_address_is_gone_however_it_is_cut() {
        let quoted = "sk-a%252Fb%2522c%252Bd%253D%25C3%25A90123";
        for text in [quoted.to_owned(), quoted.replace("%25", "%2525"), quoted.replace('k', "%6b")]
        {
            for step in [1, 2, 3, 7, 1000] {
                let out = scrubbed(format!("/login?next={text}&x").as_bytes(), step);
                let out = String::from_utf8_lossy(&out);
                assert_eq!(out, format!("/login?next={}&x", "*".repeat(text.len())), "{step}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_is_not_held_back() {
        let mut scrubber = Scrubber::new(std::iter::once(SECRET));
        assert_eq!(*scrubber.pass(b"data: one\n\n", false), b"data: one\n\n");
        assert_eq!(*scrubber.pass(b"data: sk-", false), b"data: ");
        assert_eq!(*scrubber.pass(b"other", false), b"sk-other");
        assert_eq!(*Scrubber::new(std::iter::empty()).pass(b"x", false), b"x");
    }

    proptest! {
        #[test]
        fn cutting_a_stream_changes_nothing(
            parts in prop::collection::vec(prop_oneof![Just(SECRET.to_owned()), ".{0,8}"], 0..8),
            step in 1_usize..40,
        ) {
            let text = parts.concat();
            let whole = scrubbed(text.as_bytes(), usize::MAX);
            prop_assert_eq!(scrubbed(text.as_bytes(), step), whole.clone());
            prop_assert!(!String::from_utf8_lossy(&whole).contains(SECRET));
        }
    }
}
