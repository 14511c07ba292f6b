//! Whether memory and exported globals are all the state that a module can change.
//!
//! An instance has more state than that: tables, dropped segments, objects on a
//! collected heap. None of it can be read or set from outside, so a module that can
//! change any of it has no way back to a snapshot and is refused here, by what its
//! code contains and not by what it does. The list is of what is allowed: an
//! instruction that this file does not know is refused.

use std::collections::BTreeSet;
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef, Validator, WasmFeatures};

/// Why a module cannot be put back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is no module, or uses a proposal that has state of its own.
    #[error("the module is not valid here: {0}")]
    Invalid(String),
    /// An instruction changes state that is not memory and not a global.
    #[error("the module contains {0}, which changes state that cannot be put back")]
    Instruction(String),
    /// Not exactly one memory of its own.
    #[error("the module needs one memory of its own, and has {0}")]
    Memories(u32),
    /// Memory that other threads would write to, or that has no end.
    #[error("the memory is shared, or declares no maximum")]
    Memory,
    /// Memory, a table or a mutable global that belongs to somebody else.
    #[error("the module imports {0}, whose state is not its own")]
    Import(String),
    /// What is not exported cannot be set.
    #[error("the mutable global {0} is not exported")]
    Global(u32),
}

/// The proposals that have no state: numbers, SIMD, copies within memory, signatures.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
}

/// Refuses what has state beside memory and exported globals.
///
/// # Errors
/// The first [`Reason`] found.
pub fn verify(wasm: &[u8]) -> Result<(), Reason> {
    let invalid = |error: wasmparser::BinaryReaderError| Reason::Invalid(error.to_string());
    Validator::new_with_features(features()).validate_all(wasm).map_err(invalid)?;
    let mut memories = 0;
    let mut globals = 0;
    let mut mutable = BTreeSet::new();
    let mut exported = BTreeSet::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(invalid)? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.map_err(invalid)?;
                    match import.ty {
                        TypeRef::Func(_) => {}
                        TypeRef::Global(global) if !global.mutable => globals += 1,
                        _ => {
                            return Err(Reason::Import(format!(
                                "{}.{}",
                                import.module, import.name
                            )));
                        }
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(invalid)?;
                    memories += 1;
                    if memory.shared || memory.maximum.is_none() {
                        return Err(Reason::Memory);
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    if global.map_err(invalid)?.ty.mutable {
                        mutable.insert(globals);
                    }
                    globals += 1;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    if export.kind == ExternalKind::Global {
                        exported.insert(export.index);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader().map_err(invalid)? {
                    check(&operator.map_err(invalid)?)?;
                }
            }
            _ => {}
        }
    }
    if memories != 1 {
        return Err(Reason::Memories(memories));
    }
    mutable.difference(&exported).next().map_or(Ok(()), |index| Err(Reason::Global(*index)))
}

/// Whether an instruction leaves everything but memory and globals as it is.
fn check(operator: &Operator<'_>) -> Result<(), Reason> {
    macro_rules! proposal {
        ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $( Operator::$op { .. } => stringify!($proposal), )*
                _ => "unknown",
            }
        };
    }
    let changes_tables_or_segments = matches!(
        operator,
        Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. }
            | Operator::DataDrop { .. }
            | Operator::MemoryInit { .. }
    );
    if !changes_tables_or_segments && stateless(wasmparser::for_each_operator!(proposal)) {
        return Ok(());
    }
    Err(Reason::Instruction(name(operator)))
}

/// The proposals whose instructions are allowed, by the names of `wasmparser`.
fn stateless(proposal: &str) -> bool {
    matches!(
        proposal,
        "mvp"
            | "sign_extension"
            | "saturating_float_to_int"
            | "bulk_memory"
            | "reference_types"
            | "simd"
            | "tail_call"
    )
}

fn name(operator: &Operator<'_>) -> String {
    let text = format!("{operator:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}
