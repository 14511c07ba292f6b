//! `cargo xtask engine`: builds the JavaScript engine of the worker.
//!
//! The C sources of QuickJS-ng come from the crate that a lock file names, our own
//! from `crates/worker/engine`, the compiler and the C library from Debian. The same
//! of these give the same bytes, which are committed; `--check` builds them again.

use crate::Result;
use crate::run::{cargo, command, must, read, root};
use std::path::{Path, PathBuf};

/// QuickJS chooses a jump table over a switch by itself; that and `-O3` are for speed.
const FLAGS: [&str; 21] = [
    "--target=wasm32-wasi",
    "-mexec-model=reactor",
    "-nostartfiles",
    "-O3",
    "-mbulk-memory",
    "-std=gnu11",
    "-DNDEBUG",
    "-D_GNU_SOURCE",
    // WebAssembly has one way to round.
    "-DFE_DOWNWARD=0",
    "-DFE_UPWARD=0",
    "-fvisibility=hidden",
    // QuickJS is not ours to keep free of warnings.
    "-w",
    "-I.",
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    // An overrun of the stack is a trap and not a write to something else.
    "-Wl,--stack-first",
    "-Wl,-z,stack-size=1048576",
    // Bytes: the top bit of an address is free for the ABI.
    "-Wl,--max-memory=2147483648",
    "-Wl,--export=__stack_pointer",
    "-Wl,--export-memory",
    "-Wl,--build-id=none",
];

/// Of the prelude, in the order in which they depend on each other.
const PRELUDE: [&str; 9] =
    ["base", "text", "url", "timers", "console", "ringfence", "fetch", "load", "actions"];

const QUICKJS: [&str; 3] = ["libregexp.c", "libunicode.c", "dtoa.c"];

/// What is changed in `quickjs.c`, each text being there once: so that a call writes to
/// few pages, all of which have to be put back after it.
const CHANGES: [(&str, &str); 2] = [
    // Blocks of one size lie together, at first in a page for each size.
    ("#define JS_ARENA_SIZE              4096", "#define JS_ARENA_SIZE              1024"),
    // What was there before the first call is not counted any more, so that its page
    // is not written when somebody looks at it (`keep_for_ever` in engine.c).
    (
        "#define JS_REF_COUNT(p) (js_rc(p)->ref_count)",
        "#define JS_REF_COUNT(p) (js_rc(p)->ref_count)\n\
         #define FOR_EVER 0x40000000\n\
         #define JS_ONE_MORE(p) (JS_REF_COUNT(p) < FOR_EVER ? (void)JS_REF_COUNT(p)++ : (void)0)\n\
         #define JS_ONE_LESS(p) (JS_REF_COUNT(p) < FOR_EVER ? --JS_REF_COUNT(p) : FOR_EVER)",
    ),
];

/// How counts go up and down in `quickjs.c`, and what stands there instead. It has to be
/// everywhere: a count that goes up here and not down there would end as anything.
const COUNTS: [(&str, &str, &str); 3] =
    [("", "++;", "JS_ONE_MORE"), ("--", "", "JS_ONE_LESS"), ("", "--;", "(void)JS_ONE_LESS")];

/// Builds the engine; with `check`, compares it with the committed bytes.
pub(crate) fn run(check: bool) -> Result<()> {
    let folder = root().join("crates/worker/engine");
    let made = build(&folder)?;
    let committed = folder.join("engine.wasm");
    if !check {
        std::fs::copy(&made, &committed)?;
        let sum = format!("{}  engine.wasm\n", digest(&committed)?);
        std::fs::write(folder.join("engine.wasm.sha256"), sum)?;
        let length = std::fs::metadata(&committed)?.len();
        println!("engine: wrote {} ({length} bytes)", committed.display());
        return Ok(());
    }
    let wanted = std::fs::read_to_string(folder.join("engine.wasm.sha256"))?;
    let wanted = wanted.split_whitespace().next().unwrap_or_default();
    if digest(&committed)? != wanted {
        return Err("engine.wasm is not what engine.wasm.sha256 says".into());
    }
    if digest(&made)? != wanted {
        return Err("the engine that these sources give is not the committed one: if the \
             sources changed, run `cargo xtask engine` and commit what it writes; if not, \
             compare the compiler with the one in crates/worker/engine/README.md"
            .into());
    }
    println!("engine: the committed bytes are what the sources give");
    Ok(())
}

/// Compiles and links; the path of the module.
fn build(folder: &Path) -> Result<PathBuf> {
    let quickjs = sources(folder)?;
    let out = root().join("target/engine");
    std::fs::create_dir_all(&out)?;
    std::fs::write(out.join("prelude.h"), prelude(folder)?)?;
    let made = out.join("engine.wasm");
    let mut clang = command("clang-19");
    clang.current_dir(folder).args(FLAGS).arg(format!("-fuse-ld={}", linker()?));
    std::fs::write(out.join("quickjs.c"), changed(&quickjs)?)?;
    for include in [&out, &quickjs] {
        clang.arg("-I").arg(include);
    }
    clang.args(["engine.c", "stubs.c"]);
    clang.args(QUICKJS.map(|file| quickjs.join(file)));
    let linked = out.join("linked.wasm");
    must(clang.arg("-o").arg(&linked))?;
    // What every plugin would begin by doing is done once, here.
    let mut prepare = cargo()?;
    prepare.args(["run", "--quiet", "--locked", "-p", "ringfence-worker"]);
    must(prepare.args(["--example", "prepare_engine", "--"]).arg(&linked).arg(&made))?;
    // A foreign import would be a door that the worker does not know.
    let bytes = std::fs::read(&made)?;
    let foreign: &[u8] = b"wasi_snapshot";
    if bytes.windows(foreign.len()).any(|window| window == foreign) {
        return Err("the engine asks for a WASI host; give it an end in stubs.c".into());
    }
    Ok(made)
}

/// `quickjs.c` with what is changed in it.
fn changed(quickjs: &Path) -> Result<String> {
    let mut text = counted(&std::fs::read_to_string(quickjs.join("quickjs.c"))?)?;
    for (was, becomes) in CHANGES {
        if text.matches(was).count() != 1 {
            return Err(format!("quickjs.c does not hold once what is to be changed: {was}").into());
        }
        text = text.replace(was, becomes);
    }
    Ok(text)
}

/// The text with every count that goes up or down replaced.
fn counted(text: &str) -> Result<String> {
    const COUNT: &str = "JS_REF_COUNT(";
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(COUNT) {
        let (before, from) = rest.split_at(at);
        let end = from.find(')').ok_or("a count without an end")? + 1;
        let (count, after) = from.split_at(end);
        let change = COUNTS.iter().find(|(prefix, suffix, _)| {
            before.ends_with(prefix)
                && after.starts_with(suffix)
                && !(prefix.is_empty() && suffix.is_empty())
        });
        let Some((prefix, suffix, by)) = change else {
            if before.ends_with("++") || after.starts_with("++") || after.starts_with("--") {
                return Err(format!("a count that changes in a way of its own: {count}").into());
            }
            made += before;
            made += count;
            rest = after;
            continue;
        };
        made += before.strip_suffix(prefix).unwrap_or(before);
        made += by;
        made += count.strip_prefix("JS_REF_COUNT").unwrap_or(count);
        // What follows the count stays, but for its own sign.
        rest = after.strip_prefix(suffix.trim_end_matches(';')).unwrap_or(after);
    }
    Ok(made + rest)
}

/// The linker is asked for by path: the compiler would look for another name.
fn linker() -> Result<String> {
    let found = read(command("sh").args(["-c", "command -v wasm-ld-19"]));
    let found = found.map_err(|_| "no wasm-ld-19; `cargo xtask setup` installs lld-19")?;
    Ok(found.trim().to_owned())
}

/// Where cargo keeps the C sources, fetched when they are not there.
fn sources(folder: &Path) -> Result<PathBuf> {
    let manifest = folder.join("quickjs/Cargo.toml");
    let mut metadata = cargo()?;
    metadata.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]);
    let text = read(metadata.arg(&manifest))?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let packages = value.get("packages").and_then(serde_json::Value::as_array);
    let package = packages
        .into_iter()
        .flatten()
        .find(|package| package.get("name").is_some_and(|name| name == "rquickjs-sys"))
        .ok_or("cargo metadata does not name rquickjs-sys")?;
    let manifest = package.get("manifest_path").and_then(serde_json::Value::as_str);
    let at = Path::new(manifest.ok_or("a package without a path")?);
    Ok(at.parent().ok_or("a manifest without a folder")?.join("quickjs"))
}

/// The prelude as an array of bytes in C, ended by a zero.
fn prelude(folder: &Path) -> Result<String> {
    let mut text = String::from("(function (native) {\n'use strict';\n");
    for name in PRELUDE {
        let file = folder.join("prelude").join(format!("{name}.js"));
        text += &std::fs::read_to_string(&file).map_err(|error| format!("{name}.js: {error}"))?;
    }
    text += "})";
    let mut header = String::from("static const char prelude[] = {");
    for byte in text.bytes() {
        header += &format!("{},", i8::from_ne_bytes([byte]));
    }
    Ok(header + "0};\n")
}

fn digest(file: &Path) -> Result<String> {
    let text = read(command("sha256sum").arg(file))?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}
