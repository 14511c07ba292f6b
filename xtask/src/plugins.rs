//! `cargo xtask plugins`: the examples that are WebAssembly, each by the public
//! toolchain of its language. What was built before from the same inputs is taken
//! from the target folder, so that a fresh clone on the same machine is quick.

use crate::Result;
use crate::run::{cargo, command, must, root, target};
use crate::{c_component, tools};
use std::fs;
use std::path::{Path, PathBuf};

/// Which toolchain builds an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    /// `rustc` for `wasm32-wasip2`; the name of what Cargo makes.
    Rust(&'static str),
    /// clang and `wit-bindgen`.
    C,
    /// `componentize-js`.
    JavaScript,
    /// `componentize-py`.
    Python,
}

/// Folders of `plugins/examples` that have to be built.
const EXAMPLES: [(&str, Language); 5] = [
    ("wasm-c", Language::C),
    ("wasm-javascript", Language::JavaScript),
    ("wasm-program", Language::Rust("wasm-program.wasm")),
    ("wasm-python", Language::Python),
    ("wasm-rust", Language::Rust("wasm_rust.wasm")),
];

/// What is built, in the folder of its example.
const BUILT: &str = "plugin.wasm";

/// One example on its way.
pub(crate) struct Example {
    /// Its sources.
    pub(crate) folder: PathBuf,
    /// Where everything in between may be put.
    pub(crate) work: PathBuf,
}

/// Builds every example; one that fails does not keep the others from it.
pub(crate) fn run() -> Result<()> {
    let mut failed = Vec::new();
    for (name, language) in EXAMPLES {
        let outcome = one(name, language);
        match outcome {
            Ok(Done::Built) => println!("plugins: {name}: built"),
            Ok(Done::Before) => println!("plugins: {name}: as built before"),
            Ok(Done::NoTarget) => println!(
                "plugins: {name}: NOT BUILT, and its tests are not run: rustup target add {}",
                tools::RUST_TARGET
            ),
            Err(error) => {
                eprintln!("error: {name}: {error}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not built: {}", failed.join(", ")).into()) }
}

enum Done {
    Built,
    Before,
    /// The toolchain cannot build for WebAssembly, and not every machine can mend
    /// that: the target is in no package registry.
    NoTarget,
}

fn one(name: &str, language: Language) -> Result<Done> {
    let folder = root().join("plugins/examples").join(name);
    let kept = target()?.join("plugins").join(name);
    let example = Example { folder: folder.clone(), work: kept.join("work") };
    let (wasm, mark) = (kept.join(BUILT), kept.join("inputs"));
    let inputs = inputs(&folder, language)?;
    let before = wasm.exists() && fs::read(&mark).is_ok_and(|mark| mark == inputs);
    if !before && matches!(language, Language::Rust(_)) && !tools::has_rust_target() {
        return Ok(Done::NoTarget);
    }
    if !before {
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        fs::create_dir_all(&example.work)?;
        match language {
            Language::Rust(made) => rust(&example, made, &wasm)?,
            Language::C => c_component::build(&example, &wasm)?,
            Language::JavaScript => javascript(&example, &wasm)?,
            Language::Python => python(&example, &wasm)?,
        }
        // The mark is written last: what was left half built is built again.
        fs::write(&mark, &inputs)?;
    }
    place(&wasm, &folder.join(BUILT))?;
    Ok(if before { Done::Before } else { Done::Built })
}

/// Whole or not at all: a test may be reading it.
fn place(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let beside = to.with_extension("wasm.new");
    fs::write(&beside, bytes)?;
    Ok(fs::rename(beside, to)?)
}

/// Everything that decides what comes out, one after the other.
fn inputs(folder: &Path, language: Language) -> Result<Vec<u8>> {
    let tools: &[&str] = match language {
        Language::Rust(_) => &["rust-toolchain.toml"],
        // The versions of what makes its component are this program's own.
        Language::C => &["xtask/src/c_component.rs", "Cargo.lock"],
        Language::JavaScript => &[tools::NPM_LOCK],
        Language::Python => &[tools::PYPI_LOCK],
    };
    let mut files: Vec<PathBuf> = ["wit/plugin.wit", "xtask/src/plugins.rs"]
        .iter()
        .chain(tools)
        .map(|file| root().join(file))
        .collect();
    let mut folders = vec![folder.to_owned()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| {
                ["c", "js", "lock", "py", "rs", "toml"].iter().any(|known| extension == *known)
            }) {
                sources.push(path);
            }
        }
    }
    sources.sort();
    files.extend(sources);
    let mut inputs = Vec::new();
    for file in files {
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        inputs.extend_from_slice(format!("\n==> {name}\n").as_bytes());
        inputs.extend(fs::read(file)?);
    }
    Ok(inputs)
}

fn rust(example: &Example, made: &str, wasm: &Path) -> Result<()> {
    must(
        cargo()?
            .args(["build", "--quiet", "--release", "--locked", "--target", tools::RUST_TARGET])
            .arg("--manifest-path")
            .arg(example.folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&example.work)
            // Flags for this machine are none for that one.
            .env_remove("RUSTFLAGS"),
    )?;
    fs::copy(example.work.join(tools::RUST_TARGET).join("release").join(made), wasm)?;
    Ok(())
}

/// Without these the engine in it imports nothing of WASI.
const UNUSED: [&str; 5] = ["stdio", "random", "clocks", "http", "fetch-event"];

fn javascript(example: &Example, wasm: &Path) -> Result<()> {
    let program = tools::componentize_js()?;
    must(
        command("node")
            .arg(program)
            .arg(example.folder.join("plugin.js"))
            .arg("--wit")
            .arg(root().join("wit"))
            .args(["--world-name", "plugin"])
            .arg("--out")
            .arg(wasm)
            .arg("--disable")
            .args(UNUSED)
            .current_dir(&example.work),
    )
}

fn python(example: &Example, wasm: &Path) -> Result<()> {
    let program = tools::componentize_py()?;
    // A copy: its interpreter leaves compiled code beside what it reads.
    fs::copy(example.folder.join("plugin.py"), example.work.join("plugin.py"))?;
    must(
        command(program)
            .args(["--quiet", "--wit-path"])
            .arg(root().join("wit"))
            .args(["--world", "plugin", "componentize", "--stub-wasi", "plugin", "--output"])
            .arg(wasm)
            .arg("--python-path")
            .arg(&example.work)
            .current_dir(&example.work),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_that_needs_building_is_built() {
        let examples = root().join("plugins/examples");
        for entry in fs::read_dir(examples).unwrap().flatten() {
            let manifest = fs::read_to_string(entry.path().join("plugin.yaml")).unwrap_or_default();
            if manifest.contains(BUILT) {
                let name = entry.file_name().to_string_lossy().into_owned();
                assert!(EXAMPLES.iter().any(|(known, _)| *known == name), "{name} is not built");
            }
        }
    }

    #[test]
    fn a_changed_source_is_another_input() {
        let folder = root().join("plugins/examples/wasm-c");
        let text = String::from_utf8(inputs(&folder, Language::C).unwrap()).unwrap();
        for part in
            ["plugins/examples/wasm-c/notes.c", "wit/plugin.wit", "xtask/src/c_component.rs"]
        {
            assert!(text.contains(&format!("==> {part}\n")), "{part}");
        }
    }
}
