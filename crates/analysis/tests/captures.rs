//! What the page about the analysis shows of a terminal is what a terminal shows.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use ringfence_analysis::{Limits, Look, Policy, Question, SourceFile, Tree, assess, facts, text};
use ringfence_package::{TreeLimits, read_tree};
use std::path::Path;

/// What `ringfence scan` prints of this package of the captures.
fn printed(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    let read = read_tree(&folder, &TreeLimits::default()).unwrap();
    let files = read.files.into_iter();
    let files = files.map(|file| SourceFile { path: file.path, bytes: file.bytes.into() });
    let tree = Tree::new(files.collect());
    let facts = facts(&tree, &Limits::default());
    let policy = Policy::default();
    let question =
        Question { subject: name, declared: None, policy: &policy, today: Some("2026-11-20") };
    let report = assess(&tree, &facts, &question);
    text(&report, None, Look { width: 80, colour: false, everything: false })
}

#[test]
fn the_captures_on_the_page_are_what_is_printed_today() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/analysis.md");
    let page = std::fs::read_to_string(page).unwrap();
    let missing: Vec<String> = ["clean", "suspicious", "malicious"]
        .iter()
        .map(|name| {
            format!("```console\n$ ringfence scan {name}\n{}\n```\n", printed(name).trim_end())
        })
        .filter(|capture| !page.contains(capture.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/analysis.md must hold:\n{}", missing.join("\n"));
}
