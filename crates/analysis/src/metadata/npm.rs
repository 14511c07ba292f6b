//! `package.json`.

use std::collections::BTreeSet;

use super::json::{self, Json, Node};
use super::{Entry, Found, Hook, Script, Source, dependency};
use crate::facts::{DependencyOrigin, Ecosystem, PackageFacts};
use crate::shell::Language;

/// Scripts that npm runs by itself while it installs.
const INSTALL: [&str; 3] = ["preinstall", "install", "postinstall"];
/// And those that it runs where the package comes from a repository or a folder.
const PREPARE: [&str; 4] = ["prepare", "preprepare", "postprepare", "prepublish"];
const DEPENDENCIES: [&str; 3] = ["dependencies", "optionalDependencies", "peerDependencies"];
/// What its authors need, and who installs a package by its name never gets.
const OF_AUTHORS: [&str; 1] = ["devDependencies"];
/// What `exports` may name that no loader runs.
const DATA: [&str; 16] = [
    "css", "scss", "sass", "less", "json", "svg", "png", "html", "md", "wasm", "node", "map",
    "woff2", "vue", "svelte", "styl",
];

pub(super) fn package_json(source: &Source<'_>, found: &mut Found) -> Result<(), &'static str> {
    let root = json::parse(source.text)?;
    duplicates(source, &root, found);
    let text = |key: &str| root.get(key).and_then(Node::text);
    let named = root.get("name").unwrap_or(&root);
    found.packages.push(PackageFacts {
        ecosystem: Ecosystem::Npm,
        root: source.folder(),
        name: text("name").map(Into::into),
        version: text("version").map(Into::into),
        place: if text("name").is_some() {
            source.place(named.start, named.end)
        } else {
            source.place(0, 0)
        },
    });
    // It was installed from a registry already, for another package.
    let installed = source.path.split('/').any(|part| part == "node_modules");
    let unless_installed = |keys: &'static [&'static str]| if installed { &[] } else { keys };
    for key in DEPENDENCIES.iter().chain(unless_installed(&OF_AUTHORS)) {
        for field in root.get(key).map(Node::fields).unwrap_or_default() {
            let requirement = field.value.text().unwrap_or_default();
            let place = source.place(field.key_start, field.value.end);
            let (name, requirement) = alias(&field.key, requirement);
            let origin = origin(requirement);
            found.dependencies.push(dependency(Ecosystem::Npm, name, requirement, origin, place));
        }
    }
    for field in root.get("scripts").map(Node::fields).unwrap_or_default() {
        let Some(command) = field.value.text() else { continue };
        let place = source.place(field.value.start, field.value.end);
        let runs = INSTALL.iter().chain(unless_installed(&PREPARE));
        if runs.clone().any(|name| *name == &*field.key) {
            let api = format!("npm:script.{}", field.key).into();
            found.hooks.push(Hook { api, command: command.into(), place });
        }
        found.scripts.push(Script {
            root: source.folder(),
            name: field.key.clone(),
            command: command.into(),
            place,
        });
    }
    entries(source, &root, found);
    Ok(())
}

/// `npm:other@^1` installs another package under this name.
fn alias<'a>(name: &'a str, requirement: &'a str) -> (&'a str, &'a str) {
    let Some(target) = requirement.strip_prefix("npm:") else { return (name, requirement) };
    let at = target.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
    match at.and_then(|at| target.split_at_checked(at)) {
        Some((name, version)) => (name, version.trim_start_matches('@')),
        None => (target, "*"),
    }
}

fn origin(requirement: &str) -> DependencyOrigin {
    let lower = requirement.trim().to_ascii_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| lower.starts_with(start));
    if begins(&["git", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"])
        || lower.ends_with(".git")
    {
        DependencyOrigin::Git
    } else if begins(&["http:", "https:"]) {
        DependencyOrigin::Url
    } else if begins(&["file:", "link:", "portal:", "./", "../", "/", "~/"]) {
        DependencyOrigin::File
    } else if lower.contains('/')
        && !lower.contains(' ')
        && !begins(&["npm:", "workspace:", "@", "catalog:", "patch:"])
    {
        // `owner/repository` is short for GitHub.
        DependencyOrigin::Git
    } else {
        DependencyOrigin::Registry
    }
}

/// Files that are loaded as code because this file says so.
fn entries(source: &Source<'_>, root: &Node, found: &mut Found) {
    let mut nodes: Vec<&Node> = ["main", "module", "bin", "exports", "imports"]
        .iter()
        .filter_map(|key| root.get(key))
        .collect();
    let mut looked = 0;
    while let Some(node) = nodes.pop() {
        looked += 1;
        if looked > 10_000 {
            return;
        }
        match &node.value {
            Json::Text(path) => {
                let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
                let data = extension.is_some_and(|(_, extension)| DATA.contains(&extension));
                if !data && !path.contains('*') {
                    found.entries.push(Entry {
                        language: Language::JavaScript,
                        path: path.clone(),
                        place: source.place(node.start, node.end),
                        install: false,
                    });
                }
            }
            Json::List(items) => nodes.extend(items),
            Json::Map(fields) => nodes.extend(
                fields.iter().filter(|field| &*field.key != "types").map(|field| &field.value),
            ),
            Json::Word(_) => {}
        }
    }
}

/// Two values under one key: programs differ in which they take.
fn duplicates(source: &Source<'_>, root: &Node, found: &mut Found) {
    let inner = root.get("scripts").map(Node::fields).unwrap_or_default();
    for fields in [root.fields(), inner] {
        let mut seen = BTreeSet::new();
        for field in fields {
            if !seen.insert(&field.key) {
                let place = source.place(field.key_start, field.value.end);
                found.oddities.push(source.odd("duplicate-key", place, "a key is there twice"));
            }
        }
    }
}
