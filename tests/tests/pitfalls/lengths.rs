//! Pitfalls 3 and 7: numbers that the plugin chooses and the host pays for.

use crate::component::component;
use crate::host::Heard;
use crate::naive::{self, NaivePlugin};
use crate::plugin::{Host, fails, module, times};
use ringfence::{Preset, Resource, RunError};
use serde_json::{Value, json};
use wasmtime::{Instance, Module, Store};

/// Longest line of a plugin's log that a host hears, in bytes.
const LINE: usize = 16 << 10;

/// Logs `lines` lines of `bytes` each.
fn logging(lines: u32, bytes: u32) -> Vec<u8> {
    component(
        "import ringfence:plugin/log@0.1.0;",
        &format!(
            r#"(import "ringfence:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))
            ---
            (func $go (param i32 i32) (result i64) (local $said i32)
                (drop (memory.grow (i32.const 1900)))
                (loop $more
                    (call $write (i32.const 1) (i32.const 65536) (i32.const {bytes}))
                    (local.set $said (i32.add (local.get $said) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $said) (i32.const {lines}))))
                (i64.const 1))"#
        ),
    )
}

#[test]
fn a_text_of_120_mb_does_not_reach_the_host() {
    let mut naive = NaivePlugin::new(&logging(1, 120_000_000));
    naive.go("null").unwrap();
    assert_eq!(*naive.store.data().logged.lock().unwrap(), [120_000_000]);
    // Above what the engine copies, and above what one message may have.
    for bytes in [120_000_000, 50_000_000] {
        let heard = Heard::default();
        let host = Host::new();
        let mut plugin =
            host.plugin(&logging(1, bytes), "").observer(heard.clone()).start().unwrap();
        let error = fails(&mut plugin, "go");
        assert!(heard.pieces().is_empty(), "{bytes}: {:?}, {error:?}", heard.pieces());
    }
    // What is below is cut where it is heard.
    let heard = Heard::default();
    let host = Host::new();
    let mut plugin =
        host.plugin(&logging(1, 1_000_000), "").observer(heard.clone()).start().unwrap();
    plugin.execute("go", &Value::Null).unwrap();
    assert!(heard.pieces().iter().all(|bytes| *bytes <= LINE + 16), "{:?}", heard.pieces());
}

#[test]
fn a_flood_of_small_lines_ends_where_the_calls_of_the_host_do() {
    let flood = logging(100_000, 10);
    let mut naive = NaivePlugin::new(&flood);
    naive.go("null").unwrap();
    assert_eq!(naive.store.data().logged.lock().unwrap().len(), 100_000);
    let mut budget = Preset::Production.budget();
    budget.broker_calls = 50;
    let heard = Heard::default();
    let host = Host::new();
    let plugin = host.plugin(&flood, "").budget(budget).observer(heard.clone());
    let error = fails(&mut plugin.start().unwrap(), "go");
    assert!(
        matches!(error, RunError::Resource { resource: Resource::BrokerCalls, limit: 50, .. }),
        "{error:?}"
    );
    assert!(heard.pieces().len() <= 50, "{}", heard.pieces().len());
}

/// A plugin that works 500 steps for each byte that it is given.
const SLOW_READER: &str = r#"
    (data (i32.const 8) "1")
    (func (export "read") (param i32) (param $bytes i32) (result i64) (local $left i32)
        (local.set $left (i32.mul (local.get $bytes) (i32.const 500)))
        (loop $again
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (i32.store (i32.const 16) (local.get $left))
            (br_if $again (local.get $left)))
        (i64.const 0x800000001))
    (func (export "one") (result i32) (i32.const 1))
"#;

#[test]
fn a_small_input_that_costs_a_plugin_much_time_is_charged_to_it() {
    let engine = naive::engine(&mut naive::config());
    let mut store = Store::new(&engine, ());
    let loaded = Module::new(&engine, module(SLOW_READER)).unwrap();
    let instance = Instance::new(&mut store, &loaded, &[]).unwrap();
    let read = instance.get_typed_func::<(i32, i32), i64>(&mut store, "read").unwrap();
    assert!(read.call(&mut store, (65536, 1 << 20)).is_ok(), "the host pays for all of it");

    let host = Host::new();
    // Room for the text in the module's memory.
    let wasm = module(&SLOW_READER.replace(
        "(func (export \"one\")",
        "(func $room (drop (memory.grow (i32.const 32)))) (start $room) (func (export \"one\")",
    ));
    let mut plugin = host.plugin(&wasm, "").budget(times(30_000, 50)).start().unwrap();
    let text = json!("x".repeat((1 << 20) - 100));
    let error = plugin.execute("read", &text).unwrap_err();
    assert!(
        matches!(error, RunError::Resource { resource: Resource::CpuTime, limit: 50, .. }),
        "{error:?}"
    );
    assert_eq!(plugin.execute("one", &Value::Null).unwrap().value(), Some(&json!(1)));
    let error = plugin.execute("read", &json!("x".repeat(2 << 20))).unwrap_err();
    assert!(matches!(error, RunError::Resource { resource: Resource::Input, .. }), "{error:?}");
}
