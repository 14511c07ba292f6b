//! Prototypes that are changed by a name from outside: told from the shape of the
//! program, not from its text.

use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, Class, Expression, ForInStatement, ForOfStatement,
    ForStatement, ForStatementLeft, Function, StaticMemberExpression, WhileStatement,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::Span;
use oxc_syntax::scope::ScopeFlags;

use super::machine::Machine;
use super::value::{Kind, Marks, Value};
use crate::event::{Effect, Role};

/// The deepest walk.
const MAX_DEPTH: u32 = 200;

impl<'a> Machine<'a> {
    /// `x.__proto__.y = …` and `x.constructor.prototype.y = …`.
    pub(crate) fn note_prototype_write(&mut self, object: &'a Expression<'a>, span: Span) {
        let name = match object {
            Expression::StaticMemberExpression(it) => match (it.property.name.as_str(), &it.object)
            {
                ("__proto__", _) => "__proto__",
                ("prototype", Expression::StaticMemberExpression(inner))
                    if inner.property.name.as_str() == "constructor" =>
                {
                    "constructor.prototype"
                }
                _ => return,
            },
            Expression::ComputedMemberExpression(it) => match &it.expression {
                Expression::StringLiteral(text) if text.value.as_str() == "__proto__" => {
                    "__proto__"
                }
                _ => return,
            },
            _ => return,
        };
        let id = self.apis.intern("js:Object.prototype");
        let name = Value::new(Kind::Literal(name));
        self.emit(Effect::PrototypeWrite, id, span, &[(Role::Name, name)], Marks::NONE);
    }

    /// A function that copies one object's names into another, through all levels,
    /// and lets `__proto__` through.
    pub(crate) fn look_for_merge(&mut self, function: &'a Function<'a>) {
        let Some(body) = &function.body else { return };
        // Only a function of some size copies one object into another.
        if function.params.items.len() < 2 {
            return;
        }
        let mut merge = Merge::default();
        if let Some(name) = &function.id {
            merge.own = Some(name.name.as_str());
        }
        for statement in &body.statements {
            merge.visit_statement(statement);
        }
        if (merge.calls_itself && merge.writes || merge.steps_and_writes()) && !merge.guards {
            let id = self.apis.intern("js:Object.prototype");
            self.emit(
                Effect::PrototypeWrite,
                id,
                function.span,
                &[(Role::Name, Value::UNKNOWN)],
                Marks::NONE,
            );
        }
    }
}

#[derive(Default)]
struct Merge<'a> {
    own: Option<&'a str>,
    keys: Vec<&'a str>,
    calls_itself: bool,
    writes: bool,
    guards: bool,
    depth: u32,
    /// Variables that become one of their own members, chosen by a computed name: they
    /// step down a path that somebody gives.
    steps: Vec<&'a str>,
    /// Variables of which a member with a computed name is written.
    written: Vec<&'a str>,
    in_loop: u32,
}

impl<'a> Merge<'a> {
    fn steps_and_writes(&self) -> bool {
        self.steps.iter().any(|name| self.written.contains(name))
    }

    /// `at = at[key]` is a step; `at[key] = value` writes where the steps led.
    fn note_step(&mut self, it: &AssignmentExpression<'a>) {
        match &it.left {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                let name = name.name.as_str();
                let is_own = match it.right.get_inner_expression() {
                    // `at = at[key] = at[key] || {}`.
                    Expression::AssignmentExpression(inner) => match &inner.left {
                        AssignmentTarget::ComputedMemberExpression(member) => {
                            matches!(&member.object, Expression::Identifier(of) if of.name == name)
                        }
                        _ => false,
                    },
                    right => computed_member_of(right) == Some(name),
                };
                if is_own && self.in_loop > 0 {
                    self.steps.push(name);
                }
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                if let Expression::Identifier(of) = &member.object {
                    let is_key = !matches!(
                        member.expression,
                        Expression::NumericLiteral(_) | Expression::StringLiteral(_)
                    );
                    // `at[key] = at[key] || {}` only makes the path.
                    let is_path = matches!(
                        it.right.get_inner_expression(),
                        Expression::ObjectExpression(_)
                            | Expression::LogicalExpression(_)
                            | Expression::ConditionalExpression(_)
                            | Expression::AssignmentExpression(_)
                    );
                    if is_key && !is_path {
                        self.written.push(of.name.as_str());
                    }
                }
            }
            _ => {}
        }
    }
}

/// The variable of which a member with a computed name is meant: `at[keys[i]]`.
fn computed_member_of<'a>(it: &Expression<'a>) -> Option<&'a str> {
    let Expression::ComputedMemberExpression(member) = it.get_inner_expression() else {
        return None;
    };
    let Expression::Identifier(name) = &member.object else { return None };
    let is_number = matches!(member.expression, Expression::NumericLiteral(_));
    (!is_number && !matches!(member.expression, Expression::StringLiteral(_)))
        .then_some(name.name.as_str())
}

impl<'a> Visit<'a> for Merge<'a> {
    fn visit_function(&mut self, _it: &Function<'a>, _flags: ScopeFlags) {}
    fn visit_class(&mut self, _it: &Class<'a>) {}

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        self.in_loop += 1;
        walk::walk_for_statement(self, it);
        self.in_loop -= 1;
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        self.in_loop += 1;
        walk::walk_while_statement(self, it);
        self.in_loop -= 1;
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        if let ForStatementLeft::VariableDeclaration(declaration) = &it.left
            && let Some(declarator) = declaration.declarations.first()
            && let Some(name) = declarator.id.get_identifier_name()
        {
            self.keys.push(name.as_str());
        }
        self.in_loop += 1;
        walk::walk_for_in_statement(self, it);
        self.in_loop -= 1;
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if let ForStatementLeft::VariableDeclaration(declaration) = &it.left
            && let Some(declarator) = declaration.declarations.first()
            && let Some(name) = declarator.id.get_identifier_name()
        {
            self.keys.push(name.as_str());
        }
        self.in_loop += 1;
        walk::walk_for_of_statement(self, it);
        self.in_loop -= 1;
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.guards = true;
        } else {
            match it {
                Expression::CallExpression(call) => {
                    if let Expression::Identifier(name) = &call.callee
                        && Some(name.name.as_str()) == self.own
                    {
                        self.calls_itself = true;
                    }
                }
                Expression::AssignmentExpression(assignment) => {
                    if let AssignmentTarget::ComputedMemberExpression(member) = &assignment.left
                        && let Expression::Identifier(name) = &member.expression
                        && self.keys.contains(&name.name.as_str())
                    {
                        self.writes = true;
                    }
                    self.note_step(assignment);
                }
                Expression::StringLiteral(text)
                    if matches!(text.value.as_str(), "__proto__" | "constructor" | "prototype") =>
                {
                    self.guards = true;
                }
                _ => {}
            }
            walk::walk_expression(self, it);
        }
        self.depth -= 1;
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if matches!(it.property.name.as_str(), "hasOwnProperty" | "hasOwn") {
            self.guards = true;
        }
        walk::walk_static_member_expression(self, it);
    }
}
