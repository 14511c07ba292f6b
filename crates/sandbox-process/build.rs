//! Builds the two static programs that this crate carries inside itself, so
//! that the library is one crate and the program one binary, and so that what
//! is started can never be replaced on disk.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs to build: package, the folder of its sources, and what rustc is told.
const PROGRAMS: [(&str, &str, &[&str]); 2] = [
    // It brings its own start, and no library of C: there is nothing to relocate.
    ("ringfence-jailer", "../jailer", &["relocation-model=static", "link-arg=-nostartfiles"]),
    ("ringfence-probe", "../probe", &[]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    // Apart from the outer build: Cargo locks the folder it builds in. Outside
    // OUT_DIR's hash, so that a new hash does not build the C types again.
    let target = out.ancestors().nth(3).ok_or("short OUT_DIR")?.join("static-programs");
    for (package, sources, options) in PROGRAMS {
        println!("cargo::rerun-if-changed={sources}/src");
        println!("cargo::rerun-if-changed={sources}/Cargo.toml");
        build(package, options, &target)?;
        std::fs::copy(target.join("release").join(package), out.join(package))?;
    }
    Ok(())
}

fn build(package: &str, options: &[&str], target: &Path) -> Result<(), Box<dyn Error>> {
    let cargo = env::var_os("CARGO").ok_or("no CARGO")?;
    let status = Command::new(cargo)
        .args(["rustc", "--release", "--locked", "--package", package, "--bin", package])
        .args(["--config", "profile.release.opt-level=\"s\""])
        .args(["--config", "profile.release.panic=\"abort\""])
        .args(["--config", "profile.release.lto=\"fat\""])
        .args(["--config", "profile.release.codegen-units=1"])
        .args(["--", "-C", "target-feature=+crt-static"])
        .args(options.iter().flat_map(|option| ["-C", option]))
        .env("CARGO_TARGET_DIR", target)
        // The outer build's flags are for the outer programs.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("building {package} failed").into()) }
}
