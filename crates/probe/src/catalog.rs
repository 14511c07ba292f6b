//! The list of probes without their attempts.
//!
//! Built while compiling from the probes themselves, so a program that only
//! wants names (the command line) does not carry the attacks with it.

use crate::attack::TOPICS;

/// What is lost when a probe finds its door open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Reaches something that belongs to the host. Never acceptable.
    Boundary,
    /// Reaches kernel code a plugin has no need of. Each one needs a reason.
    Kernel,
    /// Takes more of the machine than was given.
    Resource,
    /// Holds rights that it should have lost.
    Credential,
}

impl Class {
    /// Every class, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Boundary, Self::Kernel, Self::Resource, Self::Credential];

    /// The word used in the report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Boundary => "boundary",
            Self::Kernel => "kernel",
            Self::Resource => "resource",
            Self::Credential => "credential",
        }
    }
}

/// What a person needs to know about one probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeInfo {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// What is lost when it is open.
    pub class: Class,
    /// One line that says what is attempted.
    pub what: &'static str,
}

const fn count() -> usize {
    let mut topics = TOPICS;
    let mut total = 0;
    while let Some((topic, rest)) = topics.split_first() {
        total += topic.len();
        topics = rest;
    }
    total
}

const fn infos() -> [ProbeInfo; count()] {
    let mut all = [ProbeInfo { id: "", class: Class::Kernel, what: "" }; count()];
    let mut filled = 0;
    let mut topics = TOPICS;
    while let Some((topic, other_topics)) = topics.split_first() {
        let mut probes = *topic;
        while let Some((probe, other_probes)) = probes.split_first() {
            let (_, free) = all.split_at_mut(filled);
            if let Some(slot) = free.first_mut() {
                *slot = probe.info;
            }
            filled += 1;
            probes = other_probes;
        }
        topics = other_topics;
    }
    all
}

static CATALOG: [ProbeInfo; count()] = infos();

/// Every probe, in the order in which the program runs them.
#[must_use]
pub fn catalog() -> &'static [ProbeInfo] {
    &CATALOG
}

/// The probe of that name.
#[must_use]
pub fn find(id: &str) -> Option<&'static ProbeInfo> {
    CATALOG.iter().find(|info| info.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_at_least_110_probes_and_every_class_has_some() {
        assert!(catalog().len() >= 110, "only {}", catalog().len());
        for class in Class::ALL {
            assert!(catalog().iter().any(|info| info.class == class), "{class:?}");
        }
    }

    #[test]
    fn every_id_is_unique_and_kebab_case() {
        let mut seen = BTreeSet::new();
        for info in catalog() {
            assert!(seen.insert(info.id), "{} twice", info.id);
            let words: Vec<&str> = info.id.split('-').collect();
            assert!(words.len() >= 2, "{} says too little", info.id);
            for word in words {
                assert!(!word.is_empty(), "{}", info.id);
                assert!(
                    word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
                    "{}",
                    info.id
                );
            }
        }
    }

    #[test]
    fn every_probe_says_in_one_line_what_it_attempts() {
        for info in catalog() {
            assert!(info.what.len() >= 10 && info.what.len() <= 100, "{}", info.id);
            assert!(!info.what.contains('\n') && !info.what.ends_with('.'), "{}", info.id);
        }
    }

    #[test]
    fn resource_probes_come_last_so_that_being_killed_costs_no_other_answer() {
        let first = catalog().iter().position(|info| info.class == Class::Resource).unwrap();
        assert!(catalog()[first..].iter().all(|info| info.class == Class::Resource));
    }
}
