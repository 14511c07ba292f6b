//! How the engine is set up, the same for what compiles and what runs: native
//! code is refused by an engine with other settings.

use wasmtime::Config;

/// Bytes of a stack on which a plugin's code may recurse. The engine's default.
const STACK: usize = 512 * 1024;
/// Bytes of addresses that are reserved for each memory: with this much, and a
/// guard behind it, the code needs no check of its own for 32-bit addresses.
pub(crate) const RESERVED: u64 = 4 << 30;
const GUARD: u64 = 32 << 20;

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
        // A plugin's memory is its own: nothing that shares it with threads.
        .wasm_memory64(false)
        .wasm_multi_memory(true);
    config
}
