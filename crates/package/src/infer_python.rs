//! Python: virtual environments, folders that pip filled, projects.

use crate::entry::{self, Entry};
use crate::entry_text::{Protocol, Runtime, is_identifier};
use crate::error::PackageError;
use crate::folder;
use crate::infer::Found;
use crate::infer_node::bounded;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Largest `pyproject.toml`, in bytes.
const MAX_METADATA: u64 = 1 << 20;
/// How much of an installed distribution's metadata is read, in bytes; headers
/// of real ones stay below 40 KB.
const MAX_HEADERS: u64 = 256 << 10;
/// Most distributions of one environment that are looked at.
const MAX_DISTRIBUTIONS: usize = 2000;
/// Installed by every environment, meant by nobody.
const TOOLS: &[&str] = &["pip", "setuptools", "wheel", "uv"];

/// One installed distribution.
#[derive(Debug, Default)]
struct Distribution {
    name: String,
    version: Option<String>,
    summary: Option<String>,
    author: Option<String>,
    license: Option<String>,
    homepage: Option<String>,
    speaks_mcp: bool,
    /// pip marks what was asked for, as opposed to what that needed.
    requested: bool,
    scripts: Vec<Script>,
}

/// `name = module:function` of `[console_scripts]`.
#[derive(Clone, Debug)]
struct Script {
    name: String,
    module: String,
    function: String,
}

/// A virtual environment: the console script of what was installed into it.
pub(crate) fn environment(home: &Path) -> Result<Found, PackageError> {
    let mut all = Vec::new();
    for packages in site_packages(home)? {
        all.extend(distributions(&packages)?);
    }
    let (distribution, script) = choose(home, all)?;
    let mut found = script_found(home, &distribution, &script, None)?;
    found.interpreter = Some(home.join("bin/python"));
    Ok(found)
}

/// What `pip install --target` fills: packages, their metadata, and `bin`.
pub(crate) fn target_folder(home: &Path) -> Result<Found, PackageError> {
    let (distribution, script) = choose(home, distributions(home)?)?;
    let mut found = script_found(home, &distribution, &script, Some(home))?;
    found.python_path = vec![home.to_owned()];
    Ok(found)
}

/// A file in `bin` of an environment or of a filled folder.
pub(crate) fn installed_script(path: &Path) -> Result<Option<Found>, PackageError> {
    let Some(home) = environment_of(path) else {
        return Ok(None);
    };
    let is_environment = folder::exists(&home.join("pyvenv.cfg"));
    let mut all = Vec::new();
    if is_environment {
        for packages in site_packages(&home)? {
            all.extend(distributions(&packages)?);
        }
    } else {
        all = distributions(&home)?;
    }
    let mut notes = Vec::new();
    let (runtime, entry) = entry::classify(path, &mut notes)?;
    let mut found = Found::new(runtime, entry, &home);
    found.notes = notes;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    found.name = name.clone().into_owned();
    if let Some(distribution) =
        all.iter().find(|one| one.scripts.iter().any(|script| script.name == name))
    {
        describe(&mut found, distribution);
    }
    if is_environment {
        found.interpreter = Some(home.join("bin/python"));
    } else {
        found.python_path = vec![home.clone()];
    }
    Ok(Some(found))
}

/// The environment or filled folder whose `bin` holds `path`.
pub(crate) fn environment_of(path: &Path) -> Option<PathBuf> {
    let bin = path.parent()?;
    if bin.file_name() != Some(OsStr::new("bin")) {
        return None;
    }
    let home = bin.parent()?;
    let filled = || {
        folder::names(home).is_ok_and(|names| {
            names.iter().any(|(name, _)| name.as_bytes().ends_with(b".dist-info"))
        })
    };
    (folder::exists(&home.join("pyvenv.cfg")) || filled()).then(|| home.to_owned())
}

/// A project with `[project.scripts]`; none when it names no script.
pub(crate) fn project(home: &Path) -> Result<Option<Found>, PackageError> {
    let path = home.join("pyproject.toml");
    let bytes = folder::read(&path, MAX_METADATA, "1 MiB for a pyproject.toml")?;
    let invalid = |reason: String| PackageError::Metadata {
        path: path.clone(),
        reason: ringfence_types::UntrustedText::new(&reason).to_string(),
    };
    let source = std::str::from_utf8(&bytes).map_err(|error| invalid(error.to_string()))?;
    let table: toml::Table =
        source.parse().map_err(|error: toml::de::Error| invalid(error.message().to_owned()))?;
    let Some(project) = table.get("project").and_then(toml::Value::as_table) else {
        return Ok(None);
    };
    let text = |key: &str| project.get(key).and_then(toml::Value::as_str);
    let name = text("name").unwrap_or("");
    let mut scripts: Vec<Script> = project
        .get("scripts")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| script(name, value.as_str()?))
        .collect();
    if let Some(own) = scripts.iter().position(|script| script.name == name) {
        scripts = vec![scripts.swap_remove(own)];
    }
    let [script] = scripts.as_slice() else {
        return if scripts.is_empty() {
            Ok(None)
        } else {
            Err(PackageError::Unknown {
                path: home.to_owned(),
                reason: format!(
                    "its pyproject.toml has {} scripts; write a manifest that names one",
                    scripts.len()
                ),
            })
        };
    };
    let root = import_root(home, &script.module)?;
    let mut found = Found::new(
        Runtime::Python,
        Entry::Function {
            module: script.module.clone(),
            function: script.function.clone(),
            import_root: root.clone(),
        },
        home,
    );
    found.python_path = vec![root];
    if !name.is_empty() {
        name.clone_into(&mut found.name);
    }
    found.version =
        text("version").filter(|version| crate::manifest::is_version(version)).map(str::to_owned);
    found.description = bounded(text("description"));
    let needs_mcp = project
        .get("dependencies")
        .and_then(toml::Value::as_array)
        .is_some_and(|list| list.iter().filter_map(toml::Value::as_str).any(requires_mcp));
    if needs_mcp {
        found.protocol = Protocol::Mcp;
    }
    Ok(Some(found))
}

/// The folder below which the module's file lies.
fn import_root(home: &Path, module: &str) -> Result<PathBuf, PackageError> {
    let stem = module.replace('.', "/");
    for below in ["", "src"] {
        for form in [format!("{stem}.py"), format!("{stem}/__init__.py")] {
            let root = home.join(below);
            if folder::exists(&root.join(&form)) {
                entry::inside(&form, &root, home)?;
                return folder::canonical(&root);
            }
        }
    }
    Err(PackageError::Entry {
        entry: module.to_owned(),
        reason: format!("no such module: looked for `{stem}.py` and `{stem}/__init__.py`"),
    })
}

/// The `site-packages` folders of an environment.
fn site_packages(home: &Path) -> Result<Vec<PathBuf>, PackageError> {
    let lib = home.join("lib");
    if !folder::is_folder(&lib) {
        return Ok(Vec::new());
    }
    Ok(folder::names(&lib)?
        .into_iter()
        .filter(|(name, kind)| name.as_bytes().starts_with(b"python") && kind.is_dir())
        .map(|(name, _)| lib.join(name).join("site-packages"))
        .filter(|path| folder::is_folder(path))
        .collect())
}

fn distributions(packages: &Path) -> Result<Vec<Distribution>, PackageError> {
    let mut found = Vec::new();
    for (name, kind) in folder::names(packages)? {
        if !kind.is_dir() || !name.as_bytes().ends_with(b".dist-info") {
            continue;
        }
        if found.len() == MAX_DISTRIBUTIONS {
            return Err(PackageError::TooLarge {
                path: packages.to_owned(),
                bound: "2000 installed distributions",
            });
        }
        let info = packages.join(&name);
        let metadata = read_text(&info.join("METADATA"))?;
        let mut one = headers(&metadata);
        if one.name.is_empty() || TOOLS.contains(&one.name.to_ascii_lowercase().as_str()) {
            continue;
        }
        one.requested = folder::exists(&info.join("REQUESTED"));
        one.scripts = console_scripts(&read_text(&info.join("entry_points.txt"))?);
        found.push(one);
    }
    Ok(found)
}

/// The beginning of a file that may be missing. What is asked for stands in
/// front: the headers before the description, the scripts among few groups.
fn read_text(path: &Path) -> Result<String, PackageError> {
    if !folder::exists(path) {
        return Ok(String::new());
    }
    let bytes = folder::head(path, MAX_HEADERS)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The header lines of a METADATA file, up to the first empty line.
fn headers(metadata: &str) -> Distribution {
    let mut found = Distribution::default();
    for line in metadata.lines().take_while(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once(": ") else {
            continue;
        };
        match key {
            "Name" => value.trim().clone_into(&mut found.name),
            "Version" => {
                found.version = Some(value.trim().to_owned())
                    .filter(|version| crate::manifest::is_version(version));
            }
            "Summary" => found.summary = bounded(Some(value)),
            "Author" | "Author-email" if found.author.is_none() => {
                found.author = bounded(Some(value));
            }
            "License" | "License-Expression" => found.license = bounded(Some(value)),
            "Home-page" => found.homepage = bounded(Some(value)),
            "Requires-Dist" if requires_mcp(value) => found.speaks_mcp = true,
            _ => {}
        }
    }
    found
}

/// `mcp>=1.0` and the like, but not `mcp` as an extra only.
fn requires_mcp(requirement: &str) -> bool {
    let name: String = requirement
        .trim()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    matches!(name.to_ascii_lowercase().as_str(), "mcp" | "fastmcp")
        && !requirement.contains("extra ==")
}

/// `[console_scripts]` of an `entry_points.txt`.
fn console_scripts(text: &str) -> Vec<Script> {
    let mut inside = false;
    let mut scripts = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[console_scripts]";
        } else if inside && let Some((name, target)) = line.split_once('=') {
            scripts.extend(script(name.trim(), target.trim()));
        }
    }
    scripts
}

fn script(name: &str, target: &str) -> Option<Script> {
    // Extras may follow: `module:function [extra]`.
    let target = target.split('[').next().unwrap_or(target).trim();
    let (module, function) = target.split_once(':')?;
    let is_file_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = !name.is_empty()
        && name.len() <= 255
        && name.chars().all(is_file_name)
        && !name.starts_with('.')
        && module.split('.').all(is_identifier)
        && function.split('.').all(is_identifier);
    good.then(|| Script {
        name: name.to_owned(),
        module: module.to_owned(),
        function: function.to_owned(),
    })
}

/// The one script of what was asked for; of all that is there if nothing is marked.
fn choose(home: &Path, mut all: Vec<Distribution>) -> Result<(Distribution, Script), PackageError> {
    if all.iter().any(|one| one.requested && !one.scripts.is_empty()) {
        all.retain(|one| one.requested);
    }
    all.retain(|one| !one.scripts.is_empty());
    let mut choices: Vec<(usize, Script)> = all
        .iter()
        .enumerate()
        .flat_map(|(at, one)| one.scripts.iter().map(move |script| (at, script.clone())))
        .collect();
    if choices.len() > 1
        && let [one] = all.as_slice()
        && let Some(script) = one.scripts.iter().find(|script| script.name == one.name)
    {
        choices = vec![(0, script.clone())];
    }
    match choices.as_slice() {
        [] => Err(PackageError::Unknown {
            path: home.to_owned(),
            reason: "no console script is installed in it".to_owned(),
        }),
        [(at, script)] => {
            let script = script.clone();
            Ok((all.swap_remove(*at), script))
        }
        many => Err(PackageError::Ambiguous {
            path: home.to_owned(),
            choices: many.iter().map(|(_, script)| home.join("bin").join(&script.name)).collect(),
        }),
    }
}

/// The script's own file when pip wrote one, else the function it would call.
fn script_found(
    home: &Path,
    distribution: &Distribution,
    script: &Script,
    import_root: Option<&Path>,
) -> Result<Found, PackageError> {
    let mut notes = Vec::new();
    let file = format!("bin/{}", script.name);
    let (runtime, entry) = if folder::exists(&home.join(&file)) {
        entry::classify(&entry::inside(&file, home, home)?, &mut notes)?
    } else {
        (
            Runtime::Python,
            Entry::Function {
                module: script.module.clone(),
                function: script.function.clone(),
                import_root: import_root.unwrap_or(home).to_owned(),
            },
        )
    };
    let mut found = Found::new(runtime, entry, home);
    found.notes = notes;
    describe(&mut found, distribution);
    Ok(found)
}

fn describe(found: &mut Found, distribution: &Distribution) {
    distribution.name.clone_into(&mut found.name);
    found.version.clone_from(&distribution.version);
    found.description.clone_from(&distribution.summary);
    found.author.clone_from(&distribution.author);
    found.license.clone_from(&distribution.license);
    found.homepage.clone_from(&distribution.homepage);
    if distribution.speaks_mcp {
        found.protocol = Protocol::Mcp;
    }
}
