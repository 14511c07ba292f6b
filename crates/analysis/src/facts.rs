//! Everything that was found out about a package, before any rule has spoken.

use std::rc::Rc;

use crate::place::{FileId, Place};
use crate::trace::{Coverage, Trace};

/// What a package is and does.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What its code does, over all files and languages.
    pub trace: Trace,
    /// What each file is, in the order of the tree.
    pub files: Vec<FileFacts>,
    /// What it depends on, as it says.
    pub dependencies: Vec<Dependency>,
    /// The packages that are in it, as they call themselves, in the order of their
    /// folders.
    pub packages: Vec<PackageFacts>,
    /// What is odd about its files, whatever they do.
    pub oddities: Vec<Oddity>,
    /// How many bytes were understood, and how many there are.
    pub covered: Covered,
}

/// What a package says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFacts {
    /// Whose names it is from.
    pub ecosystem: Ecosystem,
    /// The folder it is in, without a `/` at the end; empty for the tree's own root.
    pub root: Rc<str>,
    /// Its name, as written.
    pub name: Option<Rc<str>>,
    /// Its version, as written.
    pub version: Option<Rc<str>>,
    /// Where it says so.
    pub place: Place,
}

/// Something odd about a file or about how the files were packed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oddity {
    /// A stable code, such as `packed-binary` or `path-outside`.
    pub code: &'static str,
    /// The file's path, as far as there is one; not safe to show.
    pub path: Rc<str>,
    /// Where, in a file of the tree.
    pub place: Option<Place>,
    /// What is odd, as a lowercase fragment; may hold text of the package.
    pub why: Rc<str>,
}

/// Bytes by what became of them; together they are all bytes of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Covered {
    /// Code and metadata that was parsed and evaluated.
    pub parsed: u64,
    /// Text and pictures that nothing runs.
    pub data: u64,
    /// Bytes that may be code and that nobody understood.
    pub opaque: u64,
}

/// What one file is.
#[derive(Clone, Debug, PartialEq)]
pub struct FileFacts {
    /// The file.
    pub file: FileId,
    /// What its bytes are.
    pub class: Class,
    /// How much of it was understood.
    pub coverage: Coverage,
}

/// What the bytes of a file are. Decided by what is in them and by who loads them, not
/// by their name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// JavaScript or TypeScript.
    JavaScript,
    /// Python.
    Python,
    /// A script for a shell.
    Shell,
    /// A module or component of WebAssembly.
    WebAssembly,
    /// A program or library for a processor.
    Native,
    /// Something that says what a package is: `package.json`, a lock file.
    Metadata,
    /// Text or pictures that nothing runs: documents, licences, styles.
    Data,
    /// An archive within the package.
    Archive,
    /// Code of another language, which is not evaluated.
    OtherCode,
    /// Bytes of which nothing is known.
    Opaque,
    /// Not named as code, and loaded as code.
    CodeInData,
}

/// One thing that the package depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Whose names it is from.
    pub ecosystem: Ecosystem,
    /// Its name, as written.
    pub name: Rc<str>,
    /// What is asked for, as written.
    pub requirement: Rc<str>,
    /// Where it comes from.
    pub origin: DependencyOrigin,
    /// Where it says so.
    pub place: Place,
}

/// Whose names a dependency is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// The registry of npm.
    Npm,
    /// The Python package index.
    Pypi,
}

/// Where a dependency comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyOrigin {
    /// The registry.
    Registry,
    /// A repository.
    Git,
    /// An address.
    Url,
    /// A folder or file.
    File,
}
