//! The public toolchains for WebAssembly components: which version, whether they
//! are there, how they are installed.

use crate::Result;
use crate::run::{command, must, root, works};
use crate::servers;
use crate::setup::{Need, install, python_identity};
use std::fs;
use std::path::{Path, PathBuf};

/// `componentize-js` and everything that it needs, each with its digest.
pub(crate) const NPM_LOCK: &str = "plugins/tools/package-lock.json";
const NPM_MANIFEST: &str = "plugins/tools/package.json";
/// `componentize-py`, with the digest of each of its wheels.
pub(crate) const PYPI_LOCK: &str = "plugins/tools/requirements.txt";

/// Also in `rust-toolchain.toml`, by which rustup installs it with the toolchain.
pub(crate) const RUST_TARGET: &str = "wasm32-wasip2";

/// The one that was tried; another major version wants another C library.
pub(crate) const CLANG: &str = "clang-19";
/// Its linker: clang takes it by its path only.
pub(crate) const WASM_LD: &str = "/usr/bin/wasm-ld-19";

/// What C for WebAssembly needs of the system.
pub(crate) const C: [Need; 4] = [
    Need {
        package: "clang-19",
        why: "plugins in C",
        there: || works(command(CLANG).arg("--version")),
    },
    Need {
        package: "lld-19",
        why: "links plugins in C",
        there: || works(command(WASM_LD).arg("--version")),
    },
    Need {
        package: "wasi-libc",
        why: "the C library of plugins in C",
        there: || Path::new("/usr/lib/wasm32-wasi/libc.a").exists(),
    },
    Need {
        package: "libclang-rt-19-dev-wasm32",
        why: "what clang calls in plugins in C",
        there: || {
            Path::new("/usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a")
                .exists()
        },
    },
];

/// What is said of a tool that is not there.
pub(crate) fn missing(what: &str) -> Box<dyn std::error::Error> {
    format!("{what} is missing: run cargo xtask setup").into()
}

/// Whether the toolchain has a standard library for [`RUST_TARGET`].
pub(crate) fn has_rust_target() -> bool {
    let folder = crate::run::read(command("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        RUST_TARGET,
    ]));
    folder.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

fn folder(name: &str) -> Result<PathBuf> {
    Ok(servers::folder()?.join("tools").join(name))
}

/// The script of `componentize-js`.
pub(crate) fn componentize_js() -> Result<PathBuf> {
    let script = "node_modules/@bytecodealliance/componentize-js/src/cli.js";
    ready("componentize-js", NPM_LOCK, script)
}

/// The program of `componentize-py`.
pub(crate) fn componentize_py() -> Result<PathBuf> {
    ready("componentize-py", PYPI_LOCK, "bin/componentize-py")
}

/// A tool as its lock file has it, and no other version.
fn ready(name: &str, lock: &str, program: &str) -> Result<PathBuf> {
    let folder = folder(name)?;
    let wanted = fs::read_to_string(root().join(lock))?;
    let mark = fs::read_to_string(folder.join(crate::setup::MARK)).unwrap_or_default();
    let program = folder.join(program);
    if mark.starts_with(&wanted) && program.exists() { Ok(program) } else { Err(missing(name)) }
}

/// Installs what is missing, beside the packages of the system.
pub(crate) fn setup() -> Result<()> {
    if has_rust_target() {
        println!("setup: the Rust target {RUST_TARGET} is there");
    } else {
        println!("setup: the Rust target {RUST_TARGET} is missing (plugins in Rust)");
        if must(command("rustup").args(["target", "add", RUST_TARGET])).is_err() {
            // The one thing here that no package registry has.
            println!(
                "setup: NOT INSTALLED: {RUST_TARGET}; plugins in Rust are not built, and their \
                 tests are not run"
            );
        }
    }
    let lock = fs::read_to_string(root().join(NPM_LOCK))?;
    install(&folder("componentize-js")?, "componentize-js", &lock, npm)?;
    let wanted = fs::read_to_string(root().join(PYPI_LOCK))? + &python_identity()?;
    install(&folder("componentize-py")?, "componentize-py", &wanted, pypi)
}

/// Exactly what the lock file says; no package runs code while it is installed.
fn npm(folder: &Path) -> Result<()> {
    for file in [NPM_MANIFEST, NPM_LOCK] {
        let name = Path::new(file).file_name().ok_or("no name")?;
        fs::copy(root().join(file), folder.join(name))?;
    }
    must(command("npm").current_dir(folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))
}

/// Exactly the wheels whose digests are written down.
fn pypi(folder: &Path) -> Result<()> {
    must(command("python3").args(["-m", "venv"]).arg(folder))?;
    must(
        command(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:"])
            .args(["--disable-pip-version-check", "--require-hashes", "--requirement"])
            .arg(root().join(PYPI_LOCK)),
    )
}
