//! Locks in TOML: uv, poetry, pdm, PEP 751, cargo. Each is a list of tables with `name` and
//! `version`.

use super::Lists;
use crate::ecosystem::Known;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// The largest file that is read, in bytes: its reader makes forty times as much of one that
/// wants that. Locks of large repositories have three million.
const MAX_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
    /// By PEP 751.
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    source: Option<Source>,
}

/// Where it comes from: a table for uv, a text for cargo.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Table {
        r#virtual: Option<IgnoredAny>,
        editable: Option<IgnoredAny>,
        directory: Option<IgnoredAny>,
    },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Project {
    project: Option<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lists {
    pub(super) fn toml_lock(&mut self, path: &str, bytes: &[u8], registry: Known) {
        let Some(lock) = self.toml::<Lock>(path, bytes) else { return };
        self.settle(path, registry);
        for package in lock.package.into_iter().chain(lock.packages) {
            // The target itself, and what lies beside it, is in no registry.
            let is_local = match &package.source {
                Some(Source::Table { r#virtual, editable, directory }) => {
                    [r#virtual, editable, directory].iter().any(|place| place.is_some())
                }
                Some(Source::Other(_)) => false,
                None => registry == Known::CratesIo,
            };
            if !is_local {
                let version = package.version.as_deref();
                self.component(registry, &package.name, version, path, false);
            }
        }
    }

    fn toml<T: DeserializeOwned>(&mut self, path: &str, bytes: &[u8]) -> Option<T> {
        if bytes.len() > MAX_BYTES {
            self.unread(path, "it is larger than 8 MiB");
            return None;
        }
        let read = toml::from_str(&String::from_utf8_lossy(bytes));
        read.map_err(|error| self.unread(path, &format!("it cannot be read: {}", error.message())))
            .ok()
    }

    /// Whether a Python project names dependencies; which versions, a lock beside it says.
    pub(super) fn pyproject(&mut self, path: &str, bytes: &[u8]) {
        let project = self.toml::<Project>(path, bytes).and_then(|file| file.project);
        if project.is_some_and(|declared| !declared.dependencies.is_empty()) {
            self.wants(path, Known::PyPi);
        }
    }
}
