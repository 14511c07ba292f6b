//! The state of an evaluation: heap, frames, what was found, and how much may still
//! be spent.

use std::collections::BTreeMap;
use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_span::Span;

use super::api::ApiTable;
use super::budget::{Deferred, WAYS};
use super::builtin::pattern::Patterns;
use super::data::Walks;
use super::freeze::MAX_WORDS;
use super::function::FunctionState;
use super::handover::{Frozen, FrozenEvent, FrozenShape};
use super::heap::{Branch, Changed, Class, Frame, Object, Undo};
use super::marks::{self, MarkTable};
use super::module::ModuleTable;
use super::names::NameMap;
use super::scope::Layout;
use super::value::{ApiId, Marks, ObjectId, Value};
use crate::event::{Effect, Hiding, Role, Source, When};
use crate::place::{FileId, Place};
use crate::tree::Tree;
use crate::value::MAX_TEXT_BYTES;

/// Steps that any package may spend on running what does not only have to be looked
/// at once: loops whose end is known, functions with known arguments.
pub(crate) const EXTRA_STEPS: u64 = 150_000;
/// The same for a package whose code is made to be hard to read: a table of strings
/// that is turned and decrypted hundreds of times until a sum is right takes about 60
/// million.
pub(crate) const EXTRA_STEPS_HIDDEN: u64 = 100_000_000;
/// The deepest nesting of evaluation: expressions, statements and calls together.
pub(crate) const MAX_DEPTH: u32 = 2_500;
/// The most events that are kept, of whatever.
const MAX_EVENTS: usize = 100_000;
/// The most events of one effect in one file when there are so many.
const MAX_LATE_EVENTS: u32 = 64;
/// The most events of one kind at one place: ways to call a function differ.
const MAX_VARIANTS: usize = 8;
/// The same of known commands and code, of which any may be the one that matters.
const MAX_COMMANDS: usize = 64;
/// The most bytes of code for which room is reserved.
const MOST_RESERVED: usize = 32 << 20;
/// The most bytes of text and names that evaluation may make, of which all files have
/// [`MAX_MADE_BYTES`] in common.
const MAX_MADE_BYTES: usize = 192 << 20;

pub(crate) struct Machine<'a> {
    pub(crate) arena: &'a Allocator,
    pub(crate) tree: &'a Tree<'a>,
    pub(crate) heap: Vec<Object<'a>>,
    /// What was looked through for where data comes from.
    pub(crate) walks: Walks,
    pub(crate) frames: Vec<Frame<'a>>,
    /// The variables of calls that are over, for the next ones.
    pub(crate) spare: Vec<Vec<Value<'a>>>,
    pub(crate) layouts: Vec<Layout<'a>>,
    pub(crate) functions: Vec<FunctionState<'a>>,
    pub(crate) apis: ApiTable,
    pub(crate) marks: MarkTable,
    pub(crate) modules: ModuleTable<'a>,
    pub(crate) overrides: NameMap<ApiId, Value<'a>>,
    pub(crate) patterns: Patterns<'a>,
    /// Names that some object calls a function for when they are written, and where it
    /// keeps the function.
    pub(crate) setters: NameMap<&'a str, &'a str>,
    /// The objects of `with` around what runs.
    pub(crate) withs: Vec<Value<'a>>,
    /// What was thrown last.
    pub(crate) thrown: Option<Value<'a>>,
    /// What servers answered in each `try` that runs, outermost first: an error of a
    /// request carries the answer.
    pub(crate) tried: Vec<Marks>,
    pub(crate) trail: Vec<Undo<'a>>,
    pub(crate) branches: Vec<Branch>,
    pub(crate) stamps: u32,
    /// The frame of the function that runs.
    pub(crate) frame: u32,
    pub(crate) file: FileId,
    /// Where code that came from text is said to be.
    pub(crate) pinned: Option<Place>,
    /// How the code that runs was hidden.
    pub(crate) hiding: u32,
    pub(crate) when: When,
    /// The file of which that part runs that runs only when the file is started, and
    /// the functions that ran in it.
    pub(crate) guarded: Option<FileId>,
    pub(crate) guarded_runs: Vec<u32>,
    pub(crate) steps: u64,
    /// Steps that may still be spent on what was looked at already.
    pub(crate) extra: u64,
    pub(crate) is_in_extra: bool,
    pub(crate) extra_until: u64,
    /// Steps that each file has of its own, and what is left of them: of the files that
    /// needed some, and of their loops and calls, by where they begin.
    pub(crate) reserve: u64,
    pub(crate) reserves: NameMap<FileId, u64>,
    pub(crate) quotas: NameMap<(FileId, u32), u64>,
    /// Something was not run to its end: what is known may not be so.
    pub(crate) is_inexact: bool,
    /// What the function that runs has changed.
    pub(crate) changed: Changed,
    /// Code that stood too deep, and all that ever did.
    pub(crate) deferred: Vec<Deferred<'a>>,
    pub(crate) deferred_before: NameMap<usize, ()>,
    /// The package's code is made to be hard to read: more is spent on it.
    pub(crate) is_hidden: bool,
    /// How many functions came to be: a frame that none of them holds can go.
    pub(crate) closures: u64,
    pub(crate) depth: u32,
    /// What the running function gave back so far.
    pub(crate) returned: Option<Value<'a>>,
    /// A branch that may not be taken left the loop or function.
    pub(crate) may_leave: bool,
    /// Functions that nothing has called yet.
    pub(crate) pending: Vec<ObjectId>,
    /// The functions that run, outermost first.
    pub(crate) active: Vec<u32>,
    /// Calls that run though their function ran before, told apart by what they were
    /// called with.
    pub(crate) within: Vec<u64>,
    pub(crate) events: Vec<FrozenEvent>,
    seen: NameMap<(Effect, Place, ApiId), Vec<usize>>,
    late_events: NameMap<(FileId, Effect), u32>,
    pub(crate) loads: Vec<(String, Place)>,
    /// Where evaluation stopped at a bound first, in each file, and which bound.
    pub(crate) stopped: BTreeMap<(FileId, &'static str), Place>,
    made: usize,
    /// Bytes of objects and variables that came to be, roughly.
    pub(crate) held: usize,
    /// Bytes that each file may make when those are gone, and what is left of them.
    pub(crate) made_reserve: usize,
    made_reserves: NameMap<FileId, usize>,
    /// The call that runs.
    pub(crate) here: Span,
    /// How many texts were executed as code within each other.
    pub(crate) nested_code: u32,
}

impl<'a> Machine<'a> {
    /// An evaluation of so many bytes of code.
    pub(crate) fn new(arena: &'a Allocator, tree: &'a Tree<'a>, bytes: usize) -> Self {
        // Room that is not used costs nothing; moving what grows costs a copy of all.
        let bytes = bytes.min(MOST_RESERVED);
        Self {
            arena,
            tree,
            heap: Vec::with_capacity(bytes / 64),
            walks: Walks::default(),
            frames: Vec::with_capacity(bytes / 128),
            layouts: Vec::with_capacity(bytes / 128),
            functions: Vec::with_capacity(bytes / 128),
            spare: Vec::new(),
            apis: ApiTable::new(),
            marks: MarkTable::new(),
            modules: ModuleTable::default(),
            overrides: NameMap::default(),
            patterns: Patterns::default(),
            setters: NameMap::default(),
            withs: Vec::new(),
            thrown: None,
            tried: Vec::new(),
            trail: Vec::new(),
            branches: Vec::new(),
            stamps: 0,
            frame: 0,
            file: FileId(0),
            pinned: None,
            hiding: 0,
            when: When::Load,
            guarded: None,
            guarded_runs: Vec::new(),
            steps: 0,
            extra: EXTRA_STEPS,
            is_in_extra: false,
            extra_until: 0,
            reserve: 0,
            reserves: NameMap::default(),
            quotas: NameMap::default(),
            is_inexact: false,
            changed: Changed::NOTHING,
            deferred: Vec::new(),
            deferred_before: NameMap::default(),
            is_hidden: false,
            closures: 0,
            depth: 0,
            returned: None,
            may_leave: false,
            pending: Vec::new(),
            active: Vec::new(),
            within: Vec::new(),
            events: Vec::new(),
            seen: NameMap::default(),
            late_events: NameMap::default(),
            loads: Vec::new(),
            stopped: BTreeMap::new(),
            made: 0,
            held: 0,
            made_reserve: 0,
            made_reserves: NameMap::default(),
            here: Span::default(),
            nested_code: 0,
        }
    }

    /// Where this is.
    pub(crate) fn place(&self, span: Span) -> Place {
        self.pinned.unwrap_or(Place { file: self.file, start: span.start, end: span.end })
    }

    /// A name that lives as long as the evaluation.
    pub(crate) fn keep(&mut self, text: &str) -> &'a str {
        if !self.may_make(text.len()) {
            return "";
        }
        self.arena.alloc_str(text)
    }

    /// Whether so many bytes may still be made.
    pub(crate) fn may_make(&mut self, bytes: usize) -> bool {
        self.steps += u64::try_from(bytes / 64).unwrap_or(0);
        if self.made.saturating_add(bytes) <= MAX_MADE_BYTES {
            self.made += bytes;
            return true;
        }
        // What the file has of its own.
        let left = self.made_reserves.entry(self.file).or_insert(self.made_reserve);
        if *left >= bytes {
            *left -= bytes;
            return true;
        }
        self.is_inexact = true;
        self.stop(self.here, "it makes more text than is followed");
        false
    }

    /// Marks of one origin, here.
    pub(crate) fn origin(&mut self, source: Source, span: Span, name: Option<&str>) -> Marks {
        let place = self.place(span);
        self.marks.origin(source, place, name.map(|name| Rc::from(clipped(name, 512))))
    }

    /// Marks of a constant that had to be decoded.
    pub(crate) fn decoded(&mut self, span: Span, hiding: Hiding) -> Marks {
        let origin = self.origin(Source::Decoded, span, None);
        let hidden = self.marks.hidden(marks::bit(hiding));
        self.marks.union(origin, hidden)
    }

    pub(crate) fn hidden(&mut self, hiding: Hiding) -> Marks {
        self.marks.hidden(marks::bit(hiding))
    }

    /// Writes down that code does something.
    pub(crate) fn emit(
        &mut self,
        effect: Effect,
        api: ApiId,
        span: Span,
        arguments: &[(Role, Value<'a>)],
        marks: Marks,
    ) {
        let mut hiding = self.hiding | self.marks.hiding(marks);
        let mut frozen = Vec::with_capacity(arguments.len());
        for (role, value) in arguments {
            if role.decides() {
                hiding |= self.marks.hiding(value.marks);
            }
            if matches!(role, Role::Command | Role::CommandArgument) && self.is_too_long(value) {
                self.stop(span, "a command is longer than is written down");
            }
            frozen.push((*role, self.freeze(value, 0)));
        }
        for at in &self.active {
            if let Some(state) = usize::try_from(*at).ok().and_then(|at| self.functions.get_mut(at))
            {
                state.is_interesting = true;
            }
        }
        self.record(effect, api, span, frozen, hiding);
    }

    fn is_too_long(&self, value: &Value<'a>) -> bool {
        let list = value.as_object().and_then(|id| self.get(id)).map(|object| &object.class);
        value.as_text().is_some_and(|text| text.len() > MAX_TEXT_BYTES)
            || matches!(list, Some(Class::Array(words)) if words.len() > MAX_WORDS)
    }

    fn record(
        &mut self,
        effect: Effect,
        api: ApiId,
        span: Span,
        arguments: Vec<(Role, Frozen)>,
        hiding: u32,
    ) {
        let place = self.place(span);
        let is_guarded = self.guarded == Some(place.file);
        let when = if is_guarded { self.when.max(When::Call) } else { self.when };
        let event = FrozenEvent {
            effect,
            api: self.apis.name(api).to_owned(),
            place,
            arguments,
            when,
            hiding: marks::hidings(hiding),
        };
        let known = self.seen.entry((effect, place, api)).or_default();
        for at in known.iter() {
            if let Some(other) = self.events.get_mut(*at)
                && other.arguments == event.arguments
                && other.hiding == event.hiding
            {
                other.when = other.when.min(when);
                return;
            }
        }
        let is_told = |(role, value): &(Role, Frozen)| {
            matches!(role, Role::Command | Role::CommandArgument | Role::Code)
                && matches!(value.shape, FrozenShape::Text(_) | FrozenShape::List(_))
        };
        let (most, why) = if event.arguments.iter().any(is_told) {
            (MAX_COMMANDS, "more is run here than is written down")
        } else {
            (MAX_VARIANTS, WAYS)
        };
        if known.len() >= most {
            return self.stop(span, why);
        }
        if self.events.len() >= MAX_EVENTS {
            // What others do is written down all the same.
            let own = self.late_events.entry((place.file, effect)).or_default();
            *own += 1;
            if *own > MAX_LATE_EVENTS {
                return self.stop(span, "it does more than is written down");
            }
        }
        known.push(self.events.len());
        self.events.push(event);
    }
}

/// At most so many bytes of a text.
pub(crate) fn clipped(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
