//! The system call allow-list and the program the kernel runs for it.
//!
//! Denied is what is not listed. The list is x86-64; on another architecture
//! the crate does not build, because a list that was not written for it would
//! be a guess.

mod assemble;
mod list;
mod profile;
mod reader;
mod worker;

pub(crate) use assemble::assemble_reader;
pub use assemble::{Program, assemble};
pub use list::{Entry, LIST, Rule};

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the system call list is written for x86-64 only");
