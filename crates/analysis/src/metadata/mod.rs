//! Files that say what a package is and what it needs: `package.json`, lock files,
//! what Python projects have. Read strictly, within bounds, with places.

mod gyp;
mod json;
mod lines;
mod npm;
mod npm_locks;
mod python;
mod requirement;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use crate::facts::{Dependency, DependencyOrigin, Ecosystem, Oddity, PackageFacts};
use crate::place::{FileId, Place};
use crate::shell::{Inner, Language};
use crate::trace::Coverage;

/// Which file of metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    PackageJson,
    PackageLock,
    YarnLock,
    PnpmLock,
    Pyproject,
    SetupCfg,
    Requirements,
    Pipfile,
    PipfileLock,
    TomlLock,
    PythonMetadata,
    PathFile,
    BindingGyp,
    NpmSettings,
}

/// Which kind a path names.
pub(crate) fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        "package.json" => Kind::PackageJson,
        "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => Kind::PackageLock,
        "yarn.lock" => Kind::YarnLock,
        "pnpm-lock.yaml" => Kind::PnpmLock,
        "pyproject.toml" => Kind::Pyproject,
        "setup.cfg" => Kind::SetupCfg,
        "Pipfile" => Kind::Pipfile,
        "Pipfile.lock" => Kind::PipfileLock,
        "poetry.lock" | "uv.lock" | "pdm.lock" => Kind::TomlLock,
        "METADATA" | "PKG-INFO" => Kind::PythonMetadata,
        "binding.gyp" => Kind::BindingGyp,
        ".npmrc" | ".yarnrc" | "pip.conf" => Kind::NpmSettings,
        _ if name.ends_with(".pth") => Kind::PathFile,
        _ if name.starts_with("requirements")
            && (name.ends_with(".txt") || name.ends_with(".in")) =>
        {
            Kind::Requirements
        }
        _ if path.contains("requirements/") && name.ends_with(".txt") => Kind::Requirements,
        _ => return None,
    })
}

/// A command that runs while a package is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    /// The canonical name, such as `npm:script.postinstall`.
    pub(crate) api: Rc<str>,
    pub(crate) command: Rc<str>,
    pub(crate) place: Place,
}

/// A script of a `package.json`, which somebody may run by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// The folder of the `package.json`.
    pub(crate) root: Rc<str>,
    pub(crate) name: Rc<str>,
    pub(crate) command: Rc<str>,
    pub(crate) place: Place,
}

/// A file that something other than code loads as code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) language: Language,
    pub(crate) path: Rc<str>,
    pub(crate) place: Place,
    /// Whether that happens while the package is installed.
    pub(crate) install: bool,
}

/// Everything that metadata says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) packages: Vec<PackageFacts>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) oddities: Vec<Oddity>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) entries: Vec<Entry>,
    /// Scripts of `package.json`.
    pub(crate) scripts: Vec<Script>,
    /// Code that is run by being in this file.
    pub(crate) inner: Vec<Inner>,
    /// Folders with a `binding.gyp`, which npm builds without being told to.
    pub(crate) gyp: Vec<(Rc<str>, Place)>,
}

/// One file that is being read.
pub(crate) struct Source<'t> {
    pub(crate) file: FileId,
    pub(crate) path: &'t str,
    pub(crate) text: &'t str,
}

impl Source<'_> {
    fn place(&self, start: usize, end: usize) -> Place {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place { file: self.file, start: number(start), end: number(end) }
    }

    /// The folder that the file is in.
    fn folder(&self) -> Rc<str> {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder).into()
    }

    fn odd(&self, code: &'static str, place: Place, why: &str) -> Oddity {
        Oddity { code, path: self.path.into(), place: Some(place), why: why.into() }
    }
}

/// Reads one file.
pub(crate) fn read(kind: Kind, source: &Source<'_>, found: &mut Found) -> Coverage {
    let outcome = match kind {
        Kind::PackageJson => npm::package_json(source, found),
        Kind::PackageLock => npm_locks::package_lock(source, found),
        Kind::YarnLock => npm_locks::yarn_lock(source, found),
        Kind::PnpmLock => npm_locks::pnpm_lock(source, found),
        Kind::Pyproject => python::pyproject(source, found),
        Kind::Pipfile => python::pipfile(source, found),
        Kind::TomlLock => python::toml_lock(source, found),
        Kind::PipfileLock => python::pipfile_lock(source, found),
        Kind::SetupCfg => lines::setup_cfg(source, found),
        Kind::Requirements => lines::requirements(source, found),
        Kind::PythonMetadata => lines::python_metadata(source, found),
        Kind::PathFile => lines::path_file(source, found),
        Kind::NpmSettings => lines::settings(source, found),
        Kind::BindingGyp => gyp::binding(source, found),
    };
    match outcome {
        Ok(()) => Coverage::Whole,
        Err(why) => Coverage::Unparsed { why: why.into() },
    }
}

fn dependency(
    ecosystem: Ecosystem,
    name: &str,
    requirement: &str,
    origin: DependencyOrigin,
    place: Place,
) -> Dependency {
    Dependency { ecosystem, name: name.into(), requirement: requirement.into(), origin, place }
}

/// Requirements that a `setup.py` writes out as texts; what it computes is not seen.
pub(crate) fn setup_py(source: &Source<'_>, found: &mut Found) {
    lines::setup_py(source, found);
}
