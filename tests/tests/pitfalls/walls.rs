//! Pitfalls 11 and 12: the day on which the engine itself is broken, and what a
//! plugin can learn without breaking it.

use crate::component::component;
use crate::host::{ASKS, GRANT, MAY_ASK, serving};
use crate::naive::NaivePlugin;
use crate::plugin::{Host, call, module};
use serde_json::{Value, json};
use std::fs;
use std::sync::{Arc, Mutex};

/// What the kernel says of a process: filters of system calls, capabilities, and
/// whether a program can gain rights.
fn status(pid: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let wanted = ["Seccomp", "CapEff", "CapPrm", "CapBnd", "NoNewPrivs"];
    text.lines()
        .filter_map(|line| line.split_once(":\t"))
        .filter(|(name, _)| wanted.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn namespaces(pid: &str) -> Vec<String> {
    ["user", "mnt", "pid", "net", "ipc", "uts"]
        .map(|kind| fs::read_link(format!("/proc/{pid}/ns/{kind}")).unwrap())
        .map(|link| link.to_string_lossy().into_owned())
        .to_vec()
}

/// The engine has been escaped from before (RUSTSEC-2023-0090, 2026-0095, 2026-0096),
/// which cannot be shown in a version that has it mended. Held here is what such a
/// plugin would be in: in a naive host, the process that holds everything.
#[test]
fn around_the_engine_stands_a_wall_of_the_system_while_a_plugin_computes() {
    let seen = Arc::new(Mutex::new(None));
    let pid = Arc::new(Mutex::new(0_u32));
    let (look, whose) = (Arc::clone(&seen), Arc::clone(&pid));
    let host = serving(move || {
        // The call waits for this: the worker is in the middle of it.
        let first = whose.lock().unwrap();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let worker = children.split_whitespace().next().unwrap().to_owned();
        let program = fs::read_to_string(format!("/proc/{worker}/cmdline")).unwrap();
        *look.lock().unwrap() = Some((program, status(&worker), namespaces(&worker)));
        true
    });
    let wasm = module(&format!("{ASKS} (func (export \"go\") (result i32) (call $ask))"));
    let mut plugin = host.plugin(&wasm, MAY_ASK).grant(GRANT).start().unwrap();
    plugin.initialise().unwrap();
    *pid.lock().unwrap() = plugin.host_pid();
    assert_eq!(call(&mut plugin, "go", &Value::Null), 0);
    let (program, status, theirs) = seen.lock().unwrap().take().unwrap();
    assert!(program.contains("worker"), "{program}");
    assert_eq!(status.len(), 5, "{status:?}");
    for (name, value) in status {
        match name.as_str() {
            "Seccomp" => assert_eq!(value, "2"),
            "NoNewPrivs" => assert_eq!(value, "1"),
            _ => assert_eq!(value, "0000000000000000", "{name}"),
        }
    }
    let ours = namespaces("self");
    assert!(theirs.iter().zip(&ours).all(|(one, other)| one != other), "{theirs:?}");
}

/// For each line of the engine that may be locked, the first release with every
/// advisory mended that was known when this was last looked at, of the engine and its
/// WASI: up to RUSTSEC-2026-0327, of 2026-10-02.
const MENDED: [(u64, u64, u64); 1] = [(48, 0, 4)];

#[test]
fn the_engine_is_of_a_line_that_is_mended_for_years() {
    let lock = include_str!("../../../Cargo.lock");
    let mut versions = Vec::new();
    for package in lock.split("[[package]]") {
        let field = |name: &str| {
            let start = package.find(&format!("\n{name} = \""))? + name.len() + 5;
            package.get(start..)?.split('"').next()
        };
        if matches!(field("name"), Some("wasmtime" | "wasmtime-wasi")) {
            let version = field("version").unwrap();
            let parts: Vec<u64> = version.split('.').map(|part| part.parse().unwrap()).collect();
            versions.push((parts[0], parts[1], parts[2]));
        }
    }
    assert_eq!(versions.len(), 2, "one engine, and its WASI: {versions:?}");
    for version in versions {
        // Lines that are kept for two years: 24, 36, 48, ...
        assert_eq!(version.0 % 12, 0, "{version:?}");
        let mended = MENDED.iter().find(|mended| mended.0 == version.0).unwrap();
        assert!(version >= *mended, "{version:?}");
    }
}

#[test]
fn a_plugin_sees_time_pass_in_steps_in_which_it_cannot_measure_a_neighbour() {
    // The nanoseconds beyond a whole step, added up over many looks at the clock.
    let wasm = component(
        "import wasi:clocks/monotonic-clock@0.2.0;",
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
           ---
           (func $go (param i32 i32) (result i64) (local $left i32) (local $beyond i64)
               (local.set $left (i32.const 1000))
               (loop $again
                   (local.set $beyond (i64.add (local.get $beyond)
                       (i64.rem_u (call $now) (i64.const 100000))))
                   (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                   (br_if $again (local.get $left)))
               (local.get $beyond))"#,
    );
    assert_ne!(NaivePlugin::new(&wasm).go("null").unwrap(), 0, "a clock of nanoseconds");
    let host = Host::new();
    let mut plugin = host.plugin(&wasm, "").start().unwrap();
    for _ in 0..20 {
        assert_eq!(call(&mut plugin, "go", &json!(null)), 0);
    }
}

/// A counter in memory that two plugins share is a clock as good as any.
#[test]
fn a_plugin_that_wants_memory_shared_with_others_does_not_load() {
    let wasm =
        wat::parse_str("(module (memory (export \"memory\") 1 1 shared) (func (export \"one\")))")
            .unwrap();
    let started = Host::new().plugin(&wasm, "").start().map(drop);
    let error = started.unwrap_err().to_string();
    assert!(error.contains("not valid"), "{error}");
}
