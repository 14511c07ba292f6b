//! Which classes a Python file defines at its top level, and on which bases.
//!
//! No code is run: a scan that knows strings, comments, brackets and line
//! continuation finds the logical lines that begin in the first column with
//! `class`. A class defined in another way (inside `if`, by assignment, by
//! import) is not found, and an entry must not rely on it.

use std::collections::HashSet;

/// Most classes of one file that are looked at.
const MAX_CLASSES: usize = 1000;

/// `class Name(bases):` at the top level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) name: String,
    /// The last part of every base: `BaseHookPlugin` for `gao.BaseHookPlugin`.
    pub(crate) bases: Vec<String>,
}

/// The top-level classes of `source`, in order.
pub(crate) fn top_level_classes(source: &str) -> Vec<Class> {
    let mut classes = Vec::new();
    for line in logical_lines(source) {
        if classes.len() == MAX_CLASSES {
            break;
        }
        classes.extend(class_of(&line));
    }
    classes
}

/// The bases of `class`, followed through classes of the same file, until one
/// is not defined there.
pub(crate) fn outer_bases(classes: &[Class], class: &str) -> Vec<String> {
    let mut outer = Vec::new();
    let mut seen = HashSet::new();
    let mut next = vec![class.to_owned()];
    while let Some(name) = next.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        // Python keeps the last definition of a name.
        match classes.iter().rev().find(|other| other.name == name) {
            Some(found) => next.extend(found.bases.iter().cloned()),
            None => outer.push(name),
        }
    }
    outer
}

/// `class NAME [type parameters] (bases) :`
fn class_of(line: &str) -> Option<Class> {
    let rest = line.strip_prefix("class")?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, mut rest) = rest.split_at(end);
    if name.is_empty() {
        return None;
    }
    rest = rest.trim_start();
    if rest.starts_with('[') {
        rest = bracketed(rest)?.1.trim_start();
    }
    let mut bases = Vec::new();
    if rest.starts_with('(') {
        let (inside, behind) = bracketed(rest)?;
        bases = arguments(inside).iter().filter_map(|a| base_of(a)).collect();
        rest = behind.trim_start();
    }
    rest.starts_with(':').then(|| Class { name: name.to_owned(), bases })
}

/// The last name of `package.Base[Parameter]`; none for `metaclass=...` and `*bases`.
fn base_of(argument: &str) -> Option<String> {
    let argument = argument.trim();
    let head = argument.split('[').next().unwrap_or(argument).trim();
    let name = head.rsplit('.').next().unwrap_or(head).trim();
    let good = |text: &str| {
        text.split('.').all(|part| {
            let part = part.trim();
            part.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
    };
    good(head).then(|| name.to_owned())
}

/// What is between the first bracket and its partner, and what is behind.
/// Strings are blank in a logical line, so brackets are real ones.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((text.get(1..at)?, text.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

fn arguments(text: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut current = String::new();
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                list.push(std::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    list.push(current);
    list
}

/// Logical lines that begin in the first column with a letter: comments
/// dropped, strings replaced by `""`, lines joined inside brackets and behind
/// a backslash. Other lines are passed over.
fn logical_lines(source: &str) -> Vec<String> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut keep = false;
    let mut at_start = true;
    let mut depth = 0_usize;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if at_start {
            keep = c.is_alphabetic() || c == '_';
            line.clear();
            depth = 0;
            at_start = false;
        }
        match c {
            '#' => while chars.next_if(|c| !matches!(c, '\n' | '\r')).is_some() {},
            '\'' | '"' => {
                skip_string(c, &mut chars);
                line.push_str("\"\"");
            }
            '\\' => {
                // Joins with the next line, or is an error in Python.
                if chars.next_if_eq(&'\r').is_some() {
                    chars.next_if_eq(&'\n');
                } else {
                    chars.next();
                }
                line.push(' ');
            }
            '\n' | '\r' if depth == 0 => {
                if keep {
                    lines.push(std::mem::take(&mut line));
                }
                at_start = true;
            }
            '\n' | '\r' => line.push(' '),
            _ => {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if keep {
                    line.push(c);
                }
            }
        }
    }
    if keep && !at_start {
        lines.push(line);
    }
    lines
}

/// Passes over a string whose opening quote is read. Raw strings end at the
/// same place as others: a backslash keeps the quote behind it in both.
fn skip_string(quote: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let mut triple = false;
    if chars.next_if_eq(&quote).is_some() {
        if chars.next_if_eq(&quote).is_none() {
            return;
        }
        triple = true;
    }
    let mut run = 0;
    // An unclosed string is a syntax error; its line end still ends the line.
    while let Some(c) = chars.next_if(|c| triple || !matches!(c, '\n' | '\r')) {
        if c == '\\' {
            if chars.next() == Some('\r') {
                chars.next_if_eq(&'\n');
            }
            run = 0;
        } else if c == quote {
            run += 1;
            if !triple || run == 3 {
                return;
            }
        } else {
            run = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(source: &str) -> Vec<String> {
        top_level_classes(source).into_iter().map(|class| class.name).collect()
    }

    #[test]
    fn classes_at_the_top_level_are_found_with_their_bases() {
        let source = r"
import gao
@decorated(arg=[1, 2])
class Greeter(gao.plugins.BaseAgentPlugin, Mixin[str], metaclass=Meta, *rest):
    pass
class Generic[T: (int, str)](
        # a comment with ) and (
        Base,
): pass
class  Bare : pass
class Continued \
    (Other): pass
";
        assert_eq!(
            top_level_classes(source),
            [
                ("Greeter", &["BaseAgentPlugin", "Mixin"][..]),
                ("Generic", &["Base"]),
                ("Bare", &[]),
                ("Continued", &["Other"]),
            ]
            .map(|(name, bases)| Class {
                name: name.to_owned(),
                bases: bases.iter().map(|base| (*base).to_owned()).collect(),
            })
        );
    }

    #[test]
    fn a_class_in_a_string_comment_function_or_bracket_is_not_one() {
        for source in [
            "x = '''\nclass Fake(BaseAgentPlugin): pass\n'''\n",
            "x = r\"\"\"\\\"\"\"\nclass Fake(A): pass\n\"\"\"\n",
            "# class Fake(A): pass\n",
            "#\\\nx = '''\nclass Fake(A): pass '''",
            "def f():\n    class Fake(A): pass\n",
            "x = (\nclass Fake(A): pass\n)",
            "x = '\\\nclass Fake(A): pass'\n",
            "classFake(A): pass\n",
            "class = 1\n",
            "class Fake(A)\n",
            "x = 1; \\\nclass Fake(A): pass\n",
            "if x:\n\tclass Fake(A): pass\n",
        ] {
            assert_eq!(names(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn a_string_that_ends_gives_the_next_line_back() {
        for before in [
            "x = ''\n",
            "x = '\\''\n",
            "x = r'\\''\n",
            "x = 'unclosed\n",
            "x = 'a\\\r\nb'\r\n",
            "'''a'b''c'''\n",
            "x = \"'''\"\n",
            "x = ''''\\''''\n",
            "x = '# not a comment'\n",
        ] {
            assert_eq!(names(&format!("{before}class Real(A): pass\n")), ["Real"], "{before}");
        }
    }

    #[test]
    fn bases_are_followed_inside_the_file_and_circles_end() {
        let classes = top_level_classes(
            "class A(B): pass\nclass B(C, x.BaseHookPlugin): pass\nclass C(A): pass\n",
        );
        assert_eq!(outer_bases(&classes, "A"), ["BaseHookPlugin"]);
        assert_eq!(outer_bases(&classes, "Unknown"), ["Unknown"]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(source in "\\PC*|[class A():'\"\\\\\n\r#\\[\\]{}]*") {
            let classes = top_level_classes(&source);
            prop_assert!(classes.len() <= MAX_CLASSES);
        }
    }
}
