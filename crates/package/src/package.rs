//! A package: everything that is known of a plugin before it runs.

use crate::action::Action;
use crate::declared::Declared;
use crate::digest;
use crate::entry::{self, Entry};
use crate::entry_text::{Protocol, Runtime};
use crate::error::{MANIFEST_NAME, PackageError};
use crate::folder;
use crate::infer::{self, Found};
use crate::manifest::Manifest;
use crate::node::MAX_MANIFEST_BYTES;
use crate::plugin_type::{PluginType, expected_for};
use crate::resources::ResourceRequest;
use crate::runtime_choice;
use crate::sources::{self, Sources};
use crate::wasm::{Seen, WasmKind};
use ringfence_types::{Digest, PluginName};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A plugin on this machine, read and checked, with nothing of it run.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name; inferred names are made of the characters a name may have.
    pub name: PluginName,
    /// Its version as written.
    pub version: Option<String>,
    /// Untrusted text.
    pub author: Option<String>,
    /// Untrusted text.
    pub description: Option<String>,
    /// Untrusted text.
    pub license: Option<String>,
    /// Untrusted text.
    pub homepage: Option<String>,
    /// What it is for, if it says so.
    pub plugin_type: Option<PluginType>,
    /// What executes it. A command line that names node or python has their
    /// runtime too, because the jail must know.
    pub runtime: Runtime,
    /// How it talks.
    pub protocol: Protocol,
    /// What a WebAssembly file offers.
    pub wasm: Option<WasmKind>,
    /// Whether one state serves all calls. Only the built-in engine can begin each
    /// call anew, and does unless this is set.
    pub stateful: bool,
    /// JavaScript of the built-in engine: no `eval`, no function made from text, no
    /// `import()`.
    pub strict: bool,
    /// Where it begins.
    pub entry: Entry,
    /// What is handed to its program; actions take none.
    pub arguments: Vec<OsString>,
    /// What must be readable for it to run: a folder or a single file. It can
    /// be wider than `folder`: dependencies of an npm package lie beside it in
    /// `node_modules`. None for a program that is looked up by name.
    pub code_root: Option<PathBuf>,
    /// Its own folder, or the one file it consists of.
    pub folder: Option<PathBuf>,
    /// The interpreter that belongs to it (a virtual environment's), not
    /// resolved: Python finds its packages by this very path.
    pub interpreter: Option<PathBuf>,
    /// Folders that Python must have on its import path.
    pub python_path: Vec<PathBuf>,
    /// What it offers, if it says so.
    pub actions: Vec<Action>,
    /// What it asks for. Inference never asks for anything.
    pub declared: Vec<Declared>,
    /// Limits that it states for itself.
    pub resources: ResourceRequest,
    /// Whether it needs memory that is writable and executable, beyond what
    /// node needs anyway.
    pub jit: bool,
    /// Whether there was no manifest.
    pub inferred: bool,
    /// What the person who decides should know; safe to show.
    pub notes: Vec<String>,
    wasm_seen: Option<Seen>,
    sources_seen: Option<Digest>,
    digest: OnceLock<Digest>,
}

impl Package {
    /// Reads the package at `path`: a folder with or without a manifest, a
    /// script, or a program.
    ///
    /// # Errors
    /// When it cannot be read, is not valid, or is of a kind that this version
    /// does not run.
    pub fn open(path: &Path) -> Result<Package, PackageError> {
        let given = folder::canonical(path)?;
        if folder::is_folder(&given) {
            return Self::open_folder(&given);
        }
        if given.file_name().is_some_and(|name| name == MANIFEST_NAME)
            && let Some(parent) = given.parent()
        {
            return Self::open_folder(parent);
        }
        Ok(Self::inferred(infer::file(&given)?))
    }

    /// A command line that the operator typed.
    ///
    /// # Errors
    /// When it is empty, holds a NUL, or begins with a path at which there is
    /// no program.
    pub fn command(argv: Vec<OsString>) -> Result<Package, PackageError> {
        Ok(Self::inferred(infer::command(argv)?))
    }

    /// Reads a folder without looking for a manifest.
    ///
    /// # Errors
    /// When nothing in the folder says how to start it, or several things do.
    pub fn infer(path: &Path) -> Result<Package, PackageError> {
        let given = folder::canonical(path)?;
        let found =
            if folder::is_folder(&given) { infer::folder(&given)? } else { infer::file(&given)? };
        Ok(Self::inferred(found))
    }

    fn open_folder(home: &Path) -> Result<Package, PackageError> {
        let path = home.join(MANIFEST_NAME);
        let bytes =
            folder::read_if_there(&path, MAX_MANIFEST_BYTES as u64, "256 KiB for a manifest")?;
        if let Some(bytes) = bytes {
            return Self::with_manifest(Manifest::parse_bytes(&bytes)?, home);
        }
        for other in ["plugin.yml", "plugin.json", "Plugin.yaml"] {
            if folder::exists(&home.join(other)) {
                return Err(PackageError::Unknown {
                    path: home.to_owned(),
                    reason: format!("its `{other}` is not read; rename it to `{MANIFEST_NAME}`"),
                });
            }
        }
        Ok(Self::inferred(infer::folder(home)?))
    }

    fn with_manifest(manifest: Manifest, home: &Path) -> Result<Package, PackageError> {
        let mut declared = Vec::with_capacity(manifest.requested.len());
        for requested in &manifest.requested {
            let one = requested
                .resolve(home)
                .map_err(|source| PackageError::Scope { line: requested.at.line, source })?;
            declared.push(one);
        }
        let mut notes = unusual(manifest.plugin_type, &declared);
        let found = match (&manifest.entry, manifest.runtime) {
            (Some(text), Some(runtime)) => {
                let code_root = infer::node_modules_of(home).unwrap_or_else(|| home.to_owned());
                let resolve =
                    |runtime| entry::resolve(text, runtime, manifest.plugin_type, home, &code_root);
                let mut entry = resolve(runtime)?;
                let mut runtime = runtime;
                if manifest.automatic
                    && let Entry::File { path } = &entry
                {
                    let choice = runtime_choice::choose(path, home, manifest.protocol);
                    runtime = choice.runtime;
                    notes.push(choice.why);
                    // Node.js takes no types.
                    entry = resolve(runtime)?;
                }
                let mut found = Found::new(runtime, entry, home);
                found.code_root = Some(code_root);
                found.protocol = match runtime {
                    Runtime::Node | Runtime::Python | Runtime::JavaScript => Protocol::Actions,
                    Runtime::Command | Runtime::Wasm => Protocol::Plain,
                };
                found.look_inside()?
            }
            // The manifest leaves it to the folder.
            _ => {
                let found = infer::folder(home)?;
                if let Some(stated) = manifest.runtime
                    && stated != found.runtime
                {
                    return Err(PackageError::Entry {
                        entry: home.to_string_lossy().into_owned(),
                        reason: format!(
                            "the manifest says `runtime: {}`, but what the folder holds is for `{}`; add `entry`",
                            stated.word(),
                            found.runtime.word()
                        ),
                    });
                }
                found
            }
        };
        let mut package = Self::inferred(found);
        notes.append(&mut package.notes);
        let mut package = Package {
            name: manifest.name,
            version: manifest.version.or(package.version),
            author: manifest.author.or(package.author),
            description: manifest.description.or(package.description),
            license: manifest.license.or(package.license),
            homepage: manifest.homepage.or(package.homepage),
            plugin_type: manifest.plugin_type,
            protocol: manifest.protocol.unwrap_or(package.protocol),
            // The manifest belongs to this folder, wherever its entry lies.
            folder: Some(home.to_owned()),
            actions: manifest.actions,
            declared,
            resources: manifest.resources,
            jit: manifest.jit,
            stateful: manifest.stateful.unwrap_or(package.stateful),
            strict: manifest.strict.unwrap_or(package.strict),
            inferred: false,
            notes,
            ..package
        };
        // What cannot be handed over is told before anybody decides.
        package.sources_seen = package.sources()?.map(|sources| sources.digest());
        Ok(package)
    }

    fn inferred(found: Found) -> Package {
        Package {
            name: plugin_name(&found.name),
            version: found.version,
            author: found.author,
            description: found.description,
            license: found.license,
            homepage: found.homepage,
            plugin_type: None,
            runtime: found.runtime,
            protocol: found.protocol,
            wasm: found.wasm.map(|seen| seen.kind),
            wasm_seen: found.wasm,
            sources_seen: None,
            stateful: !found.runtime.is_built_in(),
            strict: found.runtime == Runtime::JavaScript,
            entry: found.entry,
            arguments: Vec::new(),
            code_root: found.code_root,
            folder: found.folder,
            interpreter: found.interpreter,
            python_path: found.python_path,
            actions: Vec::new(),
            declared: Vec::new(),
            resources: ResourceRequest::default(),
            jit: false,
            inferred: true,
            notes: found.notes,
            digest: OnceLock::new(),
        }
    }

    /// The package with these arguments for its program. They belong to what is asked for:
    /// a yes for others does not hold.
    ///
    /// # Errors
    /// When it has actions, or runs on the built-in engine: those take none. When one holds
    /// a NUL.
    pub fn with_arguments(self, arguments: Vec<OsString>) -> Result<Package, PackageError> {
        if arguments == self.arguments {
            return Ok(self);
        }
        if arguments.iter().any(|word| word.as_bytes().contains(&0)) {
            return Err(PackageError::Command("an argument holds a NUL byte"));
        }
        if self.protocol == Protocol::Actions || self.runtime.is_built_in() {
            return Err(PackageError::Command("this plugin takes an input and no arguments"));
        }
        Ok(Package { arguments, digest: OnceLock::new(), ..self })
    }

    /// The files of a plugin for the built-in engine of JavaScript, read anew. None for
    /// every other plugin.
    ///
    /// # Errors
    /// When a file cannot be read or is no text, an import leads out of the package, or
    /// there are more than 1,000 files or 16 MiB. When they are not those that were
    /// looked at when the package was opened.
    pub fn sources(&self) -> Result<Option<Sources>, PackageError> {
        let (Entry::File { path }, Some(folder), Runtime::JavaScript) =
            (&self.entry, &self.folder, self.runtime)
        else {
            return Ok(None);
        };
        let sources = sources::gather(path, folder)?;
        if self.sources_seen.is_some_and(|seen| seen != sources.digest()) {
            return Err(PackageError::Entry {
                entry: path.to_string_lossy().into_owned(),
                reason:
                    "or a file that it imports was changed after it was looked at; start it again"
                        .to_owned(),
            });
        }
        Ok(Some(sources))
    }

    /// The WebAssembly that it is, read again; `None` for what is none.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was looked at when the package was
    /// opened: what a person is shown, and says yes to, is what is compiled.
    pub fn webassembly(&self) -> Result<Option<Vec<u8>>, PackageError> {
        match (&self.entry, &self.wasm_seen) {
            (Entry::File { path }, Some(seen)) => entry::wasm_as_seen(path, seen).map(Some),
            _ => Ok(None),
        }
    }

    /// SHA-256 over everything it can run: all of `code_root`, with the entry
    /// beside it. Reads every file on the first call, so a run that needs no
    /// consent need not call it. For a program by name, as [`Self::identity`].
    ///
    /// # Errors
    /// When a file cannot be read, or the package has more than 100,000 files
    /// or 1 GiB.
    pub fn digest(&self) -> Result<Digest, PackageError> {
        if let Some(digest) = self.digest.get() {
            return Ok(*digest);
        }
        let digest = match &self.code_root {
            Some(root) => digest::of_tree(root, &self.label(root))?,
            None => self.identity(),
        };
        Ok(*self.digest.get_or_init(|| digest))
    }

    /// A digest of what the package is called on this machine: its entry with
    /// all arguments. It reads no file, so it says nothing about content and
    /// must not stand for consent.
    #[must_use]
    pub fn identity(&self) -> Digest {
        digest::of_words(
            b"ringfence identity 1\n",
            self.entry_words(None).iter().map(Vec::as_slice),
        )
    }

    /// The entry as bytes, so that two plugins in one folder differ, and the
    /// same plugin in two places does not.
    fn label(&self, root: &Path) -> Vec<u8> {
        let words = self.entry_words(Some(root));
        digest::of_words(b"entry", words.iter().map(Vec::as_slice)).as_bytes().to_vec()
    }

    fn entry_words(&self, root: Option<&Path>) -> Vec<Vec<u8>> {
        let relative = |path: &Path| {
            let path = root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path);
            path.as_os_str().as_bytes().to_vec()
        };
        let mut words = vec![self.runtime.word().as_bytes().to_vec()];
        match &self.entry {
            Entry::File { path } => words.extend([b"file".to_vec(), relative(path)]),
            Entry::Class { path, class, .. } => {
                words.extend([b"class".to_vec(), relative(path), class.clone().into_bytes()]);
            }
            Entry::Function { module, function, import_root } => words.extend([
                b"function".to_vec(),
                relative(import_root),
                module.clone().into_bytes(),
                function.clone().into_bytes(),
            ]),
            Entry::Command { argv } => {
                words.push(b"command".to_vec());
                words.extend(argv.iter().map(|word| relative(Path::new(word))));
            }
        }
        if !self.arguments.is_empty() {
            words.push(b"arguments".to_vec());
            words.extend(self.arguments.iter().map(|word| word.as_bytes().to_vec()));
        }
        words
    }
}

/// A word to the person who decides about each permission that plugins of
/// this type do not usually ask for.
fn unusual(plugin_type: Option<PluginType>, declared: &[Declared]) -> Vec<String> {
    let Some(plugin_type) = plugin_type else {
        return Vec::new();
    };
    let expected = expected_for(plugin_type);
    let mut notes: Vec<String> = Vec::new();
    for one in declared {
        let kind = one.capability.kind();
        if !expected.contains(&kind) {
            let note = format!("{kind} is unusual for the type {plugin_type}");
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// A name made of what a name may hold.
fn plugin_name(text: &str) -> PluginName {
    if let Ok(name) = text.parse() {
        return name;
    }
    let mended: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(214)
        .collect();
    mended.parse().unwrap_or_else(|_| fallback_name())
}

#[expect(clippy::expect_used, reason = "a constant, which the test below parses")]
fn fallback_name() -> PluginName {
    "plugin".parse().expect("`plugin` is a plugin name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_whatever_a_folder_is_called() {
        for (given, name) in [
            ("left-pad", "left-pad"),
            ("My Server", "My-Server"),
            ("../../x", "x"),
            ("\u{202e}\x1b[2J", "2J"),
            ("", "plugin"),
            ("\u{6f22}", "plugin"),
        ] {
            assert_eq!(plugin_name(given).as_str(), name);
        }
        assert_eq!(plugin_name(&"a".repeat(5000)).as_str().len(), 214);
    }
}
