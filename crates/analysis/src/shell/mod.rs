//! Shell scripts and command lines: parsed and followed by us, far enough to say what
//! they run, fetch, read, write and send. Branches are all taken, loops once.

mod code;
mod escapes;
mod files;
mod lex;
mod network;
mod parse;
mod programs;
mod run;
#[cfg(test)]
mod tests;
pub(crate) mod windows;
mod words;

use std::rc::Rc;

use crate::event::{Event, Hiding, When};
use crate::place::{FileId, Place};
use crate::value::{Origin, Value};

/// Whose code a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    /// JavaScript.
    JavaScript,
    /// Python.
    Python,
    /// Shell.
    Shell,
}

/// What a script does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Its effects, in the order of the script.
    pub(crate) events: Vec<Event>,
    /// Files that it hands to an interpreter, by the path as written.
    pub(crate) runs: Vec<(Language, Rc<str>, Place)>,
    /// Code of other languages that stands in it, such as `node -e '...'`.
    pub(crate) inner: Vec<Inner>,
    /// Scripts of `package.json` that it runs.
    pub(crate) scripts: Vec<Rc<str>>,
    /// Whether a bound ended it early.
    pub(crate) cut: bool,
}

/// Code within code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inner {
    pub(crate) language: Language,
    pub(crate) code: Rc<str>,
    pub(crate) hiding: Vec<Hiding>,
    pub(crate) place: Place,
}

/// Where what a script does is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Position {
    /// At its own bytes, in this file.
    File(FileId),
    /// Where the text stands that holds the script.
    At(Place),
}

impl Position {
    fn place(self, span: words::Span) -> Place {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match self {
            Position::File(file) => {
                Place { file, start: number(span.start), end: number(span.end) }
            }
            Position::At(place) => place,
        }
    }
}

/// What this script does when it runs at this time. The variable `unknown_part` stands
/// for what the caller does not know, which comes from there.
pub(crate) fn trace(text: &str, unknown: &[Origin], position: Position, when: When) -> Outcome {
    let mut shell = run::Shell::new(position, when);
    shell.set_unknown(unknown);
    shell.script_text(text, &Value::default());
    shell.finish()
}

/// What this program does, given as a list of arguments that no shell has read.
pub(crate) fn trace_arguments(arguments: &[Value], position: Position, when: When) -> Outcome {
    let mut shell = run::Shell::new(position, when);
    shell.run_arguments(arguments, Value::default(), words::Span::default());
    shell.finish()
}
