//! The ways in which hosts of WebAssembly have been got round, as plugins that do
//! it: each against a host as most are built, where the harm is done, and here,
//! where it is not. The table of `docs/wasm-limits.md` names them by their numbers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failure of the test")]

mod alone;
mod component;
mod handles;
mod host;
mod lengths;
mod memory;
mod naive;
mod native_code;
mod neighbours;
#[path = "../engine/plugin.rs"]
mod plugin;
mod redirects;
mod state;
mod waiting;
mod walls;
