//! `cargo xtask bench`: the benchmarks, optimised as a release is.

use crate::Result;
use crate::run::{cargo, must};

/// Passes everything on to the program.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let mut command = cargo()?;
    command.args(["run", "--release", "--locked", "--package", "ringfence-bench", "--"]);
    must(command.args(arguments))
}
