//! How the engine is set up, the same for what compiles and what runs: native
//! code is refused by an engine with other settings.

use wasmtime::{Config, WasmFeatures};

/// Bytes of a stack on which a plugin's code may recurse. The engine's default.
const STACK: usize = 512 * 1024;
/// Bytes of addresses that are reserved for each memory: with this much, and a
/// guard behind it, the code needs no check of its own for 32-bit addresses.
pub(crate) const RESERVED: u64 = 4 << 30;
const GUARD: u64 = 32 << 20;

/// What no plugin has, said instead of left to how the engine was built: memory
/// that threads share or that needs checks for each access, a collected heap that
/// nothing here counts, and calls that wait for each other.
const REFUSED: WasmFeatures = WasmFeatures::THREADS
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::CM_ASYNC);

/// What both programs agree on.
pub(crate) fn shared() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .max_wasm_stack(STACK)
        .async_stack_size(2 * STACK)
        .memory_reservation(RESERVED)
        .memory_guard_size(GUARD)
        .wasm_multi_memory(true)
        .gc_support(false)
        .wasm_features(REFUSED, false);
    config
}
