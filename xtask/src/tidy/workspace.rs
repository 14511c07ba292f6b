//! What the rules look at, read once.

use crate::Result;
use crate::run::{cargo, command, read, root};
use std::collections::{BTreeMap, BTreeSet};

/// Everything about the workspace that a rule may ask.
pub(crate) struct Workspace {
    /// In the order of the root manifest.
    pub(crate) members: Vec<Member>,
    /// Every text file of the repository, by its path from the root.
    pub(crate) files: BTreeMap<String, String>,
    /// Every package that the workspace builds from, by its Cargo identity.
    pub(crate) packages: BTreeMap<String, Package>,
}

/// One crate of ours.
pub(crate) struct Member {
    /// From the root, such as `crates/types`.
    pub(crate) folder: String,
    pub(crate) manifest: toml::Table,
    /// Cargo's identity of the package.
    pub(crate) id: String,
}

impl Member {
    /// The package's name, or nothing when the manifest has none.
    pub(crate) fn name(&self) -> &str {
        let package = self.manifest.get("package");
        package.and_then(|package| package.get("name")?.as_str()).unwrap_or_default()
    }
}

/// A package with what it links when it is built for use, not for tests.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// Nothing for a package of ours.
    pub(crate) source: Option<String>,
    pub(crate) links: Vec<String>,
}

impl Workspace {
    pub(crate) fn read() -> Result<Self> {
        let packages = packages()?;
        let files = files()?;
        let manifest: toml::Table = files.get("Cargo.toml").ok_or("no Cargo.toml")?.parse()?;
        let folders = manifest.get("workspace").and_then(|table| table.get("members")?.as_array());
        let mut members = Vec::new();
        for folder in folders.ok_or("no list of members")? {
            let folder = folder.as_str().ok_or("a member is not text")?.to_owned();
            let path = format!("{folder}/Cargo.toml");
            let text = files.get(&path).ok_or_else(|| format!("{path} is missing"))?;
            let manifest: toml::Table = text.parse()?;
            let id = packages.iter().find(|(id, package)| {
                package.source.is_none() && id.contains(&format!("/{folder}#"))
            });
            let id = id.ok_or_else(|| format!("Cargo does not know {folder}"))?.0.clone();
            members.push(Member { folder, manifest, id });
        }
        Ok(Self { members, files, packages })
    }

    /// Names of everything that a package links, itself not counted.
    pub(crate) fn closure(&self, id: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![id];
        while let Some(package) = open.pop().and_then(|id| self.packages.get(id)) {
            open.extend(package.links.iter().filter(|id| seen.insert(id.as_str())).map(|id| &**id));
        }
        seen.into_iter().filter_map(|id| Some(self.packages.get(id)?.name.as_str())).collect()
    }

    /// Rust files of our crates without their tests.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let in_crate = |path: &str| path.starts_with("crates/") && path.contains("/src/");
        let rust = |path: &str| path.ends_with(".rs") && !path.ends_with("/tests.rs");
        let files = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        files.filter(move |(path, _)| in_crate(path) && rust(path) && !path.contains("/tests/"))
    }
}

/// What git would commit, as far as it is text.
fn files() -> Result<BTreeMap<String, String>> {
    let list = read(command("git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut files = BTreeMap::new();
    for path in list.split_terminator('\0') {
        // A file can be gone in the working tree; bytes that are no text are
        // no business of these rules.
        if let Ok(text) = std::fs::read_to_string(root().join(path)) {
            files.insert(path.to_owned(), text);
        }
    }
    Ok(files)
}

fn packages() -> Result<BTreeMap<String, Package>> {
    let text = read(cargo()?.args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--quiet",
        "--filter-platform=x86_64-unknown-linux-gnu",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let list = |value: &serde_json::Value, key: &str| -> Vec<serde_json::Value> {
        value.get(key).and_then(|value| value.as_array()).cloned().unwrap_or_default()
    };
    let word = |value: &serde_json::Value, key: &str| -> Option<String> {
        Some(value.get(key)?.as_str()?.to_owned())
    };
    let mut packages = BTreeMap::new();
    for package in list(&metadata, "packages") {
        packages.insert(
            word(&package, "id").ok_or("a package without identity")?,
            Package {
                name: word(&package, "name").ok_or("a package without name")?,
                version: word(&package, "version").unwrap_or_default(),
                licence: word(&package, "license"),
                source: word(&package, "source"),
                links: Vec::new(),
            },
        );
    }
    for node in list(metadata.get("resolve").ok_or("no resolution")?, "nodes") {
        let links = list(&node, "deps").into_iter().filter_map(|edge| {
            let kinds = list(&edge, "dep_kinds");
            // A missing kind is an ordinary dependency.
            let linked = kinds.iter().any(|kind| word(kind, "kind").is_none_or(|k| k == "build"));
            if linked { word(&edge, "pkg") } else { None }
        });
        let id = word(&node, "id").ok_or("a node without identity")?;
        if let Some(package) = packages.get_mut(&id) {
            package.links = links.collect();
        }
    }
    Ok(packages)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A workspace of made-up members `(folder, name, links)` and files.
    pub(crate) fn made_up(
        members: &[(&str, &str, &[&str])],
        foreign: &[&str],
        files: &[(&str, &str)],
    ) -> Workspace {
        let package = |name: &str, source: Option<&str>, links: &[&str]| Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: Some("MIT".to_owned()),
            source: source.map(str::to_owned),
            links: links.iter().map(|&link| link.to_owned()).collect(),
        };
        let mut packages: BTreeMap<String, Package> = members
            .iter()
            .map(|(_, name, links)| ((*name).to_owned(), package(name, None, links)))
            .collect();
        packages.extend(
            foreign.iter().map(|name| ((*name).to_owned(), package(name, Some("there"), &[]))),
        );
        let members = members
            .iter()
            .map(|(folder, name, _)| Member {
                folder: (*folder).to_owned(),
                manifest: format!("package.name = \"{name}\"\nlints.workspace = true")
                    .parse()
                    .unwrap(),
                id: (*name).to_owned(),
            })
            .collect();
        let files =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Workspace { members, files, packages }
    }

    #[test]
    fn a_closure_reaches_through_every_link() {
        let members: [(&str, &str, &[&str]); 3] =
            [("a", "a", &["b"]), ("b", "b", &["c", "libc"]), ("c", "c", &["a"])];
        let workspace = made_up(&members, &["libc"], &[]);
        assert_eq!(workspace.closure("a"), BTreeSet::from(["a", "b", "c", "libc"]));
    }
}
