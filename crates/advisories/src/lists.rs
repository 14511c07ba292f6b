//! Files that say what a plugin is made of: lock files, installed packages, lists.
//!
//! They are strangers' files. What cannot be read is told, never taken for an empty list.

mod bill;
mod npm;
mod python;
#[cfg(test)]
mod tests;
mod toml_lock;

use crate::component::{Component, Found};
use crate::ecosystem::{Ecosystem, Known};
use crate::record::is_name;
use std::collections::BTreeSet;

/// The largest list that is read, in bytes. Locks of the largest repositories have some ten
/// million.
pub const MAX_LIST_BYTES: usize = 16 << 20;
/// Lists of other tools, which are told not to be read.
const OTHERS: [&str; 4] = ["yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
/// Folders of installed packages: what these carry of their own lists installs nothing.
const INSTALLED: [&str; 3] = ["node_modules", "site-packages", "dist-packages"];

/// How a list is read, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    NpmLock,
    NpmPackage,
    Requirements,
    PythonMetadata,
    /// `[[package]]` tables, or `[[packages]]`.
    TomlLock(Known),
    PipfileLock,
    PyProject,
    Bill,
    Other,
}

/// Whether a file is one, by its path below the target, with `/`.
#[must_use]
pub fn is_list(path: &str) -> bool {
    form(path).is_some()
}

fn form(path: &str) -> Option<Form> {
    let parts: Vec<&str> = path.split('/').collect();
    let (name, folders) = parts.split_last()?;
    let is_installed = folders.iter().any(|folder| INSTALLED.contains(folder));
    let folder = folders.last().copied().unwrap_or_default();
    match *name {
        "METADATA" if folder.ends_with(".dist-info") => return Some(Form::PythonMetadata),
        "PKG-INFO" if folder.ends_with(".egg-info") || folders.len() <= 1 => {
            return Some(Form::PythonMetadata);
        }
        "package.json" if is_installed => {
            return npm::is_package_root(folders).then_some(Form::NpmPackage);
        }
        _ if is_installed => return None,
        _ => {}
    }
    Some(match *name {
        "package-lock.json" | "npm-shrinkwrap.json" => Form::NpmLock,
        // The target itself: a folder, or how npm packs one.
        "package.json" if folders.is_empty() || folders == ["package"] => Form::NpmPackage,
        "uv.lock" | "poetry.lock" | "pdm.lock" => Form::TomlLock(Known::PyPi),
        "Cargo.lock" => Form::TomlLock(Known::CratesIo),
        "Pipfile.lock" => Form::PipfileLock,
        "pyproject.toml" if folders.is_empty() => Form::PyProject,
        name if OTHERS.contains(&name) => Form::Other,
        name if is_pylock(name) => Form::TomlLock(Known::PyPi),
        name if name.ends_with(".cdx.json") || matches!(name, "bom.json" | "sbom.json") => {
            Form::Bill
        }
        name if name.ends_with(".txt") => {
            let named = name.starts_with("requirements") || folder == "requirements";
            return named.then_some(Form::Requirements);
        }
        _ => return None,
    })
}

/// `pylock.toml`, `pylock.NAME.toml` (PEP 751).
fn is_pylock(name: &str) -> bool {
    name == "pylock.toml" || name.starts_with("pylock.") && name.ends_with(".toml")
}

/// Reads lists one after the other.
#[derive(Debug, Default)]
pub struct Lists {
    found: Found,
    /// Folders whose manifest names dependencies of a registry, and that manifest.
    wanting: Vec<(String, Known, String)>,
    /// Folders in which something says which versions these are.
    settled: BTreeSet<(String, Known)>,
}

impl Lists {
    /// Reads a file of a target by its path below it, if it is a list.
    pub fn read(&mut self, path: &str, bytes: &[u8]) {
        if let Some(form) = form(path) {
            self.read_as(form, path, bytes);
        }
    }

    /// Reads the one file that is the whole target: false when it is no list.
    pub fn read_alone(&mut self, name: &str, bytes: &[u8]) -> bool {
        let form = match form(name) {
            Some(form) => form,
            None if name == "METADATA" => Form::PythonMetadata,
            None if name.ends_with(".txt") => Form::Requirements,
            None if name.ends_with(".json") => Form::Bill,
            None => return false,
        };
        self.read_as(form, name, bytes);
        true
    }

    /// Takes down that a list was not read.
    pub fn unread(&mut self, place: &str, why: &str) {
        self.found.unread(place, why);
    }

    fn read_as(&mut self, form: Form, path: &str, bytes: &[u8]) {
        if bytes.len() > MAX_LIST_BYTES {
            return self.unread(path, "it is larger than 16 MiB");
        }
        match form {
            Form::NpmLock => self.npm_lock(path, bytes),
            Form::NpmPackage => self.npm_package(path, bytes),
            Form::Requirements => self.requirements(path, bytes),
            Form::PythonMetadata => self.python_metadata(path, bytes),
            Form::TomlLock(registry) => self.toml_lock(path, bytes, registry),
            Form::PipfileLock => self.pipfile_lock(path, bytes),
            Form::PyProject => self.pyproject(path, bytes),
            Form::Bill => self.bill(path, bytes),
            Form::Other => self.unread(path, "lists of this form are not read"),
        }
    }

    /// What was found. A manifest that names dependencies where nothing says which versions
    /// these are is told not to have been read.
    #[must_use]
    pub fn finish(mut self) -> Found {
        for (folder, registry, place) in std::mem::take(&mut self.wanting) {
            if !self.settled.contains(&(folder, registry)) {
                let why = "it names dependencies, and no lock file beside it says their versions";
                self.found.unread(place, why);
            }
        }
        self.found
    }

    /// A component, if it has a name that its registry could have.
    fn component(
        &mut self,
        registry: Known,
        name: &str,
        version: Option<&str>,
        place: &str,
        development: bool,
    ) {
        if !is_name(name) {
            return self.unread(place, "it names a package in a way that no registry allows");
        }
        self.add(Ecosystem::Known(registry), registry.name(name), version, place, development);
    }

    fn add(
        &mut self,
        ecosystem: Ecosystem,
        name: String,
        version: Option<&str>,
        place: &str,
        development: bool,
    ) {
        // One that is longer than any is compared with none.
        let version =
            version.map(|text| crate::bounded::cut(text, 2 * crate::version::MAX_VERSION));
        self.found.add(Component {
            ecosystem,
            name,
            version: version.map(str::to_owned),
            places: vec![place.to_owned()],
            development,
        });
    }

    /// Something in the folder of `path` says which versions are meant.
    fn settle(&mut self, path: &str, registry: Known) {
        self.settled.insert((folder_of(path), registry));
    }

    /// The manifest at `path` names dependencies.
    fn wants(&mut self, path: &str, registry: Known) {
        self.wanting.push((folder_of(path), registry, path.to_owned()));
    }
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default()
}
