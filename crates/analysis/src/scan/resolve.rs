//! Which file of a package a path in its code means.

use std::collections::BTreeSet;

use crate::place::FileId;
use crate::shell::Language;
use crate::tree::Tree;

/// The longest of these folders that a path is in; the tree's own root else.
pub(super) fn root_of<'r>(roots: &'r BTreeSet<String>, path: &str) -> &'r str {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        if let Some(root) = roots.get(above) {
            return root;
        }
        folder = above;
    }
    ""
}

/// The folder of a path; empty for the tree's root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The file that is meant: from the folder of the one that says so, from the package's
/// root, or from the tree's.
pub(super) fn find(
    tree: &Tree<'_>,
    language: Language,
    path: &str,
    from: &str,
    root: &str,
) -> Option<FileId> {
    if path.len() > 4_096 || path.contains("://") {
        return None;
    }
    [folder(from), root, ""].iter().find_map(|base| {
        let whole = join(base, path)?;
        with_endings(tree, language, &whole)
    })
}

fn with_endings(tree: &Tree<'_>, language: Language, path: &str) -> Option<FileId> {
    let endings: &[&str] = match language {
        Language::JavaScript => &[
            "",
            ".js",
            ".cjs",
            ".mjs",
            ".ts",
            ".tsx",
            ".jsx",
            "/index.js",
            "/index.cjs",
            "/index.mjs",
            "/index.ts",
        ],
        Language::Python => &["", ".py", "/__main__.py", "/__init__.py"],
        Language::Shell => &["", ".sh"],
    };
    endings.iter().find_map(|ending| {
        let whole = format!("{path}{ending}");
        tree.find(whole.trim_start_matches('/'))
    })
}

/// The path from the root, without `.` and `..`. `None` when it leads out.
pub(crate) fn join(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
