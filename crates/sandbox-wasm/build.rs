//! Builds the two static programs that this crate carries inside itself, so that
//! the library is one crate and the program one binary.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs with the feature that each is built with, and no other.
const PROGRAMS: [(&str, &str); 2] =
    [("ringfence-worker", "run"), ("ringfence-compiler", "compile")];
/// What they are built from, beside their dependencies.
const SOURCES: [&str; 5] =
    ["../worker/src", "../worker/Cargo.toml", "../protocol/src", "../../wit", LOCK];
/// The versions of what they depend on.
const LOCK: &str = "../../Cargo.lock";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    // Apart from the outer build, since Cargo locks the folder it builds in, and
    // the same for every outer profile: the engine takes minutes to compile.
    let target = out.ancestors().nth(4).ok_or("short OUT_DIR")?.join("wasm-programs");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rustc-env=WASMTIME_VERSION={}", version_of_the_engine()?);
    for (program, feature) in PROGRAMS {
        build(program, feature, &target)?;
        std::fs::copy(target.join("release").join(program), out.join(program))?;
    }
    Ok(())
}

fn version_of_the_engine() -> Result<String, Box<dyn Error>> {
    let lock = std::fs::read_to_string(LOCK)?;
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"wasmtime\"");
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    Ok(version.ok_or("no version of wasmtime")?.trim_matches('"').to_owned())
}

fn build(program: &str, feature: &str, target: &Path) -> Result<(), Box<dyn Error>> {
    let cargo = env::var_os("CARGO").ok_or("no CARGO")?;
    let status = Command::new(cargo)
        .args(["rustc", "--release", "--locked", "--package", "ringfence-worker"])
        .args(["--bin", program, "--no-default-features", "--features", feature])
        .args(["--config", "profile.release.panic=\"abort\""])
        // Link-time optimisation costs a minute and gives nothing measurable here.
        .args(["--config", "profile.release.lto=\"off\""])
        .args(["--config", "profile.release.codegen-units=16"])
        .args(["--", "-C", "target-feature=+crt-static"])
        .env("CARGO_TARGET_DIR", target)
        // The outer build's flags are for the outer programs.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("building {program} failed").into()) }
}
