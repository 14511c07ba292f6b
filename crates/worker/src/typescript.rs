//! TypeScript to JavaScript: types are taken out, nothing is checked.
//!
//! The parser reads hostile text, so this is part of the program that compiles in a
//! jail, and of no other.

use oxc_allocator::Allocator;
use oxc_codegen::Codegen;
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{TransformOptions, Transformer};
use ringfence_protocol::worker::Sources;
use std::path::Path;

/// Why the types stay in.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct TypesError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in the parser's words.
    pub message: String,
}

/// Takes the types out of every file of TypeScript. Paths stay as they are.
///
/// # Errors
/// The first file that is not TypeScript, and why.
pub fn take_types_out(sources: &mut Sources) -> Result<(), TypesError> {
    for (path, text) in &mut sources.files {
        if let Ok(kind) = SourceType::from_path(Path::new(path))
            && kind.is_typescript()
        {
            *text = javascript(path, text, kind)?;
        }
    }
    Ok(())
}

fn javascript(path: &str, text: &str, kind: SourceType) -> Result<String, TypesError> {
    let failed = |problem: &OxcDiagnostic| {
        let at = problem.labels.first().map_or(0, oxc_diagnostics::LabeledSpan::offset);
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let before = text.as_bytes().get(..at).unwrap_or_default();
        TypesError {
            path: path.to_owned(),
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            message: problem.message.to_string(),
        }
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind).parse();
    if let Some(problem) = parsed.diagnostics.first() {
        return Err(failed(problem));
    }
    let mut program = parsed.program;
    let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
    let options = TransformOptions::default();
    let done = Transformer::new(&allocator, Path::new(path), &options)
        .build_with_scoping(scoping, &mut program);
    match done.diagnostics.first() {
        Some(problem) => Err(failed(problem)),
        None => Ok(Codegen::new().build(&program).code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn taken(path: &str, text: &str) -> Result<String, TypesError> {
        let files = BTreeMap::from([(path.to_owned(), text.to_owned())]);
        let mut sources = Sources { entry: path.to_owned(), files };
        take_types_out(&mut sources)?;
        Ok(sources.files.into_values().collect())
    }

    #[test]
    fn types_go_and_what_does_something_stays() {
        let text = "import { A } from './a'; import { b } from './b';
            let x: A = b as A; function f<T>(this: T, y?: T): asserts y is T {} export default x!;";
        let made = taken("/plugin/a.ts", text).unwrap();
        for gone in ["A", "<T>", "asserts", "!", "?"] {
            assert!(!made.contains(gone), "{gone}: {made}");
        }
        assert!(made.contains("from \"./b\"") && made.contains("let x = b;"), "{made}");
    }

    #[test]
    fn what_is_javascript_is_left_as_it_is() {
        let text = "let  a = 1 // kept";
        for path in ["/plugin/a.js", "/plugin/a.mjs", "/plugin/a.json", "/plugin/a"] {
            assert_eq!(taken(path, text).unwrap(), text);
        }
        assert_ne!(taken("/plugin/a.ts", text).unwrap(), text);
    }

    #[test]
    fn a_mistake_is_told_with_its_file_and_line() {
        let error = taken("/plugin/a.mts", "let a = 1;\nlet b: = 2;").unwrap_err();
        assert_eq!((error.path.as_str(), error.line), ("/plugin/a.mts", 2), "{error}");
    }
}
