//! Statements, one after another. What is known to happen happens; where it is not
//! known which way a program goes, every way is walked once and the names are bound to
//! what any way left.

use ruff_python_ast::{
    ElifElseClause, ExceptHandler, Expr, Operator, Stmt, StmtFor, StmtIf, StmtTry, StmtWhile,
    StmtWith,
};
use ruff_text_size::Ranged;

use super::budget::Below;
use super::evaluator::Evaluator;
use super::flow;
use super::value::{Data, Value};
use crate::event::{Effect, Role, When};

/// Rounds of one loop.
const MAX_ROUNDS: usize = 200_000;
/// Rounds of a loop that does something else than compute.
const MAX_EVENTFUL_ROUNDS: usize = 64;

/// Rounds of a loop without an end in sight that put nothing together and do nothing.
const MAX_IDLE_ROUNDS: u32 = 16;
/// The same where they count, and what they count may decide something.
const MAX_COUNTING_ROUNDS: u32 = 512;
/// Rounds of a loop as long as there is something in a collection from which nothing is
/// taken here, because it is not known what is in it.
const MAX_FILLED_ROUNDS: usize = 32;

/// What a loop has done before a round.
struct Mark {
    emitted: u64,
    learned: u64,
    counted: u64,
}

/// How a statement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    /// The function ends.
    End,
}

impl<'a> Evaluator<'a> {
    pub(super) fn block(&mut self, body: &'a [Stmt]) -> Flow {
        let mut statements = body.iter().peekable();
        while let Some(statement) = statements.next() {
            if let Stmt::Expr(first) = statement
                && let Expr::Name(name) = &*first.value
                && name.id.as_str() == "exec"
                && let Some(Stmt::Expr(second)) = statements.peek()
            {
                // Python 2: a statement of two words, which the parser takes for two.
                let code = self.eval(&second.value);
                let text = [(Role::Code, &code)];
                self.emit_named(
                    Effect::DynamicCode,
                    "py:builtins.exec",
                    second.value.range(),
                    &text,
                    code.hidings(),
                );
                self.run_text(&code, second.value.range(), None);
                statements.next();
                continue;
            }
            let flow = self.deeper(|this| this.statement(statement)).unwrap_or_else(|| {
                self.defer(Below::Statement(statement));
                Flow::Next
            });
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    fn statement(&mut self, statement: &'a Stmt) -> Flow {
        self.here = statement.range();
        if self.rounds > 0 || self.calls > 0 {
            self.burn(1);
        } else {
            self.site = (self.unit.file, self.here.start().to_u32());
        }
        match statement {
            Stmt::Expr(it) => {
                if !matches!(
                    *it.value,
                    Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) | Expr::Name(_)
                ) {
                    self.eval(&it.value);
                }
            }
            Stmt::Assign(it) => {
                let value = self.eval(&it.value);
                for target in &it.targets {
                    self.assign(target, value.clone());
                }
            }
            Stmt::AnnAssign(it) => {
                self.annotation(&it.annotation);
                if let Some(value) = &it.value {
                    let value = self.eval(value);
                    self.assign(&it.target, value);
                }
            }
            Stmt::AugAssign(it) => {
                let before = self.eval(&it.target);
                let more = self.eval(&it.value);
                if it.op == Operator::Add && self.extend_in_place(&before, &more) {
                    return Flow::Next;
                }
                let after = self.binary(it.op, before, more);
                self.assign(&it.target, after);
            }
            Stmt::FunctionDef(it) => self.define_function(it),
            Stmt::ClassDef(it) => self.define_class(it),
            Stmt::Import(it) => self.import(it),
            Stmt::ImportFrom(it) => self.import_from(it),
            Stmt::If(it) => return self.if_statement(it),
            Stmt::For(it) => return self.for_loop(it),
            Stmt::While(it) => return self.while_loop(it),
            Stmt::With(it) => return self.with_statement(it),
            Stmt::Try(it) => return self.try_statement(it),
            Stmt::Match(it) => return self.match_statement(it),
            Stmt::Return(it) => {
                let value = it.value.as_deref().map_or_else(Value::none, |value| self.eval(value));
                self.give(value);
                return self.leave(Flow::End);
            }
            Stmt::Raise(it) => {
                for value in [&it.exc, &it.cause].into_iter().flatten() {
                    self.eval(value);
                }
                return self.leave(Flow::End);
            }
            Stmt::Break(_) => return self.leave(Flow::Break),
            Stmt::Continue(_) => return Flow::Continue,
            Stmt::Assert(it) => {
                self.eval(&it.test);
                if let Some(message) = &it.msg {
                    self.eval(message);
                }
            }
            Stmt::Delete(it) => {
                for target in &it.targets {
                    match target {
                        Expr::Name(_) => {}
                        Expr::Subscript(it) if !matches!(*it.slice, Expr::Slice(_)) => {
                            let object = self.eval(&it.value);
                            let key = self.eval(&it.slice);
                            self.remove_item(&object, &key);
                        }
                        other => {
                            self.eval(other);
                        }
                    }
                }
            }
            Stmt::Global(it) => self.elsewhere(&it.names, true),
            Stmt::Nonlocal(it) => self.elsewhere(&it.names, false),
            Stmt::IpyEscapeCommand(_) | Stmt::TypeAlias(_) | Stmt::Pass(_) => {}
        }
        Flow::Next
    }

    fn leave(&mut self, flow: Flow) -> Flow {
        if self.branches > 0 {
            self.frame.undecided = true;
        }
        flow
    }

    fn give(&mut self, value: Value<'a>) {
        let before = self.frame.returned.take();
        self.frame.returned = Some(match before {
            Some(before) => before.or(value),
            None => value,
        });
    }

    fn elsewhere(&mut self, names: &'a [ruff_python_ast::Identifier], module: bool) {
        let here = self.scope;
        if let Some(scope) = self.heap.scope_mut(here) {
            for name in names {
                if scope.elsewhere.len() < 256 {
                    scope.elsewhere.push((name.id.as_str(), module));
                }
            }
        }
    }

    fn if_statement(&mut self, it: &'a StmtIf) -> Flow {
        if self.when == When::Load && flow::asks_for_main(&it.test) && self.is_in_package() {
            // What a module of a library does as a program, an import of it does not.
            self.as_program += 1;
            let flow = self.if_known(it);
            self.as_program -= 1;
            return flow;
        }
        self.if_known(it)
    }

    /// Whether the file that is current is imported, not started: it stands in a package
    /// and is not the file that starts with it.
    fn is_in_package(&self) -> bool {
        let path = self.module_path();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        !folder.is_empty()
            && name != "__main__.py"
            && self.tree.find(&format!("{folder}/__init__.py")).is_some()
    }

    fn if_known(&mut self, it: &'a StmtIf) -> Flow {
        let mut arms: Vec<&'a [Stmt]> = Vec::with_capacity(2);
        let mut taken: Option<&'a [Stmt]> = None;
        let mut always = false;
        let first = (Some(&*it.test), it.body.as_slice());
        let others = it
            .elif_else_clauses
            .iter()
            .map(|ElifElseClause { test, body, .. }| (test.as_ref(), body.as_slice()));
        for (test, body) in std::iter::once(first).chain(others) {
            let truth = match test {
                Some(test) => {
                    let value = self.eval(test);
                    let truth = self.truth(&value);
                    if truth == Some(false) && flow::is_literal(test) {
                        continue;
                    }
                    truth
                }
                None => Some(true),
            };
            match truth {
                Some(true) if arms.is_empty() && test.is_some() => {
                    taken = Some(body);
                    if self.frame.exact {
                        break;
                    }
                }
                Some(true) => {
                    always = true;
                    arms.push(body);
                    if test.is_some() && self.frame.exact {
                        break;
                    }
                }
                Some(false) if self.frame.exact => {}
                _ => arms.push(body),
            }
            if taken.is_some() && test.is_none() {
                break;
            }
        }
        if let Some(body) = taken {
            // What is not taken is looked at for what it would do, and changes nothing.
            self.alternatives(arms.len(), false, |this, position| {
                if let Some(arm) = arms.get(position) {
                    this.block(arm);
                }
                false
            });
            let flow = self.block(body);
            // Where a condition cannot be relied on, what leaves may as well go on.
            return if self.is_inexact && !self.frame.exact { Flow::Next } else { flow };
        }
        if always && arms.len() == 1 {
            return arms.first().map_or(Flow::Next, |body| self.block(body));
        }
        let mut flows = Vec::with_capacity(arms.len());
        self.alternatives(arms.len(), always, |this, position| {
            let flow = arms.get(position).map_or(Flow::Next, |arm| this.block(arm));
            flows.push(flow);
            flow == Flow::Next || flow == Flow::Continue
        });
        match flows.first() {
            Some(first) if always && flows.iter().all(|flow| flow == first) => *first,
            _ => Flow::Next,
        }
    }

    fn for_loop(&mut self, it: &'a StmtFor) -> Flow {
        let mut iterated = self.eval(&it.iter);
        if let Data::Instance(_) = iterated.data
            && let Some(items) =
                self.special_method(&iterated, "__iter__", Vec::new(), it.iter.range())
        {
            let first = self.special_method(&iterated, "__next__", Vec::new(), it.iter.range());
            iterated =
                if let Data::Instance(_) = items.data { first.unwrap_or_default() } else { items };
        }
        self.endless_for(it, &iterated);
        let known = if self.has_fuel() { self.iterate(&iterated, MAX_ROUNDS) } else { None };
        let Some(items) = known else {
            let element = self.element_of(&iterated);
            let before = self.changes;
            let flow = self.round(&it.target, &element, &it.body);
            if self.changes > before && self.branches < 2 && self.carries(&it.body) {
                self.round(&it.target, &element, &it.body);
            }
            self.block(&it.orelse);
            return if flow == Flow::End { Flow::Next } else { flow };
        };
        if items.is_empty()
            && !self.frame.exact
            && !matches!(*it.iter, Expr::List(_) | Expr::Tuple(_))
        {
            // Something may have filled it that was not seen.
            self.round(&it.target, &Value::unknown(), &it.body);
        }
        let emitted = self.emitted;
        let counts = matches!(iterated.data, Data::Range(_));
        let mut idle = 0;
        for (round, item) in items.into_iter().enumerate() {
            if !self.has_fuel() || (self.emitted > emitted && round >= MAX_EVENTFUL_ROUNDS) {
                self.is_inexact = true;
                break;
            }
            let (learned, counted) = (self.learned, self.counted);
            self.assign(&it.target, item.with(&iterated.taint));
            (self.learned, self.counted) = (learned, counted);
            let mark = self.mark();
            self.rounds += 1;
            let flow = self.block(&it.body);
            self.rounds -= 1;
            if counts && self.is_idle(&mark, &mut idle, self.frame.exact) {
                self.is_inexact = true;
                break;
            }
            match flow {
                Flow::Break => return Flow::Next,
                Flow::End => return Flow::End,
                Flow::Next | Flow::Continue => {}
            }
        }
        self.block(&it.orelse)
    }

    fn round(&mut self, target: &'a Expr, element: &Value<'a>, body: &'a [Stmt]) -> Flow {
        self.alternatives(1, false, |this, _| {
            this.assign(target, element.clone());
            this.block(body);
            true
        });
        Flow::Next
    }

    /// Whether a second round of a loop may show what the first could not: something
    /// with an origin went into a name.
    fn carries(&self, body: &[Stmt]) -> bool {
        body.iter().any(|statement| {
            let Stmt::Assign(assign) = statement else { return false };
            assign.targets.iter().any(|target| {
                let Expr::Name(name) = target else { return false };
                self.heap
                    .scope(self.scope)
                    .and_then(|scope| scope.names.get(name.id.as_str()))
                    .is_some_and(|value| {
                        value.taint.as_ref().is_some_and(|taint| {
                            taint
                                .origins
                                .iter()
                                .any(|origin| origin.source != crate::event::Source::Caller)
                        })
                    })
            })
        })
    }

    /// Whether what stands here surely runs, and once for each time it is walked.
    pub(super) fn is_certain(&self) -> bool {
        self.frame.exact || (self.branches == 0 && self.when != When::Call)
    }

    fn mark(&self) -> Mark {
        Mark { emitted: self.emitted, learned: self.learned, counted: self.counted }
    }

    /// Whether a loop has gone round for nothing often enough to leave it; `counts` is
    /// whether each round is another one by what it is given.
    fn is_idle(&self, before: &Mark, idle: &mut u32, counts: bool) -> bool {
        if self.emitted > before.emitted || self.learned > before.learned {
            *idle = 0;
            return false;
        }
        *idle += 1;
        let counts = counts || self.counted > before.counted;
        *idle >= if counts { MAX_COUNTING_ROUNDS } else { MAX_IDLE_ROUNDS }
    }

    fn while_loop(&mut self, it: &'a StmtWhile) -> Flow {
        let test = self.eval(&it.test);
        let truth = self.truth(&test);
        if truth == Some(true) {
            self.endless_while(it);
        }
        let runs = match truth {
            Some(true) => {
                self.has_fuel() && (!flow::is_literal(&it.test) || flow::has_exit(&it.body))
            }
            Some(false) if self.frame.exact => return self.block(&it.orelse),
            _ => false,
        };
        let emitted = self.emitted;
        let mut rounds = 0;
        let mut idle = 0;
        let filled = match test.data {
            Data::List(_) => !self.is_certain(),
            Data::Dict(_) => true,
            _ => false,
        };
        let most = if filled { MAX_FILLED_ROUNDS } else { MAX_ROUNDS };
        while runs && rounds < most {
            rounds += 1;
            self.burn(1);
            let before = self.changes;
            let mark = self.mark();
            self.frame.undecided = false;
            self.rounds += 1;
            let flow = self.block(&it.body);
            self.rounds -= 1;
            match flow {
                Flow::Break => return Flow::Next,
                Flow::End => return Flow::End,
                Flow::Next | Flow::Continue => {}
            }
            let eventful = self.emitted > emitted && rounds >= MAX_EVENTFUL_ROUNDS;
            let eventful = eventful || self.is_idle(&mark, &mut idle, false);
            let is_out = eventful || !self.has_fuel();
            if is_out || self.frame.undecided || self.changes == before {
                self.is_inexact |= is_out;
                break;
            }
            let test = self.eval(&it.test);
            if self.truth(&test) != Some(true) {
                break;
            }
        }
        if rounds == 0 {
            let before = self.changes;
            self.alternatives(1, false, |this, _| {
                this.block(&it.body);
                true
            });
            if self.changes > before && self.branches < 2 && self.carries(&it.body) {
                self.alternatives(1, false, |this, _| {
                    this.block(&it.body);
                    true
                });
            }
        } else if self.changes > 0
            && self.frame.undecided
            && self.carries(&it.body)
            && self.branches < 2
        {
            self.alternatives(1, false, |this, _| {
                this.block(&it.body);
                true
            });
        }
        self.block(&it.orelse)
    }

    fn with_statement(&mut self, it: &'a StmtWith) -> Flow {
        let mut left: Vec<Value<'a>> = Vec::new();
        for item in &it.items {
            let value = self.eval(&item.context_expr);
            if let Data::Instance(_) = value.data {
                left.push(value.clone());
            }
            let entered = match value.data {
                Data::Instance(_) => {
                    let entered =
                        self.call_method_named(&value, "__enter__", item.context_expr.range());
                    if entered.is_unknown() { value } else { entered }
                }
                _ => value,
            };
            if let Some(target) = &item.optional_vars {
                self.assign(target, entered);
            }
        }
        let flow = self.block(&it.body);
        for one in left.into_iter().rev() {
            let given = vec![Value::none(), Value::none(), Value::none()];
            self.special_method(&one, "__exit__", given, it.range);
        }
        flow
    }

    fn try_statement(&mut self, it: &'a StmtTry) -> Flow {
        let mut flow = self.block(&it.body);
        let mut falls_through = false;
        self.alternatives(it.handlers.len(), false, |this, position| {
            let Some(ExceptHandler::ExceptHandler(handler)) = it.handlers.get(position) else {
                return true;
            };
            if let Some(name) = &handler.name {
                this.bind(name.id.as_str(), Value::unknown());
            }
            let ended = this.block(&handler.body);
            falls_through |= ended == Flow::Next;
            ended == Flow::Next
        });
        if flow == Flow::Next {
            flow = self.block(&it.orelse);
        }
        let last = self.block(&it.finalbody);
        if last != Flow::Next {
            return last;
        }
        if falls_through { Flow::Next } else { flow }
    }

    /// An annotation runs when the definition does; only one that calls is worth it.
    pub(super) fn annotation(&mut self, annotation: &'a Expr) {
        match annotation {
            Expr::Name(_) | Expr::Attribute(_) | Expr::StringLiteral(_) | Expr::NoneLiteral(_) => {}
            Expr::Subscript(it) => {
                if let Expr::Tuple(tuple) = &*it.slice {
                    for element in &tuple.elts {
                        self.deeper(|this| this.annotation(element));
                    }
                } else {
                    self.deeper(|this| this.annotation(&it.slice));
                }
            }
            Expr::BinOp(it) => {
                self.deeper(|this| {
                    this.annotation(&it.left);
                    this.annotation(&it.right);
                });
            }
            Expr::List(it) => {
                for element in &it.elts {
                    self.deeper(|this| this.annotation(element));
                }
            }
            other => {
                self.eval(other);
            }
        }
    }
}
