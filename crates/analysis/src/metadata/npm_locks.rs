//! Lock files of npm, yarn and pnpm: what would be installed, and from where.

use super::json::{self, Node};
use super::{Found, Source, dependency};
use crate::facts::{DependencyOrigin, Ecosystem};
use crate::place::Place;

/// Hosts of the registry itself.
const REGISTRIES: [&str; 3] = ["registry.npmjs.org", "registry.yarnpkg.com", "npm.pkg.github.com"];

pub(super) fn package_lock(source: &Source<'_>, found: &mut Found) -> Result<(), &'static str> {
    let root = json::parse(source.text)?;
    for field in root.get("packages").map(Node::fields).unwrap_or_default() {
        let Some((_, name)) = field.key.rsplit_once("node_modules/") else { continue };
        let name = field.value.get("name").and_then(Node::text).unwrap_or(name);
        locked(source, name, &field.value, found);
    }
    let mut nodes: Vec<&Node> = Vec::new();
    if root.get("packages").is_none() {
        nodes.extend(root.get("dependencies"));
    }
    while let Some(node) = nodes.pop() {
        for field in node.fields() {
            let version = field.value.get("version").and_then(Node::text).unwrap_or_default();
            let name = version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'));
            locked(source, name.map_or(&*field.key, |(name, _)| name), &field.value, found);
            nodes.extend(field.value.get("dependencies"));
        }
    }
    Ok(())
}

fn locked(source: &Source<'_>, name: &str, entry: &Node, found: &mut Found) {
    let version = entry.get("version").and_then(Node::text).unwrap_or_default();
    let node = entry.get("resolved").unwrap_or(entry);
    let place = source.place(node.start, node.end.min(node.start + 400));
    let resolved = entry.get("resolved").and_then(Node::text);
    add(source, name, version, resolved, place, found);
}

/// One package of a lock file, with what is odd about where it comes from.
fn add(
    source: &Source<'_>,
    name: &str,
    version: &str,
    resolved: Option<&str>,
    place: Place,
    found: &mut Found,
) {
    let from = resolved.unwrap_or(version);
    let host =
        from.split_once("://").map(|(_, rest)| rest.split(['/', ':']).next().unwrap_or(rest));
    let origin =
        if from.starts_with("git") || from.contains(".git#") || host == Some("codeload.github.com")
        {
            DependencyOrigin::Git
        } else if from.starts_with("file:") || from.starts_with("link:") {
            DependencyOrigin::File
        } else if host.is_some_and(|host| !REGISTRIES.contains(&host)) {
            DependencyOrigin::Url
        } else {
            DependencyOrigin::Registry
        };
    if from.starts_with("http://") {
        found.oddities.push(source.odd(
            "lock-insecure",
            place,
            "a locked package is fetched without encryption",
        ));
    }
    let other = origin == DependencyOrigin::Registry && host.is_some() && {
        let path = from.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let path = path.map_or("", |(_, path)| path).replace("%2f", "/").replace("%2F", "/");
        !path.starts_with(&format!("{name}/-/")) && path.contains("/-/")
    };
    if other {
        found.oddities.push(source.odd(
            "lock-other-package",
            place,
            "a locked address is that of another package",
        ));
    }
    found.dependencies.push(dependency(Ecosystem::Npm, name, version, origin, place));
}

/// Name and range of a key such as `@a/b@npm:^1.0.0`.
fn split_key(key: &str) -> Option<(&str, &str)> {
    let at = key.get(1..)?.find('@')? + 1;
    let (name, range) = key.split_at_checked(at)?;
    Some((name, range.trim_start_matches('@')))
}

/// Lines with where they begin.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

pub(super) fn yarn_lock(source: &Source<'_>, found: &mut Found) -> Result<(), &'static str> {
    let mut entry: Option<(&str, &str, Place)> = None;
    for (start, line) in lines(source.text) {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let place = source.place(start, start + line.len());
        if !line.starts_with(' ') {
            if let Some((name, version, place)) = entry.take() {
                add(source, name, version, None, place, found);
            }
            let first =
                line.trim_end_matches(':').split(',').next().unwrap_or(line).trim_matches('"');
            entry = split_key(first).map(|(name, range)| {
                let alias = range.strip_prefix("npm:").and_then(split_key);
                (alias.map_or(name, |(name, _)| name), range, place)
            });
            continue;
        }
        let Some((name, range, _)) = entry else { continue };
        let Some(value) = line.trim().strip_prefix("resolved ") else { continue };
        if line.starts_with("  ") && !line.starts_with("   ") {
            add(source, name, range, Some(value.trim_matches('"')), place, found);
            entry = None;
        }
    }
    if let Some((name, version, place)) = entry {
        add(source, name, version, None, place, found);
    }
    Ok(())
}

pub(super) fn pnpm_lock(source: &Source<'_>, found: &mut Found) -> Result<(), &'static str> {
    let mut within = false;
    let mut last: Option<&str> = None;
    for (start, line) in lines(source.text) {
        let place = source.place(start, start + line.len());
        if !line.starts_with(' ') {
            within |= line.starts_with("packages:");
            within &= line.is_empty() || line.starts_with("packages:");
        } else if within && line.starts_with("  ") && !line.starts_with("   ") {
            let key = line.trim().trim_end_matches(':').trim_matches('\'').trim_start_matches('/');
            let key = key.split('(').next().unwrap_or(key);
            let split = split_key(key).or_else(|| key.rsplit_once('/'));
            if let Some((name, version)) = split {
                add(source, name, version, None, place, found);
            }
            last = split.map(|(name, _)| name);
        } else if within
            && let Some((_, tarball)) = line.split_once("tarball: ")
            && let Some(name) = last
        {
            let url = tarball.split([',', '}']).next().unwrap_or(tarball).trim();
            add(source, name, url, Some(url), place, found);
        }
    }
    Ok(())
}
