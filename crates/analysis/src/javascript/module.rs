//! Modules: the package's own run once, in the order in which they ask for each
//! other; text that is executed as code runs as a program of its own.

use std::rc::Rc;

use oxc_ast::ast::{
    BindingIdentifier, Declaration, ExportDefaultDeclarationKind, ImportDeclarationSpecifier,
    ModuleExportName, Program, Statement,
};
use oxc_span::Span;

use super::function::FunctionState;
use super::heap::{Class as ObjectClass, Object};
use super::machine::Machine;
use super::names::NameMap;
use super::value::{Kind, Marks, ObjectId, Value};
use super::{api, marks, parse, scope};
use crate::event::{Effect, Hiding, Role};
use crate::place::FileId;

/// How many texts are executed as code within each other.
const MAX_NESTED_CODE: u32 = 6;
/// The largest text that is executed.
const MAX_CODE_BYTES: usize = 4 << 20;
/// The largest JSON file that is read.
pub(crate) const MAX_JSON_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(crate) struct ModuleTable<'a> {
    pub(crate) programs: NameMap<FileId, &'a Program<'a>>,
    modules: NameMap<FileId, Module>,
    /// What was read of each `package.json`.
    pub(crate) packages: NameMap<FileId, Option<Rc<serde_json::Value>>>,
    /// The exports of the module that runs.
    current: Option<ObjectId>,
}

#[derive(Clone, Copy)]
struct Module {
    /// The object `module`.
    module: ObjectId,
}

impl<'a> Machine<'a> {
    /// Runs a file, if it did not run yet, and gives what it exports.
    pub(crate) fn run_module(&mut self, file: FileId) -> Value<'a> {
        if let Some(module) = self.modules.modules.get(&file).copied() {
            return self.exports_of(module.module);
        }
        let Some(program) = self.modules.programs.get(&file).copied() else {
            return Value::UNKNOWN;
        };
        let exports = self.new_object(ObjectClass::Exports);
        let module = self.module_object(&exports);
        self.modules.modules.insert(file, Module { module });
        let layout = self.prepare(program);
        let frame = self.push_frame(layout, None, exports.clone(), false);
        self.declare_module_names(frame, module, &exports, file);
        let saved = (
            self.frame,
            self.file,
            self.returned.take(),
            self.modules.current.replace(module),
            self.pinned.take(),
            std::mem::take(&mut self.hiding),
        );
        // What surrounds the request does not surround the module.
        self.frame = frame;
        self.file = file;
        self.import_all(program);
        self.block(&program.body);
        self.export_late(program);
        self.frame = saved.0;
        self.file = saved.1;
        self.returned = saved.2;
        self.modules.current = saved.3;
        self.pinned = saved.4;
        self.hiding = saved.5;
        self.exports_of(module)
    }

    fn module_object(&mut self, exports: &Value<'a>) -> ObjectId {
        let mut module = Object::new(ObjectClass::Plain);
        module.is_open = true;
        module.set("exports", exports.clone(), false);
        let constructor = Value::api(self.apis.intern("node:module"));
        module.set("constructor", constructor, false);
        let require = Value::api(self.apis.global("require"));
        module.set("require", require, false);
        let compile = Value::api(self.apis.intern("node:module._compile"));
        module.set("_compile", compile, false);
        self.allocate(module)
    }

    fn exports_of(&mut self, module: ObjectId) -> Value<'a> {
        self.get(module)
            .and_then(|module| module.property("exports"))
            .map_or(Value::UNKNOWN, |property| property.value.clone())
    }

    fn prepare(&mut self, program: &'a Program<'a>) -> u32 {
        let resolved = scope::resolve(program, &mut self.layouts);
        let (pinned, hiding) = (self.pinned, self.hiding);
        while self.functions.len() < self.layouts.len() {
            self.functions.push(FunctionState {
                pinned,
                hiding,
                ran: false,
                runs: 0,
                is_covered: false,
                skipped: false,
                changes_outside: false,
                is_interesting: false,
                result: None,
                gave: None,
                is_examined: false,
                calls_first: None,
            });
        }
        if resolved.is_too_deep {
            self.stop(program.span, "it nests deeper than is followed");
        }
        if let Some(name) = resolved.misleading {
            let at = program.source_text.find(name).unwrap_or(0);
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span::new(place(at), place(at + name.len()));
            let api = self.apis.intern("js:source");
            let hidden = self.hidden(Hiding::Confusables);
            self.emit(Effect::Obfuscation, api, span, &[], hidden);
        }
        resolved.layout
    }

    fn declare_module_names(
        &mut self,
        frame: u32,
        module: ObjectId,
        exports: &Value<'a>,
        file: FileId,
    ) {
        let path = self.tree.file(file).map_or("", |file| file.path.as_str());
        let folder =
            path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("/{folder}"));
        let (folder, path) = (format!(".{folder}"), format!("./{path}"));
        let (folder, path) = (self.keep(&folder), self.keep(&path));
        let values = [
            Value::api(self.apis.global("require")),
            Value::object(module),
            exports.clone(),
            Value::new(Kind::Literal(path)),
            Value::new(Kind::Literal(folder)),
        ];
        for (slot, value) in values.into_iter().enumerate() {
            self.set_slot(frame, slot, value);
        }
    }

    /// `import` is done before anything else of a module.
    fn import_all(&mut self, program: &'a Program<'a>) {
        for statement in &program.body {
            let Statement::ImportDeclaration(import) = statement else { continue };
            if import.import_kind.is_type() {
                continue;
            }
            let name = Value::new(Kind::Literal(import.source.value.as_str()));
            let module = self.import(&name, import.span);
            for specifier in import.specifiers.iter().flatten() {
                let (local, value) = match specifier {
                    ImportDeclarationSpecifier::ImportSpecifier(it) => {
                        let key = it.imported.name().as_str();
                        (&it.local, self.member(&module, key, it.span))
                    }
                    ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
                        (&it.local, self.member(&module, "default", it.span))
                    }
                    ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => {
                        (&it.local, module.clone())
                    }
                };
                self.declare(local, value);
            }
        }
    }

    fn export(&mut self, name: &'a str, value: Value<'a>, span: Span) {
        if let Some(module) = self.modules.current {
            let exports = self.exports_of(module);
            self.set_member(&exports, name, value, span);
        }
    }

    /// `export` and its kin, in the order of the program.
    pub(crate) fn module_statement(&mut self, statement: &'a Statement<'a>) {
        match statement {
            Statement::ExportDeclaration(it) => {
                self.declaration(&it.declaration);
                self.export_declared(&it.declaration);
            }
            Statement::ExportDefaultDeclaration(it) => {
                let value = match &it.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        match &function.id {
                            Some(name) => self.declared(name),
                            None => self.closure(super::function::Code::Function(function), None),
                        }
                    }
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        let value = self.class(class);
                        if let Some(name) = &class.id {
                            self.declare(name, value.clone());
                        }
                        value
                    }
                    declaration => match declaration.as_expression() {
                        Some(expression) => self.expression(expression),
                        None => return,
                    },
                };
                self.export("default", value, it.span);
            }
            Statement::ExportFromDeclaration(it) if !it.export_kind.is_type() => {
                let name = Value::new(Kind::Literal(it.source.value.as_str()));
                let module = self.import(&name, it.span);
                for specifier in &it.specifiers {
                    let value =
                        self.member(&module, specifier.local.name().as_str(), specifier.span);
                    self.export(specifier.exported.name().as_str(), value, specifier.span);
                }
            }
            Statement::ExportAllDeclaration(it) if !it.export_kind.is_type() => {
                let name = Value::new(Kind::Literal(it.source.value.as_str()));
                let module = self.import(&name, it.span);
                match &it.exported {
                    Some(exported) => self.export(exported.name().as_str(), module, it.span),
                    None => {
                        let exports = self.modules.current.map(|module| self.exports_of(module));
                        if let Some(exports) = exports.and_then(|exports| exports.as_object()) {
                            self.copy_properties(exports, &module);
                        }
                    }
                }
            }
            Statement::TSExportAssignment(it) => {
                let value = self.expression(&it.expression);
                if let Some(object) = self.modules.current.and_then(|module| self.change(module)) {
                    object.set("exports", value, false);
                }
            }
            _ => {}
        }
    }

    fn declared(&mut self, name: &BindingIdentifier<'a>) -> Value<'a> {
        name.symbol_id.get().map_or(Value::UNKNOWN, |slot| self.slot(self.frame, slot.index()))
    }

    fn export_declared(&mut self, declaration: &'a Declaration<'a>) {
        match declaration {
            Declaration::VariableDeclaration(it) => {
                for declarator in &it.declarations {
                    for name in declarator.id.get_binding_identifiers() {
                        let value = self.declared(name);
                        self.export(name.name.as_str(), value, name.span);
                    }
                }
            }
            declaration => {
                if let Some(name) = declaration.id() {
                    let value = self.declared(name);
                    self.export(name.name.as_str(), value, name.span);
                }
            }
        }
    }

    /// `export { name }` gives what the name holds when the module has run.
    fn export_late(&mut self, program: &'a Program<'a>) {
        for statement in &program.body {
            if let Statement::ExportNamedDeclaration(it) = statement
                && !it.export_kind.is_type()
            {
                for specifier in &it.specifiers {
                    if let ModuleExportName::IdentifierReference(name) = &specifier.local
                        && let Some(reference) = name.reference_id.get()
                    {
                        let (hops, slot) = scope::hops_and_slot(reference);
                        if let Some(frame) = self.frame_at(hops) {
                            let value = self.slot(frame, slot);
                            self.export(specifier.exported.name().as_str(), value, specifier.span);
                        }
                    }
                }
            }
        }
    }

    /// `require` or `import` of this name.
    pub(crate) fn import(&mut self, name: &Value<'a>, span: Span) -> Value<'a> {
        if let Kind::Choice(all) = &name.kind {
            let all = Rc::clone(all);
            let mut result = Value::UNKNOWN;
            for one in all.iter().filter(|one| one.as_text().is_some()) {
                let value = self.import(one, span);
                result = self.either(result, value, false);
            }
            return result;
        }
        let text = match name.as_text() {
            Some(text) => text.to_owned(),
            None => {
                let id = self.apis.global("require");
                self.emit(
                    Effect::DynamicImport,
                    id,
                    span,
                    &[(Role::Name, name.clone())],
                    Marks::NONE,
                );
                return Value::unknown(name.marks);
            }
        };
        if text.starts_with('.') || text.starts_with('/') {
            return self.import_file(&text, name, span);
        }
        if text.starts_with("data:") || text.starts_with("http:") || text.starts_with("https:") {
            let id = self.apis.global("import");
            self.emit(Effect::DynamicImport, id, span, &[(Role::Name, name.clone())], Marks::NONE);
            if let Some((_, body)) = text.split_once(',')
                && text.starts_with("data:")
            {
                let head = text.get(..text.len() - body.len()).unwrap_or_default();
                let body = if head.contains("base64") {
                    crate::decode::base64(body.as_bytes())
                        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                } else {
                    Some(crate::decode::percent(body))
                };
                if let Some(body) = body {
                    self.run_text(&body, span, Marks::NONE, false);
                }
            }
            return Value::UNKNOWN;
        }
        // A name of the package's own, given in its `imports`, or its own name.
        if !api::is_builtin(&text)
            && let Some(target) = self.own_name(&text)
        {
            return match self.resolve_path(&target, 0) {
                Some(file) => self.import_known(file, name, span),
                None => Value::unknown(name.marks),
            };
        }
        if text.starts_with('#') {
            return Value::unknown(name.marks);
        }
        let canonical = api::module_name(&text);
        let id = self.apis.intern(&canonical);
        self.emit(Effect::Import, id, span, &[(Role::Name, name.clone())], name.marks);
        if canonical.len() > 160 {
            Value::UNKNOWN
        } else {
            let marks = if api::is_builtin(&text) && !matches!(name.kind, Kind::Literal(_)) {
                // Nobody has to put the name of a module of Node.js together.
                let bits = self.marks.hiding(name.marks) | marks::bit(Hiding::ComputedName);
                self.marks.hidden(bits)
            } else {
                self.name_marks(name)
            };
            Value::with(Kind::Api(id), marks)
        }
    }

    /// A name that had to be decoded hides what is reached by it.
    fn name_marks(&mut self, name: &Value<'a>) -> Marks {
        let bits = self.marks.hiding(name.marks) & !marks::bit(Hiding::Pieces);
        if bits == 0 { Marks::NONE } else { self.marks.hidden(bits) }
    }

    fn import_file(&mut self, text: &str, name: &Value<'a>, span: Span) -> Value<'a> {
        let Some(file) = self.resolve_file(text) else {
            if text.ends_with(".node") {
                let id = self.apis.global("require");
                self.emit(Effect::NativeCode, id, span, &[(Role::Path, name.clone())], Marks::NONE);
            }
            return Value::UNKNOWN;
        };
        self.import_known(file, name, span)
    }

    fn import_known(&mut self, file: FileId, name: &Value<'a>, span: Span) -> Value<'a> {
        if self.modules.programs.contains_key(&file) {
            // A name that is written can be seen by whoever follows what loads what.
            if !matches!(name.kind, Kind::Literal(_)) {
                self.note_load(file, span);
            }
            return self.run_module(file);
        }
        let path = self.tree.file(file).map_or("", |file| file.path.as_str());
        if path.ends_with(".json") {
            return self.json_file(file);
        }
        if path.ends_with(".node") {
            let id = self.apis.global("require");
            self.emit(Effect::NativeCode, id, span, &[(Role::Path, name.clone())], Marks::NONE);
            return Value::UNKNOWN;
        }
        if !path.ends_with(".wasm") && !is_script(path) {
            self.note_load(file, span);
            let id = self.apis.global("require");
            let hidden = self.hidden(Hiding::CodeInData);
            self.emit(Effect::DynamicImport, id, span, &[(Role::Name, name.clone())], hidden);
        }
        Value::UNKNOWN
    }

    fn json_file(&mut self, file: FileId) -> Value<'a> {
        let Some(source) = self.tree.file(file) else { return Value::UNKNOWN };
        if source.bytes.len() > MAX_JSON_BYTES {
            return Value::UNKNOWN;
        }
        match serde_json::from_slice::<serde_json::Value>(&source.bytes) {
            Ok(json) => self.json(&json),
            Err(_) => Value::UNKNOWN,
        }
    }

    pub(crate) fn json(&mut self, json: &serde_json::Value) -> Value<'a> {
        self.steps += 1;
        match json {
            serde_json::Value::Null => Value::new(Kind::Null),
            serde_json::Value::Bool(boolean) => Value::boolean(*boolean),
            serde_json::Value::Number(number) => {
                number.as_f64().map_or(Value::UNKNOWN, Value::number)
            }
            serde_json::Value::String(text) => {
                if self.may_make(text.len()) {
                    Value::text(text.clone())
                } else {
                    Value::UNKNOWN
                }
            }
            serde_json::Value::Array(elements) => {
                let elements = elements.iter().map(|element| self.json(element)).collect();
                self.new_array(elements)
            }
            serde_json::Value::Object(fields) => {
                let mut object = Object::new(ObjectClass::Plain);
                for (key, value) in fields {
                    let key = self.keep(key);
                    let value = self.json(value);
                    object.set(key, value, false);
                }
                Value::object(self.allocate(object))
            }
        }
    }

    /// The file of the package that a relative name leads to, from the file that runs.
    fn resolve_file(&self, text: &str) -> Option<FileId> {
        let from = self.tree.file(self.file).map_or("", |file| file.path.as_str());
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = normal(&format!("{folder}/{text}"))?;
        self.resolve_path(&path, 0)
    }

    pub(crate) fn resolve_path(&self, path: &str, depth: u32) -> Option<FileId> {
        const ENDINGS: &[&str] =
            &["", ".js", ".cjs", ".mjs", ".ts", ".json", ".node", ".jsx", ".tsx"];
        const REPLACED: &[(&str, &str)] =
            &[(".js", ".ts"), (".js", ".tsx"), (".mjs", ".mts"), (".cjs", ".cts")];
        if !path.is_empty() {
            for ending in ENDINGS {
                if let Some(file) = self.tree.find(&format!("{path}{ending}")) {
                    return Some(file);
                }
            }
            for (from, to) in REPLACED {
                if let Some(stem) = path.strip_suffix(from)
                    && let Some(file) = self.tree.find(&format!("{stem}{to}"))
                {
                    return Some(file);
                }
            }
        }
        let inner =
            |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        if depth == 0
            && let Some(file) = self.tree.find(&inner("package.json"))
            && let Some(source) = self.tree.file(file)
            && source.bytes.len() < MAX_JSON_BYTES
            && let Ok(json) = serde_json::from_slice::<serde_json::Value>(&source.bytes)
            && let Some(main) = json.get("main").and_then(serde_json::Value::as_str)
            && let Some(path) = normal(&inner(main))
            && let Some(file) = self.resolve_path(&path, 1)
        {
            return Some(file);
        }
        ["index.js", "index.cjs", "index.mjs", "index.ts", "index.json"]
            .iter()
            .find_map(|name| self.tree.find(&inner(name)))
    }

    /// The file of the package at a path that code reads.
    pub(crate) fn find_file(&self, path: &str) -> Option<FileId> {
        if path.starts_with('/') || path.starts_with('~') || path.contains("://") {
            return None;
        }
        let bare = normal(path)?;
        self.tree.find(&bare).or_else(|| {
            let from = self.tree.file(self.file).map_or("", |file| file.path.as_str());
            let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.tree.find(&normal(&format!("{folder}/{path}"))?)
        })
    }

    /// Executes text as a program within the variables that are here, or within those
    /// of the module, and gives its last value.
    pub(crate) fn run_text(
        &mut self,
        text: &str,
        span: Span,
        marks: Marks,
        is_direct: bool,
    ) -> Value<'a> {
        if self.nested_code >= MAX_NESTED_CODE
            || text.len() > MAX_CODE_BYTES
            || !self.may_make(text.len() * 4)
        {
            self.stop(span, "text that is executed is more than is evaluated");
            return Value::UNKNOWN;
        }
        let source = self.arena.alloc_str(text);
        let Ok(program) = parse::program(self.arena, "text.js", source, || true) else {
            return Value::UNKNOWN;
        };
        let saved = (self.pinned, self.hiding, self.frame, self.returned.take());
        self.pinned = Some(self.place(span));
        self.hiding |= self.marks.hiding(marks) | marks::bit(Hiding::CodeInText);
        self.nested_code += 1;
        let layout = self.prepare(program);
        let parent = self.frame;
        let frame = self.push_frame(layout, Some(parent), Value::UNDEFINED, is_direct);
        for (slot, name) in
            ["require", "module", "exports", "__filename", "__dirname"].iter().enumerate()
        {
            let value = match self.find_name(name) {
                Some((frame, slot)) => self.slot(frame, slot),
                None => Value::UNKNOWN,
            };
            self.set_slot(frame, slot, value);
        }
        self.frame = frame;
        self.import_all(program);
        self.declare_functions(&program.body);
        let mut last = Value::UNDEFINED;
        for statement in &program.body {
            match statement {
                Statement::ExpressionStatement(it) => last = self.expression(&it.expression),
                statement => {
                    if !matches!(self.statement(statement), super::statement::Flow::Normal) {
                        break;
                    }
                }
            }
        }
        if program.body.is_empty()
            && let Some(directive) = program.directives.last()
        {
            last = Value::new(Kind::Literal(directive.expression.value.as_str()));
        }
        if let Some(returned) = self.returned.take() {
            last = returned;
        }
        // Functions of the text stay hidden as it is, whenever they are called: their
        // states hold where and how.
        self.nested_code -= 1;
        (self.pinned, self.hiding, self.frame, self.returned) = saved;
        last
    }
}

fn is_script(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "js" | "cjs" | "mjs" | "ts" | "cts" | "mts" | "jsx" | "tsx")
}

/// A path without `.` and `..`; nothing where it leaves the package.
pub(crate) fn normal(path: &str) -> Option<String> {
    crate::scan::resolve::join("", path)
}
