//! JavaScript and TypeScript: parsed by oxc, evaluated by us.
//!
//! Every file is parsed and its names are resolved once. Then the package runs: module
//! bodies in the order in which they ask for each other, on an abstract heap, with
//! what is known computed and what is not known left unknown; ways through the program
//! that depend on what is not known are all taken, and joined. Then every function
//! that nothing called is looked at once. What the code does on the way is written
//! down as events.
//!
//! Bounds: nesting before parsing (`depth`), nesting and recursion of evaluation,
//! steps, text made, events. A bound that is reached shows in the file's coverage.

mod again;
mod api;
mod attempt;
mod budget;
mod builtin;
mod call;
mod class;
mod confusables;
mod data;
mod depth;
mod effect;
mod expression;
mod flow;
mod freeze;
mod function;
mod handover;
mod heap;
mod literal;
mod machine;
mod marks;
mod member;
mod module;
mod names;
mod obfuscation;
mod operator;
mod package;
mod parse;
mod pattern;
mod pollution;
mod program;
mod scope;
mod statement;
mod value;
mod write;

use std::borrow::Cow;

use oxc_allocator::Allocator;
use oxc_span::Span;

use crate::event::{Effect, Hiding, When};
use crate::place::{FileId, Place};
use crate::survive;
use crate::trace::{Coverage, Trace};
use crate::tree::Tree;
use handover::FrozenEvent;
use machine::{EXTRA_STEPS, EXTRA_STEPS_HIDDEN, Machine};

/// The stack on which parsing and evaluation run. Only what is used becomes memory.
const STACK_BYTES: usize = 1 << 30;
/// Up to here all files of a package are held as trees together.
const MAX_TOGETHER_BYTES: usize = 32 << 20;

/// What one group of files gave.
#[derive(Default)]
struct Found {
    events: Vec<FrozenEvent>,
    coverage: Vec<(FileId, Result<Option<&'static str>, String>)>,
    loads: Vec<(String, Place)>,
    cut: Vec<(Place, &'static str)>,
}

/// What the code in these files does. They belong to one package: a name that is
/// relative is looked for among the tree's files.
#[must_use]
pub fn trace(tree: &Tree<'_>, files: &[FileId]) -> Trace {
    let found = stacker::grow(STACK_BYTES, || groups(tree, files));
    let mut events = found.events;
    events.sort_by(|one, other| {
        (one.place, one.effect, &one.api, one.when).cmp(&(
            other.place,
            other.effect,
            &other.api,
            other.when,
        ))
    });
    events.dedup();
    Trace {
        events: events.into_iter().map(FrozenEvent::thawed).collect(),
        coverage: found
            .coverage
            .into_iter()
            .map(|(file, coverage)| {
                let coverage = match coverage {
                    Ok(None) => Coverage::Whole,
                    Ok(Some(why)) => Coverage::Partly { why: why.into() },
                    Err(why) => Coverage::Unparsed { why: why.into() },
                };
                (file, coverage)
            })
            .collect(),
        cut: found.cut.into_iter().map(|(place, why)| (place, why.into())).collect(),
        loads: found.loads.into_iter().map(|(path, place)| (path.into(), place)).collect(),
    }
}

/// All files together, or as many at a time as are held in memory.
fn groups(tree: &Tree<'_>, files: &[FileId]) -> Found {
    let mut all = Found::default();
    let mut group: Vec<FileId> = Vec::new();
    let mut bytes = 0;
    for file in files {
        let length = tree.file(*file).map_or(0, |file| file.bytes.len());
        if !group.is_empty() && bytes + length > MAX_TOGETHER_BYTES {
            all.add(&group, tree);
            group.clear();
            bytes = 0;
        }
        group.push(*file);
        bytes += length;
    }
    all.add(&group, tree);
    all
}

impl Found {
    /// And what these files give, of which none hides another.
    fn add(&mut self, files: &[FileId], tree: &Tree<'_>) {
        let survived = survive::survive(files, |some| evaluate(tree, some));
        for mut found in survived.given {
            if survived.is_apart {
                for (file, coverage) in &mut found.coverage {
                    if let Ok(whole @ None) = coverage {
                        *whole = Some(survive::APART);
                        let start = Place { file: *file, start: 0, end: 0 };
                        found.cut.push((start, survive::APART));
                    }
                }
            }
            self.events.append(&mut found.events);
            self.coverage.append(&mut found.coverage);
            self.loads.append(&mut found.loads);
            self.cut.append(&mut found.cut);
        }
        let failed = survived.failed.into_iter();
        self.coverage.extend(failed.map(|file| (file, Err(survive::DEFECT.to_owned()))));
    }
}

fn evaluate(tree: &Tree<'_>, files: &[FileId]) -> Found {
    let mut all = Found::default();
    let arena = Allocator::default();
    let length = |file: &FileId| tree.file(*file).map_or(0, |file| file.bytes.len());
    let mut machine = Machine::new(&arena, tree, files.iter().map(length).sum());
    let mut parsed: Vec<(FileId, Result<(), String>)> = Vec::with_capacity(files.len());
    let mut bytes = 0;
    for file in files {
        let Some(source) = tree.file(*file) else { continue };
        let text: &str = match parse::text(&source.bytes) {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => arena.alloc_str(&text),
        };
        bytes += text.len();
        match parse::program(&arena, &source.path, text, || parse::is_text(&source.bytes)) {
            Ok(program) => {
                machine.modules.programs.insert(*file, program);
                parsed.push((*file, Ok(())));
            }
            Err(why) => parsed.push((*file, Err(why.to_string()))),
        }
        machine.file = *file;
        for sign in obfuscation::signs(text) {
            machine.is_hidden |= matches!(
                sign.hiding,
                Hiding::MangledNames | Hiding::StringTable | Hiding::Brackets | Hiding::Escapes
            );
            let api = machine.apis.intern("js:source");
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let hidden = machine.hidden(sign.hiding);
            let span = Span::new(place(sign.start), place(sign.end));
            machine.emit(Effect::Obfuscation, api, span, &[], hidden);
        }
    }
    machine.extra = if machine.is_hidden {
        EXTRA_STEPS_HIDDEN
    } else {
        EXTRA_STEPS + u64::try_from(bytes / 64).unwrap_or(0)
    };
    machine.share_out(files.len());
    machine.when = When::Load;
    for (file, result) in &parsed {
        if result.is_ok() {
            machine.run_module(*file);
            machine.run_deferred();
        }
    }
    machine.run_pending();
    while machine.run_deferred() {
        machine.run_pending();
    }
    all.events.append(&mut machine.events);
    all.loads.append(&mut machine.loads);
    all.cut.extend(machine.stopped.iter().map(|((_, why), place)| (*place, *why)));
    for (file, result) in parsed {
        let stops = machine.stopped.range((file, "")..).take_while(|(at, _)| at.0 == file);
        let stopped = stops
            .map(|((_, why), _)| *why)
            .find(|why| ![budget::SPENT, budget::WAYS].contains(why));
        all.coverage.push((file, result.map(|()| stopped)));
    }
    all
}
