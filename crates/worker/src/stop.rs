//! Why a call ended before the plugin was done.

use ringfence_protocol::worker::Stopped;

/// What stops a call from outside the plugin's code. It travels through the engine
/// as the error of a trap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A limit was used up.
    #[error("the limit of {} is used up", .0.word())]
    Limit(Stopped),
    /// The host has closed its end.
    #[error("the host has gone")]
    Gone,
    /// The engine's own: an instruction that cannot be executed.
    #[error("{0}")]
    Trap(String),
    /// The plugin ended itself, with this status.
    #[error("the plugin ended itself with status {0}")]
    Exit(i32),
}

impl Stop {
    /// What an error of the engine means. `memory_refused` is whether the ledger
    /// said no to memory in this call: code that gets none often gives up by a trap.
    pub(crate) fn of(error: &wasmtime::Error, memory_refused: bool) -> Self {
        if let Some(stop) = error.downcast_ref::<Self>() {
            return stop.clone();
        }
        if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            return Self::Exit(exit.0);
        }
        if memory_refused {
            return Self::Limit(Stopped::Memory);
        }
        let reason = error
            .downcast_ref::<wasmtime::Trap>()
            .map_or_else(|| error.root_cause().to_string(), ToString::to_string);
        Self::Trap(reason)
    }
}
