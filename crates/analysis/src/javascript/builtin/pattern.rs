//! Regular expressions: what they find and what is put in its place, in time that is
//! proportional to the text.

use std::rc::Rc;

use regex_automata::nfa::thompson::pikevm::{Builder, Cache, PikeVM};
use regex_automata::util::captures::Captures;

use super::super::function::Call;
use super::super::heap::Class as ObjectClass;
use super::super::machine::Machine;
use super::super::names::NameMap;
use super::super::operator::MAX_TEXT_BYTES;
use super::super::value::{Kind, Marks, Value};
use super::string::MAX_PIECES;

/// The longest pattern that is applied.
const MAX_PATTERN_BYTES: usize = 512;
/// The most memory that patterns are kept ready in.
const MAX_READY_BYTES: usize = 4 << 20;

/// A pattern of the program and its flags.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'a> {
    text: &'a str,
    flags: &'a str,
}

impl Pattern<'_> {
    fn is_global(self) -> bool {
        self.flags.contains('g')
    }

    fn build(self) -> Option<PikeVM> {
        if self.text.len() > MAX_PATTERN_BYTES {
            return None;
        }
        let limits = regex_automata::nfa::thompson::Config::new().nfa_size_limit(Some(1 << 20));
        // Words and digits of the language are those of ASCII.
        let syntax = regex_automata::util::syntax::Config::new()
            .unicode(false)
            .utf8(false)
            .case_insensitive(self.flags.contains('i'))
            .multi_line(self.flags.contains('m'))
            .dot_matches_new_line(self.flags.contains('s'));
        let pattern = translated(self.text);
        Builder::new().syntax(syntax).thompson(limits).build(&pattern).ok()
    }
}

/// Patterns that were made ready: a function that is called often looks for the same
/// one each time.
#[derive(Debug, Default)]
pub(crate) struct Patterns<'a> {
    ready: NameMap<(&'a str, &'a str), Option<PikeVM>>,
    bytes: usize,
}

impl<'a> Patterns<'a> {
    /// The pattern, ready to be looked for; nothing, where it cannot be.
    pub(super) fn compiled(&mut self, pattern: Pattern<'a>) -> Option<(PikeVM, Cache)> {
        let key = (pattern.text, pattern.flags);
        let regex = match self.ready.get(&key) {
            Some(known) => known.clone(),
            None => {
                let made = pattern.build();
                let size = made.as_ref().map_or(0, |made| made.get_nfa().memory_usage());
                self.bytes = self.bytes.saturating_add(size + size_of::<PikeVM>());
                if self.bytes <= MAX_READY_BYTES {
                    self.ready.insert(key, made.clone());
                }
                made
            }
        }?;
        let cache = regex.create_cache();
        Some((regex, cache))
    }
}

/// A pattern in the words of the library: it wants an escape where the language takes
/// a brace or bracket for itself.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut in_class = false;
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => {
                out.push('\\');
                out.extend(rest.next());
            }
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', letter]),
            '{' if !in_class && !is_count(rest.as_str()) => out.push_str("\\{"),
            letter => out.push(letter),
        }
    }
    out.replace("[^]", "(?s:.)")
}

/// Whether what follows a brace is how often something repeats.
fn is_count(rest: &str) -> bool {
    rest.split_once('}').is_some_and(|(count, _)| {
        count.starts_with(|first: char| first.is_ascii_digit())
            && count.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
    })
}

/// What the groups of a match hold, the whole first.
fn groups<'t>(captures: &Captures, text: &'t str) -> Vec<Option<&'t str>> {
    (0..captures.group_len())
        .map(|at| captures.get_group(at).and_then(|span| text.get(span.start..span.end)))
        .collect()
}

/// `$1`, `$&` and `$$` in what is put in the place of a match.
fn filled(with: &str, groups: &[Option<&str>]) -> String {
    let mut out = String::with_capacity(with.len());
    let mut rest = with;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let mut letters = after.chars();
        let number = letters.next().and_then(|first| match first {
            '&' => Some(0),
            digit => digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()),
        });
        match number.and_then(|number| groups.get(number)) {
            Some(group) => {
                out.push_str(group.unwrap_or_default());
                rest = letters.as_str();
            }
            None => {
                out.push('$');
                rest = after.strip_prefix('$').unwrap_or(after);
            }
        }
    }
    out.push_str(rest);
    out
}

impl<'a> Machine<'a> {
    /// The regular expression that a value is.
    pub(super) fn pattern_of(&mut self, value: &Value<'a>) -> Option<Pattern<'a>> {
        match self.get(value.as_object()?)?.class {
            ObjectClass::Regexp(text, flags) => Some(Pattern { text, flags }),
            _ => None,
        }
    }

    pub(super) fn replace(
        &mut self,
        method: &str,
        text: &Rc<String>,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let what = call.arguments.first()?.clone();
        let with = call.arguments.get(1)?.clone();
        let is_called = with.as_object().is_some() || with.as_api().is_some();
        let pattern = self.pattern_of(&what);
        let all = pattern.map_or(method == "replaceAll", Pattern::is_global);
        let taken = if all { MAX_PIECES } else { 1 };
        if !self.may_make(text.len()) {
            return None;
        }
        // Every place with what its groups hold; the first is the place itself.
        let mut places: Vec<(usize, usize, Vec<Option<&str>>)> = Vec::new();
        match pattern {
            Some(pattern) => {
                let (regex, mut cache) = self.patterns.compiled(pattern)?;
                for found in regex.captures_iter(&mut cache, text.as_str()).take(taken) {
                    let whole = found.get_group(0)?;
                    places.push((whole.start, whole.end, groups(&found, text)));
                }
            }
            None => {
                let what = self.text_of(&what)?;
                for (at, found) in text.match_indices(what.as_str()).take(taken) {
                    places.push((at, at + found.len(), vec![Some(found)]));
                }
            }
        }
        let fill = if is_called { None } else { Some(self.text_of(&with)?) };
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (start, end, groups) in places {
            out.push_str(text.get(from..start)?);
            match &fill {
                None => {
                    if !self.can_spend(call.span) {
                        self.exhausted(call.span);
                        return None;
                    }
                    let given = groups.iter().map(|group| match group {
                        Some(group) => Value::text((*group).to_owned()),
                        None => Value::UNDEFINED,
                    });
                    let given: Vec<Value<'a>> = given.collect();
                    let value = self.call_back(&with, given, call.span);
                    out.push_str(&self.text_of(&value)?);
                }
                Some(with) if with.contains('$') => out.push_str(&filled(with, &groups)),
                Some(with) => out.push_str(with),
            }
            if out.len() > MAX_TEXT_BYTES {
                return None;
            }
            from = end;
        }
        out.push_str(text.get(from..)?);
        Some(Value::text(out))
    }

    pub(super) fn pattern_test(&mut self, text: &Value<'a>, call: &Call<'a>) -> Value<'a> {
        let pattern = self.pattern_of(&call.this);
        let (Some(pattern), Some(text)) = (pattern, self.text_of(text)) else {
            return Value::UNKNOWN;
        };
        match self.patterns.compiled(pattern) {
            Some((regex, mut cache)) => Value::boolean(regex.is_match(&mut cache, text.as_str())),
            None => Value::UNKNOWN,
        }
    }

    /// `text.match(pattern)` and `pattern.exec(text)`.
    pub(super) fn matches(
        &mut self,
        pattern: &Value<'a>,
        text: &Rc<String>,
        method: &str,
        marks: Marks,
    ) -> Option<Value<'a>> {
        let pattern = self.pattern_of(pattern)?;
        // Where such a pattern goes on looking is not kept.
        if method == "exec" && pattern.flags.contains(['g', 'y']) {
            return None;
        }
        let (regex, mut cache) = self.patterns.compiled(pattern)?;
        if !self.may_make(text.len()) {
            return None;
        }
        let one = |found: Option<&str>| match found {
            Some(found) => Value::with(Kind::Text(Rc::new(found.to_owned())), marks),
            None => Value::UNDEFINED,
        };
        let found: Vec<Value<'a>> = if method == "matchAll" {
            let mut all = Vec::new();
            for found in regex.captures_iter(&mut cache, text.as_str()).take(MAX_PIECES) {
                let groups = groups(&found, text).into_iter().map(one).collect();
                all.push(self.new_array(groups));
            }
            return Some(self.new_array(all));
        } else if method == "match" && pattern.is_global() {
            let all = regex.find_iter(&mut cache, text.as_str()).take(MAX_PIECES);
            all.map(|found| one(text.get(found.range()))).collect()
        } else {
            let mut captures = regex.create_captures();
            regex.captures(&mut cache, text.as_str(), &mut captures);
            if !captures.is_match() {
                return Some(Value::new(Kind::Null));
            }
            groups(&captures, text).into_iter().map(one).collect()
        };
        if found.is_empty() {
            return Some(Value::new(Kind::Null));
        }
        Some(self.new_array(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_language_takes_for_itself_is_escaped() {
        assert_eq!(translated(r"\w+ *{[^}]+}"), r"\w+ *\{[^}]+}");
        assert_eq!(translated(r"a{2,3}[[&]"), r"a{2,3}[\[\&]");
        assert_eq!(translated("[^]+"), "(?s:.)+");
    }

    #[test]
    fn groups_are_put_where_they_are_asked_for() {
        let groups = [Some("ab"), Some("a"), None];
        assert_eq!(filled("$1-$2-$&-$$-$9-$", &groups), "a--ab-$-$9-$");
    }
}
