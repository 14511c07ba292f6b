//! What evaluation may spend, shared out so that no code uses up what other code needs;
//! and that it is told, with the place, where a bound ends it.
//!
//! All code is walked once, whatever it costs. What is looked at again - the rounds of a
//! loop, a function with known arguments - takes steps from what the package has in
//! common. When those are gone, each file still has some of its own, of which one
//! statement takes at most a quarter.

use std::rc::Rc;

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::TextRange;

use super::evaluator::Evaluator;
use super::heap::{ScopeId, Unit};
use crate::event::When;
use crate::place::{FileId, Place};

/// Steps that the files of a package have of their own, together.
const RESERVE_STEPS: u64 = 1_000_000;
/// The most and the fewest that one file has.
const MOST_FOR_FILE: u64 = 40_000;
const FEWEST_FOR_FILE: u64 = 2_000;
/// How deep expressions and calls may be within each other.
const MAX_DEPTH: u32 = 1_500;

/// Steps of what all have in common that one statement takes in honest packages; one
/// that takes more may be there for that.
const MOST_OF_ONE: u64 = 20_000;
/// What is looked at again was not looked at as often as it could be: all of it was
/// walked, and large packages are so.
pub(super) const SPENT: &str = "it takes more steps than are spent";
/// One piece of code took what others needed.
const GREEDY: &str = "this alone takes most of the steps that are spent";

/// Code that stands deeper than is followed, to be walked from where nothing is around.
#[derive(Clone, Copy)]
pub(super) enum Below<'a> {
    Statement(&'a Stmt),
    Expression(&'a Expr),
}

/// The same, with what was around it.
pub(super) struct Deferred<'a> {
    below: Below<'a>,
    scope: ScopeId,
    unit: Rc<Unit>,
    when: When,
}

impl Below<'_> {
    /// Where it is in memory, which is what it is known by.
    fn address(&self) -> usize {
        match self {
            Self::Statement(it) => std::ptr::from_ref(*it).addr(),
            Self::Expression(it) => std::ptr::from_ref(*it).addr(),
        }
    }
}

impl<'a> Evaluator<'a> {
    /// What each of so many files has of its own.
    pub(super) fn share_out(&mut self, files: usize) {
        let files = u64::try_from(files.max(1)).unwrap_or(u64::MAX);
        self.reserve = (RESERVE_STEPS / files).clamp(FEWEST_FOR_FILE, MOST_FOR_FILE);
    }

    /// Evaluation is not whole here.
    pub(super) fn cut(&mut self, range: TextRange, why: &'static str) {
        let place = self.place(range);
        self.cuts.entry((place.file, why)).or_insert(place);
    }

    /// The same, in the statement that runs.
    pub(super) fn cut_here(&mut self, why: &'static str) {
        self.cut(self.here, why);
    }

    /// Steps are gone before what is here was run to its end. What it would have changed
    /// is not known, so that no condition can be relied on from here on.
    fn exhausted(&mut self) {
        self.is_inexact = true;
        self.cut_here(SPENT);
        if let Some(place) = self.greedy {
            self.cuts.entry((place.file, GREEDY)).or_insert(place);
        }
    }

    /// What is left for this statement when nothing is left that all have in common.
    fn quota(&mut self) -> &mut u64 {
        let (site, reserve): ((FileId, u32), u64) = (self.site, self.reserve);
        self.quotas.entry(site).or_insert_with(|| {
            let left = self.reserves.entry(site.0).or_insert(reserve);
            let quota = *left / 4;
            *left -= quota;
            quota
        })
    }

    /// Takes steps. Without any left nothing is evaluated a second time.
    pub(super) fn burn(&mut self, steps: u64) -> bool {
        if let Some(left) = self.fuel.checked_sub(steps) {
            self.fuel = left;
            if self.taken.0 != self.site {
                self.taken = (self.site, 0);
            }
            self.taken.1 += steps;
            if self.taken.1 > MOST_OF_ONE && self.greedy.is_none() {
                let (file, start) = self.site;
                self.greedy = Some(Place { file, start, end: start });
            }
            return true;
        }
        self.fuel = 0;
        let quota = self.quota();
        if let Some(left) = quota.checked_sub(steps) {
            *quota = left;
            return true;
        }
        *quota = 0;
        self.exhausted();
        false
    }

    /// Whether steps are left; that they are not is told.
    pub(super) fn has_fuel(&mut self) -> bool {
        let has_some = self.fuel > 0 || *self.quota() > 0;
        if !has_some {
            self.exhausted();
        }
        has_some
    }

    /// One level deeper, where there is one.
    pub(super) fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.is_deepest() {
            self.cut_here("it is nested too deeply");
            return None;
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        Some(result)
    }

    pub(super) fn is_deepest(&self) -> bool {
        self.depth >= MAX_DEPTH
    }

    /// Code that stands too deep is walked later.
    pub(super) fn defer(&mut self, below: Below<'a>) {
        if !self.deferred_before.insert(below.address()) {
            return;
        }
        let (scope, unit, when) = (self.scope, Rc::clone(&self.unit), self.when);
        if let Some(scope) = self.heap.scope_mut(scope) {
            scope.kept = true;
        }
        self.deferred.push(Deferred { below, scope, unit, when });
    }

    /// Walks what stood too deep, if there is something. Nothing may be running.
    pub(super) fn run_deferred(&mut self) -> bool {
        let has_some = !self.deferred.is_empty();
        while let Some(one) = self.deferred.pop() {
            let outer_scope = std::mem::replace(&mut self.scope, one.scope);
            let outer_unit = std::mem::replace(&mut self.unit, one.unit);
            let outer_when = std::mem::replace(&mut self.when, one.when);
            let outer_frame = std::mem::take(&mut self.frame);
            self.alternatives(1, false, |this, _| {
                match one.below {
                    Below::Statement(it) => {
                        this.block(std::slice::from_ref(it));
                    }
                    Below::Expression(it) => {
                        this.eval(it);
                    }
                }
                true
            });
            self.frame = outer_frame;
            self.when = outer_when;
            self.unit = outer_unit;
            self.scope = outer_scope;
        }
        has_some
    }
}
