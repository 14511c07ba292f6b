//! npm's lock file, version 3: what was resolved, with the hash of each archive.

use super::platform::Platform;
use crate::error::InstallError;
use crate::source::check_npm_name;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_package::read_inside;
use ringfence_types::UntrustedText;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Largest lock file, in bytes.
const MAX_BYTES: u64 = 64 << 20;
/// Most packages.
const MAX_PACKAGES: usize = 10_000;

/// What was resolved, each package by the place where it belongs.
#[derive(Debug)]
pub(super) struct Lock {
    bytes: Vec<u8>,
    entries: BTreeMap<String, Entry>,
}

/// One package in one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) resolved: Option<String>,
    pub(super) sha512: [u8; 64],
    pub(super) optional: bool,
    pub(super) platform: Platform,
    pub(super) has_install_script: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl Entry {
    pub(super) fn integrity(&self) -> String {
        format!("sha512-{}", STANDARD.encode(self.sha512))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    lockfile_version: u32,
    packages: BTreeMap<String, Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    in_bundle: bool,
    #[serde(default)]
    has_install_script: bool,
    #[serde(flatten)]
    platform: Platform,
}

impl Lock {
    /// The lock that npm left in the jail's folder, of which nothing is believed: no link in
    /// it is followed out of the folder.
    pub(super) fn read(scratch: &Path, project: &str) -> Result<Self, InstallError> {
        let path = Path::new(project).join("package-lock.json");
        Self::parse(read_inside(scratch, &path, MAX_BYTES)?)
    }

    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, InstallError> {
        let wrong = |why: String| InstallError::refused("package-lock.json", why);
        let file: File = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(UntrustedText::new(&error.to_string()).to_string()))?;
        // Version 2, which npm 7 writes, is version 3 with more that is not read.
        if !matches!(file.lockfile_version, 2 | 3) {
            return Err(wrong(format!("it has version {}, not 3", file.lockfile_version)));
        }
        if file.packages.len() > MAX_PACKAGES {
            return Err(wrong(format!("it names more than {MAX_PACKAGES} packages")));
        }
        let mut entries = BTreeMap::new();
        for (place, written) in file.packages {
            // The project itself; what only its authors need; what another archive brings.
            if place.is_empty() || written.dev || written.in_bundle {
                continue;
            }
            let entry = entry(&place, written)?;
            entries.insert(place, entry);
        }
        Ok(Self { bytes, entries })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(place, entry)| (place.as_str(), entry))
    }

    /// What is to be fetched: all of it but what is made for other machines and can be done
    /// without.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries().filter(|(_, entry)| !entry.optional || entry.platform.is_ours())
    }

    /// What the project itself asks for by this name.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(&format!("node_modules/{name}"))
    }
}

fn entry(place: &str, written: Written) -> Result<Entry, InstallError> {
    let refused = |why: &str| InstallError::refused(place, why);
    let inner = name_of(place)
        .ok_or_else(|| refused("it belongs to no place in `node_modules`"))?
        .to_owned();
    if written.link {
        return Err(refused("it is a link to a folder"));
    }
    let name = written.name.unwrap_or(inner);
    check_npm_name(&name)?;
    let version = written.version.ok_or_else(|| refused("it has no version"))?;
    let is_version = |text: &str| {
        text.len() <= 128
            && text.starts_with(|sign: char| sign.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
    };
    if !is_version(&version) {
        return Err(refused("its version is none"));
    }
    let integrity = written.integrity.unwrap_or_default();
    let sha512 = integrity
        .split_ascii_whitespace()
        .filter_map(|one| one.strip_prefix("sha512-"))
        .filter_map(|one| one.split('?').next())
        .find_map(|one| STANDARD.decode(one).ok())
        .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
        .ok_or_else(|| refused("the registry has no SHA-512 of it"))?;
    Ok(Entry {
        name,
        version,
        resolved: written.resolved,
        sha512,
        optional: written.optional || written.dev_optional,
        has_install_script: written.has_install_script,
        platform: written.platform,
    })
}

/// The innermost name of `node_modules/A/node_modules/@b/c`, if all of it is so.
fn name_of(place: &str) -> Option<&str> {
    let mut rest = place;
    loop {
        rest = rest.strip_prefix("node_modules/")?;
        let (name, inner) = match rest.find("/node_modules/") {
            Some(at) => rest.split_at_checked(at)?,
            None => (rest, ""),
        };
        check_npm_name(name).ok()?;
        match inner.strip_prefix('/') {
            Some(inner) => rest = inner,
            None => return Some(name),
        }
    }
}
