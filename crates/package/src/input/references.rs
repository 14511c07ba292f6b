//! `$ref` within a schema: to a schema that is there, and never around in a circle.

use super::rule::{Id, Rule};
use crate::error::{Position, Problem};
use crate::reader::{Problems, short};
use std::collections::{BTreeMap, BTreeSet};

/// One `$ref` as it was read.
pub(super) struct Reference {
    pub(super) at: Position,
    /// The schema that holds it, and the place of its rule there.
    pub(super) from: Id,
    pub(super) rule: usize,
    /// The JSON pointer behind the `#`.
    pub(super) to: String,
}

/// What is behind the `#` of a reference within this schema.
pub(super) fn local(text: &str) -> Option<&str> {
    let pointer = text.strip_prefix('#')?;
    // A name (`#node`) needs `$anchor`; `%` would be a second way to write it.
    ((pointer.is_empty() || pointer.starts_with('/')) && !pointer.contains('%')).then_some(pointer)
}

/// Adds a part to a JSON pointer (RFC 6901).
pub(super) fn push_part(pointer: &mut String, part: &str) {
    pointer.push('/');
    for c in part.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// Sets every reference to its schema and refuses those that come back to
/// themselves without going into a member of the value: they would never end.
pub(super) fn resolve(
    references: &[Reference],
    places: &BTreeMap<String, Id>,
    schemas: &mut [Vec<Rule>],
    problems: &mut Problems,
) {
    for reference in references {
        let Some(target) = places.get(&reference.to) else {
            problems.push(
                Problem::new(
                    reference.at,
                    format!("there is no schema at `#{}`", short(&reference.to)),
                )
                .help("name one such as `#/$defs/NAME`, with `$defs` in the same `input`"),
            );
            continue;
        };
        let place = schemas.get_mut(reference.from).and_then(|rules| rules.get_mut(reference.rule));
        if let Some(rule) = place {
            *rule = Rule::Ref(*target);
        }
    }
    for reference in references {
        let Some(target) = places.get(&reference.to) else { continue };
        if reaches(*target, reference.from, schemas) {
            problems.push(
                Problem::new(reference.at, "this `$ref` leads back to itself")
                    .help("a schema may use itself only for a member: below `properties`, `items` and the like"),
            );
        }
    }
}

/// Whether one schema holds the other against the same value.
fn reaches(from: Id, wanted: Id, schemas: &[Vec<Rule>]) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if id == wanted {
            return true;
        }
        if seen.insert(id) {
            open.extend(schemas.get(id).into_iter().flatten().flat_map(Rule::in_place));
        }
    }
    false
}
