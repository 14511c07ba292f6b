//! The effect of touching files in granted folders.
//!
//! Takes: a permit for one path, by value. Gives: bytes, names, facts. Never:
//! follows a symbolic link, leaves the granted folder or its mount, opens a
//! device, a FIFO or a socket, or decides anything itself.
//!
//! Every granted folder is opened once, before the plugin runs. From then on
//! the kernel resolves each path beneath that descriptor, so that no `..`, link
//! or rename made meanwhile can lead elsewhere.
//!
//! Nothing can be read without a permit:
//!
//! ```compile_fail,E0308
//! fn peek(files: &ringfence_gate_files::Files) {
//!     let _ = files.read("/data/a", 0, 10);
//! }
//! ```
//!
//! and a permit to read does not write:
//!
//! ```compile_fail,E0308
//! use ringfence_permission::{FilesRead, Permit};
//! fn confuse(files: &ringfence_gate_files::Files, permit: Permit<'_, FilesRead>) {
//!     let _ = files.replace(permit, b"x");
//! }
//! ```
#![forbid(unsafe_code)]

mod change;
mod error;
mod inspect;
mod resolve;
mod roots;

pub use error::FilesError;
pub use inspect::{Entry, EntryKind, FileContent, FileInfo, Listing, MAX_SCANNED};
pub use roots::Files;
