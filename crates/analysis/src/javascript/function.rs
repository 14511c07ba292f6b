//! Functions of the package: made, called with what is known, and looked at once with
//! nothing known.

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, BindingPattern, Class, FormalParameters, Function,
    FunctionBody, Statement,
};
use oxc_span::{GetSpan, Span};

use super::budget::MANY_RUNS;
use super::heap::{Changed, Class as ObjectClass, Frame, Object};
use super::machine::{MAX_DEPTH, Machine};
use super::statement::Flow;
use super::value::{Kind, Marks, ObjectId, Value};
use crate::event::{Source, When};
use crate::place::{FileId, Place};

/// How often a function may be within itself.
const MAX_RECURSION: usize = 24;
/// A function of fewer bytes is small.
const SMALL_BYTES: u32 = 240;

/// The text of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code<'a> {
    Function(&'a Function<'a>),
    Arrow(&'a ArrowFunctionExpression<'a>),
    Class(&'a Class<'a>),
}

/// A function with the variables around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closure<'a> {
    pub(crate) code: Code<'a>,
    pub(crate) frame: u32,
    pub(crate) layout: u32,
    /// The prototype of the class whose method it is.
    pub(crate) home: Option<ObjectId>,
    pub(crate) file: FileId,
}

/// What is known of a function's text, whatever variables are around it.
#[derive(Debug)]
pub(crate) struct FunctionState<'a> {
    /// Where it is said to be and how it was hidden, where it came from text.
    pub(crate) pinned: Option<Place>,
    pub(crate) hiding: u32,
    /// It ran at least once, and how often.
    pub(crate) ran: bool,
    pub(crate) runs: u32,
    /// It ran with nothing known, or so that nothing of it was left out.
    pub(crate) is_covered: bool,
    /// Something in it was left out because a condition was known.
    pub(crate) skipped: bool,
    /// It changes variables or objects that were there before it ran.
    pub(crate) changes_outside: bool,
    /// It does something that a rule may care for.
    pub(crate) is_interesting: bool,
    /// What it gave back when nothing was known.
    pub(crate) result: Option<Value<'a>>,
    /// What it gave back last.
    pub(crate) gave: Option<Value<'a>>,
    /// Its shape was looked at for loops and merges.
    pub(crate) is_examined: bool,
    /// The function that it calls before anything can stop it.
    pub(crate) calls_first: Option<u32>,
}

/// What a function is called with.
pub(crate) struct Call<'a> {
    pub(crate) this: Value<'a>,
    pub(crate) arguments: Vec<Value<'a>>,
    /// There may be more arguments than these.
    pub(crate) is_open: bool,
    pub(crate) span: Span,
}

impl<'a> Code<'a> {
    fn is_async(self) -> bool {
        match self {
            Self::Function(function) => function.r#async,
            Self::Arrow(arrow) => arrow.r#async,
            Self::Class(_) => false,
        }
    }

    fn is_generator(self) -> bool {
        matches!(self, Self::Function(function) if function.generator)
    }

    fn parameters(self) -> Option<&'a FormalParameters<'a>> {
        match self {
            Self::Function(function) => Some(&function.params),
            Self::Arrow(arrow) => Some(&arrow.params),
            Self::Class(_) => None,
        }
    }

    pub(crate) fn span(self) -> Span {
        match self {
            Self::Function(function) => function.span,
            Self::Arrow(arrow) => arrow.span,
            Self::Class(class) => class.span,
        }
    }
}

impl<'a> Machine<'a> {
    pub(crate) fn state(&mut self, layout: u32) -> Option<&mut FunctionState<'a>> {
        usize::try_from(layout).ok().and_then(|at| self.functions.get_mut(at))
    }

    /// Something is left out because a condition is known.
    pub(crate) fn skip(&mut self) {
        if let Some(layout) = self.active.last().copied()
            && let Some(state) = self.state(layout)
        {
            state.skipped = true;
        }
    }

    /// A function object for this code, in the variables that are around it now.
    pub(crate) fn closure(&mut self, code: Code<'a>, home: Option<ObjectId>) -> Value<'a> {
        let scope = match code {
            Code::Function(function) => function.scope_id.get(),
            Code::Arrow(arrow) => arrow.scope_id.get(),
            Code::Class(_) => None,
        };
        let layout =
            scope.map_or(u32::MAX, |scope| u32::try_from(scope.index()).unwrap_or(u32::MAX));
        self.closures += 1;
        let closure = Closure { code, frame: self.frame, layout, home, file: self.file };
        let id = self.allocate(Object::new(ObjectClass::Function(closure)));
        if !self.state(layout).is_some_and(|state| state.is_covered) {
            self.pending.push(id);
        }
        Value::object(id)
    }

    /// Calls a function of the package.
    pub(crate) fn call_closure(&mut self, id: ObjectId, call: Call<'a>) -> Value<'a> {
        let Some(ObjectClass::Function(closure)) = self.get(id).map(|object| &object.class) else {
            return Value::UNKNOWN;
        };
        let closure = *closure;
        if let Code::Class(class) = closure.code {
            return self.construct_class(id, class, &closure, call);
        }
        let layout = closure.layout;
        let uses_this = self.layout(layout).is_some_and(|layout| layout.uses_this);
        let matters = call.arguments.iter().any(Value::matters)
            || (uses_this && call.this.matters() && closure.home.is_none());
        let is_weak = call
            .arguments
            .iter()
            .any(|value| matches!(value.kind, Kind::Number(_) | Kind::Boolean(_) | Kind::Null));
        let nesting = self.active.iter().filter(|active| **active == layout).count();
        let is_strong = matters && call.arguments.iter().any(|value| self.is_strong(value));
        let is_hidden = self.is_hidden || self.is_in_extra;
        let Some(state) = self.state(layout) else { return Value::UNKNOWN };
        let gives_text = state.gave.as_ref().is_some_and(|result| {
            result.as_text().is_some() || matches!(result.kind, Kind::Partial(_) | Kind::Choice(_))
        });
        if !state.ran && nesting == 0 {
            state.ran = true;
            return self.run(id, &closure, call, matters || is_weak);
        }
        let changes_outside = state.changes_outside;
        // Small functions are what texts are put together with.
        let is_small = closure.code.span().size() < SMALL_BYTES;
        let can_tell = state.is_interesting || gives_text || is_hidden || is_small;
        let wants = is_strong
            || (matters && can_tell)
            || (is_weak && (gives_text || is_hidden || is_small || nesting > 0));
        if !wants && nesting == 0 {
            // What it changes, it changes each time.
            if changes_outside {
                if self.can_spend(call.span) {
                    return self.spend(call.span, |machine| {
                        machine.run(id, &closure, call, matters || is_weak)
                    });
                }
                self.exhausted(call.span);
                self.is_inexact = true;
            }
            let Some(state) = self.state(layout) else { return Value::UNKNOWN };
            if let Some(known) = state.result.clone() {
                return known;
            }
            // What it gave for other arguments it may give again, or something else.
            let gave = state.gave.clone().filter(|gave| {
                matches!(
                    gave.kind,
                    Kind::Object(_) | Kind::Api(_) | Kind::Choice(_) | Kind::Undefined
                )
            });
            let marks = self.marks_of(&call.arguments);
            return match gave {
                Some(gave) if gave.is_undefined() => Value::unknown(marks),
                Some(gave) => self.either(Value::unknown(marks), gave, false),
                None => Value::unknown(marks),
            };
        }
        let is_spent = nesting < MAX_RECURSION && wants && !self.can_spend(call.span);
        if is_spent {
            self.exhausted(call.span);
            if self.state(layout).is_some_and(|state| state.runs >= MANY_RUNS) {
                self.is_greedy(call.span);
            }
        }
        if nesting >= MAX_RECURSION || !wants || is_spent {
            let marks = self.marks_of(&call.arguments);
            return Value::unknown(marks);
        }
        let told = self.told_apart(layout, &call.this, &call.arguments);
        if nesting > 0 && self.within.contains(&told) {
            let marks = self.marks_of(&call.arguments);
            return Value::unknown(marks);
        }
        self.within.push(told);
        let value = self.spend(call.span, |machine| machine.run(id, &closure, call, true));
        self.within.pop();
        value
    }

    /// Whether a function that is called with this may do what it does with nothing
    /// else: call it, or send it.
    fn is_strong(&self, value: &Value<'a>) -> bool {
        match &value.kind {
            Kind::Api(_) => true,
            Kind::Object(id) => matches!(
                self.get(*id).map(|object| &object.class),
                Some(
                    ObjectClass::Function(_)
                        | ObjectClass::Bound(_)
                        | ObjectClass::Settler(..)
                        | ObjectClass::Instance(_)
                )
            ),
            _ => self.marks.is_telling(value.marks),
        }
    }

    pub(crate) fn layout(&self, layout: u32) -> Option<&super::scope::Layout<'a>> {
        usize::try_from(layout).ok().and_then(|at| self.layouts.get(at))
    }

    /// Marks of all of these together.
    pub(crate) fn marks_of(&mut self, values: &[Value<'a>]) -> Marks {
        let mut marks = Marks::NONE;
        for value in values {
            marks = self.marks.union(marks, value.marks);
        }
        marks
    }

    /// Runs a function's body with these arguments.
    fn run(
        &mut self,
        id: ObjectId,
        closure: &Closure<'a>,
        call: Call<'a>,
        is_special: bool,
    ) -> Value<'a> {
        if self.depth + 8 > MAX_DEPTH {
            self.stop(call.span, "it calls deeper than is followed");
            // Nothing of it was left to others: it is looked at with what nothing calls.
            if !self.state(closure.layout).is_some_and(|state| state.is_covered) {
                self.pending.push(id);
            }
            return Value::UNKNOWN;
        }
        let Some(layout) = self.layout(closure.layout) else { return Value::UNKNOWN };
        let slots = layout.names.len();
        let uses_arguments = layout.uses_arguments;
        let frame = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        let is_arrow = matches!(closure.code, Code::Arrow(_));
        let arguments = (uses_arguments && !is_arrow).then(|| {
            let array = self.new_array(call.arguments.clone());
            if let Some(object) = array.as_object().and_then(|id| self.change(id)) {
                object.is_open = call.is_open;
            }
            array
        });
        let mut variables = self.spare.pop().unwrap_or_default();
        variables.resize(slots, Value::UNDEFINED);
        let held = size_of::<Frame<'a>>() + slots * size_of::<Value<'a>>();
        self.held += held;
        self.frames.push(Frame {
            slots: variables,
            parent: closure.frame,
            this: call.this,
            arguments,
            layout: closure.layout,
            is_arrow,
            home: closure.home,
        });
        let file = closure.file;
        let (pinned, hiding) =
            self.state(closure.layout).map_or((None, 0), |state| (state.pinned, state.hiding));
        let outer = (self.pinned, self.hiding);
        if pinned.is_some() || self.file != file || self.pinned.is_none() {
            (self.pinned, self.hiding) = (pinned, hiding);
        }
        let saved = (
            self.frame,
            self.file,
            self.returned.take(),
            self.may_leave,
            self.closures,
            self.depth,
        );
        self.depth += 8;
        self.frame = frame;
        self.file = file;
        let changed = std::mem::replace(&mut self.changed, Changed::NOTHING);
        let objects = u32::try_from(self.heap.len()).unwrap_or(u32::MAX);
        self.active.push(closure.layout);
        if self.guarded.is_some() {
            self.guarded_runs.push(closure.layout);
        }
        if let Code::Function(function) = closure.code
            && let Some(name) = function.id.as_ref()
            && function.is_expression()
            && let Some(slot) = name.symbol_id.get()
        {
            self.set_slot(frame, slot.index(), Value::object(id));
        }
        self.bind_parameters(closure.code, call.arguments, call.is_open);
        self.run_body(closure.code);
        let returned = self.returned.take();
        (self.pinned, self.hiding) = outer;
        let closures = self.closures;
        self.active.pop();
        let before = (saved.0, saved.1, saved.4);
        self.returned = saved.2;
        self.may_leave = saved.3;
        self.depth = saved.5;
        (self.frame, self.file) = (before.0, before.1);
        if closures == before.2
            && usize::try_from(frame).is_ok_and(|at| at + 1 == self.frames.len())
            && let Some(frame) = self.frames.pop()
        {
            self.held = self.held.saturating_sub(held);
            if self.spare.len() < MAX_RECURSION {
                let mut variables = frame.slots;
                variables.clear();
                self.spare.push(variables);
            }
        }
        let mut result = returned.unwrap_or(Value::UNDEFINED);
        if closure.code.is_generator() {
            result = self.new_array(vec![result]);
            if let Some(object) = result.as_object().and_then(|id| self.change(id)) {
                object.is_open = true;
            }
        }
        if closure.code.is_async() {
            result = self.promise(result);
        }
        let outside = self.changed.frame < frame || self.changed.object < objects;
        self.changed = self.changed.and(changed);
        if let Some(state) = self.state(closure.layout) {
            state.changes_outside |= outside;
            state.runs = state.runs.saturating_add(1);
            if !is_special || !state.skipped {
                state.is_covered = true;
            }
            if !is_special {
                state.result = Some(result.clone());
            }
            state.gave = Some(result.clone());
        }
        result
    }

    fn bind_parameters(&mut self, code: Code<'a>, arguments: Vec<Value<'a>>, is_open: bool) {
        let Some(parameters) = code.parameters() else { return };
        let mut given = arguments.into_iter();
        for parameter in &parameters.items {
            let mut value = match given.next() {
                Some(value) => value,
                None if is_open => self.caller_value(&parameter.pattern),
                None => Value::UNDEFINED,
            };
            if let Some(initializer) = &parameter.initializer {
                if value.is_undefined() {
                    value = self.expression(initializer);
                } else if value.is_unknown() {
                    self.begin_branch();
                    let initial = self.expression(initializer);
                    let changes = self.undo_branch();
                    self.join(changes, false);
                    value = self.either(value, initial, false);
                }
            }
            self.bind(&parameter.pattern, value);
        }
        if let Some(rest) = &parameters.rest {
            let elements: Vec<Value<'a>> = given.collect();
            let array = self.new_array(elements);
            if let Some(object) = array.as_object().and_then(|id| self.change(id)) {
                object.is_open = is_open;
            }
            self.bind(&rest.rest.argument, array);
        }
    }

    fn caller_value(&mut self, pattern: &'a BindingPattern<'a>) -> Value<'a> {
        let name = pattern.get_identifier_name().map(|name| name.as_str());
        let marks = self.origin(Source::Caller, pattern.span(), name);
        Value::unknown(marks)
    }

    fn run_body(&mut self, code: Code<'a>) {
        match code {
            Code::Function(function) => {
                if let Some(body) = &function.body {
                    self.examine(Some(function), body);
                    self.block(&body.statements);
                }
            }
            Code::Arrow(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => {
                    self.examine(None, body);
                    self.block(&body.statements);
                }
                body => {
                    if let Some(expression) = body.as_expression() {
                        let value = self.expression(expression);
                        self.returned = Some(value);
                    }
                }
            },
            Code::Class(_) => {}
        }
    }

    fn examine(&mut self, function: Option<&'a Function<'a>>, body: &'a FunctionBody<'a>) {
        let Some(layout) = self.active.last().copied() else { return };
        let Some(state) = self.state(layout) else { return };
        if std::mem::replace(&mut state.is_examined, true) {
            return;
        }
        if let Some(function) = function
            && function.id.is_some()
            && self.layout(layout).is_some_and(|layout| layout.loops_over)
        {
            self.look_for_merge(function);
        }
        self.look_for_endless_call(body);
    }

    /// Looks at every function that nothing called, with nothing known of what it is
    /// called with.
    pub(crate) fn run_pending(&mut self) {
        self.when = When::Call;
        let mut next = 0;
        while let Some(id) = self.pending.get(next).copied() {
            next += 1;
            let Some(ObjectClass::Function(closure)) = self.get(id).map(|object| &object.class)
            else {
                continue;
            };
            let closure = *closure;
            if let Code::Class(class) = closure.code {
                if !self.has_instance(id) {
                    let call = Call {
                        this: Value::UNKNOWN,
                        arguments: Vec::new(),
                        is_open: true,
                        span: class.span,
                    };
                    self.construct_class(id, class, &closure, call);
                }
                continue;
            }
            match self.state(closure.layout) {
                Some(state) if !state.is_covered && state.result.is_none() => {
                    state.ran = true;
                    // Once more is enough, whatever it leaves out.
                    state.is_covered = true;
                }
                _ => continue,
            }
            let this = self.instance_of(closure.home);
            let call =
                Call { this, arguments: Vec::new(), is_open: true, span: closure.code.span() };
            self.run(id, &closure, call, false);
        }
    }

    /// Settles what is known of a callback that something calls with these.
    pub(crate) fn call_back(
        &mut self,
        value: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let call = Call { this: Value::UNKNOWN, arguments, is_open: true, span };
        self.call(value, call)
    }

    /// Runs the statements of a body; where one of them leaves, the rest stays out.
    pub(crate) fn block(&mut self, statements: &'a [Statement<'a>]) -> Flow<'a> {
        self.declare_functions(statements);
        for statement in statements {
            let flow = self.statement(statement);
            if !matches!(flow, Flow::Normal) {
                return flow;
            }
        }
        Flow::Normal
    }
}
