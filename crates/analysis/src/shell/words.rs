//! What a shell script is made of, as far as it matters here.

/// Pipelines, one after the other, whatever joins them: `;`, `&&`, `||`, `&`.
#[derive(Clone, Debug, Default)]
pub(super) struct Script(pub(super) Vec<Pipeline>);

/// Commands whose outputs are the next one's inputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipeline(pub(super) Vec<Command>);

/// One command with its redirections.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) form: Form,
    pub(super) redirections: Vec<Redirection>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    /// A program, a builtin or a function.
    Simple { assignments: Vec<(String, Word)>, words: Vec<Word> },
    /// Commands in brackets, in a branch, in a function's body.
    Group(Script),
    /// A loop that ends when its condition says so.
    Loop { condition: Script, body: Script, name: Option<String> },
}

#[derive(Clone, Debug)]
pub(super) struct Redirection {
    pub(super) kind: Redirect,
    pub(super) target: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `<`
    Input,
    /// `>`, `>>`, `>|`, `&>`
    Output,
    /// `<<<`, or a here-document
    Text,
}

/// One word before it is expanded.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    /// As it is; whether it stood in quotes.
    Text(String, bool),
    /// A variable, what is done with it, and whether it stood in double quotes.
    Variable { name: String, change: Change, quoted: bool },
    /// What commands print.
    Output { script: Script, quoted: bool },
}

/// What an expansion does with a variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// Another text where there is none.
    Default(String),
    /// From a character on, so many of them.
    Slice(usize, Option<usize>),
    /// One text for another, once or everywhere.
    Replace {
        from: String,
        to: String,
        all: bool,
    },
    /// Something that is not followed.
    Unknown,
}

/// Bytes of the script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Word {
    /// The word, when it is written out and nothing in it is expanded.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text, _)] => Some(text),
            _ => None,
        }
    }

    /// As [`Word::plain`], of a word without quotes: only such a one is a keyword.
    pub(super) fn keyword(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text, false)] => Some(text),
            _ => None,
        }
    }
}
