//! The two programs of WebAssembly. Both run inside a jail, as the plugin does.
//!
//! `ringfence-compiler` takes WebAssembly on a descriptor and gives native code on
//! its standard output, or takes TypeScript and gives JavaScript. `ringfence-worker`
//! takes native code on a descriptor and runs it: it speaks the session protocol on
//! descriptor 3, so that the host knows no difference between it and the runner of
//! any other language.
//!
//! Takes: settings as its argument, code by descriptor, calls as frames.
//! Gives: answers, requests to the broker, and the word of the limit that stopped
//! a call. Never: opens a network, knows a key or a grant, compiles what it runs.

#![cfg_attr(
    feature = "run",
    expect(unsafe_code, reason = "who loads native code trusts it: one place")
)]
#![cfg_attr(not(feature = "run"), forbid(unsafe_code))]

pub mod javascript;
mod settings;

#[cfg(feature = "run")]
mod clock;
#[cfg(feature = "run")]
mod component;
#[cfg(feature = "run")]
mod guest;
#[cfg(feature = "run")]
mod host;
#[cfg(feature = "run")]
mod imports;
#[cfg(feature = "run")]
mod inspection;
#[cfg(feature = "run")]
mod ledger;
#[cfg(feature = "run")]
mod module;
#[cfg(feature = "run")]
mod new_code;
#[cfg(feature = "run")]
mod pool;
#[cfg(feature = "run")]
mod program;
#[cfg(feature = "run")]
mod sampler;
#[cfg(feature = "run")]
mod serve;
#[cfg(feature = "run")]
mod stop;
#[cfg(feature = "run")]
mod watchdog;
#[cfg(feature = "run")]
mod wire;

#[cfg(feature = "compile")]
mod compile;
#[cfg(all(test, feature = "compile", feature = "run"))]
mod conformance;
#[cfg(feature = "compile")]
mod typescript;

#[cfg(feature = "compile")]
pub use compile::{CompileError, compile};
#[cfg(feature = "run")]
pub use guest::CallError;
#[cfg(feature = "run")]
pub use serve::{ServeError, Worker, on_its_stack, serve};
#[cfg(feature = "run")]
pub use stop::Stop;
#[cfg(feature = "compile")]
pub use typescript::{TypesError, take_types_out};
