//! Which versions an advisory is about: ranges, and versions one by one.

use crate::ecosystem::Known;
use crate::version::Version;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// One end of a range, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// From this version on; `0` is before all of them.
    #[serde(rename = "i")]
    Introduced(String),
    /// Up to this one, without it.
    #[serde(rename = "f")]
    Fixed(String),
    /// Up to this one, with it.
    #[serde(rename = "l")]
    LastAffected(String),
    /// Nothing from here on is meant, whatever else is said; `*` is no limit.
    #[serde(rename = "m")]
    Limit(String),
}

/// A line of versions with its ends, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The ends.
    pub events: Vec<Event>,
}

/// The versions that one part of a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Ranges; a version is meant if one of them has it.
    #[serde(default, rename = "r", skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
    /// Versions one by one.
    #[serde(default, rename = "v", skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<String>,
    /// It names versions only in a way that is not read here, such as commits.
    #[serde(default, rename = "u", skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
}

/// Whether a version is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// It is; with the first version after it that is not, where one is told.
    Yes {
        /// As the advisory writes it; a stranger's text.
        fixed: Option<String>,
    },
    /// It is not.
    No,
    /// What is written cannot be read, so nobody knows.
    Unknown,
}

/// An end that was read.
enum End {
    Introduced(Option<Version>),
    Fixed(Version),
    LastAffected(Version),
}

impl End {
    /// Where it stands; nothing is before everything.
    fn version(&self) -> Option<&Version> {
        match self {
            Self::Introduced(version) => version.as_ref(),
            Self::Fixed(version) | Self::LastAffected(version) => Some(version),
        }
    }

    /// At one version the last one affected ends what was introduced there. Between the
    /// others the order in which they were written stands.
    const fn rank(&self) -> u8 {
        match self {
            Self::LastAffected(_) => 1,
            _ => 0,
        }
    }
}

impl Versions {
    /// Whether `version`, written `text`, is one of these.
    #[must_use]
    pub fn hit(&self, registry: Known, version: &Version, text: &str) -> Hit {
        let plain = version.without_build();
        let mut unknown = self.unread;
        let mut hit = self.lists(registry, &plain, text);
        let mut fixed: Option<(Version, String)> = None;
        for range in &self.ranges {
            match range.read(registry) {
                Some(read) if read.has(version) || read.has(&plain) => {
                    hit = true;
                    fixed = sooner(fixed, read.fixed_after(&plain));
                }
                Some(_) => {}
                None => unknown = true,
            }
        }
        match (hit, unknown) {
            (true, _) => Hit::Yes { fixed: fixed.map(|(_, text)| text) },
            (false, true) => Hit::Unknown,
            (false, false) => Hit::No,
        }
    }

    /// Whether every version there is or will be is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.ranges.iter().any(|range| {
            let open = |event: &Event| match event {
                Event::Introduced(version) => version == "0",
                Event::Limit(version) => version == "*",
                Event::Fixed(_) | Event::LastAffected(_) => false,
            };
            let begins = range.events.iter().any(|event| matches!(event, Event::Introduced(_)));
            begins && range.events.iter().all(open)
        })
    }

    fn lists(&self, registry: Known, plain: &Version, text: &str) -> bool {
        self.exact.iter().any(|listed| {
            listed == text
                || Version::of_advisory(registry, listed)
                    .is_some_and(|listed| listed.compare(plain) == Ordering::Equal)
        })
    }
}

/// The first of two versions.
fn sooner(
    one: Option<(Version, String)>,
    other: Option<(Version, String)>,
) -> Option<(Version, String)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.0.compare(&one.0).is_lt() { other } else { one }),
        (one, other) => one.or(other),
    }
}

struct ReadRange<'r> {
    ends: Vec<(End, &'r str)>,
    limits: Vec<Option<Version>>,
}

impl Range {
    /// None when an end cannot be read, or nothing says where it begins.
    fn read(&self, registry: Known) -> Option<ReadRange<'_>> {
        let read = |text: &str| Version::of_advisory(registry, text);
        let mut ends = Vec::with_capacity(self.events.len());
        let mut limits = Vec::new();
        for event in &self.events {
            match event {
                Event::Introduced(text) if text == "0" => {
                    ends.push((End::Introduced(None), text.as_str()));
                }
                Event::Introduced(text) => ends.push((End::Introduced(Some(read(text)?)), text)),
                Event::Fixed(text) => ends.push((End::Fixed(read(text)?), text)),
                Event::LastAffected(text) => ends.push((End::LastAffected(read(text)?), text)),
                Event::Limit(text) if text == "*" => limits.push(None),
                Event::Limit(text) => limits.push(Some(read(text)?)),
            }
        }
        if !ends.iter().any(|(end, _)| matches!(end, End::Introduced(_))) {
            return None;
        }
        ends.sort_by(|(one, _), (other, _)| {
            let place = match (one.version(), other.version()) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(one), Some(other)) => one.compare(other),
            };
            place.then(one.rank().cmp(&other.rank()))
        });
        Some(ReadRange { ends, limits })
    }
}

impl ReadRange<'_> {
    /// As the evaluation in OSV's schema: the last end that was reached decides.
    fn has(&self, version: &Version) -> bool {
        let before = |limit: &Option<Version>| {
            limit.as_ref().is_none_or(|limit| version.compare(limit).is_lt())
        };
        if !self.limits.is_empty() && !self.limits.iter().any(before) {
            return false;
        }
        self.ends.iter().fold(false, |affected, (end, _)| match end {
            End::Introduced(None) => true,
            End::Introduced(Some(from)) => affected || version.compare(from).is_ge(),
            End::Fixed(at) => affected && version.compare(at).is_lt(),
            End::LastAffected(last) => affected && version.compare(last).is_le(),
        })
    }

    /// The first fixed version after this one.
    fn fixed_after(&self, version: &Version) -> Option<(Version, String)> {
        self.ends.iter().find_map(|(end, text)| match end {
            End::Fixed(at) if version.compare(at).is_lt() => Some((at.clone(), (*text).to_owned())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn introduced(text: &str) -> Event {
        Event::Introduced(text.to_owned())
    }
    fn fixed(text: &str) -> Event {
        Event::Fixed(text.to_owned())
    }
    fn last(text: &str) -> Event {
        Event::LastAffected(text.to_owned())
    }

    fn hit(registry: Known, events: &[Event], version: &str) -> Hit {
        let versions =
            Versions { ranges: vec![Range { events: events.to_vec() }], ..Versions::default() };
        let read = Version::of_component(registry, version).unwrap();
        versions.hit(registry, &read, version)
    }

    fn has(events: &[Event], version: &str) -> bool {
        matches!(hit(Known::Npm, events, version), Hit::Yes { .. })
    }

    #[test]
    fn a_version_from_introduced_up_to_fixed_is_meant_and_the_fix_is_not() {
        let two = [introduced("1.0.0"), fixed("1.2.0"), introduced("2.0.0"), fixed("2.1.0")];
        for (version, meant) in [
            ("0.9.9", false),
            ("1.0.0", true),
            ("1.1.9", true),
            ("1.2.0-rc.1", true),
            ("1.2.0", false),
            ("1.9.0", false),
            ("2.0.5", true),
            ("2.1.0", false),
        ] {
            assert_eq!(has(&two, version), meant, "{version}");
        }
        let fix = Hit::Yes { fixed: Some("2.1.0".to_owned()) };
        assert_eq!(hit(Known::Npm, &two, "2.0.0"), fix);
        assert!(has(&[introduced("0"), last("1.0.0")], "0.0.0-alpha"));
        assert!(has(&[introduced("0"), last("1.0.0")], "1.0.0"));
        assert!(!has(&[introduced("0"), last("1.0.0")], "1.0.1"));
    }

    #[test]
    fn ends_at_the_same_version_meet_and_neither_swallows_the_other() {
        let adjacent = [introduced("0"), fixed("1.0.0"), introduced("1.0.0"), fixed("2.0.0")];
        assert!(has(&adjacent, "1.0.0") && has(&adjacent, "1.5.0") && !has(&adjacent, "2.0.0"));
        let one = [last("1.0.0"), introduced("1.0.0")];
        assert!(has(&one, "1.0.0") && !has(&one, "1.0.1"));
        let none = [introduced("1.0.0"), fixed("1.0.0")];
        assert!(!has(&none, "1.0.0") && !has(&none, "3.0.0"));
    }

    #[test]
    fn a_limit_ends_a_range_unless_another_one_is_further() {
        let limit = |text: &str| Event::Limit(text.to_owned());
        assert!(!has(&[introduced("0"), limit("2.0.0")], "2.0.0"));
        assert!(has(&[introduced("0"), limit("2.0.0"), limit("3.0.0")], "2.5.0"));
        assert!(has(&[introduced("0"), limit("2.0.0"), limit("*")], "9.0.0"));
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_never_no() {
        assert_eq!(hit(Known::Npm, &[introduced("0"), fixed("soon")], "1.0.0"), Hit::Unknown);
        assert_eq!(hit(Known::Npm, &[fixed("1.0.0")], "2.0.0"), Hit::Unknown);
        assert_eq!(hit(Known::Npm, &[], "2.0.0"), Hit::Unknown);
        let versions = Versions { unread: true, ..Versions::default() };
        let version = Version::of_component(Known::Npm, "1.0.0").unwrap();
        assert_eq!(versions.hit(Known::Npm, &version, "1.0.0"), Hit::Unknown);
    }

    #[test]
    fn a_build_of_a_version_is_that_version() {
        let events = [introduced("0"), last("2.0.0")];
        assert!(matches!(hit(Known::PyPi, &events, "2.0.0+cu118"), Hit::Yes { .. }));
        let listed = Versions { exact: vec!["2.0".to_owned()], ..Versions::default() };
        let version = Version::of_component(Known::PyPi, "2.0.0+cu118").unwrap();
        assert!(matches!(listed.hit(Known::PyPi, &version, "2.0.0+cu118"), Hit::Yes { .. }));
        // What is fixed in a version is fixed in its builds.
        assert_eq!(hit(Known::PyPi, &[introduced("0"), fixed("2.0.0")], "2.0.0+cu118"), Hit::No);
    }

    #[test]
    fn a_range_without_an_end_means_every_version() {
        let all = |events: &[Event]| {
            Versions { ranges: vec![Range { events: events.to_vec() }], ..Versions::default() }
                .is_all()
        };
        assert!(all(&[introduced("0")]));
        assert!(!all(&[introduced("0"), fixed("1.0.0")]) && !all(&[introduced("1.0.0")]));
        assert!(!all(&[]));
    }

    proptest! {
        /// Beside the naive reading of disjoint intervals.
        #[test]
        fn the_order_of_the_ends_changes_nothing(
            mut cuts in prop::collection::btree_set(1_u64..200, 2..12),
            shuffle in any::<u64>(),
            probe in 0_u64..210,
        ) {
            if cuts.len() % 2 == 1 {
                cuts.pop_last();
            }
            let cuts: Vec<u64> = cuts.into_iter().collect();
            let text = |number: u64| format!("1.{number}.0");
            let mut events = Vec::new();
            for pair in cuts.chunks(2) {
                events.push(Event::Introduced(text(pair[0])));
                events.push(Event::Fixed(text(pair[1])));
            }
            let naive = cuts.chunks(2).any(|pair| (pair[0]..pair[1]).contains(&probe));
            let length = events.len();
            for at in 0..length {
                let other = usize::try_from(shuffle).unwrap_or(0).wrapping_mul(at + 7) % length;
                events.swap(at, other);
            }
            prop_assert_eq!(has(&events, &text(probe)), naive);
        }
    }
}
