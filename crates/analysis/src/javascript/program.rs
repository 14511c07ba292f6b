//! Files that are a module for others and a program by themselves: what such a file
//! does only as a program it does not do when it is loaded.

use oxc_ast::ast::Expression;

use super::machine::Machine;
use super::statement::Flow;

/// The deepest condition that is looked through.
const MAX_DEPTH: u32 = 6;

impl<'a> Machine<'a> {
    /// Whether a condition asks if this file is the program that was started. One that
    /// begins with `#!` is nothing else.
    pub(crate) fn is_started_by_name(&self, test: &'a Expression<'a>) -> bool {
        let has_interpreter =
            self.modules.programs.get(&self.file).is_some_and(|program| program.hashbang.is_some());
        !has_interpreter && asks_for_main(test, 0)
    }

    /// Runs what only happens when the file is started. What functions of the file do
    /// on the way may also happen when they are called otherwise, so they count as not
    /// having run.
    pub(crate) fn as_program(&mut self, run: impl FnOnce(&mut Self) -> Flow<'a>) -> Flow<'a> {
        self.guarded = Some(self.file);
        let flow = run(self);
        self.guarded = None;
        for layout in std::mem::take(&mut self.guarded_runs) {
            if let Some(state) = self.state(layout) {
                state.ran = false;
                state.is_covered = false;
                state.result = None;
            }
        }
        flow
    }
}

fn asks_for_main(test: &Expression<'_>, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match test {
        Expression::BinaryExpression(it) => {
            it.operator.is_equality()
                && !matches!(it.operator.as_str(), "!=" | "!==")
                && (is_main(&it.left) || is_main(&it.right))
        }
        Expression::LogicalExpression(it) => {
            asks_for_main(&it.left, depth + 1) || asks_for_main(&it.right, depth + 1)
        }
        Expression::UnaryExpression(it) => {
            it.operator.as_str() == "!" && is_member(&it.argument, "module", "parent")
        }
        Expression::StaticMemberExpression(it) => {
            matches!(it.object, Expression::ImportMeta(_)) && it.property.name == "main"
        }
        _ => false,
    }
}

/// `require.main`, `process.argv[1]`.
fn is_main(side: &Expression<'_>) -> bool {
    match side {
        Expression::ComputedMemberExpression(it) => {
            is_member(&it.object, "process", "argv")
                && matches!(&it.expression, Expression::NumericLiteral(it) if it.value == 1.0)
        }
        side => is_member(side, "require", "main"),
    }
}

fn is_member(expression: &Expression<'_>, object: &str, property: &str) -> bool {
    matches!(expression, Expression::StaticMemberExpression(it)
        if it.property.name == property
            && matches!(&it.object, Expression::Identifier(name) if name.name == object))
}
