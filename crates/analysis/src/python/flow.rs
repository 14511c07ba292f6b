//! Loops and recursion that cannot end, by the ways that lead out of them and not by
//! how they look.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{CmpOp, Expr, Operator, Stmt, StmtFor, StmtFunctionDef, StmtWhile};

use super::evaluator::Evaluator;
use super::value::{Data, Value};
use crate::event::{Effect, Role};

/// Whether a test is a constant as it is written.
pub(super) fn is_literal(test: &Expr) -> bool {
    match test {
        Expr::BooleanLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::NoneLiteral(_) => true,
        Expr::UnaryOp(it) => {
            matches!(&*it.operand, Expr::BooleanLiteral(_) | Expr::NumberLiteral(_))
        }
        _ => false,
    }
}

/// `__name__ == "__main__"`.
pub(super) fn asks_for_main(test: &Expr) -> bool {
    let Expr::Compare(it) = test else { return false };
    let is_name = |it: &Expr| matches!(it, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main =
        |it: &Expr| matches!(it, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    match (&*it.ops, &*it.comparators) {
        ([CmpOp::Eq], [right]) => {
            (is_name(&it.left) && is_main(right)) || (is_main(&it.left) && is_name(right))
        }
        _ => false,
    }
}

/// Whether a statement of these leads out of the loop whose body they are.
pub(super) fn has_exit(body: &[Stmt]) -> bool {
    let mut ways = Ways::default();
    ways.visit_body(body);
    ways.out
}

/// What may lead out of a body.
#[derive(Default)]
struct Ways<'b> {
    loops: u32,
    out: bool,
    /// Something waits there, or may raise: it is not only spinning.
    waits: bool,
    assigned: Vec<&'b str>,
    depth: u32,
}

impl<'b> Visitor<'b> for Ways<'b> {
    fn visit_stmt(&mut self, statement: &'b Stmt) {
        if self.depth > 300 {
            self.out = true;
            return;
        }
        self.depth += 1;
        match statement {
            Stmt::Break(_) if self.loops == 0 => self.out = true,
            Stmt::Return(_) | Stmt::Raise(_) | Stmt::Assert(_) => self.out = true,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::For(_) | Stmt::While(_) => {
                self.loops += 1;
                visitor::walk_stmt(self, statement);
                self.loops -= 1;
            }
            Stmt::Global(_) | Stmt::Nonlocal(_) => self.out = true,
            _ => visitor::walk_stmt(self, statement),
        }
        self.depth -= 1;
    }

    fn visit_expr(&mut self, expression: &'b Expr) {
        if self.depth > 300 {
            self.out = true;
            return;
        }
        self.depth += 1;
        match expression {
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Await(_) => self.out = true,
            Expr::Call(call) => {
                let spins = match &*call.func {
                    Expr::Name(name) => SPINNING.contains(&name.id.as_str()),
                    Expr::Attribute(it) => {
                        let known_module = matches!(&*it.value, Expr::Name(name) if matches!(name.id.as_str(), "os" | "math" | "random" | "hashlib"));
                        let name = it.attr.id.as_str();
                        SPINNING.contains(&name)
                            || (known_module
                                && !matches!(
                                    name,
                                    "_exit" | "abort" | "kill" | "wait" | "waitpid" | "read"
                                ))
                    }
                    _ => false,
                };
                if !spins {
                    self.waits = true;
                }
                visitor::walk_expr(self, expression);
            }
            Expr::Name(name) if name.ctx.is_store() => self.assigned.push(name.id.as_str()),
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expression),
        }
        self.depth -= 1;
    }
}

/// Functions that come back at once and raise nothing that ends a loop.
const SPINNING: &[&str] = &[
    "print",
    "len",
    "range",
    "str",
    "int",
    "float",
    "abs",
    "max",
    "min",
    "sum",
    "sorted",
    "list",
    "dict",
    "set",
    "tuple",
    "append",
    "extend",
    "add",
    "update",
    "bytes",
    "bytearray",
    "hash",
    "pow",
    "round",
    "ord",
    "chr",
    "format",
    "join",
    "fork",
    "Thread",
    "start",
    "sha256",
    "md5",
    "hexdigest",
    "urandom",
    "random",
    "randint",
    "encode",
    "write",
    "flush",
];

impl<'a> Evaluator<'a> {
    /// A loop whose test is true.
    pub(super) fn endless_while(&mut self, it: &'a StmtWhile) {
        let mut ways = Ways::default();
        ways.visit_body(&it.body);
        if ways.out || ways.waits {
            return;
        }
        let mut test = Ways::default();
        let mut read = Reads::default();
        test.visit_expr(&it.test);
        read.visit_expr(&it.test);
        if test.waits {
            return;
        }
        // `1 or x`: what comes after decides nothing.
        let decided = match &*it.test {
            Expr::BoolOp(or) if or.op == ruff_python_ast::BoolOp::Or => {
                or.values.first().is_some_and(is_literal)
            }
            _ => false,
        };
        if decided {
            self.emit_named(Effect::EndlessLoop, "py:while", it.test_range(), &[], &[]);
            return;
        }
        let changes = read.names.iter().any(|name| ways.assigned.contains(name)) || read.attributes;
        if changes && !moves_away(it) {
            return;
        }
        self.emit_named(Effect::EndlessLoop, "py:while", it.test_range(), &[], &[]);
    }

    /// Whether what is gone through gives one thing after another for ever.
    pub(super) fn never_ends(&self, iterated: &Value<'a>) -> bool {
        let Data::Object(id) = iterated.data else { return false };
        self.heap.object(id).is_some_and(|object| {
            matches!(
                &*self.names.text(object.class),
                "py:itertools.count"
                    | "py:itertools.cycle"
                    | "py:itertools.repeat"
                    | "py:builtins.iter"
            )
        })
    }

    /// A loop over something that never ends.
    pub(super) fn endless_for(&mut self, it: &'a StmtFor, iterated: &Value<'a>) {
        if !matches!(&*it.iter, Expr::Call(_) | Expr::Name(_)) {
            return;
        }
        let endless = self.never_ends(iterated);
        let mut ways = Ways::default();
        ways.visit_body(&it.body);
        if endless && !ways.out && !ways.waits {
            self.emit_named(
                Effect::EndlessLoop,
                "py:for",
                it.range,
                &[(Role::Other, iterated)],
                &[],
            );
        }
    }
}

trait TestRange {
    fn test_range(&self) -> ruff_text_size::TextRange;
}

impl TestRange for StmtWhile {
    fn test_range(&self) -> ruff_text_size::TextRange {
        use ruff_text_size::Ranged;
        ruff_text_size::TextRange::new(self.range.start(), self.test.range().end())
    }
}

/// Names that an expression reads.
#[derive(Default)]
struct Reads<'b> {
    names: Vec<&'b str>,
    attributes: bool,
    depth: u32,
}

impl<'b> Visitor<'b> for Reads<'b> {
    fn visit_expr(&mut self, expression: &'b Expr) {
        if self.depth > 300 {
            self.attributes = true;
            return;
        }
        self.depth += 1;
        match expression {
            Expr::Name(name) => self.names.push(name.id.as_str()),
            Expr::Attribute(_) | Expr::Subscript(_) => self.attributes = true,
            _ => {}
        }
        visitor::walk_expr(self, expression);
        self.depth -= 1;
    }
}

/// `while i >= 0: i += 1`: each round goes further from the end.
fn moves_away(it: &StmtWhile) -> bool {
    let Expr::Compare(test) = &*it.test else { return false };
    let (Expr::Name(name), [operator], [Expr::NumberLiteral(_)]) =
        (&*test.left, &*test.ops, &*test.comparators)
    else {
        return false;
    };
    let mut steps = it.body.iter().filter_map(|statement| match statement {
        Stmt::AugAssign(step) => match &*step.target {
            Expr::Name(target) if target.id == name.id => Some(step),
            _ => None,
        },
        _ => None,
    });
    let Some(step) = steps.next() else { return false };
    let positive = matches!(&*step.value, Expr::NumberLiteral(_));
    let others = it
        .body
        .iter()
        .any(|statement| !matches!(statement, Stmt::AugAssign(_) | Stmt::Pass(_) | Stmt::Expr(_)));
    positive
        && steps.next().is_none()
        && !others
        && match operator {
            CmpOp::Gt | CmpOp::GtE => step.op == Operator::Add,
            CmpOp::Lt | CmpOp::LtE => step.op == Operator::Sub,
            _ => false,
        }
}

/// Whether a function calls itself before anything can stop it.
/// A method finds another thing than itself by its bare name.
pub(super) fn always_calls_itself(it: &StmtFunctionDef, is_method: bool) -> bool {
    let name = it.name.id.as_str();
    let parameters: Vec<&str> =
        it.parameters.iter().map(|parameter| parameter.name().id.as_str()).collect();
    let itself = parameters.first().copied();
    if it.is_async || !it.decorator_list.is_empty() || parameters.contains(&name) {
        return false;
    }
    for statement in &it.body {
        let value = match statement {
            Stmt::Expr(it) => &it.value,
            Stmt::Return(it) => match &it.value {
                Some(value) => value,
                None => return false,
            },
            Stmt::Assign(it) => &it.value,
            Stmt::Pass(_) | Stmt::Import(_) | Stmt::Global(_) => continue,
            _ => return false,
        };
        if let Expr::Call(call) = &**value {
            let calls_itself = match &*call.func {
                Expr::Name(called) => !is_method && called.id.as_str() == name,
                Expr::Attribute(called) => {
                    called.attr.id.as_str() == name
                        && matches!((&*called.value, itself), (Expr::Name(object), Some("self")) if object.id.as_str() == "self")
                }
                _ => false,
            };
            if calls_itself {
                return true;
            }
            let spins =
                matches!(&*call.func, Expr::Name(called) if SPINNING.contains(&called.id.as_str()));
            if !spins {
                return false;
            }
        }
        if matches!(statement, Stmt::Return(_)) {
            return false;
        }
    }
    false
}
