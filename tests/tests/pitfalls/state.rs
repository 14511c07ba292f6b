//! Pitfalls 8, 15, 16: what one call leaves for the next.

use crate::component::component;
use crate::naive::{self, NaivePlugin};
use crate::plugin::{Host, call, fails, module};
use ringfence::RunError;
use serde_json::{Value, json};
use wasmtime::{Instance, Module, Store};

/// Keeps what it is told in every place that a module has.
const KEEPER: &str = r#"
    (global $kept (mut i32) (i32.const 0))
    (table $table 1 100 funcref)
    (elem declare func $keep)
    (func $keep (export "keep") (param $what i32)
        (global.set $kept (local.get $what))
        (i32.store (i32.const 60000) (local.get $what))
        (drop (memory.grow (i32.const 100)))
        (i32.store (i32.const 6000000) (local.get $what))
        (drop (table.grow $table (ref.func $keep) (i32.const 50))))
    (func (export "in_global") (result i32) (global.get $kept))
    (func (export "in_memory") (result i32) (i32.load (i32.const 60000)))
    (func (export "in_new_memory") (result i32)
        (drop (memory.grow (i32.const 100)))
        (i32.load (i32.const 6000000)))
    (func (export "in_table") (result i32) (table.size $table))
"#;
const PLACES: [&str; 4] = ["in_global", "in_memory", "in_new_memory", "in_table"];

#[test]
fn what_one_call_was_told_the_next_does_not_find() {
    let wasm = module(KEEPER);
    let engine = naive::engine(&mut naive::config());
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, &wasm).unwrap(), &[]).unwrap();
    let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep").unwrap();
    keep.call(&mut store, 4242).unwrap();
    let mut found = PLACES.map(|place| {
        let place = instance.get_typed_func::<(), i32>(&mut store, place).unwrap();
        place.call(&mut store, ()).unwrap()
    });
    // A host that keeps one instance for all callers, because a new one is dear.
    assert_eq!(found, [4242, 4242, 4242, 51]);
    let host = Host::new();
    let mut plugin = host.plugin(&wasm, "").start().unwrap();
    for _ in 0..50 {
        plugin.execute("keep", &json!(4242)).unwrap();
        found = PLACES.map(|place| {
            i32::try_from(call(&mut plugin, place, &Value::Null).as_i64().unwrap()).unwrap()
        });
        assert_eq!(found, [0, 0, 0, 1]);
    }
}

#[test]
fn an_instance_that_trapped_is_not_given_to_the_next_caller() {
    let wasm = component(
        "",
        r#"(func $go (param $input i32) (param i32) (result i64)
               (if (i32.eq (i32.load8_u (local.get $input)) (i32.const 49)) (then unreachable))
               (i64.const 7))"#,
    );
    let mut naive = NaivePlugin::new(&wasm);
    assert_eq!(naive.go("0").unwrap(), 7);
    naive.go("1").unwrap_err();
    let next = naive.go("0").unwrap_err();
    assert!(format!("{next:?}").contains("cannot enter component instance"), "{next:?}");
    let host = Host::new();
    for manifest in ["", "stateful: true\n"] {
        let mut plugin = host.plugin(&wasm, manifest).start().unwrap();
        for _ in 0..3 {
            assert_eq!(call(&mut plugin, "go", &json!(0)), 7);
            let error = plugin.execute("go", &json!(1)).unwrap_err();
            assert!(matches!(error, RunError::Trap { .. }), "{error:?}");
        }
        assert_eq!(call(&mut plugin, "go", &json!(0)), 7);
    }
}

/// The tool that makes components of JavaScript leaves the function by which it
/// put the script in among the exports.
#[test]
fn what_a_component_exports_beside_its_world_is_never_called() {
    let wasm = component(
        "export init: func(script: u32);",
        r#"(global $script (mut i32) (i32.const 1))
           (func (export "init") (param i32) (global.set $script (local.get 0)))
           (func $go (param i32 i32) (result i64) (i64.extend_i32_u (global.get $script)))"#,
    );
    // A host that finds what it calls by the name that its client said.
    let mut naive = NaivePlugin::new(&wasm);
    let init = naive.instance.get_typed_func::<(u32,), ()>(&mut naive.store, "init").unwrap();
    init.call(&mut naive.store, (666,)).unwrap();
    assert_eq!(naive.go("null").unwrap(), 666);
    let host = Host::new();
    let mut plugin = host.plugin(&wasm, "stateful: true\n").start().unwrap();
    assert_eq!(plugin.actions().unwrap(), ["go"]);
    for name in ["init", "#init", "ringfence:plugin/actions@0.1.0#call", "cabi_realloc"] {
        let error = plugin.execute(name, &json!(666)).unwrap_err();
        assert!(matches!(error, RunError::NoSuchAction { .. }), "{name}: {error:?}");
    }
    assert!(matches!(fails(&mut plugin, "init"), RunError::NoSuchAction { .. }));
    assert_eq!(call(&mut plugin, "go", &Value::Null), 1);
}
