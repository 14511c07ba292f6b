//! What a schema takes, in one line for a person who gave something else.

use super::rule::{Id, Rule, Types};
use super::shown;

/// Longest line, in characters; what comes then is left out.
const MAX_LINE: usize = 300;
/// Objects and lists within one another that are shown.
const MAX_LEVELS: usize = 3;

pub(super) fn shape(schemas: &[Vec<Rule>]) -> String {
    let mut line = Line { schemas, text: String::new(), left: 64 };
    line.schema(0, MAX_LEVELS);
    let text = line.text;
    if text.chars().count() <= MAX_LINE {
        return text;
    }
    let cut: String = text.chars().take(MAX_LINE).collect();
    format!("{cut}...")
}

struct Line<'s> {
    schemas: &'s [Vec<Rule>],
    text: String,
    /// Schemas that may still be shown.
    left: usize,
}

impl Line<'_> {
    fn schema(&mut self, id: Id, levels: usize) {
        let Some(left) = self.left.checked_sub(1) else {
            self.text.push_str("...");
            return;
        };
        self.left = left;
        let schemas = self.schemas;
        let rules = schemas.get(id).map(Vec::as_slice).unwrap_or_default();
        let types = rules.iter().find_map(|rule| match rule {
            Rule::Type(types) => Some(*types),
            _ => None,
        });
        let only = |word: &str| types.is_some_and(|types| Types::NONE.with(word) == Some(types));
        let has_members = rules.iter().any(|rule| matches!(rule, Rule::Properties { .. }));
        if let Some(Rule::Values { shown, .. }) =
            rules.iter().find(|rule| matches!(rule, Rule::Values { .. }))
        {
            self.text.push_str(shown);
        } else if levels > 0 && has_members && (types.is_none() || only("object")) {
            self.object(rules, levels);
        } else if levels > 0 && only("array") {
            self.text.push_str("a list of ");
            match rules.iter().find_map(|rule| match rule {
                Rule::Items { prefix, rest: Some(id) } if prefix.is_empty() => Some(*id),
                _ => None,
            }) {
                Some(id) => self.schema(id, levels - 1),
                None => self.text.push_str("values"),
            }
        } else if let Some(types) = types {
            self.text.push_str(&types.text());
        } else {
            self.combined(rules, levels);
        }
        self.bounds(rules);
    }

    fn object(&mut self, rules: &[Rule], levels: usize) {
        let needed = |name: &String| {
            rules.iter().any(|rule| matches!(rule, Rule::Required(names) if names.contains(name)))
        };
        self.text.push('{');
        let mut first = true;
        for rule in rules {
            let Rule::Properties { named, .. } = rule else { continue };
            for (name, id) in named {
                if !std::mem::take(&mut first) {
                    self.text.push_str(", ");
                }
                self.text.push_str(&shown(name));
                self.text.push_str(if needed(name) { ": " } else { "?: " });
                self.schema(*id, levels - 1);
            }
        }
        self.text.push('}');
    }

    fn combined(&mut self, rules: &[Rule], levels: usize) {
        let inner = rules.iter().find_map(|rule| match rule {
            Rule::Ref(id) => Some((vec![*id], "")),
            Rule::AllOf(ids) => Some((ids.clone(), " and ")),
            Rule::AnyOf(ids) | Rule::OneOf(ids) => Some((ids.clone(), " or ")),
            _ => None,
        });
        let Some((ids, between)) = inner.filter(|_| levels > 0) else {
            self.text.push_str("any value");
            return;
        };
        for (number, id) in ids.into_iter().enumerate() {
            if number > 0 {
                self.text.push_str(between);
            }
            self.schema(id, levels - 1);
        }
    }

    fn bounds(&mut self, rules: &[Rule]) {
        for rule in rules {
            let text = match rule {
                Rule::MinLength(n) => format!(" of at least {n} characters"),
                Rule::MaxLength(n) => format!(" of at most {n} characters"),
                Rule::Minimum(n) => format!(" from {n}"),
                Rule::Maximum(n) => format!(" to {n}"),
                Rule::Pattern(pattern) => format!(" like `{}`", shown(&pattern.text)),
                _ => continue,
            };
            self.text.push_str(&text);
        }
    }
}
