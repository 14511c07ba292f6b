//! Plugins that are measured. All answer `greet` with what they are told, and ask
//! the host for something in `show`.

use crate::ours::example;
use ringfence_protocol::worker::{CodeKind, Sources};
use ringfence_sandbox_wasm::JAVASCRIPT_ENGINE;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the module does: it copies its input, publishes an event, spins.
const MODULE: &str = r#"(module
    (import "env" "lifeos_send_event" (func $send (param i32 i32) (result i32)))
    (memory (export "memory") 48)
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "greet") (param $at i32) (param $bytes i32) (result i64)
        (memory.copy (i32.const 0x180000) (local.get $at) (local.get $bytes))
        (i64.or (i64.const 0x18000000000000)
            (i64.extend_i32_u (local.get $bytes))))
    (func (export "show")
        (if (call $send (i32.const 0) (i32.const 31)) (then unreachable)))
    (func (export "spin") (loop $again (br $again)))
    (data (i32.const 0) "{\"subject\":\"a.b\",\"payload\":123}"))"#;

/// For the engine that is built in.
const JAVASCRIPT: &str =
    "export const greet = (input) => ({ greeting: 'Hello from JavaScript!', you_said: input });
export const show = (_, { storage }) => storage.get('notes/last');
export const spin = () => { for (;;); };
";

const MANIFEST: &str = "name: measured\nversion: 1.0.0\ntype: tool\n";
const STORAGE: &str = "permissions: [{storage.read: notes/*, reason: measured}]\n";
const EVENTS: &str = "permissions: [{events.publish: a.b, reason: measured}]\n";

/// Which measured guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guest {
    Module,
    C,
    Rust,
    BuiltIn,
    StarlingMonkey,
    Python,
}

impl Guest {
    pub(crate) const ALL: [Self; 6] =
        [Self::Module, Self::C, Self::Rust, Self::BuiltIn, Self::StarlingMonkey, Self::Python];

    /// As it is typed and shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Module => "core module",
            Self::C => "C component",
            Self::Rust => "Rust component",
            Self::BuiltIn => "JavaScript, engine built in",
            Self::StarlingMonkey => "JavaScript component",
            Self::Python => "Python component",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guest| guest.name() == name)
    }

    pub(crate) const fn kind(self) -> CodeKind {
        match self {
            Self::Module => CodeKind::Module,
            Self::BuiltIn => CodeKind::JavaScript,
            Self::C | Self::Rust | Self::StarlingMonkey | Self::Python => CodeKind::Plugin,
        }
    }

    /// Whether it has an action that never ends.
    pub(crate) const fn can_spin(self) -> bool {
        matches!(self, Self::Module | Self::BuiltIn)
    }

    /// What it may do, as an option of a start.
    pub(crate) const fn grant(self) -> &'static str {
        match self {
            Self::Module => "events.publish=a.b",
            _ => "storage.read=notes/*",
        }
    }

    /// Calls in a row: those of large guests take long.
    pub(crate) const fn calls(self, quick: bool) -> usize {
        let calls = match self {
            Self::Module | Self::C | Self::Rust => 5_000,
            Self::BuiltIn => 2_000,
            Self::StarlingMonkey | Self::Python => 400,
        };
        if quick { calls / 10 } else { calls }
    }

    /// WebAssembly or source, or why there is none.
    pub(crate) fn code(self) -> Result<Vec<u8>, String> {
        let folder = match self {
            Self::Module => return wat::parse_str(MODULE).map_err(|error| error.to_string()),
            Self::BuiltIn => return Ok(JAVASCRIPT.into()),
            Self::C => "wasm-c",
            Self::Rust => "wasm-rust",
            Self::StarlingMonkey => "wasm-javascript",
            Self::Python => "wasm-python",
        };
        std::fs::read(example(folder).join("plugin.wasm"))
            .map_err(|_| "not measured: run `cargo xtask plugins`".to_owned())
    }

    /// What becomes native code: for JavaScript that is its engine.
    pub(crate) fn wasm(self) -> Result<Vec<u8>, String> {
        match self {
            Self::BuiltIn => Ok(JAVASCRIPT_ENGINE.into()),
            _ => self.code(),
        }
    }

    /// Files for the engine that is built in; nobody else has any.
    pub(crate) fn sources(self) -> Option<Sources> {
        const ENTRY: &str = "/plugin/plugin.js";
        let files = || BTreeMap::from([(ENTRY.to_owned(), JAVASCRIPT.to_owned())]);
        (self == Self::BuiltIn).then(|| Sources { entry: ENTRY.to_owned(), files: files() })
    }

    /// The same code under another digest.
    pub(crate) fn other_code(self, number: u8) -> Result<Vec<u8>, String> {
        let mut code = self.code()?;
        match self {
            Self::BuiltIn => code.extend(format!("// {number}\n").into_bytes()),
            // A section that nobody reads: number 0, three bytes, a name of one.
            _ => code.extend([0, 3, 1, b'n', number]),
        }
        Ok(code)
    }

    /// A plugin in a new folder.
    pub(crate) fn place(
        self,
        folder: &Path,
        code: &[u8],
        stateful: bool,
    ) -> Result<PathBuf, String> {
        let (runtime, entry) = match self {
            Self::BuiltIn => ("javascript", "plugin.js"),
            _ => ("wasm", "plugin.wasm"),
        };
        let permissions = if self == Self::Module { EVENTS } else { STORAGE };
        let manifest = format!(
            "{MANIFEST}runtime: {runtime}\nentry: {entry}\nstateful: {stateful}\n{permissions}"
        );
        let placed = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(folder.join(entry), code))
            .and_then(|()| std::fs::write(folder.join("plugin.yaml"), manifest));
        placed.map_err(|error| error.to_string())?;
        Ok(folder.to_owned())
    }
}

/// What it is told: a short text, as JSON.
pub(crate) const SHORT: &str = r#""Ada""#;

/// A text of JSON that is a mebibyte long.
pub(crate) fn mebibyte() -> String {
    format!("\"{}\"", "a".repeat((1 << 20) - 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guest_is_found_by_its_name() {
        for guest in Guest::ALL {
            assert_eq!(Guest::of(guest.name()), Some(guest));
        }
        assert_eq!(Guest::of("nobody"), None);
        assert_eq!(mebibyte().len(), 1 << 20);
    }

    #[test]
    fn the_module_is_one_and_so_is_the_other_one() {
        assert_ne!(Guest::Module.code().unwrap(), Guest::Module.other_code(1).unwrap());
    }
}
