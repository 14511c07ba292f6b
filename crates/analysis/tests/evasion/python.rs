//! Python written in another way.

use crate::edits::Edits;
use crate::javascript::{base64, codes, hexadecimal};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, ExceptHandler, Expr, ExprContext, FString, Identifier, Keyword, Parameter, Pattern, Stmt,
};
use ruff_text_size::{Ranged, TextRange};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Functions that are built in and are given another name.
const FUNCTIONS: &[&str] =
    &["__import__", "chr", "compile", "eval", "exec", "getattr", "open", "print", "vars"];

#[derive(Default)]
struct Seen {
    names: Vec<(String, TextRange)>,
    bound: BTreeSet<String>,
    /// Names that cannot be changed: keywords, attributes, what `global` names.
    fixed: BTreeSet<String>,
    strings: Vec<(String, TextRange)>,
    bytes: Vec<(Vec<u8>, TextRange)>,
    called: Vec<(String, TextRange)>,
    /// Called as an attribute of a module: the object, the attribute, all of it.
    members: Vec<(TextRange, String, TextRange)>,
    imported: BTreeSet<String>,
    /// Whether it begins with what nothing may stand in front of.
    future: bool,
}

impl Seen {
    fn binds(&mut self, name: &Identifier) {
        self.names.push((name.to_string(), name.range()));
        self.bound.insert(name.to_string());
    }
}

/// The name that a chain of attributes begins with.
fn root(mut expression: &Expr) -> Option<&str> {
    while let Expr::Attribute(attribute) = expression {
        expression = &attribute.value;
    }
    expression.as_name_expr().map(|name| name.id.as_str())
}

impl<'a> Visitor<'a> for Seen {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // A document is no text of the program.
            Stmt::Expr(it) if it.value.is_string_literal_expr() => return,
            Stmt::FunctionDef(it) => self.binds(&it.name),
            Stmt::ClassDef(it) => self.binds(&it.name),
            Stmt::Global(it) => self.fixed.extend(it.names.iter().map(ToString::to_string)),
            Stmt::Nonlocal(it) => self.fixed.extend(it.names.iter().map(ToString::to_string)),
            Stmt::ImportFrom(it) => {
                self.future |= it.module.as_ref().is_some_and(|name| name == "__future__");
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_alias(&mut self, alias: &'a Alias) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
        let first = name.split('.').next().unwrap_or_default().to_owned();
        self.fixed.insert(first.clone());
        self.imported.insert(first);
    }

    fn visit_parameter(&mut self, parameter: &'a Parameter) {
        self.binds(&parameter.name);
    }

    fn visit_keyword(&mut self, keyword: &'a Keyword) {
        self.fixed.extend(keyword.arg.iter().map(ToString::to_string));
        visitor::walk_keyword(self, keyword);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.binds(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, _: &'a Pattern) {}

    fn visit_f_string(&mut self, text: &'a FString) {
        // Its names are changed, its texts are not.
        let (strings, bytes) = (self.strings.len(), self.bytes.len());
        visitor::walk_f_string(self, text);
        self.strings.truncate(strings);
        self.bytes.truncate(bytes);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => {
                self.names.push((name.id.to_string(), name.range()));
                if name.ctx != ExprContext::Load {
                    self.bound.insert(name.id.to_string());
                }
            }
            Expr::Attribute(attribute) => {
                self.fixed.insert(attribute.attr.to_string());
            }
            Expr::StringLiteral(text) => {
                self.strings.push((text.value.to_str().to_owned(), text.range()));
            }
            Expr::BytesLiteral(bytes) => {
                self.bytes.push((bytes.value.bytes().collect(), bytes.range()));
            }
            Expr::Call(call) => match &*call.func {
                Expr::Name(name) => self.called.push((name.id.to_string(), name.range())),
                Expr::Attribute(it)
                    if root(&it.value).is_some_and(|name| self.imported.contains(name)) =>
                {
                    let all = it.range();
                    self.members.push((it.value.range(), it.attr.to_string(), all));
                }
                _ => {}
            },
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

fn seen(text: &str) -> Option<Seen> {
    let parsed = ruff_python_parser::parse_module(text).ok()?;
    let mut seen = Seen::default();
    seen.visit_body(&parsed.syntax().body);
    Some(seen)
}

fn replace(edits: &mut Edits, range: TextRange, with: String) {
    edits.replace(range.start().into(), range.end().into(), with);
}

/// Variables have other names.
pub(crate) fn renamed(text: &str) -> Option<String> {
    let seen = seen(text)?;
    let free = seen.bound.difference(&seen.fixed).filter(|name| !name.starts_with("__"));
    let new: BTreeMap<&String, String> =
        free.enumerate().map(|(n, name)| (name, format!("zq{n}x"))).collect();
    let mut edits = Edits::default();
    for (name, range) in &seen.names {
        if let Some(new) = new.get(name) {
            replace(&mut edits, *range, new.clone());
        }
    }
    edits.apply(text)
}

/// Every text is put together or decoded.
pub(crate) fn split(text: &str) -> Option<String> {
    let seen = seen(text)?;
    let mut edits = Edits::default();
    for (number, (value, range)) in seen.strings.iter().enumerate() {
        if value.len() < 2 || !value.is_ascii() {
            continue;
        }
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let (first, second) = value.split_at(value.len() / 2);
        let with = match number % 5 {
            0 => format!("\"\".join([{}, {}])", quoted(first), quoted(second)),
            1 => format!("bytes.fromhex(\"{}\").decode()", hexadecimal(value)),
            2 => format!("\"\".join(map(chr, [{}]))", codes(value)),
            3 => format!("({} + {})", quoted(first), quoted(second)),
            _ => format!("__import__(\"base64\").b64decode(\"{}\").decode()", base64(value)),
        };
        replace(&mut edits, *range, with);
    }
    for (value, range) in seen.bytes.iter().filter(|(value, _)| value.len() > 1) {
        let listed = value.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        replace(&mut edits, *range, format!("bytes([{listed}])"));
    }
    edits.apply(text)
}

/// What is called has another name, or is looked up by its name.
pub(crate) fn aliased(text: &str) -> Option<String> {
    let seen = seen(text).filter(|seen| !seen.future)?;
    let mut edits = Edits::default();
    let mut front = String::new();
    let mut aliases: BTreeSet<&String> = BTreeSet::new();
    for (name, range) in &seen.called {
        if FUNCTIONS.contains(&name.as_str()) && !seen.bound.contains(name) {
            if aliases.insert(name) {
                writeln!(front, "alias_{name} = {name}").unwrap();
            }
            replace(&mut edits, *range, format!("alias_{name}"));
        }
    }
    for (object, name, all) in &seen.members {
        let object = text.get(std::ops::Range::from(*object)).unwrap();
        replace(&mut edits, *all, format!("getattr({object}, \"{name}\")"));
    }
    Some(format!("{front}{}", edits.apply(text)?))
}
