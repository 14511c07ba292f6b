//! Holds what a server says of itself against what it said when a person agreed to it.
//!
//! The first list of a kind is taken as it comes and pinned. From then on a definition
//! passes when it is the pinned one, and is held when it is another or a new one: whoever
//! reads the list does not see it, and a call of it does not reach the server. What was held
//! once stays so until the end of the run, or a server could show another face each time.

use super::definition::{Definition, DefinitionKind, Unreadable, likeness};
use super::json_text::{NotOneForm, items, members};
use crate::text::bounded;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// Most definitions of one server that are pinned, and most bytes of all of them.
/// The largest list seen on a real server has 117 KB.
const MAX_PINNED: usize = 4096;
const MAX_PINNED_BYTES: usize = 8 * 1024 * 1024;
/// Most names that are remembered as held in one run; from then on every new one is held
/// without a word.
const MAX_HELD: usize = 4096;

type Key = (DefinitionKind, String);

/// Why a definition is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBecause {
    /// It is not the one that was pinned.
    Changed,
    /// There was none of this name.
    New,
    /// A person takes its name for that of another one.
    Alike,
    /// Readers may disagree about it, or it is too large.
    Unreadable(Unreadable),
    /// There are too many.
    TooMany,
}

impl HeldBecause {
    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Changed => "changed".to_owned(),
            Self::New => "new".to_owned(),
            Self::Alike => "new, with a name that is easily taken for another one".to_owned(),
            Self::Unreadable(why) => format!("not readable in one way only: {why}"),
            Self::TooMany => "one too many".to_owned(),
        }
    }
}

/// What was found out about definitions, for the record. It is to be recorded before what
/// the machine hands out is sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinEvent {
    /// The first definition of this name, from now on the pinned one.
    Pinned(Definition),
    /// The first list of this kind is complete: what comes later is new.
    Settled(DefinitionKind),
    /// It is not offered.
    Held {
        /// Which, with all that it says; nothing of what cannot be read.
        definition: Option<Definition>,
        /// What kind of thing.
        kind: DefinitionKind,
        /// What it is called; untrusted.
        name: String,
        /// Why.
        because: HeldBecause,
    },
    /// It was another one at an earlier start and is the pinned one again.
    Returned(DefinitionKind, String),
    /// It was pinned and is not offered by the server any more.
    Gone(DefinitionKind, String),
}

/// What is known of a server's definitions.
#[derive(Debug, Default)]
pub struct Pins {
    pinned: BTreeMap<Key, String>,
    bytes: usize,
    alike: BTreeMap<(DefinitionKind, String), String>,
    settled: BTreeSet<DefinitionKind>,
    /// Not the pinned one when it was last seen, at an earlier start.
    suspect: BTreeSet<Key>,
    /// Held in this run, with what was told of it last.
    held: BTreeMap<Key, Option<String>>,
    /// Seen in the list that is being read.
    seen: BTreeMap<DefinitionKind, BTreeSet<String>>,
    gone: BTreeSet<Key>,
}

impl Pins {
    /// What was pinned before, the kinds of which every later definition is new, and the
    /// names that were held when they were last seen.
    #[must_use]
    pub fn new(
        pinned: impl IntoIterator<Item = Definition>,
        settled: impl IntoIterator<Item = DefinitionKind>,
        suspect: impl IntoIterator<Item = (DefinitionKind, String)>,
    ) -> Self {
        let mut pins = Self { settled: settled.into_iter().collect(), ..Self::default() };
        for one in pinned {
            // A list that was begun and not read to its end is not gone on with.
            pins.settled.insert(one.kind);
            pins.put(one);
        }
        pins.suspect.extend(suspect);
        pins
    }

    fn put(&mut self, one: Definition) {
        self.bytes = self.bytes.saturating_add(one.text.len());
        self.alike.insert((one.kind, likeness(&one.name)), one.name.clone());
        self.pinned.insert((one.kind, one.name), one.text);
    }

    /// Why the server does not hear of a call of this tool, or of another use by name.
    #[must_use]
    pub fn refusal(&self, kind: DefinitionKind, name: &str) -> Option<String> {
        let key = (kind, name.to_owned());
        let shown = ringfence_types::UntrustedText::new(name).to_string();
        let shown = bounded(&shown, 256);
        if self.held.contains_key(&key) || self.suspect.contains(&key) {
            return Some(format!("the {kind} `{shown}` is held: it is not what was agreed to"));
        }
        let unknown = self.settled.contains(&kind) && !self.pinned.contains_key(&key);
        unknown.then(|| format!("there was no {kind} `{shown}` when the others were agreed to"))
    }

    /// Judges one definition; whether it may be offered.
    fn judge(&mut self, one: &Definition, events: &mut Vec<PinEvent>) {
        let key = (one.kind, one.name.clone());
        if self.held.contains_key(&key) {
            // What it says now may be another thing again.
            if self.pinned.get(&key) != Some(&one.text) {
                let because = match self.pinned.contains_key(&key) {
                    true => HeldBecause::Changed,
                    false => HeldBecause::New,
                };
                self.hold(one.kind, &one.name, Some(one), because, events);
            }
            return;
        }
        match self.pinned.get(&key) {
            Some(text) if *text == one.text => {
                if self.suspect.remove(&key) {
                    events.push(PinEvent::Returned(key.0, key.1));
                }
                return;
            }
            Some(_) => {
                return self.hold(one.kind, &one.name, Some(one), HeldBecause::Changed, events);
            }
            None => {}
        }
        let alike = self.alike.get(&(one.kind, likeness(&one.name)));
        let because = if alike.is_some_and(|other| *other != one.name) {
            HeldBecause::Alike
        } else if self.settled.contains(&one.kind) {
            HeldBecause::New
        } else if self.pinned.len() >= MAX_PINNED
            || self.bytes.saturating_add(one.text.len()) > MAX_PINNED_BYTES
        {
            HeldBecause::TooMany
        } else {
            self.put(one.clone());
            events.push(PinEvent::Pinned(one.clone()));
            return;
        };
        self.hold(one.kind, &one.name, Some(one), because, events);
    }

    fn hold(
        &mut self,
        kind: DefinitionKind,
        name: &str,
        definition: Option<&Definition>,
        because: HeldBecause,
        events: &mut Vec<PinEvent>,
    ) {
        let key = (kind, name.to_owned());
        let text = definition.map(|one| one.text.clone());
        let is_known = self.held.contains_key(&key) || self.pinned.contains_key(&key);
        let is_told = self.held.get(&key) == Some(&text);
        if is_told || !is_known && self.held.len() >= MAX_HELD {
            return;
        }
        self.held.insert(key, text);
        let definition = definition.cloned();
        events.push(PinEvent::Held { definition, kind, name: name.to_owned(), because });
    }

    fn is_offered(&self, one: &Definition) -> bool {
        let key = (one.kind, one.name.clone());
        !self.held.contains_key(&key) && self.pinned.get(&key) == Some(&one.text)
    }

    /// Judges a page of a list; `first` when the request asked for the beginning.
    ///
    /// # Errors
    /// When readers may disagree about the page, or it is no list. Nothing of it is then
    /// offered.
    pub(super) fn page(
        &mut self,
        kind: DefinitionKind,
        first: bool,
        result: &RawValue,
        events: &mut Vec<PinEvent>,
    ) -> Result<Box<RawValue>, NotOneForm> {
        let found = members(result.get())?;
        let list = found.get(kind.list_member()).ok_or(NotOneForm::Shape)?;
        let list = items(list)?;
        if first {
            // Whoever begins anew has seen the first list, as far as they wanted it.
            if self.seen.remove(&kind).is_some() {
                self.settle(kind, events);
            }
            self.seen.insert(kind, BTreeSet::new());
        }
        let mut read: Vec<(Definition, &str)> = Vec::with_capacity(list.len());
        for item in list {
            match Definition::of_item(kind, item) {
                Ok(one) => {
                    self.judge(&one, events);
                    self.see(kind, &one.name);
                    read.push((one, item));
                }
                Err(why) => {
                    let name = Definition::name_of(kind, item);
                    self.see(kind, &name);
                    self.hold(kind, &name, None, HeldBecause::Unreadable(why), events);
                }
            }
        }
        // Only now: one that comes twice with two meanings is held from its first place on.
        let mut names = BTreeSet::new();
        read.retain(|(one, _)| self.is_offered(one) && names.insert(one.name.clone()));
        let cursor = found.get("nextCursor").copied().filter(|cursor| cursor.starts_with('"'));
        if cursor.is_none() {
            self.settle(kind, events);
            self.tell_gone(kind, events);
        }
        let parts: Vec<&str> = read.iter().map(|(_, item)| *item).collect();
        let mut text = format!("{{\"{}\":[{}]", kind.list_member(), parts.join(","));
        // A member whose name differs in its case passes for the list with some readers: only
        // those that have a meaning are passed on.
        for name in ["nextCursor", "_meta", "resultType", "ttlMs", "cacheScope"] {
            if let Some(value) = found.get(name) {
                text.push_str(&format!(",\"{name}\":{value}"));
            }
        }
        text.push('}');
        RawValue::from_string(text).map_err(|_| NotOneForm::Shape)
    }

    fn see(&mut self, kind: DefinitionKind, name: &str) {
        if let Some(seen) = self.seen.get_mut(&kind).filter(|seen| seen.len() < MAX_PINNED) {
            seen.insert(name.to_owned());
        }
    }

    fn settle(&mut self, kind: DefinitionKind, events: &mut Vec<PinEvent>) {
        if self.settled.insert(kind) {
            events.push(PinEvent::Settled(kind));
        }
    }

    /// Says what was pinned and did not come in the list that has ended.
    fn tell_gone(&mut self, kind: DefinitionKind, events: &mut Vec<PinEvent>) {
        let Some(seen) = self.seen.remove(&kind) else { return };
        let missing = self.pinned.keys().filter(|(of, name)| *of == kind && !seen.contains(name));
        for key in missing.cloned().collect::<Vec<_>>() {
            if self.gone.insert(key.clone()) {
                events.push(PinEvent::Gone(key.0, key.1));
            }
        }
    }

    /// Judges the answer to a handshake: without its instructions where they are held.
    ///
    /// # Errors
    /// When readers may disagree about it.
    pub(super) fn greeting(
        &mut self,
        result: &RawValue,
        events: &mut Vec<PinEvent>,
    ) -> Result<Box<RawValue>, NotOneForm> {
        let kind = DefinitionKind::Instructions;
        let mut found = members(result.get())?;
        let is_like = |name: &str| likeness(&name.replace('\u{17f}', "s")) == kind.word();
        found.retain(|name, _| name == kind.word() || !is_like(name));
        if let Some(text) = found.get(kind.word()).copied().filter(|text| *text != "null") {
            let offered = match Definition::of_instructions(text) {
                Ok(one) => {
                    self.judge(&one, events);
                    self.is_offered(&one)
                }
                Err(why) => {
                    let because = HeldBecause::Unreadable(why);
                    self.hold(kind, kind.word(), None, because, events);
                    false
                }
            };
            if !offered {
                found.remove(kind.word());
            }
        } else {
            found.remove(kind.word());
        }
        self.settle(kind, events);
        let parts = found
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())));
        let text = format!("{{{}}}", parts.collect::<Vec<_>>().join(","));
        RawValue::from_string(text).map_err(|_| NotOneForm::Shape)
    }
}
