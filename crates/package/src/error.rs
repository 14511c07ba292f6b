//! Why a package is refused.

use ringfence_types::{CapabilityError, UntrustedText};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The manifest's file name, as errors print it.
pub const MANIFEST_NAME: &str = "plugin.yaml";

/// Most problems that one error holds; a file with more is not read further.
pub(crate) const MAX_PROBLEMS: usize = 100;

/// A place in the manifest, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// Where a file begins.
    pub const START: Position = Position { line: 1, column: 1 };
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong: a lowercase fragment, safe to show.
    pub message: String,
    /// What mends it: a lowercase fragment, safe to show.
    pub suggestion: Option<String>,
}

impl Problem {
    pub(crate) fn new(at: Position, message: impl Into<String>) -> Self {
        Self { line: at.line, column: at.column, message: message.into(), suggestion: None }
    }

    pub(crate) fn help(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

/// Everything that is wrong with a manifest, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ManifestError {
    /// At least one, at most a hundred.
    pub problems: Vec<Problem>,
}

impl From<Problem> for ManifestError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            let Problem { line, column, message, suggestion } = problem;
            write!(f, "{MANIFEST_NAME}:{line}:{column}: {message}")?;
            if let Some(suggestion) = suggestion {
                write!(f, "\n  help: {suggestion}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ManifestError {}

/// Why a path or command is not a package that this version can run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The manifest is not valid; every problem is listed with its place.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The entry point does not exist, is outside the package or has the wrong form.
    #[error("entry point `{}`: {reason}", UntrustedText::new(entry))]
    Entry {
        /// As written in the manifest or found by inference.
        entry: String,
        /// What is wrong and what mends it.
        reason: String,
    },
    /// A declared scope cannot be expressed for this folder.
    #[error("the permission on line {line} does not fit the plugin's folder")]
    Scope {
        /// Line of the manifest.
        line: u32,
        /// What is wrong.
        source: CapabilityError,
    },
    /// Nothing in the folder says how to start it.
    #[error("`{}` has no {MANIFEST_NAME} and {reason}", shown(path))]
    Unknown {
        /// The folder or file.
        path: PathBuf,
        /// What was looked for.
        reason: String,
    },
    /// Several programs could be meant.
    #[error("`{}` has several programs: {}; name one of them", shown(path), list(choices))]
    Ambiguous {
        /// The folder.
        path: PathBuf,
        /// Paths that can be given instead.
        choices: Vec<PathBuf>,
    },
    /// A kind of file that this version does not run.
    #[error("`{}` is {what}, which this version does not run", shown(path))]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is, and what to give instead.
        what: &'static str,
    },
    /// A file or folder is larger than the bound.
    #[error("`{}` is larger than allowed: {bound}", shown(path))]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// The bound, in words.
        bound: &'static str,
    },
    /// `package.json` or `pyproject.toml` cannot be read.
    #[error("`{}` is not valid: {reason}", shown(path))]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong, safe to show.
        reason: String,
    },
    /// A command line is empty or holds a NUL.
    #[error("not a command: {0}")]
    Command(&'static str),
    /// The operating system refused to read something.
    #[error("`{}` cannot be read", shown(path))]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A path made safe for a terminal.
fn shown(path: &std::path::Path) -> String {
    UntrustedText::new(&path.to_string_lossy()).to_string()
}

fn list(paths: &[PathBuf]) -> String {
    let mut text = String::new();
    for (number, path) in paths.iter().enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        if number == 12 {
            text.push_str("...");
            break;
        }
        text.push_str(&shown(path));
    }
    text
}
