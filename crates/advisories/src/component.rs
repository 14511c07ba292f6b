//! What a plugin is made of: names and versions, and where they were found.

use crate::ecosystem::{Ecosystem, Known};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most places that are kept of one component.
const MAX_PLACES: usize = 20;
/// Most components of one target; npm's largest applications have some thousands.
const MAX_COMPONENTS: usize = 200_000;
/// Most things that are told not to have been read.
const MAX_UNREAD: usize = 1_000;

/// One version of one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// From which registry.
    pub ecosystem: Ecosystem,
    /// As its registry writes it; a stranger's text.
    pub name: String,
    /// Exactly which; none where only a range is told. A stranger's text.
    pub version: Option<String>,
    /// In which files it was found; strangers' texts.
    pub places: Vec<String>,
    /// Whether every place says that it is needed to develop only.
    pub development: bool,
}

impl Component {
    /// One from a registry that is understood.
    #[must_use]
    pub fn new(registry: Known, name: &str, version: &str) -> Self {
        Self {
            ecosystem: Ecosystem::Known(registry),
            name: registry.name(name),
            version: Some(version.to_owned()),
            places: Vec::new(),
            development: false,
        }
    }
}

/// Something that says what a target is made of, and was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Which file, or which line of it; a stranger's text.
    pub place: String,
    /// Why, as a lowercase fragment; may hold a stranger's text.
    pub why: String,
}

/// What was found of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    components: BTreeMap<(Ecosystem, String, Option<String>), Component>,
    unread: Vec<Unread>,
}

impl Found {
    /// Takes a component in; the same one from another place is the same.
    pub fn add(&mut self, component: Component) {
        let Component { ecosystem, name, version, places, development } = component;
        if self.components.len() >= MAX_COMPONENTS {
            let why = format!("only the first {MAX_COMPONENTS} components are checked");
            if self.unread.last().is_none_or(|last| last.why != why) {
                self.unread(String::new(), why);
            }
            return;
        }
        let key = (ecosystem.clone(), name.clone(), version.clone());
        let known = self.components.entry(key).or_insert_with(|| Component {
            ecosystem,
            name,
            version,
            places: Vec::new(),
            development: true,
        });
        known.development &= development;
        for place in places {
            if known.places.len() < MAX_PLACES && !known.places.contains(&place) {
                known.places.push(place);
            }
        }
    }

    /// Takes down what was not read.
    pub fn unread(&mut self, place: impl Into<String>, why: impl Into<String>) {
        let unread = Unread { place: place.into(), why: why.into() };
        if self.unread.len() < MAX_UNREAD && !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }

    /// Leaves out what is needed to develop only.
    pub fn without_development(&mut self) {
        self.components.retain(|_, component| !component.development);
    }

    /// What it is made of, sorted.
    pub fn components(&self) -> impl ExactSizeIterator<Item = &Component> {
        self.components.values()
    }

    /// What was not read.
    #[must_use]
    pub fn unread_parts(&self) -> &[Unread] {
        &self.unread
    }
}

impl FromIterator<Component> for Found {
    fn from_iter<T: IntoIterator<Item = Component>>(components: T) -> Self {
        let mut found = Self::default();
        for component in components {
            found.add(component);
        }
        found
    }
}
