//! The backend for WebAssembly, as far as it lies outside the jail.
//!
//! A plugin stands behind two walls: the engine, in a program of ours, and the jail
//! of that program, which is the one of the process backend with a shorter list of
//! system calls and nothing of the system in sight. The engine is not linked here:
//! the host holds no compiler, reads no WebAssembly, and maps no code of a plugin.
//!
//! Takes: WebAssembly, and what the compiler made of it in its jail. Gives: the two
//! programs as files, code in sealed memory, settings for the worker. Never: loads
//! code, believes a file in the cache whose code of authentication is wrong.
#![forbid(unsafe_code)]

mod budget;
mod cache;
mod programs;
mod sealed;

pub use budget::{compiler_budget, jail_budget, plugin_budget, worker_settings};
pub use cache::{CodeCache, CodeKey};
pub use programs::Programs;
pub use sealed::sealed;

/// The engine of JavaScript as WebAssembly, which is compiled like a plugin's own and
/// for all plugins in JavaScript together.
pub const JAVASCRIPT_ENGINE: &[u8] = include_bytes!("../../worker/engine/engine.wasm");

/// The engine, and what stands around it, in one line.
pub const ENGINE: &str = concat!(
    "Wasmtime ",
    env!("WASMTIME_VERSION"),
    " inside the jail; compiled in a jail of its own"
);

/// What goes wrong on the way to a worker.
#[derive(Debug, thiserror::Error)]
pub enum WasmError {
    /// A file or folder of ours is not as it must be.
    #[error(transparent)]
    Private(#[from] ringfence_private::PrivateError),
    /// The system refuses.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl WasmError {
    fn system<E: Into<std::io::Error>>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::System { what, source: error.into() }
    }
}
