//! Python: parsed by ruff, evaluated by us.
//!
//! The way: bytes -> text (`parse`) -> syntax, not too deep (`depth`) -> a walk over
//! each module as it would be imported, then over each function for callers that
//! nobody knows (`statement`, `expression`, `call`, `function`). Values are constants,
//! things of an abstract heap (`heap`), and names of the library (`names`), each with
//! what went into it (`value`). What the library does is in tables (`api`); what it
//! computes is computed (`builtin`). What matters is written down as events.

mod api;
mod assign;
mod attribute;
mod budget;
mod builtin;
mod call;
mod class;
mod code;
mod depth;
mod evaluator;
mod expression;
mod flow;
mod freeze;
mod function;
mod heap;
mod import;
mod mining;
mod names;
mod obfuscation;
mod operator;
mod outcome;
mod parse;
mod pattern;
mod pickled;
mod scope;
mod special;
mod statement;
mod subscript;
mod summary;
mod value;

use std::rc::Rc;

use self::evaluator::{Evaluator, Kept, Module, Progress};
use self::heap::{ModuleId, Unit};
use crate::event::When;
use crate::place::{FileId, Place};
use crate::survive;
use crate::trace::{Coverage, Trace};
use crate::tree::Tree;

/// Stack for the parser, the tree and the evaluator; only what is used is ever real.
const STACK_BYTES: usize = 768 << 20;
/// Bytes of source whose syntax is held at one time.
const MAX_HELD_BYTES: usize = 48 << 20;

/// What the code in these files does. They belong to one package: a name that is
/// relative is looked for among the tree's files.
#[must_use]
pub fn trace(tree: &Tree<'_>, files: &[FileId]) -> Trace {
    stacker::grow(STACK_BYTES, || {
        let mut all = Trace::default();
        let mut batch: Vec<FileId> = Vec::new();
        let mut held = 0;
        for file in files {
            let size =
                tree.file(*file).map_or(0, |file| file.bytes.len().min(parse::MAX_SOURCE_BYTES));
            if held + size > MAX_HELD_BYTES && !batch.is_empty() {
                join(&mut all, survived_batch(tree, &batch));
                batch.clear();
                held = 0;
            }
            batch.push(*file);
            held += size;
        }
        join(&mut all, survived_batch(tree, &batch));
        let (events, left_out) = summary::settled(std::mem::take(&mut all.events));
        all.events = events;
        for (place, is_run) in left_out {
            let why: Rc<str> = if is_run {
                "more is run here than is written down".into()
            } else {
                "it is done in more ways than are written down".into()
            };
            for (file, state) in &mut all.coverage {
                if is_run && *file == place.file && *state == Coverage::Whole {
                    *state = Coverage::Partly { why: Rc::clone(&why) };
                }
            }
            all.cut.push((place, why));
        }
        all
    })
}

fn join(all: &mut Trace, more: Trace) {
    all.events.extend(more.events);
    all.coverage.extend(more.coverage);
    all.cut.extend(more.cut);
    for load in more.loads {
        if !all.loads.iter().any(|known| known.0 == load.0) {
            all.loads.push(load);
        }
    }
}

/// What these files give, of which none hides another.
fn survived_batch(tree: &Tree<'_>, files: &[FileId]) -> Trace {
    let survived = survive::survive(files, |some| trace_batch(tree, some));
    let mut all = Trace::default();
    for mut trace in survived.given {
        for (file, coverage) in trace.coverage.iter_mut().filter(|_| survived.is_apart) {
            if *coverage == Coverage::Whole {
                *coverage = Coverage::Partly { why: survive::APART.into() };
                trace.cut.push((Place { file: *file, start: 0, end: 0 }, survive::APART.into()));
            }
        }
        join(&mut all, trace);
    }
    let defect = || Coverage::Unparsed { why: survive::DEFECT.into() };
    all.coverage.extend(survived.failed.into_iter().map(|file| (file, defect())));
    all
}

fn trace_batch(tree: &Tree<'_>, files: &[FileId]) -> Trace {
    let kept = Kept::default();
    let bytes = files.iter().filter_map(|file| tree.file(*file)).map(|file| file.bytes.len()).sum();
    let mut evaluator = Evaluator::new(tree, &kept, bytes);
    let mut coverage: Vec<(FileId, Coverage)> = Vec::with_capacity(files.len());
    for file in files {
        let Some(source) = tree.file(*file) else {
            coverage.push((*file, Coverage::Unparsed { why: "there is no such file".into() }));
            continue;
        };
        let (text, why) = if source.path.ends_with(".pth") {
            (path_file(&parse::decoded(&source.bytes)), None)
        } else {
            (parse::decoded(&source.bytes).into_owned(), None)
        };
        let (code, cut) = parse::parsed(text);
        let why: Option<&'static str> = why.or(cut);
        let code = evaluator.keep_code(code);
        evaluator.add_module(*file, &source.path, code);
        let known = match why {
            None => Coverage::Whole,
            Some(survive::DEFECT) => Coverage::Unparsed { why: survive::DEFECT.into() },
            Some(why) => Coverage::Partly { why: why.into() },
        };
        coverage.push((*file, known));
    }
    evaluator.share_out(files.len());
    evaluator.run();
    for (file, state) in &mut coverage {
        let cuts = evaluator.cuts.range((*file, "")..).take_while(|(at, _)| at.0 == *file);
        let mut cuts = cuts.filter(|((_, why), _)| *why != budget::SPENT);
        if let (Some(((_, why), _)), Coverage::Whole) = (cuts.next(), &state) {
            *state = Coverage::Partly { why: (*why).into() };
        }
    }
    let cut = evaluator.cuts.iter().map(|((_, why), place)| (*place, (*why).into())).collect();
    Trace { events: evaluator.events, coverage, loads: evaluator.loads, cut }
}

/// A file of paths runs its lines that begin with `import`, when Python starts.
fn path_file(text: &str) -> String {
    let runs = |line: &&str| line.starts_with("import ") || line.starts_with("import\t");
    text.split_inclusive('\n')
        .map(|line| {
            if runs(&line) {
                line.to_owned()
            } else {
                line.replace(|letter| letter != '\n', " ").trim_start_matches(' ').to_owned()
            }
        })
        .collect()
}

impl<'a> Evaluator<'a> {
    fn add_module(&mut self, file: FileId, path: &'a str, code: Option<&'a evaluator::Code>) {
        let scope = self.new_scope(None);
        if let Some(scope) = self.heap.scope_mut(scope) {
            scope.kept = true;
        }
        let bare = path.rsplit_once('.').map_or(path, |(bare, _)| bare);
        let is_package = bare.ends_with("__init__");
        let bare = bare.strip_suffix("/__init__").unwrap_or(bare);
        let name = bare.replace('/', ".");
        let id = ModuleId(u32::try_from(self.modules.len()).unwrap_or(u32::MAX));
        // Below `src`, or below the folder that an archive has, is where imports begin.
        let mut shorter = name.as_str();
        for _ in 0..4 {
            self.module_by_name.entry(shorter.to_owned()).or_insert(id);
            let Some((first, rest)) = shorter.split_once('.') else { break };
            let wraps = matches!(first, "src" | "lib" | "python")
                || first.contains('-')
                || !self.has_package(path, first);
            if !wraps {
                break;
            }
            shorter = rest;
        }
        self.modules.push(Module {
            name,
            path,
            file,
            is_package,
            scope,
            progress: Progress::Waiting,
            code,
        });
    }

    /// Whether a folder at the root is a package that Python would import by its name.
    fn has_package(&self, path: &str, first: &str) -> bool {
        path.starts_with(first) && self.tree.find(&format!("{first}/__init__.py")).is_some()
    }

    fn run(&mut self) {
        let mut order: Vec<usize> = (0..self.modules.len()).collect();
        let rank = |path: &str| match path.rsplit('/').next().unwrap_or(path) {
            "setup.py" => 0,
            "__init__.py" => 1,
            _ => 2,
        };
        order.sort_by_key(|position| {
            self.modules
                .get(*position)
                .map(|module| (rank(module.path), module.path.matches('/').count(), module.path))
        });
        for position in order {
            let Some(module) = self.modules.get(position) else { continue };
            let (path, file, scope, code) = (module.path, module.file, module.scope, module.code);
            let id = ModuleId(u32::try_from(position).unwrap_or(u32::MAX));
            let installs = path.rsplit('/').next() == Some("setup.py");
            self.when = if installs { When::Install } else { When::Load };
            self.run_module(id);
            self.unit = Rc::new(Unit { file, module: id, over: None, hiding: Vec::new() });
            if let Some(code) = code {
                self.look_over(&code.text);
            }
            self.look_over_names(scope);
            self.run_pending();
        }
        self.run_pending();
        while self.run_deferred() {
            self.run_pending();
        }
    }

    /// Evaluates every function that nobody has evaluated for unknown callers yet.
    fn run_pending(&mut self) {
        while let Some(id) = self.pending.pop() {
            self.evaluate_generally(id);
        }
    }
}
