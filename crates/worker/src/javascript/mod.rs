//! The built-in JavaScript engine: one WebAssembly module for all plugins, a
//! plugin's source as data, and a fresh state for every call.
//!
//! `engine.wasm` (see `crates/worker/engine/README.md`) is compiled once, and begins
//! with its globals made. A plugin is evaluated once in an instance of it; memory and
//! mutable globals are then the [`Snapshot`], and after every call what was written is
//! put back. A call that ended
//! in a trap or was stopped costs the instance: the next one is built from the
//! snapshot.
//!
//! The state that a call could leave is memory and globals and nothing else, because
//! [`verify()`] refuses modules that could change a table or drop a segment.

#[cfg(feature = "run")]
mod api;
#[cfg(feature = "run")]
mod guest;
#[cfg(feature = "run")]
mod instance;
#[cfg(feature = "run")]
mod pages;
#[cfg(feature = "run")]
mod plugin;
#[cfg(feature = "run")]
mod snapshot;
#[cfg(feature = "compile")]
mod verify;

#[cfg(feature = "run")]
pub use crate::stop::Stop;
#[cfg(feature = "run")]
pub use api::{Error, Host, PluginError, Sources};
#[cfg(feature = "run")]
pub(crate) use guest::JavaScriptGuest;
#[cfg(feature = "run")]
pub use plugin::JavaScript;
#[cfg(feature = "run")]
pub use snapshot::{Base, Guard, Resettable, Snapshot};
#[cfg(feature = "compile")]
pub use verify::{Reason, verify};

#[cfg(feature = "run")]
use wasmtime::{Config, InstanceAllocationStrategy};

/// The engine as a WebAssembly module.
#[cfg(feature = "compile")]
pub const ENGINE: &[u8] = include_bytes!("../../engine/engine.wasm");

/// Native stack that the engine may use, in bytes. Its own limit counts another
/// stack and comes first with this much: held by the kinds of recursion in
/// `tests/recursion.rs`. The thread needs about 1 MiB more.
#[cfg(feature = "run")]
pub const STACK: usize = 8 * 1024 * 1024;

/// What runs the engine, as far as it differs from what runs other code. Memory is
/// allocated on demand: a pool would write to what is protected here.
#[cfg(feature = "run")]
#[must_use]
pub fn configuration() -> Config {
    let mut config = crate::settings::shared();
    config.max_wasm_stack(STACK);
    config.async_stack_size(STACK + 1024 * 1024);
    // The engine's own functions, which say nothing of a plugin's.
    config.wasm_backtrace_max_frames(None);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    config
}
