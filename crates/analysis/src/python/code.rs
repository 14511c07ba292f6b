//! Text that becomes code: parsed and evaluated where it is known, with how it was
//! hidden on everything that it does.

use std::rc::Rc;

use ruff_text_size::TextRange;

use super::evaluator::{Evaluator, Frame};
use super::heap::{ScopeId, Unit};
use super::parse;
use super::value::{Data, Value};
use crate::event::{Hiding, Source};

/// Text in text in text.
const MAX_TEXT_DEPTH: u32 = 8;
/// Bytes of one text that is evaluated.
const MAX_TEXT: usize = 2 << 20;

impl<'a> Evaluator<'a> {
    /// Runs a value as code, where it is known; gives what its last expression gives.
    /// `scope` is where it runs, if not here.
    pub(super) fn run_text(
        &mut self,
        code: &Value<'a>,
        range: TextRange,
        scope: Option<ScopeId>,
    ) -> Value<'a> {
        self.note_loaded_file(code, range);
        if let Data::Choice(all) = &code.data {
            let all = Rc::clone(all);
            return self.each_of(&all, |this, one| this.run_text(&one, range, scope));
        }
        if let Data::Function(_) | Data::Applied(_) = code.data {
            return self.call(code, super::call::Arguments::default(), range);
        }
        let text = match &code.data {
            Data::Text(text) => text.to_string(),
            Data::Bytes(bytes) => parse::decoded(bytes).into_owned(),
            _ => return Value::unknown().with(&code.taint),
        };
        let steps = u64::try_from(text.len() / 16).unwrap_or(u64::MAX);
        if text.len() > MAX_TEXT || self.text_depth >= MAX_TEXT_DEPTH || !self.burn(steps) {
            self.cut(range, "text that is executed is more than is evaluated");
            return Value::unknown().with(&code.taint);
        }
        let (parsed, _) =
            parse::parsed(text.trim_start_matches([' ', '\t', '\n', '\r']).to_owned());
        let Some(parsed) = self.keep_code(parsed) else { return Value::unknown() };
        let mut hiding = self.unit.hiding.clone();
        let from_file = self.own_python_file(code, &text);
        for one in std::iter::once(Hiding::CodeInText).chain(code.hidings().iter().copied()) {
            if !hiding.contains(&one) && !from_file {
                hiding.push(one);
            }
        }
        let unit = Unit {
            file: self.unit.file,
            module: self.unit.module,
            over: Some(self.place(range)),
            hiding,
        };
        let outer_unit = std::mem::replace(&mut self.unit, Rc::new(unit));
        let outer_scope = self.scope;
        if let Some(scope) = scope {
            self.scope = scope;
        }
        let frame = Frame { exact: false, ..Frame::default() };
        let outer_frame = std::mem::replace(&mut self.frame, frame);
        self.text_depth += 1;
        if from_file {
            self.quiet += 1;
        }
        let result = self.deeper(|this| match parsed.syntax.body.as_slice() {
            [ruff_python_ast::Stmt::Expr(only)] => this.eval(&only.value),
            body => {
                this.block(body);
                Value::none()
            }
        });
        if from_file {
            self.quiet -= 1;
        }
        self.text_depth -= 1;
        self.frame = outer_frame;
        self.scope = outer_scope;
        self.unit = outer_unit;
        let taint = if code.has_source(Source::Decoded) { code.taint.clone() } else { None };
        result.unwrap_or_default().with(&taint)
    }

    /// Whether the code is the text of a Python file of this package, which is evaluated
    /// by itself too.
    fn own_python_file(&self, code: &Value<'a>, text: &str) -> bool {
        let Some(name) = self.own_file_of(code) else { return false };
        let Some(file) = self.tree.find(&name).and_then(|id| self.tree.file(id)) else {
            return false;
        };
        // A part of it, such as what stands behind a mark in a comment, is not.
        is_python(&name) && text.trim().len() == file.bytes.trim_ascii().len()
    }

    fn own_file_of(&self, code: &Value<'a>) -> Option<Rc<str>> {
        let taint = code.taint.as_ref()?;
        taint.origins.iter().filter(|origin| origin.source == Source::File).find_map(|origin| {
            let name = origin.name.as_ref()?;
            self.tree.find(name).map(|_| Rc::clone(name))
        })
    }

    /// A file of the package that is read and run as code, and is not named as code.
    pub(super) fn note_loaded_file(&mut self, code: &Value<'a>, range: TextRange) {
        if let Some(name) = self.own_file_of(code)
            && !is_python(&name)
        {
            self.note_load(&name, range);
        }
    }

    pub(super) fn note_load(&mut self, path: &str, range: TextRange) {
        let place = self.place(range);
        if !self.loads.iter().any(|(known, _)| &**known == path) {
            self.loads.push((path.into(), place));
        }
    }

    /// The path of a file of the package that a program means by this path.
    pub(super) fn own_path(&self, path: &str) -> Option<String> {
        let normal = |path: &str| {
            let mut parts: Vec<&str> = Vec::new();
            for part in path.split(['/', '\\']) {
                match part {
                    "" | "." => {}
                    ".." => {
                        parts.pop();
                    }
                    part => parts.push(part),
                }
            }
            parts.join("/")
        };
        if path.starts_with('/') || path.starts_with('~') || path.len() > 1024 {
            return None;
        }
        let direct = normal(path);
        if self.tree.find(&direct).is_some() {
            return Some(direct);
        }
        let folder = self.module_path().rsplit_once('/').map_or("", |(folder, _)| folder);
        let beside = normal(&format!("{folder}/{path}"));
        self.tree.find(&beside).map(|_| beside)
    }

    /// What a file of the package holds, with its name as its origin.
    pub(super) fn own_content(
        &mut self,
        path: &str,
        bytes: bool,
        range: TextRange,
    ) -> Option<Value<'a>> {
        let own = self.own_path(path)?;
        let content = self.tree.file(self.tree.find(&own)?)?.bytes.as_ref();
        let origin = self.origin(Source::File, range, Some(&own));
        if content.len() > MAX_TEXT || !self.burn_for(content.len()) {
            return Some(Value::unknown().come_from(origin));
        }
        let value = if bytes {
            Value::bytes(content)
        } else {
            Value::made(String::from_utf8_lossy(content).into_owned())
        };
        Some(value.come_from(origin))
    }
}

fn is_python(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "py" | "pyw" | "pyi"))
}
