//! Packages by their names, from a registry that answers as it likes: real npm and real pip
//! in their jail, an honest registry and a hostile one, each on this machine only.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "support for tests: a failure here is a failure of the test"
)]

mod advisories;
mod age;
mod client;
#[path = "../../../crates/signing/tests/sigstore/instance.rs"]
#[expect(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shared with the tests of signatures, which use all of it"
)]
mod instance;
mod kept;
mod meanwhile;
mod npm;
mod npm_attacks;
mod oci;
mod oci_attacks;
#[path = "../cli/program.rs"]
#[expect(dead_code, reason = "shared with the tests of the command line, which use all of it")]
mod program;
mod provenance;
mod pypi;
mod real;
mod registry;
mod signatures;
mod web;
