//! The state of an evaluation: what exists, where it stands, what it has written down,
//! and how much it may still do.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;
use std::rc::Rc;

use ruff_python_ast::ModModule;
use ruff_text_size::TextRange;

use super::budget::Deferred;
use super::heap::{
    FunctionId, Heap, List, ListId, ModuleId, Scope, ScopeId, Seeded, Sequence, Table, Unit,
};
use super::names::{ApiId, Names};
use super::value::{Data, Taint, Text, Trail, Value, merged};
use crate::event::{Argument, Effect, Event, Hiding, Role, Source, When};
use crate::place::{FileId, Place};
use crate::tree::Tree;
use crate::value::Origin;

/// Steps that a package may take beyond one walk over its code.
const BASE_FUEL: u64 = 60_000;
/// Events that are written down; a program that would give more is known well enough.
const MAX_EVENTS: usize = 200_000;
/// The most events of one effect in one file when there are so many.
const MAX_LATE_EVENTS: u32 = 64;

/// A parsed piece of code, kept as long as the evaluation.
pub(super) struct Code {
    pub(super) text: String,
    pub(super) syntax: ModModule,
}

/// Code and text in a list to whose end something can be added while all of it is read.
#[derive(Default)]
pub(super) struct Kept {
    code: Option<Code>,
    text: Option<String>,
    next: OnceCell<Box<Kept>>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // One after another: the list is as long as a package has files.
        let mut next = self.next.take();
        while let Some(mut one) = next {
            next = one.next.take();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Running,
    Done,
}

pub(super) struct Module<'a> {
    pub(super) name: String,
    pub(super) path: &'a str,
    pub(super) file: FileId,
    pub(super) is_package: bool,
    pub(super) scope: ScopeId,
    pub(super) progress: Progress,
    pub(super) code: Option<&'a Code>,
}

/// One function, or module, that is being evaluated.
#[derive(Default)]
pub(super) struct Frame<'a> {
    pub(super) returned: Option<Value<'a>>,
    pub(super) yielded: Option<Vec<Value<'a>>>,
    /// Whether a way out of a loop depended on something unknown.
    pub(super) undecided: bool,
    /// Whether all that decides is known, so that what is not taken is not looked at.
    pub(super) exact: bool,
}

/// A name that was bound while it was not sure that it would be.
pub(super) struct Bound<'a> {
    pub(super) scope: ScopeId,
    pub(super) name: &'a str,
    pub(super) before: Option<Value<'a>>,
}

pub(super) struct Evaluator<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) heap: Heap<'a>,
    pub(super) names: Names<'a>,
    pub(super) builtins: ApiId,
    pub(super) environ: ApiId,
    pub(super) builtin_names: Table<&'a str, Option<ApiId>>,
    pub(super) modules: Vec<Module<'a>>,
    pub(super) module_by_name: HashMap<String, ModuleId>,
    pub(super) scope: ScopeId,
    pub(super) unit: Rc<Unit>,
    pub(super) when: When,
    pub(super) frame: Frame<'a>,
    pub(super) undo: Vec<Bound<'a>>,
    /// How many branches, of which it is not known whether they run, it stands in.
    pub(super) branches: u32,
    pub(super) fuel: u64,
    pub(super) depth: u32,
    pub(super) calls: u32,
    /// Loops that are run round by round, within each other.
    pub(super) rounds: u32,
    pub(super) inline_budget: u64,
    pub(super) text_depth: u32,
    /// Names that were bound to something else, counted.
    pub(super) changes: u64,
    /// Known values that took the place of other ones or were added to something,
    /// counted: what a loop that puts something together does in each round.
    pub(super) learned: u64,
    /// The same of numbers alone, which every loop that counts does.
    pub(super) counted: u64,
    pub(super) events: Vec<Event>,
    /// Events that matter, counted.
    pub(super) emitted: u64,
    /// Those of them that were not written down just so before, counted.
    pub(super) news: u64,
    written: HashSet<u64, Seeded>,
    /// What decoders are made of, counted.
    pub(super) decoded: u64,
    pub(super) quiet: u32,
    /// Tests for `__main__` in a module of a library that it stands below: all of it is
    /// evaluated as what is loaded, and said to be what is called.
    pub(super) as_program: u32,
    late_events: BTreeMap<(FileId, Effect), u32>,
    pub(super) loads: Vec<(Rc<str>, Place)>,
    /// Where evaluation stopped at a bound first, in each file, and which bound.
    pub(super) cuts: BTreeMap<(FileId, &'static str), Place>,
    /// Steps that each file has of its own, and what is left of them: of the files that
    /// needed some, and of their statements.
    pub(super) reserve: u64,
    pub(super) reserves: BTreeMap<FileId, u64>,
    pub(super) quotas: BTreeMap<(FileId, u32), u64>,
    /// The statement that all of this is done for, and the one that runs.
    pub(super) site: (FileId, u32),
    pub(super) here: TextRange,
    /// What the statement took last that took steps of what all have in common, and the
    /// first that took too much.
    pub(super) taken: ((FileId, u32), u64),
    pub(super) greedy: Option<Place>,
    /// Something was not run to its end: what is known may not be so.
    pub(super) is_inexact: bool,
    /// Code that stood too deep, and all that ever did.
    pub(super) deferred: Vec<Deferred<'a>>,
    pub(super) deferred_before: BTreeSet<usize>,
    pub(super) pending: Vec<FunctionId>,
    pub(super) seen_imports: BTreeSet<(FileId, Rc<str>)>,
    tail: &'a OnceCell<Box<Kept>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(tree: &'a Tree<'a>, kept: &'a Kept, bytes: usize) -> Self {
        let mut names = Names::new();
        let builtins = names.id("py:builtins");
        let environ = names.id("py:os.environ");
        let mut heap = Heap::default();
        let scope = heap.add_scope(Scope::default());
        let unit =
            Unit { file: FileId(0), module: ModuleId(u32::MAX), over: None, hiding: Vec::new() };
        let size = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self {
            tree,
            heap,
            names,
            builtins,
            environ,
            builtin_names: Table::default(),
            modules: Vec::new(),
            module_by_name: HashMap::new(),
            scope,
            unit: Rc::new(unit),
            when: When::Load,
            frame: Frame::default(),
            undo: Vec::new(),
            branches: 0,
            fuel: BASE_FUEL + size / 100,
            depth: 0,
            calls: 0,
            rounds: 0,
            inline_budget: 1_000 + size / 1_024,
            text_depth: 0,
            changes: 0,
            learned: 0,
            counted: 0,
            events: Vec::new(),
            emitted: 0,
            news: 0,
            written: HashSet::default(),
            decoded: 0,
            quiet: 0,
            as_program: 0,
            late_events: BTreeMap::new(),
            loads: Vec::new(),
            cuts: BTreeMap::new(),
            reserve: 0,
            reserves: BTreeMap::new(),
            quotas: BTreeMap::new(),
            site: (FileId(0), 0),
            here: TextRange::default(),
            taken: ((FileId(0), 0), 0),
            greedy: None,
            is_inexact: false,
            deferred: Vec::new(),
            deferred_before: BTreeSet::new(),
            pending: Vec::new(),
            seen_imports: BTreeSet::new(),
            tail: &kept.next,
        }
    }

    /// Keeps code as long as the evaluation lasts.
    pub(super) fn keep_code(&mut self, code: Code) -> Option<&'a Code> {
        self.keep(Kept { code: Some(code), text: None, next: OnceCell::new() })?.code.as_ref()
    }

    /// Keeps a name that was computed as long as the evaluation lasts.
    pub(super) fn keep_text(&mut self, text: &str) -> &'a str {
        let kept = Kept { code: None, text: Some(text.to_owned()), next: OnceCell::new() };
        self.keep(kept).and_then(|kept| kept.text.as_deref()).unwrap_or_default()
    }

    /// A text that lives as long as the evaluation.
    pub(super) fn lasting(&mut self, text: &Text<'a>) -> &'a str {
        match text {
            Text::Literal(text) => text,
            Text::Made(text) => self.keep_text(text),
        }
    }

    fn keep(&mut self, kept: Kept) -> Option<&'a Kept> {
        let tail: &'a OnceCell<Box<Kept>> = self.tail;
        let node: &'a Kept = tail.get_or_init(|| Box::new(kept));
        self.tail = &node.next;
        Some(node)
    }

    /// More steps for data that is written in the program, once: what decodes it takes
    /// steps for each byte.
    pub(super) fn refuel(&mut self, size: usize) {
        if size >= 4_096 && self.calls == 0 && self.rounds == 0 && self.text_depth < 3 {
            self.fuel =
                self.fuel.saturating_add(u64::try_from(size.saturating_mul(4)).unwrap_or(0));
        }
    }

    /// Takes steps for work on so many bytes or items.
    pub(super) fn burn_for(&mut self, size: usize) -> bool {
        self.burn(u64::try_from(size / 32).unwrap_or(u64::MAX))
    }

    pub(super) fn place(&self, range: TextRange) -> Place {
        self.unit.over.unwrap_or_else(|| Place {
            file: self.unit.file,
            start: range.start().to_u32(),
            end: range.end().to_u32(),
        })
    }

    pub(super) fn origin(&self, source: Source, range: TextRange, name: Option<&str>) -> Origin {
        Origin { source, place: self.place(range), name: name.map(bounded_name) }
    }

    pub(super) fn tainted(&self, source: Source, range: TextRange, name: Option<&str>) -> Trail {
        let origins = vec![self.origin(source, range, name)];
        Some(Rc::new(Taint { origins, hiding: Vec::new() }))
    }

    /// Writes an event down.
    pub(super) fn emit(
        &mut self,
        effect: Effect,
        api: &Rc<str>,
        range: TextRange,
        arguments: Vec<Argument>,
        hidden: &[Hiding],
    ) {
        if effect != Effect::Import {
            self.emitted += 1;
        }
        if self.quiet > 0 {
            return;
        }
        if self.events.len() >= MAX_EVENTS {
            // What others do is written down all the same.
            let own = self.late_events.entry((self.unit.file, effect)).or_default();
            *own += 1;
            if *own > MAX_LATE_EVENTS {
                return self.cut(range, "it does more than is written down");
            }
        }
        let mut hiding = self.unit.hiding.clone();
        for one in hidden {
            if !hiding.contains(one) {
                hiding.push(*one);
            }
        }
        if Self::mines(effect, &arguments) {
            self.emit(Effect::Mining, api, range, arguments.clone(), hidden);
        }
        let api = Rc::clone(api);
        let place = self.place(range);
        let when = match self.when {
            When::Load if self.as_program > 0 => When::Call,
            when => when,
        };
        let event = Event { effect, api, place, arguments, when, hiding };
        if self.written.insert(super::summary::fingerprint(&event, Seeded.build_hasher())) {
            if effect != Effect::Import {
                self.news += 1;
            }
            self.events.push(event);
        }
    }

    /// An event whose name is written here.
    pub(super) fn emit_named(
        &mut self,
        effect: Effect,
        api: &str,
        range: TextRange,
        arguments: &[(Role, &Value<'a>)],
        hidden: &[Hiding],
    ) {
        let api: Rc<str> = api.into();
        let arguments = arguments
            .iter()
            .map(|(role, value)| Argument { role: *role, value: self.frozen(value) })
            .collect();
        self.emit(effect, &api, range, arguments, hidden);
    }

    pub(super) fn list(&mut self, kind: Sequence, items: Vec<Value<'a>>) -> Value<'a> {
        Data::List(self.heap.add_list(List { kind, items, open: false })).into()
    }

    pub(super) fn open_list(&mut self, kind: Sequence, items: Vec<Value<'a>>) -> Value<'a> {
        Data::List(self.heap.add_list(List { kind, items, open: true })).into()
    }

    pub(super) fn items(&self, id: ListId) -> &[Value<'a>] {
        self.heap.list(id).map_or(&[], |list| list.items.as_slice())
    }

    pub(super) fn api(&mut self, name: &str) -> Value<'a> {
        Data::Api(self.names.id(name)).into()
    }

    /// Everything that went into a value and into what it holds, a little deep.
    pub(super) fn deep_taint(&self, value: &Value<'a>, depth: u32) -> Trail {
        if depth == 0 || !matches!(value.data, Data::List(_) | Data::Dict(_) | Data::Object(_)) {
            return value.taint.clone();
        }
        let mut all = value.taint.clone();
        let most = if depth > 1 { 256 } else { 16 };
        match &value.data {
            Data::List(id) => {
                for item in self.items(*id).iter().take(most) {
                    all = merged(&all, &self.deep_taint(item, depth - 1));
                }
            }
            Data::Dict(id) => {
                if let Some(dict) = self.heap.dict(*id) {
                    for (_, item) in dict.items.iter().take(most) {
                        all = merged(&all, &self.deep_taint(item, depth - 1));
                    }
                }
            }
            Data::Object(id) => {
                if let Some(object) = self.heap.object(*id) {
                    all = merged(&all, &self.deep_taint(&object.about, depth - 1));
                }
            }
            _ => {}
        }
        all
    }
}

/// A name for an origin: not longer than a person reads.
fn bounded_name(name: &str) -> Rc<str> {
    name.chars().take(300).collect::<String>().into()
}
