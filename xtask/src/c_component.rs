//! A component from C: headers of the world by `wit-bindgen`, a core module by
//! clang and the C library for WASI, and the component around it by `wit-component`.

use crate::Result;
use crate::plugins::Example;
use crate::run::{command, must, root};
use crate::tools;
use std::fs;
use std::path::Path;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;
use wit_component::ComponentEncoder;

/// The world that is implemented.
const WORLD: &str = "plugin";

pub(crate) fn build(example: &Example, wasm: &Path) -> Result<()> {
    for need in tools::C {
        if !(need.there)() {
            return Err(tools::missing(need.package));
        }
    }
    bindings(&example.work)?;
    let core = example.work.join("core.wasm");
    let file = |name: &str| example.work.join(name);
    let clang = || {
        let mut clang = command(tools::CLANG);
        clang.args(["--target=wasm32-wasi", "-O2", "-I"]).arg(&example.work);
        clang
    };
    // What was generated is not held to the warnings of what was written.
    must(clang().arg("-c").arg(file("plugin.c")).arg("-o").arg(file("plugin.o")))?;
    must(
        clang()
            .args(["-Wall", "-Wextra", "-Werror", "-c"])
            .arg(example.folder.join("notes.c"))
            .arg("-o")
            .arg(file("notes.o")),
    )?;
    must(
        clang()
            // It has no `main`: it is loaded, and called.
            .arg("-mexec-model=reactor")
            .arg(format!("-fuse-ld={}", tools::WASM_LD))
            .arg("-Wl,--strip-debug")
            .args(["notes.o", "plugin.o", "plugin_component_type.o"].map(file))
            .arg("-o")
            .arg(&core),
    )?;
    fs::write(wasm, encode(&fs::read(core)?)?)?;
    Ok(())
}

/// `plugin.h`, `plugin.c`, and an object with the world in a section of its own.
fn bindings(work: &Path) -> Result<()> {
    let mut files = Files::default();
    let mut generate = || {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path(root().join("wit"))?;
        let world = resolve.select_world(&[package], Some(WORLD))?;
        wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files)
    };
    generate().map_err(|error| format!("{error:#}"))?;
    for (name, content) in files.iter() {
        fs::write(work.join(name), content)?;
    }
    Ok(())
}

/// The C library asks for WASI as it was before components; the adapter asks for it
/// as it is now, and holds only what is used.
fn encode(core: &[u8]) -> Result<Vec<u8>> {
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(core)
        .and_then(|encoder| {
            encoder.adapter(
                WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
                WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            )
        })
        .and_then(|mut encoder| encoder.encode());
    // With the causes, which say what is imported that nobody has.
    Ok(encoded.map_err(|error| format!("{error:#}"))?)
}
