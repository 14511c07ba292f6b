//! What the input of an action must look like: a JSON Schema that a stranger
//! wrote, compiled once, tried in bounded time.
//!
//! The part of the draft 2020-12 that can be enforced to the letter; a rule beyond
//! it is refused with its place. Nothing is fetched: a `$ref` stays within its
//! schema. Why no library does this for us: `docs/decisions/0011-input-schemas.md`.

mod check;
mod compile;
mod equal;
mod pattern;
mod references;
mod rule;
mod shape;
#[cfg(test)]
mod tests;

use crate::action;
use crate::node::Node;
use crate::reader::Problems;
use ringfence_types::UntrustedText;
use rule::Rule;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Most keywords that one schema may hold, and most schemas within it.
pub const MAX_KEYWORDS: usize = 1000;
/// Most patterns of all schemas of one manifest; each takes memory for as long as
/// the package lives.
pub const MAX_PATTERNS: usize = 128;
/// Deepest input that is tried. Source: the bound of `serde_json` for what it reads.
pub const MAX_INPUT_DEPTH: usize = 128;
/// Most characters of a stranger's text that a message repeats.
const MAX_SHOWN: usize = 80;

/// A compiled schema. Cheap to clone.
#[derive(Clone)]
pub struct InputSchema {
    inner: Arc<Inner>,
}

struct Inner {
    source: Value,
    /// The root is the first one.
    schemas: Vec<Vec<Rule>>,
}

/// Where an input is not what the schema says. Every field is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct InputFault {
    /// JSON pointer (RFC 6901) of the value; empty for the input as a whole.
    pub pointer: String,
    /// The keyword that is broken.
    pub rule: &'static str,
    /// What the value must be, as the end of a sentence.
    pub expected: String,
}

impl fmt::Display for InputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            f.write_str("it")?;
        } else {
            write!(f, "`{}`", self.pointer)?;
        }
        write!(f, " must be {} (rule `{}`)", self.expected, self.rule)
    }
}

impl InputSchema {
    /// Compiles the schema at `node`. `patterns` counts those of the whole manifest.
    pub(crate) fn read(
        node: &Node,
        patterns: &mut usize,
        problems: &mut Problems,
    ) -> Option<InputSchema> {
        let source = action::json(node, problems)?;
        let schemas = compile::compile(node, patterns, problems)?;
        Some(Self { inner: Arc::new(Inner { source, schemas }) })
    }

    /// The schema as it was written.
    #[must_use]
    pub fn as_json(&self) -> &Value {
        &self.inner.source
    }

    /// Whether `input` is what the schema says. Takes a bounded number of steps,
    /// and an input that needs more is refused.
    ///
    /// # Errors
    /// With the first place at which it is not.
    pub fn check(&self, input: &Value) -> Result<(), InputFault> {
        check::check(&self.inner.schemas, input, check::STEPS)
    }

    /// What it takes, in one short line for a person; safe to show.
    #[must_use]
    pub fn shape(&self) -> String {
        shape::shape(&self.inner.schemas)
    }
}

impl PartialEq for InputSchema {
    fn eq(&self, other: &Self) -> bool {
        self.inner.source == other.inner.source
    }
}

impl fmt::Debug for InputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InputSchema").field(&self.inner.source).finish()
    }
}

impl Serialize for InputSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.source.serialize(serializer)
    }
}

/// A stranger's text, cut and neutralised.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MAX_SHOWN).collect();
    let dots = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", UntrustedText::new(&cut))
}
