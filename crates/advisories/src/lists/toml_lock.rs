//! Locks in TOML: uv, poetry, pdm, PEP 751, cargo. Each is a list of tables with `name` and
//! `version`.

use super::Lists;
use crate::ecosystem::Known;
use serde::Deserialize;
use std::collections::BTreeMap;

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
    pub(super) fn toml_lock(&mut self, path: &str, bytes: &[u8], registry: Known, key: &str) {
        let text = String::from_utf8_lossy(bytes);
        let table: BTreeMap<String, toml::Value> = match toml::from_str(&text) {
            Ok(table) => table,
            Err(error) => {
                return self.unread(path, &format!("it is no TOML: {}", error.message()));
            }
        };
        self.settle(path, registry);
        let Some(packages) = table.get(key).and_then(toml::Value::as_array) else { return };
        for package in packages {
            let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
            let source = package.get("source");
            // The target itself, and what lies beside it, is in no registry.
            let is_local = match source {
                Some(toml::Value::Table(source)) => ["virtual", "editable", "directory"]
                    .iter()
                    .any(|kind| source.contains_key(*kind)),
                None => registry == Known::CratesIo,
                Some(_) => false,
            };
            match text("name") {
                _ if is_local => {}
                Some(name) => self.component(registry, name, text("version"), path, false),
                None => self.unread(path, "it names a package without a name"),
            }
        }
    }

    /// Whether a Python project names dependencies; which versions, a lock beside it says.
    pub(super) fn pyproject(&mut self, path: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        match toml::from_str::<Project>(&text) {
            Ok(Project { project: Some(declared) }) if !declared.dependencies.is_empty() => {
                self.wants(path, Known::PyPi);
            }
            Ok(_) => {}
            Err(error) => {
                self.unread(path, &format!("it is no pyproject.toml: {}", error.message()));
            }
        }
    }
}
