//! Loops and calls that cannot end: told from the shape of the program, not from its
//! text.

use oxc_ast::ast::{
    ArrowFunctionExpression, AssignmentTarget, AssignmentTargetPattern, Class, Expression,
    Function, FunctionBody, IdentifierReference, SimpleAssignmentTarget, Statement,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::Span;
use oxc_syntax::scope::ScopeFlags;

use super::machine::Machine;
use super::value::{Kind, Marks, Value};
use crate::event::Effect;

impl<'a> Machine<'a> {
    /// Whether a loop has a condition that stays true and no way out.
    pub(crate) fn look_for_endless_loop(
        &mut self,
        test: Option<&'a Expression<'a>>,
        update: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        label: Option<&'a str>,
        span: Span,
    ) {
        let mut condition = Condition::default();
        if let Some(test) = test {
            condition.visit_expression(test);
            if !condition.is_plain() {
                return;
            }
        }
        let mut exits = Exits { names: condition.names, label, ..Exits::default() };
        exits.visit_statement(body);
        if let Some(update) = update {
            exits.visit_expression(update);
        }
        if exits.found || (!exits.names.is_empty() && exits.calls) {
            return;
        }
        if let Some(test) = test
            && self.maybe(|machine| machine.expression(test)).truth() != Some(true)
        {
            return;
        }
        let id = self.apis.intern("js:loop");
        self.emit(Effect::EndlessLoop, id, span, &[], Marks::NONE);
    }

    /// Whether a function calls itself before anything can stop it.
    pub(crate) fn look_for_endless_call(&mut self, body: &'a FunctionBody<'a>) {
        let Some(layout) = self.active.last().copied() else { return };
        for statement in &body.statements {
            let call = match statement {
                Statement::ExpressionStatement(it) => match &it.expression {
                    Expression::CallExpression(call) => call,
                    _ => return,
                },
                Statement::ReturnStatement(it) => match &it.argument {
                    Some(Expression::CallExpression(call)) => call,
                    _ => return,
                },
                Statement::VariableDeclaration(_)
                | Statement::FunctionDeclaration(_)
                | Statement::EmptyStatement(_) => continue,
                _ => return,
            };
            if let Expression::Identifier(_) = &call.callee {
                let callee = self.expression(&call.callee);
                let called = match callee.as_object().and_then(|id| self.get(id)) {
                    Some(object) => match &object.class {
                        super::heap::Class::Function(closure) => closure.layout,
                        _ => return,
                    },
                    None => return,
                };
                if let Some(state) = self.state(layout) {
                    state.calls_first = Some(called);
                }
                if self.comes_back(layout) {
                    let id = self.apis.intern("js:recursion");
                    self.emit(Effect::EndlessLoop, id, call.span, &[], Marks::NONE);
                    return;
                }
            }
        }
    }

    /// Whether the function is reached again from itself by first calls alone.
    fn comes_back(&mut self, layout: u32) -> bool {
        let mut at = layout;
        for _ in 0..16 {
            match self.state(at).and_then(|state| state.calls_first) {
                Some(next) if next == layout => return true,
                Some(next) => at = next,
                None => return false,
            }
        }
        false
    }

    fn is_running(&self, callee: &Value<'a>, layout: u32) -> bool {
        callee.as_object().and_then(|id| self.get(id)).is_some_and(|object| {
            matches!(&object.class, super::heap::Class::Function(closure) if closure.layout == layout)
        })
    }

    /// Whether a function asks to be run again at once, whatever happens.
    pub(crate) fn look_for_rearming(&mut self, callee: &str, arguments: &[Value<'a>], span: Span) {
        let Some(layout) = self.active.last().copied() else { return };
        let Some(first) = arguments.first() else { return };
        if !self.branches.is_empty() || !self.is_running(first, layout) {
            return;
        }
        let at_once = match arguments.get(1).map(|value| &value.kind) {
            None | Some(Kind::Undefined) => true,
            Some(Kind::Number(delay)) => *delay <= 1.0,
            Some(_) => false,
        };
        if at_once || !callee.ends_with("setTimeout") {
            let id = self.apis.intern(callee);
            self.emit(Effect::EndlessLoop, id, span, &[], Marks::NONE);
        }
    }
}

/// The deepest walk for any of these.
const MAX_DEPTH: u32 = 200;

#[derive(Default)]
struct Condition<'a> {
    names: Vec<&'a str>,
    depth: u32,
    is_complex: bool,
}

impl Condition<'_> {
    fn is_plain(&self) -> bool {
        !self.is_complex
    }
}

impl<'a> Visit<'a> for Condition<'a> {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        self.depth += 1;
        match it {
            Expression::Identifier(name) => self.names.push(name.name.as_str()),
            Expression::BooleanLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::StringLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::ArrayExpression(_)
            | Expression::ObjectExpression(_) => {}
            Expression::UnaryExpression(_)
            | Expression::BinaryExpression(_)
            | Expression::LogicalExpression(_)
                if self.depth < 8 =>
            {
                walk::walk_expression(self, it);
            }
            // `while (x = 1)` is what is assigned.
            Expression::AssignmentExpression(it)
                if it.operator.is_assign()
                    && matches!(it.left, AssignmentTarget::AssignmentTargetIdentifier(_)) =>
            {
                self.visit_expression(&it.right);
            }
            _ => self.is_complex = true,
        }
        self.depth -= 1;
    }
}

/// Ways out of a loop's body.
#[derive(Default)]
struct Exits<'a> {
    names: Vec<&'a str>,
    /// The loop's own name: to go on with it is no way out.
    label: Option<&'a str>,
    found: bool,
    calls: bool,
    /// Loops and switches within, which take `break` for themselves.
    inner: u32,
    depth: u32,
}

impl<'a> Visit<'a> for Exits<'a> {
    fn visit_statement(&mut self, it: &Statement<'a>) {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.found = true;
        }
        if self.found {
            self.depth -= 1;
            return;
        }
        match it {
            Statement::ReturnStatement(_) | Statement::ThrowStatement(_) => self.found = true,
            Statement::BreakStatement(it) if it.label.is_some() || self.inner == 0 => {
                self.found = true;
            }
            Statement::ContinueStatement(it)
                if it.label.as_ref().is_some_and(|to| Some(to.name.as_str()) != self.label) =>
            {
                self.found = true;
            }
            Statement::WhileStatement(_)
            | Statement::DoWhileStatement(_)
            | Statement::ForStatement(_)
            | Statement::ForInStatement(_)
            | Statement::ForOfStatement(_)
            | Statement::SwitchStatement(_) => {
                self.inner += 1;
                walk::walk_statement(self, it);
                self.inner -= 1;
            }
            it => walk::walk_statement(self, it),
        }
        self.depth -= 1;
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.found = true;
        }
        if !self.found {
            match it {
                Expression::AwaitExpression(_) | Expression::YieldExpression(_) => {
                    self.found = true;
                }
                Expression::CallExpression(call) => {
                    self.calls = true;
                    let callee = call
                        .callee
                        .get_member_expr()
                        .and_then(oxc_ast::ast::MemberExpression::static_property_name);
                    if matches!(callee, Some("exit" | "abort" | "kill")) {
                        self.found = true;
                    }
                    walk::walk_expression(self, it);
                }
                it => walk::walk_expression(self, it),
            }
        }
        self.depth -= 1;
    }

    fn visit_identifier_reference(&mut self, _it: &IdentifierReference<'a>) {}

    fn visit_simple_assignment_target(&mut self, it: &SimpleAssignmentTarget<'a>) {
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = it
            && self.names.contains(&name.name.as_str())
        {
            self.found = true;
        }
        walk::walk_simple_assignment_target(self, it);
    }

    fn visit_assignment_target_pattern(&mut self, _it: &AssignmentTargetPattern<'a>) {
        self.found = true;
    }

    fn visit_function(&mut self, _it: &Function<'a>, _flags: ScopeFlags) {}
    fn visit_arrow_function_expression(&mut self, _it: &ArrowFunctionExpression<'a>) {}
    fn visit_class(&mut self, _it: &Class<'a>) {}
}
