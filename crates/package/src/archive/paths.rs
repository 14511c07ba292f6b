//! Which paths and links an archive may have.

use super::{ArchiveError, ArchiveFile, MAX_FILES};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of a path, and folders in each other.
const MAX_BYTES: usize = 1_024;
const MAX_DEPTH: usize = 64;

/// Looks at all paths and links together; they must be in the order of their bytes.
pub(super) fn check(files: &[ArchiveFile]) -> Result<(), ArchiveError> {
    if files.len() > MAX_FILES {
        return Err(ArchiveError::TooLarge("more than 100,000 files"));
    }
    // How each path is written, by how a file system that knows no case sees it.
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    for file in files {
        let path = file.entry.path.as_str();
        check_one(path)?;
        if !whole.insert(path) {
            return Err(ArchiveError::path(path, "it is there twice"));
        }
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let part = path.get(..end).unwrap_or_default();
            let other = folded.entry(part.to_lowercase()).or_insert(part);
            if *other != part {
                let why = "another path is the same but for upper and lower case";
                return Err(ArchiveError::path(path, why));
            }
        }
    }
    for file in files {
        let path = file.entry.path.as_str();
        for (end, _) in path.match_indices('/') {
            if whole.contains(path.get(..end).unwrap_or_default()) {
                return Err(ArchiveError::path(path, "a part of its path is a file or a link"));
            }
        }
        if let Some(target) = &file.entry.link {
            check_link(path, target, files, &whole)?;
        }
    }
    Ok(())
}

fn check_one(path: &str) -> Result<(), ArchiveError> {
    let why = if path.len() > MAX_BYTES {
        "it is longer than 1,024 bytes"
    } else if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "a part of it is empty, `.` or `..`"
    } else if path.contains('\\') || path.chars().any(char::is_control) {
        "it holds a backslash or a control character"
    } else if path.as_bytes().get(1) == Some(&b':') {
        "it begins as a drive does"
    } else if path.matches('/').count() >= MAX_DEPTH {
        "it has more than 64 folders in each other"
    } else {
        return Ok(());
    };
    Err(ArchiveError::path(path, why))
}

/// A link leads to something in the package, by no other link: what it means does then
/// not depend on who follows it.
fn check_link(
    path: &str,
    target: &str,
    files: &[ArchiveFile],
    whole: &BTreeSet<&str>,
) -> Result<(), ArchiveError> {
    let wrong = |why| Err(ArchiveError::link(path, why));
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    let mut down = false;
    for part in target.split('/') {
        match part {
            "" | "." => return wrong("its target is not written plainly"),
            ".." if down => return wrong("its target goes down and up again"),
            ".." => {
                if parts.pop().is_none() {
                    return wrong("it leads out of the package");
                }
            }
            part => {
                down = true;
                parts.push(part);
            }
        }
    }
    let place = parts.join("/");
    let is_link = |place: &str| {
        let at = files.binary_search_by(|file| file.entry.path.as_str().cmp(place));
        at.ok().and_then(|at| files.get(at)).is_some_and(|file| file.entry.link.is_some())
    };
    for (end, _) in place.match_indices('/').chain([(place.len(), "")]) {
        if is_link(place.get(..end).unwrap_or_default()) {
            return wrong("it leads to another link");
        }
    }
    let below = format!("{place}/");
    let folder = whole.range(below.as_str()..).next().is_some_and(|next| next.starts_with(&below));
    if !whole.contains(place.as_str()) && !folder {
        return wrong("it leads to nothing in the package");
    }
    Ok(())
}
