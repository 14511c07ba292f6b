//! What an `entry` may say, before any file is looked at.

use crate::error::Problem;
use crate::node::{Node, Value};
use crate::reader::{self, Problems, TextRule};
use serde::Serialize;

/// Longest entry, in bytes: the longest path Linux knows.
const ENTRY: TextRule = TextRule { max: 4096, lines: false };
/// Most arguments of a command.
const MAX_ARGUMENTS: usize = 256;

/// What executes the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// JavaScript on Node.js.
    Node,
    /// Python.
    Python,
    /// Any program.
    Command,
    /// WebAssembly, in the built-in engine.
    Wasm,
    /// JavaScript that needs nothing of Node.js, in the built-in engine.
    #[serde(rename = "javascript")]
    JavaScript,
}

impl Runtime {
    /// Every runtime.
    pub const ALL: &'static [Runtime] =
        &[Self::Node, Self::Python, Self::Command, Self::Wasm, Self::JavaScript];

    /// Whether it runs in the built-in engine, and so behind a wall more.
    #[must_use]
    pub const fn is_built_in(self) -> bool {
        matches!(self, Self::Wasm | Self::JavaScript)
    }

    /// The word in a manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
            Self::Command => "command",
            Self::Wasm => "wasm",
            Self::JavaScript => "javascript",
        }
    }
}

/// How host and plugin talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// JSON-RPC over an inherited descriptor, through the runner of `node` and
    /// `python`; the plugin exports its actions.
    Actions,
    /// The Model Context Protocol over stdin and stdout.
    Mcp,
    /// None: arguments in, output out.
    Plain,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: &'static [Protocol] = &[Self::Actions, Self::Mcp, Self::Plain];

    /// The word in a manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Mcp => "mcp",
            Self::Plain => "plain",
        }
    }
}

/// An entry as written, of the right form but not looked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryText {
    /// `dist/index.js`: a file, relative to the folder.
    File(String),
    /// `plugin.py:Greeter`: a class in a file.
    Class {
        /// The file, relative to the folder.
        file: String,
        /// The class.
        class: String,
    },
    /// `package.module:Greeter`: a class in a module.
    ModuleClass {
        /// The module, dots between its parts.
        module: String,
        /// The class.
        class: String,
    },
    /// A program and its arguments.
    Argv(Vec<String>),
}

/// Reads `entry:`. A missing runtime is told from the form.
pub(crate) fn entry(
    node: &Node,
    runtime: Option<Runtime>,
    problems: &mut Problems,
) -> Option<(Runtime, EntryText)> {
    match (&node.value, runtime) {
        (Value::List(items), None | Some(Runtime::Command)) => {
            let argv: Vec<String> = reader::texts(node, "entry", ENTRY, problems)
                .into_iter()
                .map(|(_, text)| text)
                .collect();
            if argv.len() < items.len() {
                return None;
            }
            command(node, argv, problems)
        }
        (Value::List(_), Some(other)) => {
            problems.push(
                Problem::new(
                    node.at,
                    format!("the entry of the runtime `{}` is one file", other.word()),
                )
                .help("write the file alone, or use `runtime: command`"),
            );
            None
        }
        _ => {
            let text = reader::text(node, "entry", ENTRY, problems)?;
            match runtime.or_else(|| runtime_of(&text)) {
                Some(Runtime::Command) => match split_words(&text) {
                    Some(argv) => command(node, argv, problems),
                    None => {
                        problems.push(
                            Problem::new(node.at, "the entry has an unclosed quote")
                                .help("write the command as a list of words"),
                        );
                        None
                    }
                },
                Some(runtime) => {
                    let read = file_or_class(&text, runtime);
                    match read {
                        Ok(entry) => Some((runtime, entry)),
                        Err(reason) => {
                            problems.add(node.at, reason);
                            None
                        }
                    }
                }
                None => {
                    problems.push(
                        Problem::new(node.at, "the entry does not say which runtime it is for")
                            .help(
                                "add `runtime: node`, `python`, `command`, `wasm` or `javascript`",
                            ),
                    );
                    None
                }
            }
        }
    }
}

fn runtime_of(text: &str) -> Option<Runtime> {
    let file = text.split(':').next().unwrap_or(text);
    if is_node_file(file) {
        return Some(Runtime::Node);
    }
    if has_extension(file, "wasm") {
        return Some(Runtime::Wasm);
    }
    if has_extension(file, "py") || text.contains(':') {
        return Some(Runtime::Python);
    }
    None
}

pub(crate) fn has_extension(path: &str, wanted: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && extension == wanted)
}

pub(crate) fn is_node_file(path: &str) -> bool {
    ["js", "mjs", "cjs"].iter().any(|extension| has_extension(path, extension))
}

fn command(
    node: &Node,
    argv: Vec<String>,
    problems: &mut Problems,
) -> Option<(Runtime, EntryText)> {
    let reason = match argv.first() {
        None => Some("the entry is an empty list"),
        Some(_) if argv.len() > MAX_ARGUMENTS => Some("the entry has more than 256 words"),
        Some(program) if program.contains('/') => relative_path(program).err(),
        Some(program) if program.contains('\\') => {
            Some("the entry holds a backslash; folders are separated by `/`")
        }
        Some(_) => None,
    };
    if let Some(reason) = reason {
        problems.add(node.at, reason);
        return None;
    }
    Some((Runtime::Command, EntryText::Argv(argv)))
}

fn file_or_class(text: &str, runtime: Runtime) -> Result<EntryText, String> {
    let Some((place, class)) = text.rsplit_once(':') else {
        let file = relative_path(text)?;
        return Ok(EntryText::File(file));
    };
    if runtime != Runtime::Python {
        return Err("a class in the entry is known for `runtime: python` only".to_owned());
    }
    if !is_identifier(class) {
        return Err(format!("`{}` is not the name of a Python class", reader::short(class)));
    }
    let class = class.to_owned();
    if place.contains('/') || has_extension(place, "py") {
        let file = relative_path(place)?;
        Ok(EntryText::Class { file, class })
    } else if place.split('.').all(is_identifier) {
        Ok(EntryText::ModuleClass { module: place.to_owned(), class })
    } else {
        Err(format!(
            "`{}` is neither a file such as `plugin.py` nor a module such as `package.plugin`",
            reader::short(place)
        ))
    }
}

/// A Python identifier; those beyond ASCII are not needed to name a plugin.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.len() <= 128
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The path without `./` in front, if it cannot lead out of the folder by its
/// text alone. Symbolic links are looked at when the file is.
pub(crate) fn relative_path(text: &str) -> Result<String, &'static str> {
    if text.contains('\0') {
        return Err("the entry holds a NUL");
    }
    if text.contains('\\') {
        return Err("the entry holds a backslash; folders are separated by `/`");
    }
    if text.starts_with('/') || text.starts_with('~') {
        return Err("the entry is an absolute path; write it relative to the plugin's folder");
    }
    if text.contains(':') {
        return Err("the entry holds a colon, which only a Python class has in front of it");
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            ".." => return Err("the entry leads out of the plugin's folder with `..`"),
            "" if !parts.is_empty() || text.is_empty() => {
                return Err("the entry has an empty path component");
            }
            "" | "." => {}
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err("the entry names no file");
    }
    Ok(parts.join("/"))
}

/// Words as a shell splits them: blanks separate, single and double quotes
/// keep together, a backslash outside single quotes takes the next character
/// as it is. Nothing is expanded. None for an unclosed quote.
pub(crate) fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return None;
    }
    words.extend(word);
    Some(words)
}
