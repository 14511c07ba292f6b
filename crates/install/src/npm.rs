//! npm: resolved and fetched by npm in a jail, unpacked here.

mod cache;
mod configuration;
mod lock;
mod platform;
#[cfg(test)]
mod tests;
mod word;

use crate::age;
use crate::client::{Around, Errand, program};
use crate::documents::{Ask, Runtime};
use crate::error::InstallError;
use crate::fetched::{Fetched, Locked};
use crate::scratch::Scratch;
use crate::source::Source;
use crate::tree::{Files, unpacked};
use crate::trusted::RegistryTrust;
use cache::Cache;
use configuration::Configuration;
use lock::{Entry, Lock};
use ringfence_lifecycle::{Engine, Packed};
use ringfence_types::UntrustedText;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const HELP: &str = "install Node.js with npm 7 or newer, and look whether `npm --version` works";
/// npm writes this name into the lock, so that it is the same every time.
const PROJECT: &str = "plugin";
const CACHE: &str = "cache";

/// For every errand: no script of a package, no word to anybody but the registry.
const OPTIONS: [&str; 14] = [
    "--ignore-scripts",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-progress",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=500",
    // By name from the registry, and from nowhere else. An npm that does not know these is
    // stopped by the jail, which has no git, and no way to any other host.
    "--allow-git=none",
    "--allow-remote=none",
    "--allow-file=none",
    "--allow-directory=none",
    // Archives are asked for at the registry, whatever it calls itself.
    "--replace-registry-host=always",
];

pub(crate) fn fetch(
    engine: &Engine,
    source: &Source,
    around: &Around,
) -> Result<Fetched, InstallError> {
    let missing =
        |why: &str| InstallError::Client { program: "npm", why: why.to_owned(), help: HELP };
    let npm = program("npm").ok_or_else(|| missing("it is not in the search path"))?;
    let configuration = Configuration::read(&npm, around.interrupt.as_ref())?;
    let registry = configuration.registry_of(source.name())?;
    let scratch = Scratch::new()?;
    let project = scratch.path().join(PROJECT);
    std::fs::create_dir(&project).map_err(InstallError::io(&project))?;
    let cache = scratch.path().join(CACHE);
    let run = |verb: &[&str], rest: Vec<OsString>| {
        let mut words: Vec<OsString> = vec!["node".into(), real(&npm)?.into()];
        words.extend(verb.iter().chain(&OPTIONS).map(Into::into));
        words.extend(["--prefix".into(), project.clone().into()]);
        words.extend(["--cache".into(), cache.clone().into()]);
        words.extend(["--registry".into(), registry.url().into()]);
        words.push("--".into());
        words.extend(rest);
        let errand = Errand {
            program: "npm",
            source: source.to_string(),
            words,
            folder: scratch.path(),
            registries: std::slice::from_ref(&registry),
            environment: Vec::new(),
            certificates: configuration.certificates.clone(),
        };
        errand.run(engine, around)
    };
    // First only what there is, without any archive.
    let before = around.before.and_then(age::text).map(|before| format!("--before={before}"));
    let mut verb =
        vec!["install", "--package-lock-only", "--package-lock=true", "--lockfile-version=3"];
    verb.extend(before.as_deref());
    run(&verb, vec![source.word().into()])?;
    let lock = Lock::read(scratch.path(), PROJECT)?;
    let version = look_at(source.name(), &lock, |url| registry.holds(url))?;
    // Then the archives, into a cache: npm unpacks none of them.
    let archives: BTreeSet<String> = lock.wanted().map(|(_, entry)| entry.to_string()).collect();
    run(&["cache", "add"], archives.into_iter().map(Into::into).collect())?;
    let mut gathered = gather(&lock, &Cache::read(scratch.path(), CACHE)?)?;
    let manifest = json!({ "private": true, "dependencies": { source.name(): version } });
    gathered.files.add(source.name(), "package.json".to_owned(), false, line(&manifest))?;
    let bytes = lock.bytes().to_vec();
    gathered.files.add(source.name(), "package-lock.json".to_owned(), false, bytes)?;
    let Gathered { files, packages } = gathered;
    let packed = Packed::of_files(files.into_sorted())?;
    let named = source.to_string();
    let ask = Ask {
        engine,
        around,
        source: &named,
        runtime: Runtime::Node,
        registries: std::slice::from_ref(&registry),
        certificates: configuration.certificates.as_deref(),
    };
    let trust = RegistryTrust::new(engine.home().to_owned());
    let (vouched, published) = word::word(&ask, &trust, &registry, &lock, source.name())?;
    let registry = registry.place();
    Ok(Fetched { source: source.clone(), version, registry, packages, vouched, published, packed })
}

fn real(npm: &Path) -> Result<PathBuf, InstallError> {
    npm.canonicalize().map_err(InstallError::io(npm))
}

/// Refuses a lock that leads to anything but the registry, and gives the version of what was
/// asked for.
fn look_at(
    root: &str,
    lock: &Lock,
    is_registry: impl Fn(&str) -> bool,
) -> Result<String, InstallError> {
    for (_, entry) in lock.wanted() {
        if let Some(url) = entry.resolved.as_deref().filter(|url| !is_registry(url)) {
            let url: String = url.chars().take(200).collect();
            let why = format!("it lies at `{}`, not in the registry", UntrustedText::new(&url));
            return Err(InstallError::refused(&entry.to_string(), why));
        }
    }
    let own = lock.entry(root);
    let own = own.ok_or_else(|| InstallError::refused(root, "it is not in the lock"))?;
    if own.name != root {
        let why = format!("the lock has `{}` in its place", UntrustedText::new(&own.name));
        return Err(InstallError::refused(root, why));
    }
    Ok(own.version.clone())
}

struct Gathered {
    files: Files,
    /// Sorted.
    packages: Vec<Locked>,
}

/// What the lock names, out of the archives with the hashes that it names.
fn gather(lock: &Lock, cache: &Cache) -> Result<Gathered, InstallError> {
    let mut files = Files::default();
    let mut packages = Vec::new();
    for (place, entry) in lock.wanted() {
        let what = entry.to_string();
        let bytes = cache.get(&entry.sha512).ok_or_else(|| {
            let why = "what the registry gives does not have the hash that the registry names";
            InstallError::refused(&what, why)
        })?;
        archive(&what, place, entry, bytes.to_vec(), &mut files)?;
        packages.push(Locked {
            name: entry.name.clone(),
            version: entry.version.clone(),
            integrity: entry.integrity(),
            has_install_script: entry.has_install_script,
        });
    }
    packages.sort();
    packages.dedup();
    Ok(Gathered { files, packages })
}

fn line(value: &Value) -> Vec<u8> {
    let mut text = value.to_string();
    text.push('\n');
    text.into_bytes()
}

/// Unpacks one archive to its place.
fn archive(
    what: &str,
    place: &str,
    entry: &Entry,
    bytes: Vec<u8>,
    files: &mut Files,
) -> Result<(), InstallError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(InstallError::refused(what, "its archive is no tar in gzip"));
    }
    let tree = unpacked(what, "package.tgz", bytes)?;
    let manifest = tree
        .files
        .iter()
        .find(|file| file.path == "package.json")
        .and_then(|file| {
            let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
            serde_json::from_slice::<Value>(bytes).ok()
        })
        .ok_or_else(|| InstallError::refused(what, "its archive has no package.json"))?;
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default();
    // The registry tells name and version beside the archive; nobody else compares them.
    let version = text("version").trim().trim_start_matches(['v', '=']).trim();
    if text("name") != entry.name || version != entry.version {
        let (name, version) = (UntrustedText::new(text("name")), UntrustedText::new(version));
        let why = format!("its archive says that it is `{name}@{version}`");
        return Err(InstallError::refused(what, why));
    }
    let programs: Vec<&str> = match manifest.get("bin") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Object(all)) => all.values().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let programs: Vec<&str> =
        programs.iter().map(|program| program.trim_start_matches("./")).collect();
    for file in tree.files {
        // Dependencies come from the lock; what an archive brings of its own is part of it.
        let executable = file.executable || programs.contains(&file.path.as_str());
        files.add(what, format!("{place}/{}", file.path), executable, file.bytes)?;
    }
    Ok(())
}
