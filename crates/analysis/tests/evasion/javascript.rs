//! JavaScript written in another way.

use crate::edits::Edits;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    AssignmentTargetPropertyIdentifier, BindingIdentifier, BindingPattern, BindingProperty,
    CallExpression, Directive, ExportAllDeclaration, ExportDeclaration, ExportFromDeclaration,
    ExportNamedDeclaration, Expression, IdentifierReference, ImportDeclaration, ImportSpecifier,
    ModuleExportName, NewExpression, ObjectProperty, Program, PropertyKey, StringLiteral,
    TSImportEqualsDeclaration, TSType, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Names that stand for what the language or Node gives.
const GIVEN: &[&str] =
    &["arguments", "console", "exports", "globalThis", "module", "process", "require", "this"];
/// Objects that are given and whose functions are looked up by name.
const OBJECTS: &[&str] = &["Buffer", "JSON", "Object", "Reflect", "String", "module", "process"];

/// What the transforms need to know of a program.
#[derive(Default)]
struct Seen {
    /// Where variables are named: where they are made and where they are used.
    names: Vec<(String, Span)>,
    bound: BTreeSet<String>,
    /// Names that cannot be changed: another file may use them.
    fixed: BTreeSet<String>,
    /// `{ name }`: the place after which `: other` has to be written.
    shorthand: BTreeMap<u32, &'static str>,
    strings: Vec<(String, Span)>,
    /// Called by name.
    called: Vec<(String, Span)>,
    /// Called as a member: object, property, all of it.
    members: Vec<(String, String, Span)>,
    /// Variables that hold a module.
    modules: BTreeSet<String>,
}

impl<'a> Visit<'a> for Seen {
    fn visit_binding_identifier(&mut self, it: &BindingIdentifier<'a>) {
        self.names.push((it.name.to_string(), it.span));
        self.bound.insert(it.name.to_string());
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.names.push((it.name.to_string(), it.span));
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.strings.push((it.value.to_string(), it.span));
    }

    fn visit_directive(&mut self, _: &Directive<'a>) {}
    fn visit_ts_type(&mut self, _: &TSType<'a>) {}
    fn visit_export_all_declaration(&mut self, _: &ExportAllDeclaration<'a>) {}

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        self.modules.insert(it.id.name.to_string());
        self.visit_binding_identifier(&it.id);
    }

    fn visit_property_key(&mut self, it: &PropertyKey<'a>) {
        if !matches!(it, PropertyKey::StringLiteral(_)) {
            walk::walk_property_key(self, it);
        }
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        for one in it.specifiers.iter().flatten() {
            self.modules.insert(one.local().name.to_string());
            self.visit_import_declaration_specifier(one);
        }
    }

    fn visit_import_specifier(&mut self, it: &ImportSpecifier<'a>) {
        self.modules.remove(it.local.name.as_str());
        if it.imported.span() == it.local.span {
            self.shorthand.insert(it.local.span.start, " as ");
        }
        self.visit_binding_identifier(&it.local);
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        for one in &it.specifiers {
            if let ModuleExportName::IdentifierReference(name) = &one.local {
                self.fixed.insert(name.name.to_string());
            }
        }
    }

    fn visit_export_from_declaration(&mut self, _: &ExportFromDeclaration<'a>) {}

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        let before = self.bound.clone();
        walk::walk_export_declaration(self, it);
        let new: Vec<String> = self.bound.difference(&before).cloned().collect();
        self.fixed.extend(new);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        if it.shorthand {
            self.shorthand.insert(it.span.start, ": ");
            self.visit_expression(&it.value);
        } else {
            walk::walk_object_property(self, it);
        }
    }

    fn visit_binding_property(&mut self, it: &BindingProperty<'a>) {
        if it.shorthand {
            self.shorthand.insert(it.span.start, ": ");
            self.visit_binding_pattern(&it.value);
        } else {
            walk::walk_binding_property(self, it);
        }
    }

    fn visit_assignment_target_property_identifier(
        &mut self,
        it: &AssignmentTargetPropertyIdentifier<'a>,
    ) {
        self.shorthand.insert(it.binding.span.start, ": ");
        walk::walk_assignment_target_property_identifier(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(name), Some(Expression::CallExpression(call))) =
            (&it.id, &it.init)
            && matches!(&call.callee, Expression::Identifier(called) if called.name == "require")
        {
            self.modules.insert(name.name.to_string());
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        match &it.callee {
            Expression::Identifier(called) => {
                self.called.push((called.name.to_string(), called.span));
            }
            Expression::StaticMemberExpression(member) if !member.optional && !it.optional => {
                if let Expression::Identifier(object) = &member.object {
                    let name = member.property.name.to_string();
                    self.members.push((object.name.to_string(), name, member.span));
                }
            }
            _ => {}
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        if let Expression::Identifier(called) = &it.callee {
            self.called.push((called.name.to_string(), called.span));
        }
        walk::walk_new_expression(self, it);
    }
}

/// What a text holds, and whether it is a module; nothing where it has errors.
fn seen(path: &str, text: &str) -> Option<(Seen, bool)> {
    let kind = if path.ends_with(".ts") { SourceType::ts() } else { SourceType::unambiguous() };
    with_program(text, kind, |program| {
        let mut seen = Seen::default();
        seen.visit_program(program);
        (seen, program.source_type.is_module())
    })
}

fn with_program<R>(
    text: &str,
    kind: SourceType,
    then: impl FnOnce(&Program<'_>) -> R,
) -> Option<R> {
    let arena = Allocator::default();
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(&arena, text, kind).with_options(options).parse();
    (parsed.diagnostics.is_empty() && !parsed.panicked).then(|| then(&parsed.program))
}

/// Whether the text can be run as a script: no module, no `await` outside a function.
pub(crate) fn is_script(path: &str, text: &str) -> bool {
    let name = !path.ends_with(".ts") && !path.ends_with(".mjs");
    let module = |program: &Program<'_>| program.source_type.is_module();
    name && with_program(text, SourceType::cjs(), |_| ()).is_some()
        && with_program(text, SourceType::unambiguous(), module) == Some(false)
}

/// The text with something in front of it.
#[expect(clippy::unnecessary_wraps, reason = "as the other transforms")]
pub(crate) fn behind_first_line(text: &str, front: &str) -> Option<String> {
    Some(match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => format!("{first}\n{front}{rest}"),
        _ => format!("{front}{text}"),
    })
}

/// Variables have other names.
pub(crate) fn renamed(path: &str, text: &str) -> Option<String> {
    let (seen, _) = seen(path, text)?;
    let kept = |name: &&String| {
        !seen.fixed.contains(*name)
            && !GIVEN.contains(&name.as_str())
            // A name that is used before anything is bound to it may be one that is given.
            && !OBJECTS.contains(&name.as_str())
    };
    let new: BTreeMap<&String, String> = seen
        .bound
        .iter()
        .filter(kept)
        .enumerate()
        .map(|(n, name)| (name, format!("zq{n}x")))
        .collect();
    let mut edits = Edits::default();
    for (name, span) in &seen.names {
        let Some(new) = new.get(name) else { continue };
        let before = seen.shorthand.get(&span.start);
        let with = before.map_or_else(|| new.clone(), |between| format!("{name}{between}{new}"));
        edits.replace(span.start, span.end, with);
    }
    edits.apply(text)
}

/// Every text is put together or decoded.
pub(crate) fn split(path: &str, text: &str) -> Option<String> {
    let (seen, _) = seen(path, text)?;
    let mut edits = Edits::default();
    for (number, (value, span)) in seen.strings.iter().enumerate() {
        if value.len() < 2 || !value.is_ascii() {
            continue;
        }
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let (first, second) = value.split_at(value.len() / 2);
        let with = match number % 5 {
            0 => format!("[{}, {}].join(\"\")", quoted(first), quoted(second)),
            1 => format!("Buffer.from(\"{}\", \"hex\").toString()", hexadecimal(value)),
            2 => format!("String.fromCharCode({})", codes(value)),
            3 => format!("({} + {})", quoted(first), quoted(second)),
            _ => format!("Buffer.from(\"{}\", \"base64\").toString()", base64(value)),
        };
        edits.replace(span.start, span.end, with);
    }
    edits.apply(text)
}

/// What is called has another name, or is looked up by its name.
pub(crate) fn aliased(path: &str, text: &str) -> Option<String> {
    let (seen, _) = seen(path, text)?;
    let mut edits = Edits::default();
    let mut front = String::new();
    let mut aliases: BTreeSet<&String> = BTreeSet::new();
    for (name, span) in seen.called.iter().filter(|(name, _)| !seen.bound.contains(name)) {
        if aliases.insert(name) {
            writeln!(front, "const alias_{name} = {name};").unwrap();
        }
        edits.replace(span.start, span.end, format!("alias_{name}"));
    }
    for (object, name, span) in &seen.members {
        if seen.modules.contains(object)
            || (OBJECTS.contains(&object.as_str()) && !seen.bound.contains(object))
        {
            let with = format!("Reflect.get({object}, \"{name}\").bind({object})");
            edits.replace(span.start, span.end, with);
        }
    }
    behind_first_line(&edits.apply(text)?, &front)
}

pub(crate) fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").unwrap();
        all
    })
}

pub(crate) fn codes(text: &str) -> String {
    text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
