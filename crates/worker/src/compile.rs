//! WebAssembly to native code.

use crate::settings;
use wasmtime::{Engine, OptLevel};

/// Largest file that is compiled, in bytes. Components that carry a whole language
/// have 12 to 19 MiB.
const MAX_WASM_BYTES: usize = 64 << 20;

/// Why there is no native code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is larger than 64 MiB.
    #[error("the file has more than 64 MiB")]
    TooLarge,
    /// It is neither a component nor a module.
    #[error("it is not WebAssembly: it does not begin with `\\0asm`")]
    NotWasm,
    /// The engine refuses it; its words.
    #[error("it is not valid: {0}")]
    Invalid(String),
}

/// Compiles a component or a core module.
///
/// # Errors
/// When it is too large or not valid.
pub fn compile(wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
    if wasm.len() > MAX_WASM_BYTES {
        return Err(CompileError::TooLarge);
    }
    if !wasm.starts_with(b"\0asm") {
        return Err(CompileError::NotWasm);
    }
    let mut config = settings::shared();
    config.cranelift_opt_level(OptLevel::Speed);
    let invalid = |error: wasmtime::Error| CompileError::Invalid(format!("{error:#}"));
    let engine = Engine::new(&config).map_err(invalid)?;
    if Engine::detect_precompiled(wasm).is_some() {
        return Err(CompileError::NotWasm);
    }
    // The layer in the fifth to eighth byte: version 1 is a module.
    if wasm.get(4..8) == Some(&[1, 0, 0, 0]) {
        engine.precompile_module(wasm).map_err(invalid)
    } else {
        engine.precompile_component(wasm).map_err(invalid)
    }
}
