//! The effect of keeping keys and documents for one instance.
//!
//! Takes: a permit for one key, or for a set of keys, by value. Gives: values
//! and names. Never: touches a row of another instance, goes over the byte
//! quota, or decides anything itself.
//!
//! One SQLite file per home. Every statement that reaches a row names the
//! instance, and takes it from the permit.
//!
//! Nothing can be read without a permit:
//!
//! ```compile_fail,E0308
//! fn peek(storage: &ringfence_gate_storage::Storage) {
//!     let _ = storage.get("key");
//! }
//! ```
#![forbid(unsafe_code)]

mod error;
mod open;
mod rows;

pub use error::StorageError;
pub use open::Storage;
pub use rows::{KeyPage, MAX_PAGE, MAX_VALUE_BYTES, ROW_OVERHEAD, StoredValue};
