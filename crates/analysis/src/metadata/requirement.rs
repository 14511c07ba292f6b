//! One requirement of Python: `name[extra]>=1; marker`, `name @ address`, `git+https:`.

use super::{Found, Source, dependency};
use crate::facts::{DependencyOrigin, Ecosystem};

/// Adds the requirement that this text is, if it is one.
pub(super) fn add(source: &Source<'_>, text: &str, start: usize, found: &mut Found) {
    let written = text.trim();
    let start = start + (text.len() - text.trim_start().len());
    let place = source.place(start, start + written.len());
    let Some((name, requirement)) = split(written) else { return };
    let origin = origin(requirement);
    found.dependencies.push(dependency(Ecosystem::Pypi, name, requirement, origin, place));
}

/// Name and requirement. An address without a name has that of its last part.
fn split(written: &str) -> Option<(&str, &str)> {
    let named = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if written.contains("://") && !written.contains('@')
        || origin(written) != DependencyOrigin::Registry
    {
        let egg = written.split_once("#egg=").map(|(_, egg)| egg);
        let path = written.split(['#', '@', '?']).next().unwrap_or(written);
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        let name = egg.unwrap_or(last.strip_suffix(".git").unwrap_or(last));
        return Some((name.split(['&', '[']).next().unwrap_or(name), written));
    }
    let end = written.find(|c| !named(c)).unwrap_or(written.len());
    let (name, rest) = written.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest).trim_start(),
        None => rest,
    };
    let rest = if rest.starts_with('@') { rest.trim_start_matches('@').trim() } else { rest };
    let rest = rest.split(" ;").next().unwrap_or(rest);
    let rest = if rest.contains("://") { rest } else { rest.split(';').next().unwrap_or(rest) };
    Some((name, rest.trim()))
}

pub(super) fn origin(requirement: &str) -> DependencyOrigin {
    let lower = requirement.trim().to_ascii_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| lower.starts_with(start));
    if begins(&["git+", "hg+", "svn+", "bzr+", "git:", "ssh:", "git@"]) {
        DependencyOrigin::Git
    } else if begins(&["http:", "https:", "ftp:"]) {
        DependencyOrigin::Url
    } else if begins(&["file:", "./", "../", "/", "."]) {
        DependencyOrigin::File
    } else {
        DependencyOrigin::Registry
    }
}
