//! What plugins of the built-in engine can and cannot do: calls, state, limits,
//! hostile code, and what is found out about a call.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failure of the test"
)]

mod calls;
mod changed;
mod component;
mod inspect;
mod javascript;
mod limits;
mod log;
mod plugin;
