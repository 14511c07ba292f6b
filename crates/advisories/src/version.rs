//! Versions as each registry compares them.

use crate::ecosystem::Known;
use pep440_rs::Version as PythonVersion;
use std::cmp::Ordering;
use std::str::FromStr;

/// Most bytes of a version that is read.
pub(crate) const MAX_VERSION: usize = 256;

/// A version that can be compared with others of the same registry.
#[derive(Clone, Debug)]
pub enum Version {
    /// Semver 2.0.0: npm, crates.io. Build metadata is kept and compares equal.
    Semantic(semver::Version),
    /// PEP 440.
    Python(PythonVersion),
}

impl Version {
    /// The version that a component has. None when it is not one by its registry's rules.
    #[must_use]
    pub fn of_component(registry: Known, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_VERSION {
            return None;
        }
        match registry {
            Known::PyPi => PythonVersion::from_str(text).ok().map(Self::Python),
            // npm drops `v` and `=` in front.
            Known::Npm => {
                let text = text.trim_start_matches(['=', 'v', ' ']);
                semver::Version::parse(text).ok().map(Self::Semantic)
            }
            Known::CratesIo => semver::Version::parse(text).ok().map(Self::Semantic),
        }
    }

    /// A version that an advisory names as an end of a range: these are written by people,
    /// who leave out `.0`.
    #[must_use]
    pub fn of_advisory(registry: Known, text: &str) -> Option<Self> {
        let whole = Self::of_component(registry, text);
        if whole.is_some() || registry == Known::PyPi || text.len() > MAX_VERSION {
            return whole;
        }
        let text = text.trim().trim_start_matches(['=', 'v', ' ']);
        let split = text.find(['-', '+']).unwrap_or(text.len());
        let (numbers, rest) = text.split_at_checked(split)?;
        let missing = match numbers.split('.').count() {
            1 => ".0.0",
            2 => ".0",
            _ => return None,
        };
        Self::of_component(registry, &format!("{numbers}{missing}{rest}"))
    }

    /// The same without what somebody built locally (`+cu118`): what is said of a version
    /// is said of every build of it.
    #[must_use]
    pub fn without_build(&self) -> Self {
        match self {
            Self::Semantic(version) => {
                let mut version = version.clone();
                version.build = semver::BuildMetadata::EMPTY;
                Self::Semantic(version)
            }
            Self::Python(version) => Self::Python(version.clone().without_local()),
        }
    }

    /// Which comes first; two registries have no order between them, and are told apart by
    /// their kind alone so that the order is total.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Semantic(one), Self::Semantic(other)) => one.cmp_precedence(other),
            (Self::Python(one), Self::Python(other)) => one.cmp(other),
            (Self::Semantic(_), Self::Python(_)) => Ordering::Less,
            (Self::Python(_), Self::Semantic(_)) => Ordering::Greater,
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Semantic(version) => version.fmt(f),
            Self::Python(version) => version.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rises(registry: Known, versions: &[&str]) {
        let read = |text: &str| Version::of_component(registry, text).expect(text);
        for (at, low) in versions.iter().enumerate() {
            for high in versions.iter().skip(at + 1) {
                assert_eq!(read(low).compare(&read(high)), Ordering::Less, "{low} {high}");
                assert_eq!(read(high).compare(&read(low)), Ordering::Greater, "{high} {low}");
            }
        }
    }

    #[test]
    fn versions_of_npm_rise_as_semver_org_says() {
        let versions = [
            "0.0.0-0",
            "0.0.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        rises(Known::Npm, &versions);
        let same = |text| Version::of_component(Known::Npm, text).unwrap();
        assert_eq!(same("v1.2.3+one").compare(&same("=1.2.3+two")), Ordering::Equal);
    }

    #[test]
    fn versions_of_python_rise_as_pep_440_says() {
        let versions = [
            "1.dev0",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a2",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post1.dev1",
            "1.0.post1",
            "1.1.dev1",
            "1.10",
            "2013.1",
            "1!0.1",
        ];
        rises(Known::PyPi, &versions);
        let same = |text| Version::of_component(Known::PyPi, text).unwrap();
        assert_eq!(same("1.0-alpha.1").compare(&same("v1.0.0a1")), Ordering::Equal);
    }

    #[test]
    fn an_end_of_a_range_may_leave_out_zeros_and_a_component_may_not() {
        let end = |text| Version::of_advisory(Known::Npm, text).map(|v| v.to_string());
        assert_eq!(end("4").as_deref(), Some("4.0.0"));
        assert_eq!(end("4.17-rc.1").as_deref(), Some("4.17.0-rc.1"));
        assert_eq!(end("4.17.1.2"), None);
        assert!(Version::of_component(Known::Npm, "4.17").is_none());
    }

    proptest! {
        #[test]
        fn the_order_is_total_whatever_is_read(
            texts in prop::collection::vec(
                "v?([0-9]{1,20}!)?[0-9]{1,20}(\\.[0-9]{1,20}){0,4}(-?(a|rc|alpha|dev|post|x-y)\\.?[0-9]{0,20})?(\\+[a-z0-9.]{1,6})?",
                3,
            ),
            registry in prop::sample::select(Known::ALL.to_vec()),
        ) {
            let read: Vec<Version> =
                texts.iter().filter_map(|t| Version::of_advisory(registry, t)).collect();
            for one in &read {
                prop_assert_eq!(one.compare(one), Ordering::Equal);
                for other in &read {
                    prop_assert_eq!(one.compare(other), other.compare(one).reverse());
                    for third in &read {
                        if one.compare(other).is_le() && other.compare(third).is_le() {
                            prop_assert!(one.compare(third).is_le());
                        }
                    }
                }
            }
        }

        #[test]
        fn no_text_ends_the_reader_of_versions(text in any::<String>()) {
            for registry in Known::ALL {
                let _ = Version::of_component(registry, &text);
                let _ = Version::of_advisory(registry, &text);
            }
        }
    }
}
