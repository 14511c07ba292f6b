//! What a WebAssembly file is, by what it exports. Nothing is validated or
//! compiled here: that is done in a jail.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use wasmparser::{Encoding, Parser, Payload};

/// Largest file, in bytes. Components that bring a whole language have 12 to 19 MiB.
pub(crate) const MAX_WASM: u64 = 64 << 20;
/// The interface through which a plugin offers its actions.
const ACTIONS: &str = "ringfence:plugin/actions@0.1.";
/// The interface of a program with input and output.
const RUN: &str = "wasi:cli/run@0.2.";
/// Where core modules import WASI from. Only components are given WASI.
const EARLIER_WASI: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// What a WebAssembly file offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WasmKind {
    /// A component that exports actions.
    Plugin,
    /// A component that is a program: it runs once, with input and output.
    Program,
    /// A core module, whose functions are its actions.
    Module,
}

/// What was seen of a file, and of which bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: WasmKind,
    pub(crate) digest: [u8; 32],
}

/// SHA-256 of a file.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Looks at the file `name`.
pub(crate) fn look(bytes: &[u8], name: &str) -> Result<WasmKind, String> {
    if !bytes.starts_with(b"\0asm") {
        return Err("is not WebAssembly: want a file that begins with `\\0asm`".to_owned());
    }
    let (mut depth, mut kind) = (0_usize, None);
    let invalid = |error| format!("is not valid WebAssembly: {error}");
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                kind = Some(WasmKind::Module);
            }
            Payload::ImportSection(section) if depth == 0 => {
                for import in section.into_imports() {
                    let module = import.map_err(invalid)?.module;
                    if EARLIER_WASI.contains(&module) {
                        return Err(needs_a_component(module, name));
                    }
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(invalid)?.name.name;
                    if export.starts_with(ACTIONS) {
                        kind = Some(WasmKind::Plugin);
                    } else if export.starts_with(RUN) && kind.is_none() {
                        kind = Some(WasmKind::Program);
                    }
                }
            }
            _ => {}
        }
    }
    kind.ok_or_else(|| {
        format!("is a component that exports neither `{ACTIONS}0` nor `{RUN}0`; see wit/plugin.wit")
    })
}

/// A core module would load, and fail at its first question to the system.
fn needs_a_component(module: &str, name: &str) -> String {
    format!(
        "is a core module that imports `{module}`, and only components are given WASI; build it \
         for `wasm32-wasip2`, or make a component of it with `npx @bytecodealliance/jco new \
         {name} --wasi-command -o {name}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MODULE: &[u8] = b"\0asm\x01\0\0\0";
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_core_module_is_told_from_a_component_that_offers_nothing() {
        assert_eq!(look(MODULE, "a.wasm"), Ok(WasmKind::Module));
        assert!(look(COMPONENT, "a.wasm").is_err_and(|reason| reason.contains("exports neither")));
        // A module inside a component does not make it one.
        let inner = [COMPONENT, &[1, 8], MODULE].concat();
        assert!(look(&inner, "a.wasm").is_err_and(|reason| reason.contains("exports neither")));
    }

    #[test]
    fn a_cut_or_foreign_file_is_refused() {
        for bytes in [&b""[..], b"\0as", b"\0asm\x01\0\0", b"\x7fELF\0\0\0\0", b"\0asm\x02\0\0\0"] {
            assert!(look(bytes, "a.wasm").is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_core_module_that_wants_wasi_is_told_how_to_become_a_component() {
        for wasi in EARLIER_WASI {
            // One import, a function of the one type, which takes and gives nothing.
            let length = u8::try_from(wasi.len()).unwrap();
            let import = [&[1, length], wasi.as_bytes(), b"\x01f\0\0"].concat();
            let size = u8::try_from(import.len()).unwrap();
            let module = [MODULE, b"\x01\x04\x01\x60\0\0", &[2, size], import.as_slice()].concat();
            let reason = look(&module, "its.wasm").unwrap_err();
            assert!(reason.contains("jco new its.wasm --wasi-command -o its.wasm"), "{reason}");
            // Inside a component an adapter answers.
            let size = u8::try_from(module.len()).unwrap();
            let component = [COMPONENT, &[1, size], module.as_slice()].concat();
            let reason = look(&component, "its.wasm").unwrap_err();
            assert!(reason.contains("exports neither"), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in proptest::collection::vec(any::<u8>(), 0..400), component: bool) {
            let head = if component { COMPONENT } else { MODULE };
            let _ = look(&[head, &tail].concat(), "a.wasm");
        }
    }
}
