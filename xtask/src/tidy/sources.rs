//! Rules about single source files.

use super::workspace::Workspace;

/// A file past this owes a reason in [`LONG`].
const MOST_LINES: usize = 600;

/// Files that may be longer, up to a number that only shrinks.
const LONG: [(&str, usize, &str); 0] = [];

/// Crates that may hold unsafe code, and why.
const UNSAFE: [(&str, &str); 3] = [
    ("crates/jailer/", "namespaces, mounts, seccomp and clone3 have no safe interface"),
    ("crates/probe/", "attacks are made with raw system calls"),
    ("crates/worker/", "loading native code is trusting it, and memory is put back by hand"),
];

/// Words that mean unfinished; put together here, so that this file may be read.
const LEFT_OPEN: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// Stages that only read and decide.
const PURE: [&str; 8] =
    ["types", "limits", "package", "analysis", "signing", "advisories", "permission", "protocol"];

/// What those stages must not reach for.
const IMPURE: [&str; 9] = [
    "std::net",
    "std::process",
    "std::fs",
    "std::env",
    "std::thread",
    "std::io::stdin",
    "rustix::",
    "Instant::now",
    "SystemTime::now",
];

/// The files of those stages that do read the disk: a package is a folder, and records are
/// files.
const READERS: [(&str, &str); 10] = [
    ("crates/advisories/src/folder.rs", "std::fs"),
    ("crates/advisories/src/folder.rs", "rustix::"),
    ("crates/advisories/src/import.rs", "std::fs"),
    ("crates/advisories/src/store.rs", "rustix::"),
    ("crates/advisories/src/zip.rs", "std::fs"),
    ("crates/advisories/tests/store/main.rs", "std::fs"),
    ("crates/package/src/folder.rs", "std::fs"),
    ("crates/package/src/folder.rs", "rustix::"),
    ("crates/package/src/entry.rs", "std::fs"),
    ("crates/package/src/digest.rs", "std::fs"),
];

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    for (path, text) in workspace.sources() {
        length(path, text, &mut breaches);
        fence(path, text, &mut breaches);
        if path.ends_with("/src/lib.rs") {
            header(path, text, &mut breaches);
        }
    }
    for (path, text) in &workspace.files {
        left_open(path, text, &mut breaches);
    }
    for (path, ..) in LONG {
        if !workspace.files.contains_key(path) {
            breaches.push(format!("{path} is gone; take it out of the list of long files"));
        }
    }
    breaches
}

fn length(path: &str, text: &str, breaches: &mut Vec<String>) {
    let lines = text.lines().count();
    let long = LONG.iter().find(|(long, ..)| *long == path);
    let most = long.map_or(MOST_LINES, |(_, most, _)| *most);
    if lines > most {
        breaches.push(format!(
            "{path} has {lines} lines, {most} are allowed: split it by subject; the list of \
             long files in xtask only shrinks"
        ));
    }
    if let Some((_, most, reason)) = long
        && lines + 50 < *most
    {
        breaches.push(format!("{path} has only {lines} lines; lower its {most} ({reason})"));
    }
}

/// Lines of code, without comments, strings left in, up to the tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn fence(path: &str, text: &str, breaches: &mut Vec<String>) {
    if UNSAFE.iter().any(|(folder, _)| path.starts_with(folder)) {
        return;
    }
    for (number, line) in code(text) {
        let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"];
        if is_unsafe.iter().any(|word| line.contains(word)) {
            breaches
                .push(format!("{path}:{number}: unsafe code belongs into jailer, probe or worker"));
        }
    }
    let is_root = path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs");
    if is_root && !text.contains("#![forbid(unsafe_code)]") {
        breaches.push(format!(
            "{path} lacks `#![forbid(unsafe_code)]`: only jailer, probe and worker may hold unsafe code"
        ));
    }
}

fn header(path: &str, text: &str, breaches: &mut Vec<String>) {
    let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
    for word in ["Takes:", "Gives:", "Never:"] {
        if !header.contains(word) {
            breaches.push(format!("{path}: the header does not say `{word}`"));
        }
    }
}

fn left_open(path: &str, text: &str, breaches: &mut Vec<String>) {
    for (index, line) in text.lines().enumerate() {
        for word in LEFT_OPEN {
            let found = line.match_indices(word).any(|(at, _)| {
                let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                let before = line.get(..at).and_then(|text| text.chars().next_back());
                let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
                !letter(before) && (word.ends_with('(') || !letter(after))
            });
            if found {
                breaches.push(format!("{path}:{}: left open: `{word}`", index + 1));
            }
        }
    }
}

/// Stages that read and decide must not reach outside.
pub(crate) fn check_purity(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    for (path, text) in workspace.sources() {
        if !PURE.iter().any(|stage| path.starts_with(&format!("crates/{stage}/"))) {
            continue;
        }
        for (number, line) in code(text) {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                if !READERS.contains(&(path, word)) {
                    breaches.push(format!(
                        "{path}:{number}: `{word}` in a stage that only reads and decides: same \
                         input, same answer"
                    ));
                }
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::workspace::tests::made_up;

    fn found(path: &str, text: &str) -> Vec<String> {
        let workspace = made_up(&[], &[], &[(path, text)]);
        let breaches = check(&workspace).into_iter().chain(check_purity(&workspace));
        breaches.filter(|breach| !breach.contains("is gone")).collect()
    }

    const HEADER: &str = "//! Takes: a. Gives: b. Never: c.\n#![forbid(unsafe_code)]\n";

    #[test]
    fn a_file_that_keeps_the_rules_has_no_breach() {
        assert!(found("crates/a/src/lib.rs", HEADER).is_empty());
    }

    #[test]
    fn a_header_that_does_not_say_what_the_crate_never_does_is_a_breach() {
        assert_eq!(found("crates/a/src/lib.rs", &HEADER.replace("Never", "Else")).len(), 1);
    }

    #[test]
    fn a_file_past_the_length_is_a_breach() {
        assert!(found("crates/a/src/b.rs", &"\n".repeat(MOST_LINES)).is_empty());
        assert_eq!(found("crates/a/src/b.rs", &"\n".repeat(MOST_LINES + 1)).len(), 1);
    }

    #[test]
    fn unsafe_code_outside_its_two_crates_is_a_breach_and_a_comment_about_it_is_not() {
        assert_eq!(found("crates/a/src/b.rs", "let x = unsafe { y };").len(), 1);
        assert!(found("crates/jailer/src/b.rs", "let x = unsafe { y };").is_empty());
        assert!(found("crates/a/src/b.rs", "// unsafe { y }").is_empty());
    }

    #[test]
    fn an_open_end_is_found_as_a_word_and_not_inside_one() {
        let open = format!("// {}: later", LEFT_OPEN[0]);
        assert_eq!(found("docs/a.md", &open).len(), 1);
        assert!(found("docs/a.md", "mkstemp fileXXXXXX").is_empty());
        assert_eq!(found("a.rs", &format!("{}\"later\")", LEFT_OPEN[3])).len(), 1);
    }

    #[test]
    fn a_deciding_stage_that_reads_a_clock_is_a_breach_and_its_tests_are_not() {
        let clock = "let now = Instant::now();";
        assert_eq!(found("crates/permission/src/a.rs", clock).len(), 1);
        assert!(found("crates/broker/src/a.rs", clock).is_empty());
        let test = format!("#[cfg(test)]\nmod tests {{ {clock} }}");
        assert!(found("crates/permission/src/a.rs", &test).is_empty());
    }
}
