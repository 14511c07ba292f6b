//! Documents name only what is there.

use super::workspace::{Member, Workspace};
use std::collections::BTreeSet;

/// The longest that the architecture may get before nobody reads it.
const ARCHITECTURE_LINES: usize = 500;

/// First folders that make a word in backticks a path of this repository.
const FOLDERS: [&str; 10] =
    ["crates", "tests", "bench", "xtask", "plugins", "sdk", "docs", "fuzz", "schema", ".ci"];

/// Names that begin like a crate of ours and are none.
const NOT_CRATES: [&str; 3] = ["ringfence-target", "ringfence-tests", "ringfence-runner"];

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let names: BTreeSet<&str> = workspace.members.iter().map(Member::name).collect();
    let mut breaches = Vec::new();
    for (path, text) in workspace.files.iter().filter(|(path, _)| path.ends_with(".md")) {
        for (index, line) in text.lines().enumerate() {
            for word in line.split('`').skip(1).step_by(2).flat_map(str::split_whitespace) {
                let word = word.trim_end_matches([',', '.', ':', ';', ')']);
                if !stands(workspace, path, word, &names) {
                    breaches.push(format!("{path}:{}: there is no `{word}`", index + 1));
                }
            }
        }
    }
    if let Some(text) = workspace.files.get("ARCHITECTURE.md") {
        let lines = text.lines().count();
        if lines > ARCHITECTURE_LINES {
            breaches.push(format!(
                "ARCHITECTURE.md has {lines} lines, {ARCHITECTURE_LINES} are allowed"
            ));
        }
    }
    breaches
}

/// Whether a word that looks like a crate or a path of ours is one.
fn stands(workspace: &Workspace, document: &str, word: &str, names: &BTreeSet<&str>) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !word.chars().all(plain) {
        return true;
    }
    if word.starts_with("ringfence-") && !word.contains(['/', '.']) {
        return names.contains(word) || NOT_CRATES.contains(&word);
    }
    let Some((folder, rest)) = word.split_once('/') else { return true };
    if !FOLDERS.contains(&folder) || rest.is_empty() {
        return true;
    }
    let path = word.trim_end_matches('/');
    let below = |from: &str| {
        let start = format!("{from}/");
        workspace.files.range(start.clone()..).next().is_some_and(|(p, _)| p.starts_with(&start))
    };
    // A document below the root may speak of its neighbours.
    let beside = document.rsplit_once('/').map(|(place, _)| format!("{place}/{path}"));
    [Some(path.to_owned()), beside]
        .into_iter()
        .flatten()
        .any(|path| workspace.files.contains_key(&path) || below(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::workspace::tests::made_up;

    fn found(text: &str) -> Vec<String> {
        let files = [("README.md", text), ("crates/a/src/lib.rs", "")];
        check(&made_up(&[("crates/a", "ringfence-a", &[])], &[], &files))
    }

    #[test]
    fn a_crate_or_path_that_is_not_there_is_a_breach() {
        assert!(found("`ringfence-a` is in `crates/a`, see `crates/a/src/lib.rs`").is_empty());
        assert_eq!(found("`ringfence-b` is in `crates/b`").len(), 2);
        assert_eq!(found("run `ls crates/a/src/gone.rs`").len(), 1);
        assert!(found("`/crates` and `tests` and `a/b` and `crates/*/src`").is_empty());
    }

    #[test]
    fn an_architecture_that_nobody_reads_is_a_breach() {
        let long = "\n".repeat(ARCHITECTURE_LINES + 1);
        assert_eq!(check(&made_up(&[], &[], &[("ARCHITECTURE.md", &long)])).len(), 1);
    }
}
