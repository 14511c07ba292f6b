//! Which file of a package a path in its code means.

use std::collections::{BTreeMap, BTreeSet};

use crate::place::FileId;
use crate::shell::Language;
use crate::tree::Tree;

/// The largest `package.json` that is read for its main file, in bytes.
const MAX_PACKAGE_BYTES: usize = 1 << 20;

/// The main file of each folder that says which one it is.
pub(super) type Mains = BTreeMap<String, String>;

/// What is read of a `package.json` here.
#[derive(serde::Deserialize)]
struct Package {
    main: Option<String>,
}

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
    mains: &Mains,
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
        with_endings(tree, mains, language, &whole)
    })
}

fn with_endings(tree: &Tree<'_>, mains: &Mains, language: Language, path: &str) -> Option<FileId> {
    let (files, folders): (&[&str], &[&str]) = match language {
        Language::JavaScript => (
            &["", ".js", ".cjs", ".mjs", ".ts", ".tsx", ".jsx"],
            &["/index.js", "/index.cjs", "/index.mjs", "/index.ts"],
        ),
        Language::Python => (&["", ".py"], &["/__main__.py", "/__init__.py"]),
        Language::Shell => (&["", ".sh"], &[]),
    };
    // A file of this name comes before a folder, and what a folder says is its main file
    // before the one that is called `index`.
    let main = || {
        let main = mains.get(path).filter(|_| language == Language::JavaScript)?;
        one_of(tree, files, main).or_else(|| one_of(tree, folders, main))
    };
    let file = if path.is_empty() { None } else { one_of(tree, files, path) };
    file.or_else(main).or_else(|| one_of(tree, folders, path))
}

fn one_of(tree: &Tree<'_>, endings: &[&str], path: &str) -> Option<FileId> {
    endings.iter().find_map(|ending| {
        let whole = format!("{path}{ending}");
        tree.find(whole.trim_start_matches('/'))
    })
}

/// For each folder with a `package.json` the path of what is started when the folder is.
pub(super) fn mains(tree: &Tree<'_>) -> Mains {
    let mut mains = Mains::new();
    for (_, file) in tree.files() {
        let path = file.path.as_str();
        let is_package = path == "package.json" || path.ends_with("/package.json");
        if !is_package || file.bytes.len() > MAX_PACKAGE_BYTES {
            continue;
        }
        let Ok(package) = serde_json::from_slice::<Package>(&file.bytes) else { continue };
        let folder = folder(path);
        if let Some(main) = package.main.and_then(|main| join(folder, &main)) {
            mains.insert(folder.to_owned(), main);
        }
    }
    mains
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
