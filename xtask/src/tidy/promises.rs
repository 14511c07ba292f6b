//! Every promise of SECURITY-PROMISES.md names tests that exist, or says that
//! it is pending.
//!
//! The form: a heading `### <number>. <promise>`, and under it
//!
//! ```text
//! Held by:
//! - `name_of_the_test` in `path/of/the/file.rs`
//!
//! Pending: what is not held yet, and why.
//! ```
//!
//! A documentation test has no name: its bullet begins with "the
//! documentation test in".

use super::workspace::Workspace;

const DOCUMENT: &str = "SECURITY-PROMISES.md";

/// A promise with what is said to hold it.
#[derive(Default)]
struct Promise<'a> {
    title: &'a str,
    tests: Vec<&'a str>,
    pending: bool,
}

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let Some(text) = workspace.files.get(DOCUMENT) else {
        return vec![format!("{DOCUMENT} is missing")];
    };
    let mut breaches = Vec::new();
    for promise in read(text) {
        if promise.tests.is_empty() && !promise.pending {
            breaches.push(format!("`{}` names no test and does not say pending", promise.title));
        }
        for test in &promise.tests {
            if let Err(why) = stands(workspace, test) {
                breaches.push(format!("`{}`: {why}", promise.title));
            }
        }
    }
    breaches
}

fn read(text: &str) -> Vec<Promise<'_>> {
    let mut promises: Vec<Promise<'_>> = Vec::new();
    let mut in_tests = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            promises.push(Promise { title, ..Promise::default() });
            in_tests = false;
        }
        let Some(promise) = promises.last_mut() else { continue };
        if line == "Held by:" {
            in_tests = true;
        } else if let (true, Some(test)) = (in_tests, line.strip_prefix("- ")) {
            promise.tests.push(test);
        } else if line.starts_with("Pending: ") {
            promise.pending = true;
            in_tests = false;
        }
    }
    promises
}

fn stands(workspace: &Workspace, bullet: &str) -> Result<(), String> {
    let words: Vec<&str> = bullet.split('`').collect();
    let (test, path) = match words.as_slice() {
        ["", test, " in ", path, ..] => (Some(*test), *path),
        ["the documentation test in ", path, ..] => (None, *path),
        _ => return Err(format!("`{bullet}` is not of the form that tidy reads")),
    };
    let text = workspace.files.get(path).ok_or_else(|| format!("there is no `{path}`"))?;
    let there = match test {
        Some(test) => {
            let name = format!("fn {test}(");
            // A test that is switched off holds nothing.
            text.split("#[test]").skip(1).any(|part| {
                let (attributes, body) = part.split_once("fn ").unwrap_or_default();
                format!("fn {body}").starts_with(&name) && !attributes.contains("#[ignore")
            })
        }
        None => text.contains("```compile_fail"),
    };
    let test = test.unwrap_or("a documentation test that must not compile");
    if there { Ok(()) } else { Err(format!("`{path}` does not hold the test `{test}`")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::workspace::tests::made_up;

    fn found(document: &str) -> Vec<String> {
        let code = "#[test]\nfn it_holds() {}\n#[test]\n#[ignore]\nfn it_sleeps() {}\n";
        check(&made_up(&[], &[], &[(DOCUMENT, document), ("a.rs", code)]))
    }

    #[test]
    fn a_promise_needs_a_test_that_runs_or_the_word_pending() {
        assert!(found("### 1. A\nHeld by:\n- `it_holds` in `a.rs`\n").is_empty());
        assert!(found("### 1. A\nPending: no gate yet.\n").is_empty());
        assert_eq!(found("### 1. A\nJust so.\n").len(), 1);
        for bad in ["`it_falls` in `a.rs`", "`it_sleeps` in `a.rs`", "`it_holds` in `b.rs`", "it"] {
            assert_eq!(found(&format!("### 1. A\nHeld by:\n- {bad}\n")).len(), 1, "{bad}");
        }
    }
}
