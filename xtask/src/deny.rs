//! `cargo xtask deny`: cargo-deny's checks that need no network. The same
//! licences, bans and sources are held by `cargo xtask tidy` without it.

use crate::Result;
use crate::run::{cargo, must, works};

/// Runs cargo-deny, or says that it is not there.
pub(crate) fn run() -> Result<()> {
    if !works(cargo()?.args(["deny", "--version"])) {
        println!("deny: cargo-deny is not installed (cargo install --locked cargo-deny)");
        return Ok(());
    }
    must(cargo()?.args(["deny", "--locked", "--offline", "check", "licenses", "bans", "sources"]))
}
