//! The process backend: any program, in a jail of Linux namespaces.
//!
//! Takes: a [`Plan`](ringfence_sandbox::Plan). Gives: a running jail, and what
//! this machine can enforce. Never: decides what is granted, speaks the
//! plugin's protocol, falls back to a weaker jail.
#![forbid(unsafe_code)]

mod backend;
mod channel;
mod counted;
mod datagrams;
mod interpreter;
mod jail;
mod jailer;
mod machine;
mod members;
mod root;
mod shut;

pub use backend::{Limits, PreparedJail, ProcessBackend};
pub use interpreter::{Interpreter, InterpreterError, find_program};
pub use jail::Jail;
pub use jailer::Jailer;
pub use machine::{Fact, Machine};
pub use shut::shut_in;

/// The attack probe program, a static executable, for `ringfence doctor --attack`.
pub static PROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ringfence-probe"));
