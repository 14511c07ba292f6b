//! Has the program linked statically, by the plain `cargo build` of the README.
//!
//! Finding, mapping and relocating shared libraries is a third of the time until
//! the first line of `main` runs. `-C target-feature=+crt-static` would do it, but
//! cannot be said for one program in a manifest, and would have to come with
//! `--target` so as not to meet procedural macros.
//!
//! So the linker is told to make a static, position-independent program, and
//! where rustc names the shared libraries of C, it finds their archives. They are
//! needed anyway: the programs that the library carries are static as well.

use std::env;
use std::error::Error;
use std::path::PathBuf;

/// What stands in a folder that is searched first: a name that rustc asks for,
/// and what the linker takes instead.
const ARCHIVES: [(&str, &str); 3] = [
    ("libgcc_s.so", "INPUT(-l:libgcc_eh.a -l:libgcc.a)"),
    ("libm.so", "INPUT(-l:libm.a)"),
    ("libc.so", "INPUT(-l:libc.a)"),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("archives");
    std::fs::create_dir_all(&folder)?;
    for (name, script) in ARCHIVES {
        std::fs::write(folder.join(name), format!("{script}\n"))?;
    }
    // For this program alone: tests of this package stay as they are.
    println!("cargo::rustc-link-arg-bin=ringfence=-L{}", folder.display());
    println!("cargo::rustc-link-arg-bin=ringfence=-static-pie");
    Ok(())
}
