//! What a WebAssembly file is, by what it exports. Nothing is validated or
//! compiled here: that is done in a jail.

use serde::Serialize;
use wasmparser::{Encoding, Parser, Payload};

/// Largest file, in bytes. Components that bring a whole language have 12 to 19 MiB.
pub(crate) const MAX_WASM: u64 = 64 << 20;
/// The interface through which a plugin offers its actions.
const ACTIONS: &str = "ringfence:plugin/actions@0.1.";
/// The interface of a program with input and output.
const RUN: &str = "wasi:cli/run@0.2.";

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

/// Looks at a file.
pub(crate) fn look(bytes: &[u8]) -> Result<WasmKind, String> {
    let (mut depth, mut kind) = (0_usize, None);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| format!("is not valid WebAssembly: {error}"))?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                kind = Some(WasmKind::Module);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export =
                        export.map_err(|error| format!("is not valid WebAssembly: {error}"))?;
                    let name = export.name.name;
                    if name.starts_with(ACTIONS) {
                        kind = Some(WasmKind::Plugin);
                    } else if name.starts_with(RUN) && kind.is_none() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MODULE: &[u8] = b"\0asm\x01\0\0\0";
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_core_module_is_told_from_a_component_that_offers_nothing() {
        assert_eq!(look(MODULE), Ok(WasmKind::Module));
        assert!(look(COMPONENT).is_err_and(|reason| reason.contains("exports neither")));
        // A module inside a component does not make it one.
        let inner = [COMPONENT, &[1, 8], MODULE].concat();
        assert!(look(&inner).is_err_and(|reason| reason.contains("exports neither")));
    }

    #[test]
    fn a_cut_or_foreign_file_is_refused() {
        for bytes in [&b""[..], b"\0as", b"\0asm\x01\0\0", b"\x7fELF\0\0\0\0", b"\0asm\x02\0\0\0"] {
            assert!(look(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in proptest::collection::vec(any::<u8>(), 0..400), component: bool) {
            let head = if component { COMPONENT } else { MODULE };
            let _ = look(&[head, &tail].concat());
        }
    }
}
