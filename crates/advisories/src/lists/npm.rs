//! npm: lock files of version 1, 2 and 3, and installed packages.

use super::Lists;
use crate::ecosystem::Known;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

const FOLDER: &str = "node_modules";

#[derive(Deserialize)]
struct Lock {
    /// Version 2 and 3: by the place where it is installed.
    packages: Option<BTreeMap<String, Placed>>,
    /// Version 1: by name, in each other.
    dependencies: Option<BTreeMap<String, Nested>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dev_optional: bool,
}

#[derive(Deserialize)]
struct Nested {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    dependencies: Option<BTreeMap<String, Nested>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
    private: Option<bool>,
    dependencies: Option<BTreeMap<String, IgnoredAny>>,
    optional_dependencies: Option<BTreeMap<String, IgnoredAny>>,
}

/// Whether these folders end where a package is installed: `node_modules/NAME`, or with a
/// scope before the name.
pub(super) fn is_package_root(folders: &[&str]) -> bool {
    match folders {
        [.., FOLDER, name] => !name.starts_with('@'),
        [.., FOLDER, scope, _] => scope.starts_with('@'),
        _ => false,
    }
}

impl Lists {
    pub(super) fn npm_lock(&mut self, path: &str, bytes: &[u8]) {
        let lock: Lock = match serde_json::from_slice(bytes) {
            Ok(lock) => lock,
            Err(error) => return self.unread(path, &format!("it is no lock file of npm: {error}")),
        };
        self.settle(path, Known::Npm);
        match (lock.packages, lock.dependencies) {
            (Some(packages), _) => {
                for (place, package) in packages {
                    self.placed(path, &place, &package);
                }
            }
            (None, Some(dependencies)) => self.nested(path, dependencies),
            (None, None) => {}
        }
    }

    fn placed(&mut self, path: &str, place: &str, package: &Placed) {
        // What is not installed from elsewhere is a part of the target, and so is what a
        // link leads to.
        let Some((_, name)) = place.rsplit_once("node_modules/") else { return };
        if package.link {
            return;
        }
        let name = package.name.as_deref().unwrap_or(name);
        let development = package.dev || package.dev_optional;
        self.component(Known::Npm, name, package.version.as_deref(), path, development);
    }

    fn nested(&mut self, path: &str, dependencies: BTreeMap<String, Nested>) {
        let mut rest = vec![dependencies];
        while let Some(dependencies) = rest.pop() {
            for (name, package) in dependencies {
                // `npm:NAME@VERSION`: another package under this name.
                let other = package.version.as_deref().and_then(|version| {
                    version.strip_prefix("npm:").and_then(|named| named.rsplit_once('@'))
                });
                let (name, version) = match other {
                    Some((real, version)) => (real, Some(version)),
                    None => (name.as_str(), package.version.as_deref()),
                };
                self.component(Known::Npm, name, version, path, package.dev);
                rest.extend(package.dependencies);
            }
        }
    }

    pub(super) fn npm_package(&mut self, path: &str, bytes: &[u8]) {
        let is_target = !path.contains("node_modules/");
        let manifest: Manifest = match serde_json::from_slice(bytes) {
            Ok(manifest) => manifest,
            Err(error) => return self.unread(path, &format!("it is no package.json: {error}")),
        };
        if !is_target {
            // The folder in which it is installed has what its manifest names.
            let above = path.split_once("node_modules/").map_or("", |(above, _)| above);
            self.settle(above, Known::Npm);
        } else if has_any(manifest.dependencies.as_ref())
            || has_any(manifest.optional_dependencies.as_ref())
        {
            self.wants(path, Known::Npm);
        }
        // A target that is never published has its name from nobody's registry.
        if is_target && manifest.private == Some(true) {
            return;
        }
        match (manifest.name, manifest.version) {
            (Some(name), version) if !is_target || version.is_some() => {
                self.component(Known::Npm, &name, version.as_deref(), path, false);
            }
            (None, _) if !is_target => self.unread(path, "it does not say its name"),
            _ => {}
        }
    }
}

fn has_any(dependencies: Option<&BTreeMap<String, IgnoredAny>>) -> bool {
    dependencies.is_some_and(|dependencies| !dependencies.is_empty())
}
