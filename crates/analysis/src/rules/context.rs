//! What a rule is given, and what it gives back.

use std::rc::Rc;

use ringfence_types::UntrustedText;

use crate::capability::{Declared, Inferred};
use crate::event::{Effect, Event, When};
use crate::facts::{Facts, PackageFacts};
use crate::finding::{Finding, Severity, Step};
use crate::place::{FileId, Place};
use crate::tree::Tree;
use crate::value::Origin;

/// The most findings of one rule in a report: a thousand more say nothing new, and
/// a package must not make its own report unreadable.
pub(crate) const MAX_FINDINGS_OF_A_RULE: usize = 100;

/// The longest piece of a package's text in a message, in characters.
const MAX_SHOWN: usize = 80;

/// All that a rule may look at.
pub(crate) struct Context<'a> {
    pub(crate) tree: &'a Tree<'a>,
    pub(crate) facts: &'a Facts,
    pub(crate) inferred: &'a Inferred,
    /// What the manifest asks for; nothing where there is no manifest.
    pub(crate) declared: Option<&'a [Declared]>,
}

impl<'a> Context<'a> {
    /// Events of these effects, in the order of places.
    pub(crate) fn of(&self, effects: &'static [Effect]) -> impl Iterator<Item = &'a Event> {
        self.facts.trace.events.iter().filter(|event| effects.contains(&event.effect))
    }

    /// What the package at the root says of itself; what it brings along inside is
    /// somebody else's.
    pub(crate) fn own(&self) -> impl Iterator<Item = &'a PackageFacts> {
        self.facts.packages.iter().filter(|package| {
            // Archives of both registries hold one folder around everything.
            !package.root.contains('/')
        })
    }

    /// The path of a file; empty for none.
    pub(crate) fn path(&self, file: FileId) -> &'a str {
        self.tree.file(file).map_or("", |file| file.path.as_str())
    }

    /// Whether a file is the description of an npm package.
    pub(crate) fn is_package_json(&self, file: FileId) -> bool {
        let path = self.path(file);
        path == "package.json" || path.ends_with("/package.json")
    }
}

/// Collects what one rule says.
pub(crate) struct Findings<'a> {
    code: &'static str,
    all: &'a mut Vec<Finding>,
    count: usize,
}

impl<'a> Findings<'a> {
    pub(crate) fn of(code: &'static str, all: &'a mut Vec<Finding>) -> Self {
        Self { code, all, count: 0 }
    }

    /// A finding at one place.
    pub(crate) fn add(&mut self, severity: Severity, place: Place, message: impl Into<String>) {
        self.chain(severity, place, message, Vec::new());
    }

    /// A finding that comes about over several places.
    pub(crate) fn chain(
        &mut self,
        severity: Severity,
        place: Place,
        message: impl Into<String>,
        evidence: Vec<Step>,
    ) {
        if self.count < MAX_FINDINGS_OF_A_RULE {
            self.count += 1;
            let message = message.into();
            self.all.push(Finding { code: self.code, severity, message, place, evidence });
            return;
        }
        // The worst must not hide behind a hundred harmless ones.
        let first = self.all.len().saturating_sub(self.count);
        let kept = self.all.get_mut(first..).unwrap_or_default();
        if let Some(mildest) = kept.iter_mut().min_by_key(|finding| finding.severity)
            && mildest.severity < severity
        {
            let message = message.into();
            *mildest = Finding { code: self.code, severity, message, place, evidence };
        }
    }
}

/// A package's text for a message: neutralised, and short.
pub(crate) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MAX_SHOWN).collect();
    let dots = if cut.len() < text.len() { "..." } else { "" };
    format!("`{}{dots}`", UntrustedText::new(&cut))
}

/// When code runs, for the end of a sentence.
pub(crate) const fn when(when: When) -> &'static str {
    match when {
        When::Install => "while the package is installed",
        When::Load => "as soon as the package is loaded",
        When::Call => "when one of its functions is called",
    }
}

/// One severity for code that runs unasked and one for code that is called.
pub(crate) const fn by_time(event: &Event, unasked: Severity, called: Severity) -> Severity {
    match event.when {
        When::Install | When::Load => unasked,
        When::Call => called,
    }
}

/// Two steps of evidence: where data was obtained, and where it ends.
pub(crate) fn from_to(origin: &Origin, obtained: &str, sink: &Event, used: &str) -> Vec<Step> {
    let first = match &origin.name {
        Some(name) => format!("{obtained} {}", shown(name)),
        None => [":", " from", " by"]
            .iter()
            .fold(obtained, |words, end| words.strip_suffix(end).unwrap_or(words))
            .to_owned(),
    };
    vec![
        Step { place: origin.place, what: first.into() },
        Step { place: sink.place, what: format!("{used} by {}", shown(&sink.api)).into() },
    ]
}

/// One step of evidence.
pub(crate) fn step(place: Place, what: impl Into<Rc<str>>) -> Step {
    Step { place, what: what.into() }
}

/// The place of what no file shows.
pub(crate) const NOWHERE: Place = Place { file: FileId(u32::MAX), start: 0, end: 0 };
