//! A host, and plugins for it that are written as text.

use ringfence::{Budget, Instance, Preset, Ringfence, RunError, Start};
use serde_json::Value;
use std::fs;
use std::time::Duration;

/// What core modules of these tests share: memory, and a function that gives it.
pub(crate) const MEMORY: &str = r#"
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "alloc") (param $bytes i32) (result i32) (local $at i32)
        (local.set $at (global.get $top))
        (global.set $top (i32.add (local.get $at) (local.get $bytes)))
        (local.get $at))
"#;

/// A host with a home and a plugin folder of its own.
pub(crate) struct Host {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) ringfence: Ringfence,
}

impl Host {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ringfence = Ringfence::open_at(folder.path().join("home")).unwrap();
        Self { folder, ringfence }
    }

    pub(crate) fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }

    /// A plugin of these bytes, with more lines for its manifest.
    pub(crate) fn plugin(&self, wasm: &[u8], manifest: &str) -> Start {
        let plugin = self.folder.path().join("plugin");
        fs::create_dir_all(&plugin).unwrap();
        fs::write(plugin.join("plugin.wasm"), wasm).unwrap();
        let manifest =
            format!("name: example\nversion: 1.0.0\nruntime: wasm\nentry: plugin.wasm\n{manifest}");
        fs::write(plugin.join("plugin.yaml"), manifest).unwrap();
        self.ringfence.plugin(plugin)
    }

    /// A plugin of this text, with `MEMORY` in front of a module's fields.
    pub(crate) fn module(&self, fields: &str) -> Start {
        self.plugin(&module(fields), "")
    }
}

/// A core module with `MEMORY`; imports come first in a module, so they are given
/// apart from the rest by `---`.
pub(crate) fn module(fields: &str) -> Vec<u8> {
    let (imports, rest) = fields.split_once("---").unwrap_or(("", fields));
    wat::parse_str(format!("(module {imports} {MEMORY} {rest})")).unwrap()
}

/// The production preset with other times for one call, in milliseconds.
pub(crate) fn times(call: u64, cpu: u64) -> Budget {
    let mut budget = Preset::Production.budget();
    budget.timeouts.call = Duration::from_millis(call);
    budget.cpu_time = Duration::from_millis(cpu);
    budget
}

pub(crate) fn call(instance: &mut Instance, action: &str, input: &Value) -> Value {
    instance.execute(action, input).unwrap().value().unwrap().clone()
}

pub(crate) fn fails(instance: &mut Instance, action: &str) -> RunError {
    instance.execute(action, &Value::Null).unwrap_err()
}
