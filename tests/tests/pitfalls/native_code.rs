//! Pitfalls 13 and 14: native code is what the compiler made, and nothing that
//! somebody put there; and making it costs the host nothing that it did not allow.

use crate::alone::alone;
use crate::naive;
use crate::plugin::{Host, call, module};
use ringfence::Ringfence;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use wasmtime::{Instance, Module, Store};

fn answers(number: u32) -> Vec<u8> {
    module(&format!("(func (export \"answer\") (result i32) (i32.const {number}))"))
}

fn compiled(host: &Host) -> Vec<PathBuf> {
    let entries = fs::read_dir(host.home().join("compiled")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn native_code_of_another_plugin_or_changed_in_the_cache_is_made_again() {
    let host = Host::new();
    assert_eq!(call(&mut host.plugin(&answers(1), "").start().unwrap(), "answer", &Value::Null), 1);
    let [first] = compiled(&host).try_into().unwrap();
    assert_eq!(call(&mut host.plugin(&answers(2), "").start().unwrap(), "answer", &Value::Null), 2);
    let second = compiled(&host).into_iter().find(|path| *path != first).unwrap();
    let code = fs::read(&first).unwrap();
    // What runs on is another process of the same home, which has nothing loaded.
    let answer = |host: &Host| {
        let again = Ringfence::open_at(host.home()).unwrap();
        let mut plugin = again.plugin(host.folder.path().join("plugin")).start().unwrap();
        call(&mut plugin, "answer", &Value::Null)
    };
    fs::copy(&first, &second).unwrap();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(answer(&host), 2);
    let mut changed = code;
    let middle = changed.len() / 2;
    changed[middle] ^= 0x80;
    fs::write(&second, changed).unwrap();
    assert_eq!(answer(&host), 2);
    // And a good one is used: it is not written again.
    let before = fs::read(&second).unwrap();
    assert_eq!(answer(&host), 2);
    assert_eq!(fs::read(&second).unwrap(), before);
}

/// What WebAssembly cannot say: `getpid`, in the place of a constant of ten bytes.
const CONSTANT: [u8; 10] = [0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11];
const GETPID: [u8; 10] = [0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0x90, 0x90, 0x90];

#[test]
fn native_code_of_a_plugins_author_asks_nothing_of_the_kernel() {
    let wasm = module("(func (export \"answer\") (result i64) (i64.const 0x1122334455667788))");
    let engine = naive::engine(&mut naive::config());
    let mut native = engine.precompile_module(&wasm).unwrap();
    let at = native.windows(10).position(|bytes| bytes == CONSTANT).unwrap();
    native[at..at + 10].copy_from_slice(&GETPID);
    // SAFETY: needed to show what a host that trusts such a file runs. Sound because
    // the only change is that ten bytes of it ask for our own process number and
    // touch two registers that the calling convention lets every function change.
    #[expect(unsafe_code, reason = "what must not be done")]
    let loaded = unsafe { Module::deserialize(&engine, &native) }.unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &loaded, &[]).unwrap();
    let answer = instance.get_typed_func::<(), i64>(&mut store, "answer").unwrap();
    let pid = i64::from(std::process::id());
    assert_eq!(answer.call(&mut store, ()).unwrap(), pid, "a system call of the host");
    // Here it is no code, in a package and in the place of what was compiled.
    let host = Host::new();
    let error = host.plugin(&native, "").start().map(drop).unwrap_err();
    assert!(error.to_string().contains("WebAssembly"), "{error}");
    drop(host.plugin(&wasm, "").start().unwrap());
    let [cached] = compiled(&host).try_into().unwrap();
    fs::write(&cached, &native).unwrap();
    let again = Ringfence::open_at(host.home()).unwrap();
    let mut plugin = again.plugin(host.folder.path().join("plugin")).start().unwrap();
    assert_eq!(call(&mut plugin, "answer", &Value::Null), 0x1122_3344_5566_7788_i64);
}

#[test]
fn native_code_in_a_package_is_not_taken() {
    let host = Host::new();
    drop(host.plugin(&answers(1), "").start().unwrap());
    let [native] = compiled(&host).try_into().unwrap();
    let mut code = fs::read(native).unwrap();
    code.truncate(code.len() - 32);
    assert!(code.starts_with(b"\x7fELF"));
    let error = host.plugin(&code, "").start().map(drop).unwrap_err();
    assert!(error.to_string().contains("WebAssembly"), "{error}");
}

/// Most memory that this process ever had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// A file of some KiB that takes a compiler a thousand times as much: one function of many
/// blocks, in all of which all of its variables have to be kept.
fn bomb() -> Vec<u8> {
    let variables = 1_000;
    let change: String = (0..variables)
        .map(|number| {
            format!(
                "(local.set {number} (i64.add (local.get {number}) (local.get {})))",
                (number + 1) % variables
            )
        })
        .collect();
    let branches = "(br_if $again (i64.eqz (local.get 0)))".repeat(700);
    let locals = "i64 ".repeat(variables);
    wat::parse_str(format!(
        "(module (func (export \"bomb\") (local {locals}) (loop $again {change} {branches})))"
    ))
    .unwrap()
}

#[test]
fn a_small_file_that_is_dear_to_compile_is_not_compiled_in_the_host() {
    // The most that a process ever had is one number, so in one of its own.
    if !alone("native_code::a_small_file_that_is_dear_to_compile_is_not_compiled_in_the_host") {
        return;
    }
    let bomb = bomb();
    let size = u64::try_from(bomb.len()).unwrap();
    let host = Host::new();
    // Ready for everything but the bomb.
    drop(host.plugin(&answers(1), "").start().unwrap());
    let before = peak();
    let _ = host.plugin(&bomb, "").start().map(drop);
    let here = peak() - before;
    let before = peak();
    let _ = Module::new(&naive::engine(&mut naive::config()), &bomb);
    let naive = peak() - before;
    println!("a file of {size} bytes: {naive} bytes in a naive host, {here} bytes here");
    assert!(naive > 1000 * size, "{naive} for {size}");
    assert!(here < naive / 10, "{here} here, {naive} there");
}

#[test]
fn a_file_above_the_limit_is_refused_before_anything_is_compiled() {
    // Nothing but data, which costs a naive host as much memory as it has bytes.
    let large = wat::parse_str(format!(
        "(module (memory 1100) (func (export \"one\")) (data (i32.const 0) \"{}\"))",
        "x".repeat(65 << 20)
    ))
    .unwrap();
    assert!(Module::new(&naive::engine(&mut naive::config()), &large).is_ok());
    let host = Host::new();
    let error = host.plugin(&large, "").start().map(drop).unwrap_err();
    assert!(error.to_string().contains("64 MiB"), "{error}");
    let kept = fs::read_dir(host.home().join("compiled")).map_or(0, Iterator::count);
    assert_eq!(kept, 0);
}
