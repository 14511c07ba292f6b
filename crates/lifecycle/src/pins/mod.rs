//! What MCP servers say of their tools: kept from the first start on, and held against it at
//! every later one.
//!
//! The comparing is done by `Pins` of the protocol, on what passes through. This writes down
//! what it found, before it counts, and tells the person what to do about it.

mod tools;

pub use tools::{PinDigest, ToolPins, definition_lines, definition_notes, pin_digest};

use crate::engine::now_ms;
use crate::error::RunError;
use crate::observer::Observer;
use crate::record::Recorder;
use crate::review::Review;
use ringfence_package::{Package, Protocol};
use ringfence_protocol::mcp::{Definition, DefinitionKind, PinEvent, Pins, suspicious};
use ringfence_store::{HeldRow, NewPin, PinKey, StateError, StateStore};
use ringfence_types::{Severity, UntrustedText};
use serde_json::json;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// How many definitions that are held are told one by one in a run; from then on whenever
/// their number has doubled.
const EACH: usize = 16;
/// Most names in one record or line.
const MOST_NAMES: usize = 32;
/// Most characters of a name in a record or line.
const MOST_NAME: usize = 80;
/// Most characters of what was run, where it is told.
const MOST_LABEL: usize = 200;
/// Who agreed to what came first.
const FIRST_START: &str = "first start";

/// The pinned definitions of one server, and how they are written.
pub(crate) struct PinBook {
    store: StateStore,
    /// Whose they are.
    subject: String,
    /// What was run; untrusted.
    label: String,
    /// By what word a person names it.
    word: String,
    recorder: Recorder,
    held: usize,
}

impl PinBook {
    /// That of a package that speaks MCP; none of any other.
    pub(crate) fn of(
        home: &Path,
        review: &Review,
        recorder: &Recorder,
    ) -> Result<Option<Self>, RunError> {
        let package = &review.package;
        if package.protocol != Protocol::Mcp {
            return Ok(None);
        }
        let store = StateStore::open(home).map_err(|error| wrong(&error))?;
        let terms = &review.terms;
        let (subject, word) = match terms.pins_of.as_ref().or(terms.instance.as_ref()) {
            Some(instance) => (instance.to_string(), package.name.to_string()),
            None => {
                let hex = package.identity().hex();
                let (id, word) = (hex.get(..32), hex.get(..12));
                (format!("run-{}", id.unwrap_or(&hex)), format!("run-{}", word.unwrap_or(&hex)))
            }
        };
        let label = label(package);
        Ok(Some(Self { store, subject, label, word, recorder: recorder.clone(), held: 0 }))
    }

    /// What is pinned, for who compares.
    pub(crate) fn pins(&self) -> Result<Pins, RunError> {
        let rows = self.store.pins(&self.subject).map_err(|error| wrong(&error))?;
        let settled = self.store.pins_settled(&self.subject).map_err(|error| wrong(&error))?;
        let kind = |word: &str| {
            word.parse::<DefinitionKind>()
                .map_err(|()| wrong(&StateError::Row { what: "kind of definition" }))
        };
        let settled: Vec<_> = settled.iter().map(|word| kind(word)).collect::<Result<_, _>>()?;
        let (mut pinned, mut suspect) = (Vec::new(), Vec::new());
        for row in rows {
            let kind = kind(&row.kind)?;
            if row.held.is_some() {
                suspect.push((kind, row.name.clone()));
            }
            if let Some(agreed) = row.pinned {
                pinned.push(Definition { kind, name: row.name, text: agreed.text });
            }
        }
        Ok(Pins::new(pinned, settled, suspect))
    }

    /// The command that shows what is held.
    pub(crate) fn command(&self) -> String {
        format!("ringfence tools {} --diff", self.word)
    }

    /// Writes down what was found. Until this is done, nothing of it is passed on.
    pub(crate) fn record(
        &mut self,
        events: Vec<PinEvent>,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        if events.is_empty() {
            return Ok(());
        }
        let at_ms = now_ms();
        let (mut pinned, mut settled) = (Vec::new(), Vec::new());
        let (mut held, mut gone) = (Vec::new(), Vec::new());
        for event in events {
            match event {
                PinEvent::Pinned(one) => pinned.push(one),
                PinEvent::Settled(kind) => settled.push(kind.word().to_owned()),
                PinEvent::Held { definition, kind, name, because } => {
                    let text = definition.map(|one| one.text);
                    let row = HeldRow { text, why: because.words(), at_ms };
                    held.push((key(kind, &name), row));
                }
                PinEvent::Returned(kind, name) => {
                    self.recorder.definitions(
                        Severity::Info,
                        "a definition that was held is again the pinned one",
                        json!({ "of": self.subject, "returned": [shown(kind.word(), &name)] }),
                    )?;
                    let back = self.store.let_go(&self.subject, &key(kind, &name));
                    back.map_err(|error| wrong(&error))?;
                }
                PinEvent::Gone(kind, name) => gone.push(shown(kind.word(), &name)),
            }
        }
        self.pin(&pinned, &settled, at_ms, observer)?;
        self.hold(&held, at_ms, observer)?;
        if !gone.is_empty() {
            let details = json!({ "of": self.subject, "gone": few(&gone) });
            let said = "a server no longer offers what was pinned";
            self.recorder.definitions(Severity::Info, said, details)?;
            observer.tell(&format!("it no longer offers {}", few(&gone).join(", ")));
        }
        Ok(())
    }

    fn pin(
        &self,
        pinned: &[Definition],
        settled: &[String],
        at_ms: u64,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        if pinned.is_empty() && settled.is_empty() {
            return Ok(());
        }
        let new: Vec<NewPin> = pinned
            .iter()
            .map(|one| NewPin { key: key(one.kind, &one.name), text: one.text.clone() })
            .collect();
        let names: Vec<String> =
            pinned.iter().map(|one| shown(one.kind.word(), &one.name)).collect();
        if !pinned.is_empty() {
            let said = "what a server says of itself is pinned";
            let details = json!({
                "of": self.subject, "pinned": few(&names), "number": pinned.len(),
                "digests": few(&digests(&new)),
            });
            self.recorder.definitions(Severity::Info, said, details)?;
        }
        let subject = (self.subject.as_str(), self.label.as_str());
        let done = self.store.pin(subject, &new, settled, (FIRST_START, at_ms));
        done.map_err(|error| wrong(&error))?;
        if !names.is_empty() {
            observer.tell(&format!(
                "pinned as they are now, and held when they change: {}",
                few(&names).join(", ")
            ));
        }
        self.tell_suspicious(pinned, observer);
        Ok(())
    }

    fn hold(
        &mut self,
        held: &[(PinKey, HeldRow)],
        at_ms: u64,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        if held.is_empty() {
            return Ok(());
        }
        let before = self.held;
        self.held = self.held.saturating_add(held.len());
        // A server that changes at every look fills neither the log nor the screen.
        if before < EACH || before.checked_ilog2() != self.held.checked_ilog2() {
            let names: Vec<String> = held
                .iter()
                .map(|((kind, name), row)| format!("{} ({})", shown(kind, name), row.why))
                .collect();
            let details = json!({ "of": self.subject, "held": few(&names), "number": self.held });
            let said = "a definition of a server is held: it is not what was pinned";
            self.recorder.definitions(Severity::Warning, said, details)?;
            observer.warn(&format!(
                "held, neither offered nor called: {}; to see and to agree: {}",
                few(&names).join(", "),
                self.command()
            ));
        }
        let subject = (self.subject.as_str(), self.label.as_str());
        self.store.hold(subject, held, at_ms).map_err(|error| wrong(&error))
    }

    fn tell_suspicious(&self, pinned: &[Definition], observer: &mut dyn Observer) {
        for (one, notes) in
            pinned.iter().map(|one| (one, suspicious(one))).filter(|(_, notes)| !notes.is_empty())
        {
            observer.warn(&format!(
                "look at what {} says, it {}: ringfence tools {} --show",
                shown(one.kind.word(), &one.name),
                notes.join("; it "),
                self.word
            ));
        }
    }
}

fn key(kind: DefinitionKind, name: &str) -> PinKey {
    (kind.word().to_owned(), name.to_owned())
}

/// A name for a line of ours, with what it is the name of.
fn shown(kind: &str, name: &str) -> String {
    if kind == name {
        return format!("its {kind}");
    }
    let short: String = UntrustedText::new(name).to_string().chars().take(MOST_NAME).collect();
    format!("{kind} `{short}`")
}

fn few(all: &[String]) -> Vec<String> {
    let mut few: Vec<String> = all.iter().take(MOST_NAMES).cloned().collect();
    if let Some(more) = all.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
        few.push(format!("{more} more"));
    }
    few
}

fn digests(new: &[NewPin]) -> Vec<String> {
    new.iter().map(|one| pin_digest(&one.text).to_string()).collect()
}

/// What was run, for a list.
fn label(package: &Package) -> String {
    let mut label = package.name.to_string();
    for word in &package.arguments {
        label.push(' ');
        label.push_str(&String::from_utf8_lossy(word.as_bytes()));
    }
    label.chars().take(MOST_LABEL).collect()
}

fn wrong(error: &dyn std::fmt::Display) -> RunError {
    RunError::Internal { what: format!("what its tools were is not known: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_names_is_cut_and_says_so() {
        let all: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(few(&all).len(), MOST_NAMES + 1);
        assert_eq!(few(&all).last().unwrap(), "68 more");
        assert_eq!(few(&all[..3]), ["0", "1", "2"]);
        assert_eq!(shown("tool", "\x1b[2Jx"), "tool `\\u{1b}[2Jx`");
    }
}
