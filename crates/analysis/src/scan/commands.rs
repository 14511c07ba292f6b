//! Commands that code starts are code as well: what they do is read on, in whatever
//! language it is.

use std::rc::Rc;

use super::Scan;
use crate::event::{Effect, Event, Role, Source, When};
use crate::metadata::Script;
use crate::place::{FileId, Place};
use crate::shell::{self, Inner, Language, Outcome, Position};
use crate::trace::{Coverage, Trace};
use crate::tree::{SourceFile, Tree};
use crate::value::{Origin, Shape, Value};
use crate::{javascript, python};

/// The variable that stands for what is not known of a command.
const UNKNOWN: &str = "${unknown_part}";

/// Pieces of code that each file may have when all have as many as are read.
const PIECES_OF_FILE: usize = 16;

impl Scan<'_> {
    /// Reads the command line that this event starts.
    pub(super) fn follow_command(&mut self, event: &Event, depth: u32) {
        // What the shell's reader wrote down has been followed.
        let ours = event.api.starts_with("sh:") || event.api.starts_with("powershell:");
        if ours {
            return;
        }
        if depth >= self.limits.inner_depth {
            self.cut_at(event.place, "code stands deeper in its code than is read");
            return;
        }
        let position = Position::At(event.place);
        let outcome = match event.effect {
            Effect::Shell => {
                let words = event.arguments.iter().filter(|argument| {
                    matches!(argument.role, Role::Command | Role::CommandArgument)
                });
                let words: Vec<&Value> = words.map(|argument| &argument.value).collect();
                let (line, origins) = line(&words);
                if line.trim().is_empty() || !self.piece(Language::Shell, &line, event.place) {
                    return;
                }
                shell::trace(&line, &origins, position, event.when)
            }
            Effect::Spawn => {
                let words = arguments(event);
                let (line, _) = line(&words.iter().collect::<Vec<_>>());
                if line.trim().is_empty() || !self.piece(Language::Shell, &line, event.place) {
                    return;
                }
                let mut outcome = shell::trace_arguments(&words, position, event.when);
                // The event itself says which program starts.
                outcome.events.retain(|inner| inner.effect != Effect::Spawn || from_network(inner));
                outcome
            }
            _ => return,
        };
        let mut outcome = outcome;
        for inner in &mut outcome.events {
            inner.hiding = [event.hiding.as_slice(), &inner.hiding].concat();
        }
        for inner in &mut outcome.inner {
            inner.hiding = [event.hiding.as_slice(), &inner.hiding].concat();
        }
        if outcome.cut {
            self.cut_at(event.place, "a command is larger or deeper than is followed");
        }
        self.take_at(outcome, event.place.file, event.when, depth + 1);
    }

    /// What a script of the shell does.
    pub(super) fn take(&mut self, outcome: Outcome, file: FileId, depth: u32) {
        self.take_at(outcome, file, When::Load, depth);
    }

    fn take_at(&mut self, outcome: Outcome, file: FileId, when: When, depth: u32) {
        self.events.extend(outcome.events.into_iter().map(|event| (event, depth)));
        for (language, path, place) in outcome.runs {
            let started = self.load(language, &path, place);
            if when == When::Install {
                self.install.extend(started);
            }
        }
        for inner in outcome.inner {
            self.read_inner(&inner, when, depth);
        }
        let folder = super::resolve::folder(self.path(file)).to_owned();
        for name in outcome.scripts {
            self.run_script(&folder, &name, when, depth);
        }
    }

    /// `npm run name`, where this package has such a script.
    fn run_script(&mut self, folder: &str, name: &str, when: When, depth: u32) {
        let named = |script: &&Script| *script.root == *folder && *script.name == *name;
        let Some(script) = self.found.scripts.iter().find(named).cloned() else { return };
        let Script { command, place, .. } = script;
        if depth >= self.limits.inner_depth || !self.piece(Language::Shell, &command, place) {
            return;
        }
        let outcome = shell::trace(&command, &[], Position::At(place), when);
        self.take_at(outcome, place.file, when, depth + 1);
    }

    /// Reads code that stands in other code, and shows what it does where it stands.
    pub(super) fn read_inner(&mut self, inner: &Inner, when: When, depth: u32) {
        if depth >= self.limits.inner_depth {
            self.cut_at(inner.place, "code stands deeper in its code than is read");
            return;
        }
        if !self.piece(inner.language, &inner.code, inner.place) {
            return;
        }
        let name = match inner.language {
            Language::JavaScript => "inner.js",
            Language::Python => "inner.py",
            Language::Shell => "inner.sh",
        };
        let bytes = inner.code.as_bytes().into();
        let tree = Tree::new(vec![SourceFile { path: name.to_owned(), bytes }]);
        let mut trace = match inner.language {
            Language::JavaScript => javascript::trace(&tree, &[FileId(0)]),
            Language::Python => python::trace(&tree, &[FileId(0)]),
            Language::Shell => {
                let position = Position::At(inner.place);
                let outcome = shell::trace(&inner.code, &[], position, when);
                self.take_at(outcome, inner.place.file, when, depth + 1);
                return;
            }
        };
        relocate(&mut trace, inner.place);
        for event in &mut trace.events {
            event.hiding = [inner.hiding.as_slice(), &event.hiding].concat();
            if event.when == When::Load || when == When::Install {
                event.when = when;
            }
        }
        self.absorb(trace, depth + 1);
    }

    /// Whether this piece is new and may still be read.
    fn piece(&mut self, language: Language, code: &str, place: Place) -> bool {
        if self.pieces.len() >= self.limits.inner_pieces {
            // What the pieces of others used up does not hide those of this file.
            let own = self.late_pieces.entry(place.file).or_default();
            *own += 1;
            if *own > PIECES_OF_FILE {
                self.cut_at(place, "more code stands in its code than is read");
                return false;
            }
        }
        self.pieces.insert((language, Rc::from(code), place))
    }

    /// Not all that is here was followed.
    pub(super) fn cut_at(&mut self, place: Place, why: &'static str) {
        let is_new = !self.cut.iter().any(|(at, known)| at.file == place.file && **known == *why);
        if is_new {
            self.cut.push((place, why.into()));
        }
        if let Some(coverage @ Coverage::Whole) = self.coverage.get_mut(&place.file) {
            *coverage = Coverage::Partly { why: why.into() };
        }
    }
}

fn from_network(event: &Event) -> bool {
    let mut origins = event.arguments.iter().flat_map(|argument| &argument.value.origins);
    origins.any(|origin| origin.source == Source::Network)
}

/// The words of a command line as a shell would read them, with what is unknown.
fn line(words: &[&Value]) -> (String, Vec<Origin>) {
    let mut line = String::new();
    let mut origins = Vec::new();
    for value in words {
        if !line.is_empty() {
            line.push(' ');
        }
        match &value.shape {
            Shape::Text(text) => line.push_str(text),
            Shape::Partial { prefix, rest } => {
                line.push_str(prefix);
                line.push_str(UNKNOWN);
                for piece in rest {
                    line.push_str(piece);
                    line.push_str(UNKNOWN);
                }
            }
            Shape::List(items) => {
                for item in items {
                    if let Shape::Text(text) = &item.shape {
                        line.push_str(text);
                    } else {
                        line.push_str(UNKNOWN);
                    }
                    line.push(' ');
                }
            }
            _ if !value.origins.is_empty() => line.push_str(UNKNOWN),
            _ => {}
        }
        origins.extend(value.origins.iter().cloned());
    }
    (line, origins)
}

/// Program and arguments of an event, one value each.
fn arguments(event: &Event) -> Vec<Value> {
    let mut words = Vec::new();
    for argument in &event.arguments {
        match (argument.role, &argument.value.shape) {
            (Role::Command | Role::CommandArgument, Shape::List(items)) => {
                words.extend(items.iter().cloned());
            }
            (Role::Command | Role::CommandArgument, _) => words.push(argument.value.clone()),
            _ => {}
        }
    }
    words
}

/// Moves everything in a trace to one place.
fn relocate(trace: &mut Trace, place: Place) {
    for event in &mut trace.events {
        event.place = place;
        for argument in &mut event.arguments {
            move_value(&mut argument.value, place, 0);
        }
    }
    for (_, at) in &mut trace.loads {
        *at = place;
    }
    for (at, _) in &mut trace.cut {
        *at = place;
    }
}

fn move_value(value: &mut Value, place: Place, depth: u32) {
    for origin in &mut value.origins {
        origin.place = place;
    }
    value.origins.dedup();
    if depth > 32 {
        return;
    }
    match &mut value.shape {
        Shape::List(items) => {
            for item in items {
                move_value(item, place, depth + 1);
            }
        }
        Shape::Record(fields) => {
            for (_, item) in fields {
                move_value(item, place, depth + 1);
            }
        }
        _ => {}
    }
}
