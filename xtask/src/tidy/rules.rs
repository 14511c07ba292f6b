//! The codes of the analysis are an interface: policies, exceptions and reports of
//! others name them. They stand in a committed list, and each has a page and fixtures.

use super::workspace::Workspace;
use crate::Result;
use crate::run::root;
use std::collections::BTreeSet;

const LIST: &str = "xtask/golden/analysis-codes.txt";
const SOURCES: &str = "crates/analysis/src/rules/";

/// The code that each rule's file says.
fn codes(workspace: &Workspace) -> BTreeSet<&str> {
    let files = workspace.files.range(SOURCES.to_owned()..);
    files
        .take_while(|(path, _)| path.starts_with(SOURCES))
        .filter_map(|(_, text)| {
            let (_, rule) = text.split_once("const RULE: Rule = Rule {")?;
            rule.split_once("code: \"")?.1.split('"').next()
        })
        .collect()
}

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let codes = codes(workspace);
    let committed = workspace.files.get(LIST).map(String::as_str).unwrap_or_default();
    let committed: BTreeSet<&str> = committed.lines().collect();
    let mut breaches = Vec::new();
    for gone in committed.difference(&codes) {
        breaches.push(format!("{LIST}: there is no rule `{gone}`: policies of others name it"));
    }
    for new in codes.difference(&committed) {
        breaches
            .push(format!("{LIST}: `{new}` is not listed: look, then `cargo xtask tidy --bless`"));
    }
    for code in &codes {
        let page = format!("docs/rules/{code}.md");
        if !workspace.files.contains_key(&page) {
            breaches.push(format!("the rule `{code}` has no page {page}"));
        }
        for kind in ["bad", "good"] {
            let start = format!("crates/analysis/fixtures/{code}/{kind}");
            let mut files = workspace.files.range(start.clone()..);
            // Fixtures of bytes that are no text are not among the files of this list.
            let is_there = files.next().is_some_and(|(path, _)| path.starts_with(&start));
            if !is_there && !root().join(&start).is_dir() {
                breaches.push(format!("the rule `{code}` has no {kind} fixture: {start}.*"));
            }
        }
    }
    breaches
}

pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let lines: String = codes(workspace).iter().map(|code| format!("{code}\n")).collect();
    std::fs::write(root().join(LIST), lines)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::workspace::tests::made_up;

    const RULE: (&str, &str) =
        ("crates/analysis/src/rules/a.rs", "const RULE: Rule = Rule {\n code: \"a-b\",");
    const PAGE: (&str, &str) = ("docs/rules/a-b.md", "");
    const BAD: (&str, &str) = ("crates/analysis/fixtures/a-b/bad.js", "");
    const GOOD: (&str, &str) = ("crates/analysis/fixtures/a-b/good.js", "");
    const LISTED: (&str, &str) = (LIST, "a-b\n");

    #[test]
    fn a_rule_without_its_place_page_or_fixtures_is_a_breach() {
        let found = |files: &[(&str, &str)]| check(&made_up(&[], &[], files)).len();
        assert_eq!(found(&[RULE, PAGE, BAD, GOOD, LISTED]), 0);
        assert_eq!(found(&[RULE, PAGE, BAD, GOOD]), 1);
        assert_eq!(found(&[RULE, BAD, GOOD, LISTED]), 1);
        assert_eq!(found(&[RULE, PAGE, LISTED]), 2);
        assert_eq!(found(&[LISTED]), 1);
    }
}
