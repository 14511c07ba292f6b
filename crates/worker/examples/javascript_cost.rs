//! What a call of the engine of JavaScript costs inside the worker, without a jail and
//! without a host.
//!
//! `ringfence-compiler 4< crates/worker/engine/engine.wasm > engine.native`, then this
//! program with that file as its argument.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a measurement, run by hand on code of our own"
)]

use ringfence_worker::javascript::{Host, JavaScript, STACK, Sources, Stop, configuration};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Module};

/// How often each is done.
const CALLS: usize = 100_000;
const STARTS: usize = 200;

const PLUGIN: &str = "export const echo = (x) => x; let n = 0; export const next = () => ++n;
    export const json = (x) => JSON.parse(JSON.stringify({ all: Array.from({ length: 50 }, (_, i) => ({ i, x })) })).all.length;
    export const fill = (mebibytes) => new Uint8Array(mebibytes << 20).fill(1).length;";

/// Nobody: no request is answered, and nothing is stopped.
struct Nobody;

impl Host for Nobody {
    fn request(&mut self, _: &[u8]) -> Result<Vec<u8>, Stop> {
        Ok(b"{\"result\":null}".to_vec())
    }
    fn log(&mut self, _: u8, _: &str) -> Result<(), Stop> {
        Ok(())
    }
    fn now_ms(&mut self) -> f64 {
        0.0
    }
    fn random(&mut self, _: &mut [u8]) -> Result<(), Stop> {
        Ok(())
    }
    fn sleep(&mut self, _: f64) -> Result<(), Stop> {
        Ok(())
    }
    fn epoch(&mut self) -> Result<(), Stop> {
        Ok(())
    }
    fn output(&mut self, _: usize) -> Result<(), Stop> {
        Ok(())
    }
}

fn main() {
    let thread = std::thread::Builder::new().stack_size(STACK + (1 << 20));
    thread.spawn(measure).unwrap().join().unwrap();
}

fn measure() {
    let path = std::env::args().nth(1).unwrap();
    let engine = Engine::new(&configuration()).unwrap();
    // SAFETY: needed to load native code. Sound as far as whoever names the file made
    // it with the compiler.
    let module = unsafe { Module::deserialize_file(&engine, path) }.unwrap();
    let mut ready = Vec::new();
    let mut evaluated = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut javascript = JavaScript::load(module.clone(), Nobody).unwrap();
        ready.push(begin.elapsed());
        let begin = Instant::now();
        initialise(&mut javascript);
        evaluated.push(begin.elapsed());
    }
    show("an instance that is ready for a plugin", &mut ready);
    show("evaluating a small plugin, and the copy of its state", &mut evaluated);
    let mut javascript = JavaScript::load(module.clone(), Nobody).unwrap();
    initialise(&mut javascript);
    println!("{} pages of memory are the plugin's own", javascript.changed_pages());
    for (action, input, calls) in [
        ("echo", "\"hello\"", CALLS),
        ("next", "null", CALLS),
        ("json", "\"hello\"", CALLS / 20),
        ("fill", "1", CALLS / 200),
    ] {
        for stateful in [false, true] {
            let mut javascript = JavaScript::load(module.clone(), Nobody).unwrap();
            javascript.keep_state(stateful);
            initialise(&mut javascript);
            let mut taken = Vec::with_capacity(calls);
            for _ in 0..calls {
                let begin = Instant::now();
                javascript.call(action, input).unwrap();
                taken.push(begin.elapsed());
            }
            let kind = if stateful { "one state for all" } else { "a fresh state" };
            show(&format!("{action}, {kind}, {} pages put back", javascript.pages().0), &mut taken);
        }
    }
}

fn initialise(javascript: &mut JavaScript<Nobody>) {
    let files = BTreeMap::from([("/plugin/plugin.mjs".to_owned(), PLUGIN.to_owned())]);
    let sources = Sources {
        files: &files,
        entry: "/plugin/plugin.mjs",
        class: None,
        plugin: "measured",
        config: &json!({}),
        strict: true,
        memory: 64 << 20,
    };
    javascript.initialise(&sources).unwrap();
}

/// Median and 99th percentile, in microseconds.
fn show(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    let shown = |time: Duration| time.as_nanos() as f64 / 1000.0;
    println!("{what}: {:.2} us (p99 {:.2} us)", shown(at(50)), shown(at(99)));
}
