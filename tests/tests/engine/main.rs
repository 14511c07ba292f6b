//! What plugins of the built-in engine can and cannot do: calls, state, limits,
//! hostile code, what is found out about a call, and native code that nobody but the compiler made.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failure of the test"
)]

mod cache;
mod calls;
mod inspect;
mod javascript;
mod limits;
mod log;
mod plugin;
