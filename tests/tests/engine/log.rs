//! Every piece of native code that is run is in the log: from what it was made, and when.

use crate::plugin::{Host, call, module};
use ringfence::Ringfence;
use serde_json::Value;
use std::fs;

/// Records of a kind, oldest first.
pub(crate) fn records(host: &Host, kind: &str) -> Vec<Value> {
    let mut lines = String::new();
    for entry in fs::read_dir(host.home().join("audit")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            lines.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.map(|record| record["event"].clone()).filter(|e| e["kind"] == kind).collect()
}

#[test]
fn code_that_was_compiled_and_code_of_the_cache_are_recorded_before_they_run() {
    let host = Host::new();
    let wasm = module("(func (export \"answer\") (result i32) (i32.const 1))");
    for _ in 0..3 {
        let mut plugin = host.plugin(&wasm, "").start().unwrap();
        assert_eq!(call(&mut plugin, "answer", &Value::Null), 1);
    }
    // Another process has nothing in its memory, and looks into the cache.
    let again = Ringfence::open_at(host.home()).unwrap();
    drop(again.plugin(host.folder.path().join("plugin")).start().unwrap());
    let [compiled, cached] = records(&host, "compilation").try_into().unwrap();
    assert_eq!(compiled["message"], "native code made");
    assert_eq!(cached["message"], "native code taken from the cache");
    for record in [&compiled, &cached] {
        assert_eq!(record["metadata"]["bytes"], wasm.len());
        assert_eq!(record["metadata"]["source"].as_str().unwrap().len(), "sha256:".len() + 64);
        assert_eq!(record["severity"], "info");
    }
    let of = |name: &str| (compiled["metadata"][name].clone(), cached["metadata"][name].clone());
    assert_eq!(of("source").0, of("source").1);
    assert_eq!(of("made_bytes").0, of("made_bytes").1);
    assert!(of("wall_us").0.as_u64().unwrap() > 0);
    assert!(of("wall_us").1.is_null());
}

#[test]
fn what_the_compiler_refuses_is_recorded_with_its_reason_and_never_runs() {
    let host = Host::new();
    let mut wasm = module("(func (export \"answer\") (result i32) (i32.const 1))");
    // The last byte ends a function's body; now it is an instruction that is none.
    *wasm.iter_mut().rev().find(|byte| **byte == 0x0b).unwrap() = 0xff;
    let error = host.plugin(&wasm, "").start().map(drop).unwrap_err();
    let [record] = records(&host, "compilation").try_into().unwrap();
    assert_eq!(record["message"], "native code not made", "{error}");
    assert_eq!(record["severity"], "warning");
    assert!(record["metadata"]["why"].as_str().unwrap().contains("not valid"), "{record}");
    assert!(record["metadata"]["made_bytes"].is_null());
}
