//! Entry points that were looked up: each exists, lies inside the code root
//! and has the form that its runtime needs. No code is run to find that out.

use crate::entry_text::{self, EntryText, Runtime};
use crate::error::PackageError;
use crate::folder;
use crate::plugin_type::PluginType;
use crate::python_class;
use crate::reader;
use crate::shebang::Shebang;
use crate::sources;
use crate::wasm::{self, Seen, WasmKind};
use serde::Serialize;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Largest script that is started, in bytes. Bundles of real plugins stay below 10 MB.
const MAX_SCRIPT: u64 = 16 << 20;
/// Enough of a file to tell what it is.
const HEAD: u64 = 512;

/// Where a plugin begins. Paths are absolute and free of symbolic links,
/// except a program's own name in `argv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Entry {
    /// A script for `node` or `python`.
    File {
        /// The script.
        path: PathBuf,
    },
    /// A Python class on a plugin base class.
    Class {
        /// The file that defines it.
        path: PathBuf,
        /// Its name.
        class: String,
        /// What has to be on the import path.
        import_root: PathBuf,
    },
    /// A Python function without parameters, such as a console script names.
    Function {
        /// The module, dots between its parts.
        module: String,
        /// The function.
        function: String,
        /// What has to be on the import path.
        import_root: PathBuf,
    },
    /// A program with its arguments. A name without `/` is looked up where the
    /// jail's programs are.
    Command {
        /// The program and its arguments.
        #[serde(serialize_with = "argv_as_text")]
        argv: Vec<OsString>,
    },
}

fn argv_as_text<S: serde::Serializer>(argv: &[OsString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(argv.iter().map(|word| word.to_string_lossy()))
}

fn refused(entry: &str, reason: impl Into<String>) -> PackageError {
    PackageError::Entry { entry: entry.to_owned(), reason: reason.into() }
}

/// Looks up what a manifest says.
pub(crate) fn resolve(
    entry: &EntryText,
    runtime: Runtime,
    plugin_type: Option<PluginType>,
    home: &Path,
    code_root: &Path,
) -> Result<Entry, PackageError> {
    match entry {
        EntryText::File(file) => {
            let path = inside(file, home, code_root)?;
            if runtime == Runtime::Wasm {
                wasm_kind(&path)?;
            } else {
                script(file, &path, runtime)?;
            }
            Ok(Entry::File { path })
        }
        EntryText::Class { file, class } => {
            let path = inside(file, home, code_root)?;
            let import_root = path.parent().unwrap_or(home).to_owned();
            has_class(file, &path, class, plugin_type)?;
            Ok(Entry::Class { path, class: class.clone(), import_root })
        }
        EntryText::ModuleClass { module, class } => {
            let (path, import_root) = module_file(module, home, code_root)?;
            has_class(module, &path, class, plugin_type)?;
            Ok(Entry::Class { path, class: class.clone(), import_root })
        }
        EntryText::Argv(words) => {
            let mut argv: Vec<OsString> = words.iter().map(OsString::from).collect();
            if let (Some(word), Some(program)) = (words.first(), argv.first_mut())
                && word.contains('/')
            {
                let file = entry_text::relative_path(word).map_err(|why| refused(word, why))?;
                let path = inside(&file, home, code_root)?;
                executable(word, &path)?;
                *program = path.into_os_string();
            }
            Ok(Entry::Command { argv })
        }
    }
}

/// The regular file at `file` below `home`, which after all symbolic links
/// still lies in `code_root`.
pub(crate) fn inside(file: &str, home: &Path, code_root: &Path) -> Result<PathBuf, PackageError> {
    let wanted = home.join(file);
    let path = fs::canonicalize(&wanted).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(file, missing(&wanted)),
        _ => folder::unreadable(&wanted, error),
    })?;
    if !path.starts_with(code_root) {
        return Err(refused(
            file,
            "leads out of the package through a symbolic link; copy the file into the package",
        ));
    }
    let metadata = fs::metadata(&path).map_err(|error| folder::unreadable(&path, error))?;
    if metadata.is_dir() {
        return Err(refused(file, "is a folder; name the file in it"));
    }
    if !metadata.is_file() {
        return Err(refused(file, "is not a regular file"));
    }
    Ok(path)
}

/// "does not exist", and what may have been meant.
fn missing(wanted: &Path) -> String {
    let near = wanted.parent().and_then(|parent| {
        let names: Vec<String> = folder::names(parent)
            .ok()?
            .into_iter()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect();
        let wanted = wanted.file_name()?.to_str()?;
        reader::nearest(wanted, names.iter().map(String::as_str)).map(reader::short)
    });
    match near {
        Some(near) => format!("does not exist; did you mean `{near}`?"),
        None => "does not exist".to_owned(),
    }
}

/// A text file that the interpreter of `runtime` takes.
fn script(entry: &str, path: &Path, runtime: Runtime) -> Result<(), PackageError> {
    let bytes = folder::read(path, MAX_SCRIPT, "16 MiB for a script")?;
    if bytes.contains(&0) {
        return Err(refused(entry, "is not text: it holds a NUL byte"));
    }
    let name = path.to_string_lossy();
    let named_so = match runtime {
        Runtime::Node => entry_text::is_node_file(&name),
        Runtime::JavaScript => entry_text::is_node_file(&name) || sources::is_typed(&name),
        Runtime::Python => entry_text::has_extension(&name, "py"),
        Runtime::Command | Runtime::Wasm => true,
    };
    let says_so = Shebang::read(&bytes).is_some_and(|shebang| shebang.runtime() == runtime);
    if named_so || says_so {
        return Ok(());
    }
    refuse_foreign(path, &bytes)?;
    Err(refused(
        entry,
        match runtime {
            Runtime::Node => {
                "is not JavaScript: want `.js`, `.mjs`, `.cjs` or a first line that names node"
            }
            Runtime::JavaScript => {
                "is not JavaScript: want `.js`, `.mjs`, `.cjs`, `.ts`, `.mts` or `.cts`"
            }
            Runtime::Python => "is not Python: want `.py` or a first line that names python",
            Runtime::Command | Runtime::Wasm => "is not a program",
        },
    ))
}

/// What the WebAssembly file at `path` offers.
pub(crate) fn wasm_kind(path: &Path) -> Result<WasmKind, PackageError> {
    look(path, &wasm_bytes(path)?)
}

/// As [`wasm_kind`], with what tells these bytes from others.
pub(crate) fn wasm_seen(path: &Path) -> Result<Seen, PackageError> {
    let bytes = wasm_bytes(path)?;
    Ok(Seen { kind: look(path, &bytes)?, digest: wasm::digest(&bytes) })
}

fn look(path: &Path, bytes: &[u8]) -> Result<WasmKind, PackageError> {
    let name = path.to_string_lossy();
    wasm::look(bytes, &name).map_err(|reason| refused(&name, reason))
}

/// The bytes of the WebAssembly file at `path`, if they are those that were seen.
pub(crate) fn wasm_as_seen(path: &Path, seen: &Seen) -> Result<Vec<u8>, PackageError> {
    let bytes = wasm_bytes(path)?;
    if wasm::digest(&bytes) != seen.digest {
        let reason = "was changed after it was looked at; start it again";
        return Err(refused(&path.to_string_lossy(), reason));
    }
    Ok(bytes)
}

fn wasm_bytes(path: &Path) -> Result<Vec<u8>, PackageError> {
    folder::read(path, wasm::MAX_WASM, "64 MiB for WebAssembly")
}

/// Something that the kernel can execute.
fn executable(entry: &str, path: &Path) -> Result<(), PackageError> {
    let head = folder::head(path, HEAD)?;
    refuse_foreign(path, &head)?;
    if !head.starts_with(b"\x7fELF") && !head.starts_with(b"#!") {
        return Err(refused(
            entry,
            "is not a program: want an ELF file, or a script whose first line begins with `#!`",
        ));
    }
    let metadata = fs::metadata(path).map_err(|error| folder::unreadable(path, error))?;
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(refused(entry, "is not executable; mend it with `chmod +x`"));
    }
    Ok(())
}

/// Kinds of program that exist and that this version has no way to run.
fn refuse_foreign(path: &Path, head: &[u8]) -> Result<(), PackageError> {
    let name = path.to_string_lossy();
    let is = |extension: &str| entry_text::has_extension(&name, extension);
    let what = if head.starts_with(b"\0asm") {
        "WebAssembly, which wants `runtime: wasm`"
    } else if is("ts") || is("mts") || is("cts") || is("tsx") {
        "TypeScript, to be compiled to JavaScript first or declared as `runtime: javascript`"
    } else if head.starts_with(b"MZ") {
        "a program for another operating system"
    } else {
        return Ok(());
    };
    Err(PackageError::Unsupported { path: path.to_owned(), what })
}

/// What a file is by its content and name, without a manifest.
pub(crate) fn classify(
    path: &Path,
    notes: &mut Vec<String>,
) -> Result<(Runtime, Entry), PackageError> {
    let shown = path.to_string_lossy().into_owned();
    let head = folder::head(path, HEAD)?;
    if head.starts_with(b"\0asm") {
        wasm_kind(path)?;
        return Ok((Runtime::Wasm, Entry::File { path: path.to_owned() }));
    }
    refuse_foreign(path, &head)?;
    let shebang = Shebang::read(&head);
    let runtime = match &shebang {
        Some(shebang) => shebang.runtime(),
        None if head.starts_with(b"\x7fELF") => Runtime::Command,
        None if entry_text::is_node_file(&shown) => Runtime::Node,
        None if entry_text::has_extension(&shown, "py") => Runtime::Python,
        None => {
            return Err(PackageError::Unsupported {
                path: path.to_owned(),
                what: "neither a script nor a program",
            });
        }
    };
    if runtime == Runtime::Command {
        executable(&shown, path)?;
        let argv = vec![path.as_os_str().to_owned()];
        return Ok((runtime, Entry::Command { argv }));
    }
    script(&shown, path, runtime)?;
    if let Some(shebang) = shebang
        && !shebang.options.is_empty()
    {
        notes.push(format!(
            "the interpreter options `{}` of the first line are not used",
            reader::short(&shebang.options.join(" "))
        ));
    }
    Ok((runtime, Entry::File { path: path.to_owned() }))
}

/// The file of a module, and the folder from which Python would import it.
fn module_file(
    module: &str,
    home: &Path,
    code_root: &Path,
) -> Result<(PathBuf, PathBuf), PackageError> {
    let stem = module.replace('.', "/");
    for below in ["", "src/"] {
        for form in [format!("{below}{stem}.py"), format!("{below}{stem}/__init__.py")] {
            if folder::exists(&home.join(&form)) {
                let import_root = if below.is_empty() { home.to_owned() } else { home.join("src") };
                return Ok((inside(&form, home, code_root)?, import_root));
            }
        }
    }
    Err(refused(module, format!("no such module: looked for `{stem}.py` and `{stem}/__init__.py`")))
}

/// The file defines the class at its top level, on a base that fits.
fn has_class(
    entry: &str,
    path: &Path,
    class: &str,
    plugin_type: Option<PluginType>,
) -> Result<(), PackageError> {
    script(entry, path, Runtime::Python)?;
    let bytes = folder::read(path, MAX_SCRIPT, "16 MiB for a script")?;
    let classes = python_class::top_level_classes(&String::from_utf8_lossy(&bytes));
    if !classes.iter().any(|other| other.name == class) {
        let near = reader::nearest(class, classes.iter().map(|class| class.name.as_str()))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(refused(entry, format!("defines no class `{class}` at its top level{near}")));
    }
    let bases = python_class::outer_bases(&classes, class);
    if bases.iter().any(|base| fits(base, plugin_type)) {
        return Ok(());
    }
    let wanted = plugin_type
        .and_then(PluginType::base_class)
        .unwrap_or("a base whose name ends in `Plugin`");
    let of = plugin_type.map_or_else(String::new, |kind| format!(" of the type `{kind}`"));
    Err(refused(entry, format!("the class `{class}` is no plugin{of}: want {wanted} as its base")))
}

/// The base of another type does not fit; a base of the plugin's own making
/// does, if it is called a plugin.
fn fits(base: &str, plugin_type: Option<PluginType>) -> bool {
    let meant_for = PluginType::ALL.iter().find(|kind| kind.base_class() == Some(base));
    match (meant_for, plugin_type) {
        (Some(meant_for), Some(plugin_type)) => *meant_for == plugin_type,
        (Some(_), None) => true,
        (None, _) => base.ends_with("Plugin"),
    }
}
