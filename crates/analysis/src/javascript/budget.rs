//! What evaluation may spend, shared out so that no code uses up what other code needs;
//! and that it is told, with the place, where a bound ends it.
//!
//! All code is walked once, whatever it costs, and that is linear. What is looked at
//! again - the rounds of a loop, a function with other arguments - takes steps from what
//! the package has in common. When those are gone, each file still has some of its own,
//! of which a loop or call takes at most a quarter.

use oxc_ast::ast::{AssignmentTarget, BindingPattern, Expression, JSXChild, Statement};
use oxc_span::{GetSpan, Span};

use super::heap::Property;
use super::machine::Machine;
use super::statement::Flow;
use super::value::Value;
use crate::event::When;
use crate::place::{FileId, Place};

/// Steps that the files of a package have of their own, together.
const RESERVE_STEPS: u64 = 500_000;
/// The most and the fewest that one file has.
const MOST_FOR_FILE: u64 = 60_000;
const FEWEST_FOR_FILE: u64 = 1_500;
/// Bytes of text that the files of a package have of their own, together.
const RESERVE_BYTES: usize = 64 << 20;

/// The most bytes of objects and variables that evaluation may hold before nothing is
/// looked at again, roughly.
const MAX_HELD_BYTES: usize = 768 << 20;
/// So many values are held in any case.
const FEW_VALUES: usize = 64;
/// A loop that goes round so often and takes so many steps without an end may be there
/// for that, and so may a function that runs so often.
const MANY_ROUNDS: usize = 4;
const MANY_STEPS: u64 = 50_000;
pub(crate) const MANY_RUNS: u32 = 256;
/// What is looked at again was not looked at as often as it could be: all of it was
/// walked, and large packages are so.
pub(crate) const SPENT: &str = "it takes more steps than are spent";
/// Calls of one place differ in more ways than are written down. What runs is not among
/// them, and large packages are so.
pub(crate) const WAYS: &str = "it is done in more ways than are written down";
/// One piece of code took what others needed.
const GREEDY: &str = "this alone takes most of the steps that are spent";

/// Code that stands deeper than is followed, to be walked from where nothing is around.
#[derive(Clone, Copy)]
pub(crate) enum Below<'a> {
    Statement(&'a Statement<'a>),
    Expression(&'a Expression<'a>),
    Binding(&'a BindingPattern<'a>),
    Target(&'a AssignmentTarget<'a>),
    Child(&'a JSXChild<'a>),
}

/// The same, with what was around it.
pub(crate) struct Deferred<'a> {
    below: Below<'a>,
    frame: u32,
    file: FileId,
    pinned: Option<Place>,
    hiding: u32,
    when: When,
    guarded: Option<FileId>,
}

impl Below<'_> {
    fn span(&self) -> Span {
        match self {
            Self::Statement(it) => it.span(),
            Self::Expression(it) => it.span(),
            Self::Binding(it) => it.span(),
            Self::Target(it) => it.span(),
            Self::Child(it) => it.span(),
        }
    }

    /// Where it is in memory, which is what it is known by.
    fn address(&self) -> usize {
        match self {
            Self::Statement(it) => std::ptr::from_ref(*it).addr(),
            Self::Expression(it) => std::ptr::from_ref(*it).addr(),
            Self::Binding(it) => std::ptr::from_ref(*it).addr(),
            Self::Target(it) => std::ptr::from_ref(*it).addr(),
            Self::Child(it) => std::ptr::from_ref(*it).addr(),
        }
    }
}

impl<'a> Machine<'a> {
    /// What each of so many files has of its own.
    pub(crate) fn share_out(&mut self, files: usize) {
        let files = u64::try_from(files.max(1)).unwrap_or(u64::MAX);
        self.reserve = (RESERVE_STEPS / files).clamp(FEWEST_FOR_FILE, MOST_FOR_FILE);
        let made = RESERVE_BYTES / usize::try_from(files).unwrap_or(usize::MAX);
        self.made_reserve = made.clamp(16 << 10, 4 << 20);
    }

    /// Evaluation is not whole here.
    pub(crate) fn stop(&mut self, span: Span, why: &'static str) {
        let place = self.place(span);
        self.stopped.entry((place.file, why)).or_insert(place);
    }

    /// Steps are gone before what is here was run to its end.
    pub(crate) fn exhausted(&mut self, site: Span) {
        self.stop(site, SPENT);
    }

    /// The same in a loop that has gone round so often and taken so many steps.
    pub(crate) fn exhausted_by(&mut self, site: Span, rounds: usize, steps: u64) {
        self.exhausted(site);
        if rounds >= MANY_ROUNDS && steps >= MANY_STEPS {
            self.is_greedy(site);
        }
    }

    /// It took what others needed. What it would have changed is not known, so that no
    /// condition can be relied on from here on.
    pub(crate) fn is_greedy(&mut self, site: Span) {
        self.is_inexact = true;
        self.stop(site, GREEDY);
    }

    /// What is left for this loop or call when nothing is left that all have in common.
    fn quota(&mut self, site: Span) -> &mut u64 {
        let (file, reserve) = (self.file, self.reserve);
        self.quotas.entry((file, site.start)).or_insert_with(|| {
            let left = self.reserves.entry(file).or_insert(reserve);
            let quota = *left / 4;
            *left -= quota;
            quota
        })
    }

    /// Whether so many values may be put somewhere more; it takes steps.
    pub(crate) fn may_hold(&mut self, values: usize) -> bool {
        self.steps += u64::try_from(values / 16).unwrap_or(0);
        // A few stand in the code itself, and it is not longer for being walked once.
        if values > FEW_VALUES && self.held > MAX_HELD_BYTES {
            self.is_inexact = true;
            self.stop(self.here, "it holds more than is followed");
            return false;
        }
        self.held = self.held.saturating_add(values.saturating_mul(size_of::<Property<'a>>()));
        true
    }

    /// Takes what was spent since then on what was looked at before.
    pub(crate) fn charge_since(&mut self, before: u64, site: Span) {
        let spent = self.steps.saturating_sub(before);
        if self.is_in_extra {
            return;
        }
        if self.extra > 0 {
            self.extra = self.extra.saturating_sub(spent);
        } else {
            let quota = self.quota(site);
            *quota = quota.saturating_sub(spent);
        }
    }

    /// Runs something that may only be done as long as there are steps for it.
    pub(crate) fn spend<T>(&mut self, site: Span, run: impl FnOnce(&mut Self) -> T) -> T {
        if self.is_in_extra {
            return run(self);
        }
        let before = self.steps;
        let is_common = self.extra > 0;
        let most = if is_common { self.extra } else { *self.quota(site) };
        self.is_in_extra = true;
        self.extra_until = before.saturating_add(most);
        let result = run(self);
        self.is_in_extra = false;
        let left = most.saturating_sub(self.steps - before);
        if is_common {
            self.extra = left;
        } else {
            *self.quota(site) = left;
        }
        result
    }

    /// Whether steps are left for what does not have to be done.
    pub(crate) fn can_spend(&mut self, site: Span) -> bool {
        if self.held > MAX_HELD_BYTES {
            false
        } else if self.is_in_extra {
            self.steps < self.extra_until
        } else {
            self.extra > 0 || *self.quota(site) > 0
        }
    }

    /// Whether code that is left out has to be looked at all the same: by what ended
    /// early, a condition may be known that is not so.
    pub(crate) fn is_unsure(&self) -> bool {
        self.is_inexact && !self.is_in_extra
    }

    /// Looks at what is left out, if that may be wrong, for what it would do.
    pub(crate) fn aside<T>(&mut self, run: impl FnOnce(&mut Self) -> T) {
        if self.is_unsure() {
            let (may_leave, returned) = (self.may_leave, self.returned.clone());
            self.begin_branch();
            run(self);
            self.undo_branch();
            (self.may_leave, self.returned) = (may_leave, returned);
        }
    }

    /// Where a condition cannot be relied on, what leaves may as well go on.
    pub(crate) fn perhaps(&mut self, flow: Flow<'a>) -> Flow<'a> {
        if flow == Flow::Normal || !self.is_unsure() {
            return flow;
        }
        self.may_leave = true;
        Flow::Normal
    }

    /// Runs something that may not run at all.
    pub(crate) fn maybe<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.begin_branch();
        let result = run(self);
        let changes = self.undo_branch();
        self.join(changes, false);
        result
    }

    /// Code that stands too deep is walked later.
    pub(crate) fn defer(&mut self, below: Below<'a>) {
        self.stop(below.span(), "it nests deeper than is followed");
        if self.deferred_before.insert(below.address(), ()).is_some() {
            return;
        }
        // The frame is needed until then.
        self.closures += 1;
        self.deferred.push(Deferred {
            below,
            frame: self.frame,
            file: self.file,
            pinned: self.pinned,
            hiding: self.hiding,
            when: self.when,
            guarded: self.guarded,
        });
    }

    /// Walks what stood too deep, if there is something. Nothing may be running.
    pub(crate) fn run_deferred(&mut self) -> bool {
        let has_some = !self.deferred.is_empty();
        while let Some(one) = self.deferred.pop() {
            let saved = (self.frame, self.file, self.pinned, self.hiding, self.when, self.guarded);
            (self.frame, self.file, self.pinned) = (one.frame, one.file, one.pinned);
            (self.hiding, self.when, self.guarded) = (one.hiding, one.when, one.guarded);
            self.maybe(|machine| match one.below {
                Below::Statement(it) => {
                    machine.statement(it);
                }
                Below::Expression(it) => {
                    machine.expression(it);
                }
                Below::Binding(it) => machine.bind(it, Value::UNKNOWN),
                Below::Target(it) => machine.assign(it, Value::UNKNOWN),
                Below::Child(it) => machine.jsx_child(it),
            });
            self.returned = None;
            (self.frame, self.file, self.pinned, self.hiding, self.when, self.guarded) = saved;
        }
        has_some
    }
}
