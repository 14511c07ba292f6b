//! Packages of npm.

use crate::entry;
use crate::entry_text::{Protocol, has_extension, is_node_file, relative_path};
use crate::error::PackageError;
use crate::folder;
use crate::infer::{Found, node_modules_of};
use serde_json::Value;
use std::path::Path;

/// Largest `package.json`, in bytes; the largest published ones have about 100 KB.
const MAX_METADATA: u64 = 1 << 20;
/// Deepest nesting of conditions in `exports` that is looked into.
const MAX_CONDITIONS: usize = 8;

/// A folder with a `package.json`.
pub(crate) fn package(home: &Path) -> Result<Found, PackageError> {
    let metadata = metadata(home)?;
    if let Some(file) = entry_file(home, &metadata)? {
        return describe(home, &metadata, &file);
    }
    // What `npm install NAME` leaves behind: nothing of its own to start.
    let modules = home.join("node_modules");
    let names: Vec<&str> = dependencies(&metadata, "dependencies")
        .filter(|name| is_package_name(name) && folder::is_folder(&modules.join(name)))
        .collect();
    match names.as_slice() {
        [] => Err(PackageError::Unknown {
            path: home.to_owned(),
            reason: "its package.json has neither `bin` nor a `main` that exists".to_owned(),
        }),
        [one] => {
            let inner = folder::canonical(&modules.join(one))?;
            if !inner.starts_with(home) {
                return Err(PackageError::Entry {
                    entry: (*one).to_owned(),
                    reason: "leads out of the folder through a symbolic link".to_owned(),
                });
            }
            let metadata = self::metadata(&inner)?;
            let file = entry_file(&inner, &metadata)?.ok_or_else(|| PackageError::Unknown {
                path: inner.clone(),
                reason: "its package.json has neither `bin` nor a `main` that exists".to_owned(),
            })?;
            describe(&inner, &metadata, &file)
        }
        many => Err(PackageError::Ambiguous {
            path: home.to_owned(),
            choices: many.iter().map(|name| modules.join(name)).collect(),
        }),
    }
}

/// A file of an installed package, such as what a link in `.bin` leads to.
pub(crate) fn installed_file(path: &Path) -> Result<Option<Found>, PackageError> {
    let Some(modules) = node_modules_of(path) else {
        return Ok(None);
    };
    let home = path
        .ancestors()
        .skip(1)
        .take_while(|ancestor| ancestor.starts_with(&modules) && **ancestor != modules)
        // A `package.json` without a name only sets the kind of modules.
        .find(|ancestor| metadata(ancestor).is_ok_and(|found| text(&found, "name").is_some()));
    let Some(home) = home else {
        return Ok(None);
    };
    let metadata = metadata(home)?;
    let file = path.strip_prefix(home).unwrap_or(path).to_string_lossy();
    describe(home, &metadata, &file).map(Some)
}

fn metadata(home: &Path) -> Result<Value, PackageError> {
    let path = home.join("package.json");
    let bytes = folder::read(&path, MAX_METADATA, "1 MiB for a package.json")?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let invalid = |reason: String| PackageError::Metadata { path: path.clone(), reason };
    // The parser's own limit of 128 levels bounds the recursion.
    let value: Value = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(invalid("it is not a JSON object".to_owned())) }
}

/// The file to start, relative to the folder; none when nothing is named that exists.
fn entry_file(home: &Path, metadata: &Value) -> Result<Option<String>, PackageError> {
    if let Some(file) = program(home, metadata)? {
        return Ok(Some(file));
    }
    let exported = metadata.get("exports").and_then(|exports| exported(exports, MAX_CONDITIONS));
    let main = text(metadata, "main");
    let named = exported.or(main).unwrap_or("index.js");
    let Ok(named) = relative_path(named) else {
        return Err(PackageError::Entry {
            entry: named.to_owned(),
            reason: "`main` or `exports` of package.json leads out of the package".to_owned(),
        });
    };
    let forms = [
        named.clone(),
        format!("{named}.js"),
        format!("{named}.cjs"),
        format!("{named}/index.js"),
        format!("{named}/index.cjs"),
    ];
    Ok(forms.into_iter().find(|form| folder::is_file(&home.join(form))))
}

/// `bin`: one program, or the one that is called like the package.
fn program(home: &Path, metadata: &Value) -> Result<Option<String>, PackageError> {
    let relative = |file: &str| {
        relative_path(file).map_err(|reason| PackageError::Entry {
            entry: file.to_owned(),
            reason: reason.to_owned(),
        })
    };
    let all = match metadata.get("bin") {
        Some(Value::String(one)) => return relative(one).map(Some),
        Some(Value::Object(all)) => all,
        _ => return Ok(None),
    };
    let name = text(metadata, "name").unwrap_or("");
    let unscoped = name.rsplit('/').next().unwrap_or(name);
    if let Some(named) = all.get(unscoped).and_then(Value::as_str) {
        return relative(named).map(Some);
    }
    let mut files: Vec<String> =
        all.values().filter_map(Value::as_str).map(relative).collect::<Result<_, _>>()?;
    files.sort_unstable();
    files.dedup();
    if files.len() > 1 {
        return Err(PackageError::Ambiguous {
            path: home.to_owned(),
            choices: files.iter().map(|file| home.join(file)).collect(),
        });
    }
    Ok(files.pop())
}

/// What `exports` gives for the package itself under the conditions of node.
fn exported(exports: &Value, left: usize) -> Option<&str> {
    if left == 0 {
        return None;
    }
    match exports {
        Value::String(file) => Some(file),
        Value::Array(choices) => choices.iter().find_map(|choice| exported(choice, left - 1)),
        Value::Object(map) => [".", "node", "import", "require", "default"]
            .iter()
            .filter_map(|key| map.get(*key))
            .find_map(|inner| exported(inner, left - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn describe(home: &Path, metadata: &Value, file: &str) -> Result<Found, PackageError> {
    let code_root = node_modules_of(home).unwrap_or_else(|| home.to_owned());
    let mut notes = Vec::new();
    let path = entry::inside(file, home, &code_root)?;
    let (runtime, entry) = entry::classify(&path, &mut notes).map_err(|error| match error {
        // `main` may point at data or types when the package is no program.
        PackageError::Unsupported { path, .. } if !looks_like_code(&path) => {
            PackageError::Unknown {
                path: home.to_owned(),
                reason: format!("its package.json starts `{}`, which is no script", short(file)),
            }
        }
        other => other,
    })?;
    let mut found = Found::new(runtime, entry, home);
    found.code_root = Some(code_root);
    found.notes = notes;
    if let Some(name) = text(metadata, "name") {
        name.clone_into(&mut found.name);
    }
    found.version = text(metadata, "version")
        .filter(|version| crate::manifest::is_version(version))
        .map(str::to_owned);
    found.description = bounded(text(metadata, "description"));
    found.author = bounded(match metadata.get("author") {
        Some(Value::Object(person)) => person.get("name").and_then(Value::as_str),
        other => other.and_then(Value::as_str),
    });
    found.license = bounded(text(metadata, "license"));
    found.homepage = bounded(text(metadata, "homepage"));
    if speaks_mcp(metadata) {
        found.protocol = Protocol::Mcp;
    }
    Ok(found)
}

fn looks_like_code(path: &Path) -> bool {
    let name = path.to_string_lossy();
    is_node_file(&name)
        || ["ts", "mts", "cts", "tsx", "wasm"]
            .iter()
            .any(|extension| has_extension(&name, extension))
}

/// Built on the protocol's own library, or says so in its keywords.
fn speaks_mcp(metadata: &Value) -> bool {
    let library = |name: &str| {
        name.starts_with("@modelcontextprotocol/") || name == "fastmcp" || name == "mcp-framework"
    };
    let keyword = |word: &Value| {
        word.as_str().is_some_and(|word| {
            matches!(
                word.to_ascii_lowercase().as_str(),
                "mcp" | "mcp-server" | "modelcontextprotocol" | "model-context-protocol"
            )
        })
    };
    // Published bundles name the library among what they were built with.
    ["dependencies", "devDependencies", "peerDependencies"]
        .iter()
        .any(|group| dependencies(metadata, group).any(library))
        || metadata
            .get("keywords")
            .and_then(Value::as_array)
            .is_some_and(|words| words.iter().any(keyword))
}

fn dependencies<'a>(metadata: &'a Value, group: &str) -> impl Iterator<Item = &'a str> {
    metadata
        .get(group)
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|map| map.keys().map(String::as_str))
}

/// The name may become a path below `node_modules`.
fn is_package_name(name: &str) -> bool {
    name.parse::<ringfence_types::PluginName>().is_ok()
}

fn text<'a>(metadata: &'a Value, key: &str) -> Option<&'a str> {
    metadata.get(key).and_then(Value::as_str)
}

fn short(text: &str) -> String {
    crate::reader::short(text)
}

/// Untrusted text, cut to what a card can show.
pub(crate) fn bounded(text: Option<&str>) -> Option<String> {
    let text: String = text?.trim().chars().take(1000).collect();
    (!text.is_empty()).then_some(text)
}
