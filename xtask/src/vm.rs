//! `cargo xtask vm`: the jail's tests under a stock Debian kernel in QEMU.

use crate::Result;

/// Boots, tests, reports.
pub(crate) fn run(_arguments: &[&str]) -> Result<()> {
    Err("not yet".into())
}
