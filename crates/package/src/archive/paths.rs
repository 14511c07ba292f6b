//! Which paths and links an archive may have.

use super::{ArchiveError, ArchiveFile, LEFT_OUT, MAX_FILES};
use ringfence_types::UntrustedText;
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization as _;

/// Most bytes of a path, and folders in each other.
const MAX_BYTES: usize = 1_024;
const MAX_DEPTH: usize = 64;
/// Most folders: a few bytes of an archive are enough for 64 of them with each file.
const MAX_FOLDERS: usize = 100_000;

/// Looks at all paths and links together; they must be in the order of their bytes.
pub(super) fn check(files: &[ArchiveFile]) -> Result<(), ArchiveError> {
    if files.len() > MAX_FILES {
        return Err(ArchiveError::TooLarge("more than 100,000 files"));
    }
    // How each path is written, by how a file system sees it that knows no case.
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    let mut before = "";
    for file in files {
        let path = file.entry.path.as_str();
        check_one(path)?;
        if !whole.insert(path) {
            return Err(ArchiveError::path(path, "it is there twice"));
        }
        let new = shared(before, path);
        let mut folded = String::with_capacity(path.len());
        let mut end = 0;
        for part in path.split('/') {
            folded.push_str(&as_seen(part));
            end += part.len();
            // Where it goes the way of the one before it, that one was looked at.
            if end > new {
                let part = path.get(..end).unwrap_or_default();
                if *seen.entry(folded.clone()).or_insert(part) != part {
                    let why = "another path is the same but for upper and lower case, or for \
                               how its letters are written";
                    return Err(ArchiveError::path(path, why));
                }
                if seen.len() > whole.len() + MAX_FOLDERS {
                    return Err(ArchiveError::TooLarge("more than 100,000 folders"));
                }
            }
            folded.push('/');
            end += 1;
        }
        before = path;
    }
    before = "";
    for file in files {
        let path = file.entry.path.as_str();
        let new = shared(before, path);
        for (end, _) in path.match_indices('/').filter(|(end, _)| *end > new) {
            if whole.contains(path.get(..end).unwrap_or_default()) {
                return Err(ArchiveError::path(path, "a part of its path is a file or a link"));
            }
        }
        before = path;
        if let Some(target) = &file.entry.link {
            check_link(path, target, files, &whole)?;
        }
    }
    Ok(())
}

/// Where the last folder ends that both paths are in; 0 for none.
fn shared(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other);
    same.enumerate().filter(|(_, (byte, _))| *byte == b'/').map(|(at, _)| at).last().unwrap_or(0)
}

/// A name as file systems see it that take some names for one: APFS, NTFS, ext4 where it
/// folds. Case, the form of a letter with an accent, characters that show nothing, and
/// dots and spaces at the end make no difference.
fn as_seen(part: &str) -> String {
    let part = part.trim_end_matches(['.', ' ']);
    if part.is_ascii() {
        return part.to_ascii_lowercase();
    }
    let mut bytes = [0; 4];
    let shows = |c: &char| {
        let text: &str = c.encode_utf8(&mut bytes);
        c.is_ascii() || UntrustedText::new(text).to_string() == text
    };
    // Twice to lower case: some letters have two small forms, and some two great ones.
    let small = part.nfd().filter(shows).flat_map(char::to_lowercase);
    small.flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfd().collect()
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
    } else if path.split('/').any(|part| LEFT_OUT.contains(&as_seen(part).as_str())) {
        "a folder of a version control, or of compiled Python, is no part of a package, and could run programs"
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
    // What is there has no link above it, which is looked at for each path.
    let at = files.binary_search_by(|file| file.entry.path.as_str().cmp(&place));
    if at.ok().and_then(|at| files.get(at)).is_some_and(|file| file.entry.link.is_some()) {
        return wrong("it leads to another link");
    }
    let below = format!("{place}/");
    let folder = whole.range(below.as_str()..).next().is_some_and(|next| next.starts_with(&below));
    if !whole.contains(place.as_str()) && !folder {
        return wrong("it leads to nothing in the package, or there by another link");
    }
    Ok(())
}
