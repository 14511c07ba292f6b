//! Pitfall 9: what the host keeps for a plugin, and what it makes at its word.

use crate::component::component;
use crate::host::Heard;
use crate::naive::NaivePlugin;
use crate::plugin::{Host, call, fails};
use ringfence::RunError;
use serde_json::json;

/// Takes 50,000 of something and gives none of it back; says so for each thousand.
/// With the input 0 it takes nothing.
fn hoarder(world: &str, import: &str, take: &str) -> Vec<u8> {
    component(
        &format!("{world} import ringfence:plugin/log@0.1.0;"),
        &format!(
            r#"{import}
            (import "ringfence:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))
            ---
            (func $go (param $input i32) (param i32) (result i64) (local $held i32)
                (if (i32.eq (i32.load8_u (local.get $input)) (i32.const 48))
                    (then (return (i64.const 1))))
                (loop $more
                    (drop {take})
                    (local.set $held (i32.add (local.get $held) (i32.const 1)))
                    (if (i32.eqz (i32.rem_u (local.get $held) (i32.const 1000)))
                        (then (call $write (i32.const 1) (i32.const 64) (i32.const 2))))
                    (br_if $more (i32.lt_u (local.get $held) (i32.const 50000))))
                (i64.const 1))"#
        ),
    )
}

#[test]
fn a_plugin_holds_no_more_handles_than_its_limit() {
    let timers = hoarder(
        "import wasi:clocks/monotonic-clock@0.2.0;",
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
            (func $after (param i64) (result i32)))"#,
        "(call $after (i64.const 3600000000000))",
    );
    let own = hoarder(
        "export things: interface { resource thing; }",
        r#"(import "[export]things" "[resource-new]thing"
            (func $new (param i32) (result i32)))"#,
        "(call $new (i32.const 1))",
    );
    let host = Host::new();
    for wasm in [timers, own] {
        let mut naive = NaivePlugin::new(&wasm);
        naive.go("null").unwrap();
        assert_eq!(naive.store.data().logged.lock().unwrap().len(), 50, "50,000 of them");
        let heard = Heard::default();
        let mut plugin = host.plugin(&wasm, "").observer(heard.clone()).start().unwrap();
        let error = fails(&mut plugin, "go");
        assert!(matches!(error, RunError::Trap { .. }), "{error:?}");
        assert!(heard.pieces().len() <= 10, "{:?}", heard.pieces());
        assert_eq!(call(&mut plugin, "go", &json!(0)), 1);
    }
}

#[test]
fn a_plugin_gets_no_more_randomness_at_once_than_the_host_makes_in_passing() {
    let wasm = component(
        "import wasi:random/random@0.2.0;",
        r#"(import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
           ---
           (func $go (param $input i32) (param i32) (result i64)
               (drop (memory.grow (i32.const 600)))
               (call $random
                   (select (i64.const 32) (i64.const 33554432)
                       (i32.eq (i32.load8_u (local.get $input)) (i32.const 48)))
                   (i32.const 512))
               (i64.extend_i32_u (i32.load (i32.const 516))))"#,
    );
    assert_eq!(NaivePlugin::new(&wasm).go("null").unwrap(), 32 << 20);
    let host = Host::new();
    let mut plugin = host.plugin(&wasm, "").start().unwrap();
    let error = fails(&mut plugin, "go");
    assert!(matches!(error, RunError::Trap { .. }), "{error:?}");
    assert_eq!(call(&mut plugin, "go", &json!(0)), 32);
}
