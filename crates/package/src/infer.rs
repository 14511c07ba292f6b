//! What can be told of a plugin that has no manifest. Inference finds out how
//! to start it and never what it may do.

use crate::entry::{self, Entry};
use crate::entry_text::{Protocol, Runtime};
use crate::error::PackageError;
use crate::folder;
use crate::infer_node;
use crate::infer_python;
use crate::shebang::Shebang;
use crate::wasm::{Seen, WasmKind};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What was found out.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// As it stands in the metadata, or a file's name; not checked.
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) runtime: Runtime,
    pub(crate) protocol: Protocol,
    pub(crate) wasm: Option<Seen>,
    pub(crate) entry: Entry,
    pub(crate) code_root: Option<PathBuf>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) interpreter: Option<PathBuf>,
    pub(crate) python_path: Vec<PathBuf>,
    pub(crate) notes: Vec<String>,
}

impl Found {
    /// A plugin that is all of `home`, a folder or a file.
    pub(crate) fn new(runtime: Runtime, entry: Entry, home: &Path) -> Self {
        Self {
            name: stem(home),
            version: None,
            author: None,
            description: None,
            license: None,
            homepage: None,
            runtime,
            protocol: Protocol::Plain,
            wasm: None,
            entry,
            code_root: Some(home.to_owned()),
            folder: Some(home.to_owned()),
            interpreter: None,
            python_path: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Found {
    /// WebAssembly says by its exports how it talks.
    pub(crate) fn look_inside(mut self) -> Result<Self, PackageError> {
        if self.runtime == Runtime::Wasm
            && let Entry::File { path } = &self.entry
        {
            let seen = entry::wasm_seen(path)?;
            self.wasm = Some(seen);
            self.protocol = match seen.kind {
                WasmKind::Plugin | WasmKind::Module => Protocol::Actions,
                WasmKind::Program => Protocol::Plain,
            };
        }
        Ok(self)
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The outermost `node_modules` that `path` is in. That folder alone makes all
/// dependencies of an installed package resolvable, without showing what else
/// lies in the project around it.
pub(crate) fn node_modules_of(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .filter(|ancestor| ancestor.file_name() == Some(OsStr::new("node_modules")))
        .last()
        .map(Path::to_owned)
}

/// A folder without a manifest; `home` is canonical.
pub(crate) fn folder(home: &Path) -> Result<Found, PackageError> {
    if folder::exists(&home.join("pyvenv.cfg")) {
        return infer_python::environment(home);
    }
    if folder::exists(&home.join("package.json")) {
        return infer_node::package(home);
    }
    let names = folder::names(home)?;
    let has = |wanted: &str| names.iter().any(|(name, _)| name == wanted);
    if names.iter().any(|(name, _)| name.as_bytes().ends_with(b".dist-info")) {
        return infer_python::target_folder(home);
    }
    if has("pyproject.toml")
        && let Some(found) = infer_python::project(home)?
    {
        return Ok(found);
    }
    for name in ["__main__.py", "main.py", "index.js", "index.mjs", "index.cjs"] {
        if has(name) {
            return script_in(home, name);
        }
    }
    let scripts: Vec<&str> = names
        .iter()
        .filter_map(|(name, _)| name.to_str())
        .filter(|name| {
            crate::entry_text::has_extension(name, "py")
                || crate::entry_text::has_extension(name, "wasm")
                || crate::entry_text::is_node_file(name)
        })
        .collect();
    match scripts.as_slice() {
        [one] => script_in(home, one),
        [] => Err(PackageError::Unknown {
            path: home.to_owned(),
            reason: "nothing in it says how to start it; looked for package.json, \
                     pyproject.toml, pyvenv.cfg, main.py and index.js"
                .to_owned(),
        }),
        many => Err(PackageError::Ambiguous {
            path: home.to_owned(),
            choices: many.iter().map(|name| home.join(name)).collect(),
        }),
    }
}

fn script_in(home: &Path, name: &str) -> Result<Found, PackageError> {
    let mut notes = Vec::new();
    let path = entry::inside(name, home, home)?;
    let (runtime, entry) = entry::classify(&path, &mut notes)?;
    let mut found = Found::new(runtime, entry, home);
    found.notes = notes;
    found.look_inside()
}

/// A script or program; `path` is canonical.
pub(crate) fn file(path: &Path) -> Result<Found, PackageError> {
    if let Some(found) = infer_node::installed_file(path)? {
        return Ok(found);
    }
    if let Some(found) = infer_python::installed_script(path)? {
        return Ok(found);
    }
    let mut notes = Vec::new();
    let (runtime, entry) = entry::classify(path, &mut notes)?;
    // Only the file itself: its folder may be a person's home.
    let mut found = Found::new(runtime, entry, path);
    found.notes = notes;
    found.look_inside()
}

/// A command line as typed.
pub(crate) fn command(mut argv: Vec<OsString>) -> Result<Found, PackageError> {
    if argv.iter().any(|word| word.as_bytes().contains(&0)) {
        return Err(PackageError::Command("an argument holds a NUL byte"));
    }
    let Some(program) = argv.first_mut().filter(|program| !program.is_empty()) else {
        return Err(PackageError::Command("there is no program"));
    };
    let mut around = None;
    let mut runtime = interpreter(program);
    let mut name = stem(Path::new(program));
    if program.as_bytes().contains(&b'/') {
        // The last component stays as typed: an environment's python is a
        // link, and finds its packages by the place of the link.
        let typed = PathBuf::from(program.clone());
        let resolved = folder::canonical(&typed)?;
        if !folder::is_file(&resolved) {
            return Err(PackageError::Command("the program is not a file"));
        }
        let in_place = match (typed.parent(), typed.file_name()) {
            (Some(parent), Some(last)) if !parent.as_os_str().is_empty() => {
                folder::canonical(parent)?.join(last)
            }
            _ => resolved.clone(),
        };
        around = Some(surroundings(&in_place, &resolved));
        if runtime == Runtime::Command {
            runtime = folder::head(&resolved, 512)
                .ok()
                .and_then(|head| Shebang::read(&head))
                .map_or(Runtime::Command, |shebang| shebang.runtime());
        }
        // Node.js follows the link to a package's program, and finds the rest from there.
        let followed = runtime == Runtime::Node && node_modules_of(&resolved).is_some();
        *program = if followed { resolved } else { in_place }.into_os_string();
    }
    // `node server.js`: the script is part of the program, not of its data.
    if interpreter(argv.first().map_or(OsStr::new(""), OsString::as_os_str)) != Runtime::Command
        && let Some(script) = script_of(&argv)
        && let Ok(resolved) = folder::canonical(Path::new(script))
        && folder::is_file(&resolved)
    {
        name = stem(&resolved);
        if around.as_deref().is_none_or(|root| !resolved.starts_with(root)) {
            around = Some(surroundings(&resolved, &resolved));
        }
    }
    let mut found = Found::new(runtime, Entry::Command { argv }, Path::new(""));
    found.name = name;
    found.code_root = around;
    found.folder = None;
    Ok(found)
}

/// The first argument that is no option, unless options come first: which of
/// them take a value is not known here.
fn script_of(argv: &[OsString]) -> Option<&OsString> {
    argv.get(1).filter(|word| !word.as_bytes().starts_with(b"-") && !word.is_empty())
}

fn interpreter(program: &OsStr) -> Runtime {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    Shebang { interpreter: name.into_owned(), options: Vec::new() }.runtime()
}

/// What has to be readable for the file at `path` to run.
fn surroundings(path: &Path, resolved: &Path) -> PathBuf {
    node_modules_of(resolved)
        .or_else(|| infer_python::environment_of(path))
        .or_else(|| infer_python::environment_of(resolved))
        .unwrap_or_else(|| resolved.to_owned())
}
