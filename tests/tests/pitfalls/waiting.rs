//! Pitfalls 2 and 10: a call whose time is over while the host works or waits for
//! it.

use crate::component::component;
use crate::host::{ASKS, GRANT, Heard, MAY_ASK, serving};
use crate::naive;
use crate::plugin::{Host, call, fails, module, times};
use ringfence::{Phase, RunError};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use wasmtime::{Linker, Module, Store};

fn asking() -> Vec<u8> {
    module(&format!(
        "{ASKS} (func (export \"go\") (result i32) (loop $once (drop (call $ask))) (i32.const 1))
         (func (export \"one\") (result i32) (i32.const 1))"
    ))
}

#[test]
fn a_call_is_over_in_its_time_although_the_host_still_works_for_it() {
    let finished = Arc::new(AtomicBool::new(false));
    let engine = naive::engine(naive::config().epoch_interruption(true));
    let mut linker = Linker::<()>::new(&engine);
    let (ticker, done) = (engine.clone(), Arc::clone(&finished));
    let works = move |_: i32, _: i32| {
        // Now its time is over, and the host function goes on to its end.
        ticker.increment_epoch();
        done.store(true, Ordering::SeqCst);
        0
    };
    linker.func_wrap("env", "lifeos_get_node", works).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let instance =
        linker.instantiate(&mut store, &Module::new(&engine, asking()).unwrap()).unwrap();
    let go = instance.get_typed_func::<(), i32>(&mut store, "go").unwrap();
    let _ = go.call(&mut store, ());
    assert!(finished.load(Ordering::SeqCst), "nothing stops what the host does for a plugin");

    let finished = Arc::new(AtomicBool::new(false));
    let (release, wait) = mpsc::channel::<()>();
    let (wait, done) = (Mutex::new(wait), Arc::clone(&finished));
    let host = serving(move || {
        // Released when the call is over; a host that waits for it waits long.
        let _ = wait.lock().unwrap().recv_timeout(Duration::from_secs(20));
        done.store(true, Ordering::SeqCst);
        true
    });
    let mut plugin =
        host.plugin(&asking(), MAY_ASK).grant(GRANT).budget(times(1_000, 5_000)).start().unwrap();
    plugin.initialise().unwrap();
    let error = fails(&mut plugin, "go");
    assert!(!finished.load(Ordering::SeqCst), "the call waited for the host's work: {error:?}");
    assert!(matches!(error, RunError::Timeout { phase: Phase::Call, .. }), "{error:?}");
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1, "it answers while that work goes on");
    drop(release);
}

/// In versions of the engine before ours, to drop a call that waits ended the whole
/// host (RUSTSEC-2026-0022). What is ours to hold is that such a call is dropped,
/// that nothing behind the wait happens, and that the same worker answers again.
#[test]
fn a_call_that_waits_in_wasi_is_dropped_and_the_worker_lives_on() {
    let wasm = component(
        "import wasi:clocks/monotonic-clock@0.2.0; import wasi:io/poll@0.2.0; \
         import ringfence:plugin/log@0.1.0;",
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
               (func $after (param i64) (result i32)))
           (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
           (import "ringfence:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))
           ---
           (func $go (param $input i32) (param i32) (result i64)
               (if (i32.eq (i32.load8_u (local.get $input)) (i32.const 49)) (then
                   (call $block (call $after (i64.const 3600000000000)))
                   (call $write (i32.const 1) (i32.const 64) (i32.const 2))))
               (i64.const 5))"#,
    );
    let heard = Heard::default();
    let host = Host::new();
    let mut plugin =
        host.plugin(&wasm, "").budget(times(1_000, 5_000)).observer(heard.clone()).start().unwrap();
    plugin.initialise().unwrap();
    let pid = plugin.host_pid();
    for _ in 0..3 {
        let error = plugin.execute("go", &json!(1)).unwrap_err();
        assert!(matches!(error, RunError::Timeout { phase: Phase::Call, .. }), "{error:?}");
        assert_eq!(call(&mut plugin, "go", &json!(0)), 5);
    }
    assert_eq!(plugin.host_pid(), pid);
    assert!(heard.pieces().is_empty(), "{:?}", heard.pieces());
}

#[test]
fn a_service_of_the_host_that_panics_fails_one_request_and_nothing_else() {
    let first = AtomicBool::new(true);
    let host = serving(move || {
        assert!(!first.swap(false, Ordering::SeqCst), "a fault of the host application");
        true
    });
    let wasm = module(&format!("{ASKS} (func (export \"go\") (result i32) (call $ask))"));
    let mut plugin = host.plugin(&wasm, MAY_ASK).grant(GRANT).start().unwrap();
    assert_eq!(call(&mut plugin, "go", &Value::Null), -1);
    assert_eq!(call(&mut plugin, "go", &Value::Null), 0);
}
