//! A greeting by a plugin in Extism, which measures itself. Prints a word and
//! nanoseconds a line, as the benchmark reads.
//!
//! The plugin is a core module of the least that Extism needs: it copies its input
//! to its output as its development kits do, eight bytes at a time.

use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use std::error::Error;
use std::time::{Duration, Instant};

const MODULE: &str = r#"(module
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (import "extism:host/env" "input_load_u64" (func $load (param i64) (result i64)))
    (import "extism:host/env" "input_load_u8" (func $load_one (param i64) (result i32)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
    (import "extism:host/env" "store_u8" (func $store_one (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (func (export "greet") (result i32) (local $bytes i64) (local $to i64) (local $at i64)
        (local.set $bytes (call $length))
        (local.set $to (call $alloc (local.get $bytes)))
        (block $done (loop $again
            (br_if $done (i64.gt_u (i64.add (local.get $at) (i64.const 8)) (local.get $bytes)))
            (call $store (i64.add (local.get $to) (local.get $at)) (call $load (local.get $at)))
            (local.set $at (i64.add (local.get $at) (i64.const 8)))
            (br $again)))
        (block $done (loop $again
            (br_if $done (i64.ge_u (local.get $at) (local.get $bytes)))
            (call $store_one (i64.add (local.get $to) (local.get $at))
                (call $load_one (local.get $at)))
            (local.set $at (i64.add (local.get $at) (i64.const 1)))
            (br $again)))
        (call $output (local.get $to) (local.get $bytes))
        (i32.const 0))
    (func (export "spin") (result i32) (loop $again (br $again)) (i32.const 0)))"#;

const LIMIT: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let quick = std::env::args().nth(1).is_some_and(|word| word == "quick");
    let [calls, large_calls, spins] = if quick { [300, 5, 5] } else { [3_000, 60, 50] };
    let manifest = || Manifest::new([Wasm::data(wat::parse_str(MODULE).unwrap_or_default())]);
    let compiled = CompiledPlugin::new(PluginBuilder::new(manifest()))?;
    let short = "\"Ada\"";
    measure("fresh", calls, || {
        let mut plugin = Plugin::new_from_compiled(&compiled)?;
        greet(&mut plugin, short)
    })?;
    let mut warm = Plugin::new_from_compiled(&compiled)?;
    measure("warm", calls, || greet(&mut warm, short))?;
    let large = format!("\"{}\"", "a".repeat((1 << 20) - 2));
    measure("mebibyte", large_calls, || greet(&mut warm, &large))?;
    let limited = CompiledPlugin::new(PluginBuilder::new(manifest().with_timeout(LIMIT)))?;
    let mut late = Vec::new();
    for _ in 0..spins {
        let mut plugin = Plugin::new_from_compiled(&limited)?;
        let begin = Instant::now();
        if plugin.call::<_, &[u8]>("spin", "").is_ok() {
            return Err("it was not stopped".into());
        }
        late.push(begin.elapsed().saturating_sub(LIMIT));
    }
    print("overshoot", &late);
    Ok(())
}

fn greet(plugin: &mut Plugin, input: &str) -> Result<(), Box<dyn Error>> {
    let answer: String = plugin.call::<_, &str>("greet", input)?.to_owned();
    if answer == input { Ok(()) } else { Err("it did not repeat it".into()) }
}

fn measure(
    word: &str,
    count: usize,
    mut once: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    for _ in 0..count.div_ceil(10) {
        once()?;
    }
    let mut times = Vec::new();
    for _ in 0..count {
        let begin = Instant::now();
        once()?;
        times.push(begin.elapsed());
    }
    print(word, &times);
    Ok(())
}

fn print(word: &str, times: &[Duration]) {
    let times: Vec<String> = times.iter().map(|time| time.as_nanos().to_string()).collect();
    println!("{word}\t{}", times.join(" "));
}
