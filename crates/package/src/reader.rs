//! Typed reading of the tree. Every mistake becomes a problem with its place,
//! and reading goes on, so that an author sees all of them at once.

use crate::error::{MAX_PROBLEMS, ManifestError, Position, Problem};
use crate::node::{Field, Node, Value};
use ringfence_types::UntrustedText;

/// Collects problems.
#[derive(Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.list.len() < MAX_PROBLEMS {
            self.list.push(problem);
        }
    }

    pub(crate) fn add(&mut self, at: Position, message: impl Into<String>) {
        self.push(Problem::new(at, message));
    }

    /// All of them in the order of the file, or `value` when there is none.
    pub(crate) fn or<T>(mut self, value: Option<T>) -> Result<T, ManifestError> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => {
                if self.list.is_empty() {
                    self.add(Position::START, "the manifest is incomplete");
                }
                self.list.sort_by_key(|problem| (problem.line, problem.column));
                Err(ManifestError { problems: self.list })
            }
        }
    }
}

/// Text of the file for a message: escaped, and short enough for one line.
pub(crate) fn short(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    let dots = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", UntrustedText::new(&cut))
}

/// The word of `known` that `text` most likely stands for.
pub(crate) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any word of ours: nothing to compare, and the comparison is quadratic.
    if text.len() > 64 {
        return None;
    }
    let folded = fold(text);
    let mut best: Option<(f64, f64, &str)> = None;
    for word in known {
        let likeness = strsim::jaro_winkler(&folded, &fold(word));
        // Of words that fold alike, the one in the spelling that was used.
        let exact = strsim::jaro_winkler(text, word);
        let better = best.is_none_or(|(l, e, _)| likeness > l || (likeness >= l && exact > e));
        if likeness >= 0.8 && better {
            best = Some((likeness, exact, word));
        }
    }
    best.map(|(_, _, word)| word)
}

/// Case and the separators in which the dialects differ do not count.
fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '_' | '-' | '.' | ':' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

pub(crate) fn did_you_mean<'a>(
    problem: Problem,
    text: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    match nearest(text, known) {
        Some(word) => problem.help(format!("did you mean `{word}`?")),
        None => problem,
    }
}

/// The keys of one map, checked against the keys that may stand there.
pub(crate) struct Fields<'a> {
    fields: &'a [Field],
    table: &'static [&'static str],
    /// Where the map is.
    pub(crate) at: Position,
}

impl<'a> Fields<'a> {
    /// `what` names the place for messages, such as "`resources`".
    pub(crate) fn open(
        node: &'a Node,
        what: &str,
        table: &'static [&'static str],
        problems: &mut Problems,
    ) -> Option<Self> {
        Self::open_refusing(node, what, table, &[], problems)
    }

    /// Like [`Self::open`], with keys that are understood and refused because
    /// nothing would keep them.
    pub(crate) fn open_refusing(
        node: &'a Node,
        what: &str,
        table: &'static [&'static str],
        refused: &'static [(&'static str, &'static str)],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Value::Map(fields) = &node.value else {
            problems.add(node.at, format!("{what} is a map of keys, not {}", node.form()));
            return None;
        };
        for field in fields {
            if let Some((key, what)) = refused.iter().find(|(key, _)| *key == field.key) {
                problems.push(
                    Problem::new(field.key_at, format!("`{key}` is not enforced by this version"))
                        .help(format!("remove the key: {what} would silently not happen")),
                );
            } else if !table.contains(&field.key.as_str()) {
                let problem = Problem::new(
                    field.key_at,
                    format!("unknown key `{}` in {what}", short(&field.key)),
                );
                problems.push(did_you_mean(problem, &field.key, table.iter().copied()));
            }
        }
        Some(Self { fields, table, at: node.at })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Field> {
        debug_assert!(self.table.contains(&key), "`{key}` is read but not in its table");
        self.fields.iter().find(|field| field.key == key)
    }

    /// The one of several spellings that is there; two of them are a problem.
    pub(crate) fn one_of(&self, keys: &[&str], problems: &mut Problems) -> Option<&'a Field> {
        let mut found: Option<&Field> = None;
        for field in keys.iter().filter_map(|key| self.get(key)) {
            match found {
                None => found = Some(field),
                Some(first) => problems.push(
                    Problem::new(
                        field.key_at,
                        format!("`{}` means the same as `{}`", field.key, first.key),
                    )
                    .help("keep one of the two"),
                ),
            }
        }
        found
    }
}

/// What text may be in a field.
#[derive(Clone, Copy)]
pub(crate) struct TextRule {
    /// Most bytes.
    pub(crate) max: usize,
    /// Whether line ends may stand in it.
    pub(crate) lines: bool,
}

/// One line of at most 200 bytes.
pub(crate) const LINE: TextRule = TextRule { max: 200, lines: false };
/// A paragraph of at most 4000 bytes.
pub(crate) const PARAGRAPH: TextRule = TextRule { max: 4000, lines: true };

/// Text as it stands in the file: `1.0` is the text "1.0".
pub(crate) fn text(
    node: &Node,
    what: &str,
    rule: TextRule,
    problems: &mut Problems,
) -> Option<String> {
    let Value::Scalar { text, .. } = &node.value else {
        problems.add(node.at, format!("`{what}` is text, not {}", node.form()));
        return None;
    };
    if node.is_null() || text.trim().is_empty() {
        problems.add(node.at, format!("`{what}` is empty"));
        return None;
    }
    if text.len() > rule.max {
        problems.add(node.at, format!("`{what}` is longer than {} bytes", rule.max));
        return None;
    }
    let bad = |c: char| c.is_control() && !(rule.lines && matches!(c, '\n' | '\t'));
    if let Some(c) = text.chars().find(|c| bad(*c)) {
        problems
            .add(node.at, format!("`{what}` holds the control character U+{:04X}", u32::from(c)));
        return None;
    }
    Some(text.clone())
}

/// A boolean of the YAML 1.2 core schema.
pub(crate) fn flag(node: &Node, what: &str, problems: &mut Problems) -> Option<bool> {
    if let Value::Scalar { text, plain } = &node.value {
        if *plain {
            match text.as_str() {
                "true" | "True" | "TRUE" => return Some(true),
                "false" | "False" | "FALSE" => return Some(false),
                _ => {}
            }
        }
        let problem =
            Problem::new(node.at, format!("`{what}` is `true` or `false`, not `{}`", short(text)));
        problems.push(match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "1" | "true" => problem.help("write `true` without quotes"),
            "no" | "off" | "0" | "false" => problem.help("write `false` without quotes"),
            _ => problem,
        });
        return None;
    }
    problems.add(node.at, format!("`{what}` is `true` or `false`, not {}", node.form()));
    None
}

/// One text or a list of texts.
pub(crate) fn texts(
    node: &Node,
    what: &str,
    rule: TextRule,
    problems: &mut Problems,
) -> Vec<(Position, String)> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Scalar { .. } | Value::Map(_) => std::slice::from_ref(node),
    };
    items
        .iter()
        .filter_map(|item| text(item, what, rule, problems).map(|text| (item.at, text)))
        .collect()
}
