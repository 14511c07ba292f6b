//! Pitfalls 5, 6, 17: time that is counted for the wrong plugin, or not at all.

use crate::host::{ASKS, GRANT, MAY_ASK, serving};
use crate::naive;
use crate::plugin::{Host, call, fails, module, times};
use ringfence::{Preset, Resource, RunError};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use wasmtime::{Engine, Linker, Module, Store, Trap};

/// `spin` never ends; `patient` asks until the host answers; `once` asks once;
/// `often` asks a thousand times; `long` works for a while and ends by itself.
fn plugin() -> Vec<u8> {
    module(&format!(
        r#"{ASKS}
        (func (export "spin") (loop $again (br $again)))
        (func (export "patient") (result i32)
            (loop $again (br_if $again (i32.lt_s (call $ask) (i32.const 0)))) (i32.const 42))
        (func (export "once") (result i32)
            (drop (call $ask)) (loop $first) (i32.const 42))
        (func (export "often") (result i32) (local $asked i32)
            (loop $again
                (drop (call $ask))
                (local.set $asked (i32.add (local.get $asked) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $asked) (i32.const 1000))))
            (i32.const 42))
        (func (export "long") (result i32) (local $left i32)
            (local.set $left (i32.const 300000000))
            (loop $again
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (i32.store (i32.const 0) (local.get $left))
                (br_if $again (local.get $left)))
            (i32.const 42))"#
    ))
}

fn epochs() -> Engine {
    naive::engine(naive::config().epoch_interruption(true))
}

/// Calls an action in a naive host, with this as what the host does for it.
fn naively(
    engine: &Engine,
    action: &str,
    asked: impl Fn() -> i32 + Send + Sync + 'static,
) -> wasmtime::Result<i32> {
    let mut linker = Linker::<()>::new(engine);
    linker.func_wrap("env", "lifeos_get_node", move |_: i32, _: i32| asked())?;
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(1);
    let instance = linker.instantiate(&mut store, &Module::new(engine, plugin())?)?;
    if action == "spin" {
        let spin = instance.get_typed_func::<(), ()>(&mut store, action)?;
        return spin.call(&mut store, ()).map(|()| 0);
    }
    instance.get_typed_func::<(), i32>(&mut store, action)?.call(&mut store, ())
}

fn interrupted(result: wasmtime::Result<i32>) -> bool {
    result.is_err_and(|error| error.downcast_ref() == Some(&Trap::Interrupt))
}

#[test]
fn the_time_out_of_one_plugin_does_not_end_the_call_of_another() {
    // A host that knocks at its engine once for each time-out, as rivals do.
    let engine = epochs();
    let spins = engine.clone();
    let sibling = thread::spawn(move || interrupted(naively(&spins, "spin", || 0)));
    let knocks = engine.clone();
    let sibling = Mutex::new(Some(sibling));
    let patient = naively(&engine, "patient", move || {
        // The sibling's time is over now; this plugin's is not.
        let Some(sibling) = sibling.lock().unwrap().take() else { return 0 };
        while !sibling.is_finished() {
            knocks.increment_epoch();
        }
        assert!(sibling.join().unwrap());
        -1
    });
    assert!(interrupted(patient), "it was ended in the sibling's place");

    let over = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&over);
    let host = serving(move || answers.load(Ordering::SeqCst));
    let start = |mut budget: ringfence::Budget| {
        budget.broker_calls = 10_000_000;
        let start = host.plugin(&plugin(), MAY_ASK).grant(GRANT).budget(budget);
        let mut plugin = start.start().unwrap();
        plugin.initialise().unwrap();
        plugin
    };
    let mut spinning = start(times(100, 5_000));
    let mut patient = start(times(60_000, 60_000));
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..3 {
                assert!(matches!(fails(&mut spinning, "spin"), RunError::Timeout { .. }));
            }
            over.store(true, Ordering::SeqCst);
        });
        assert_eq!(call(&mut patient, "patient", &Value::Null), 42);
    });
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the host waits, and nothing is to wake it")]
fn a_plugin_that_waits_for_the_host_is_not_charged_for_what_it_did_not_compute() {
    let engine = epochs();
    let ticker = engine.clone();
    let waited = naively(&engine, "once", move || {
        // Its budget of processor time passes while the host waits for somebody.
        ticker.increment_epoch();
        0
    });
    assert!(interrupted(waited), "it is ended, and has computed nothing");
    let host = serving(|| {
        thread::sleep(Duration::from_millis(600));
        true
    });
    let start = host.plugin(&plugin(), MAY_ASK).grant(GRANT);
    let mut plugin = start.budget(times(30_000, 200)).start().unwrap();
    assert_eq!(call(&mut plugin, "once", &Value::Null), 42, "three times its processor time");
    let error = fails(&mut plugin, "spin");
    assert!(matches!(error, RunError::Resource { resource: Resource::CpuTime, .. }), "{error:?}");
}

#[test]
fn a_plugin_cannot_keep_the_clock_from_the_host_that_must_stop_it() {
    // A host whose ticker is a task of the runtime that the plugin runs on.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ticks = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&ticks);
    let engine = epochs();
    let ticker = engine.clone();
    let result = runtime.block_on(async move {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                counted.fetch_add(1, Ordering::SeqCst);
                ticker.increment_epoch();
            }
        });
        tokio::task::yield_now().await;
        naively(&engine, "long", || 0)
    });
    assert_eq!(result.unwrap(), 42, "it ran to its end, and would have run for ever");
    assert_eq!(ticks.load(Ordering::SeqCst), 0);
    let host = serving(|| true);
    let mut plugin =
        host.plugin(&plugin(), MAY_ASK).grant(GRANT).budget(times(30_000, 50)).start().unwrap();
    let error = fails(&mut plugin, "long");
    assert!(matches!(error, RunError::Resource { resource: Resource::CpuTime, .. }), "{error:?}");
}

#[test]
fn work_of_the_host_is_counted_although_it_is_no_instruction_of_the_plugin() {
    let engine = naive::engine(naive::config().consume_fuel(true));
    let asked = Arc::new(AtomicU64::new(0));
    let mut linker = Linker::<()>::new(&engine);
    let count = Arc::clone(&asked);
    let works = move |_: i32, _: i32| {
        count.fetch_add(1, Ordering::SeqCst);
        0
    };
    linker.func_wrap("env", "lifeos_get_node", works).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(20_000).unwrap();
    let loaded = Module::new(&engine, plugin()).unwrap();
    let instance = linker.instantiate(&mut store, &loaded).unwrap();
    let often = instance.get_typed_func::<(), i32>(&mut store, "often").unwrap();
    assert_eq!(often.call(&mut store, ()).unwrap(), 42);
    assert_eq!(asked.load(Ordering::SeqCst), 1000, "for 20 instructions each");

    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let host = serving(move || {
        count.fetch_add(1, Ordering::SeqCst);
        true
    });
    let mut budget = Preset::Production.budget();
    budget.broker_calls = 50;
    let start = host.plugin(&plugin(), MAY_ASK).grant(GRANT).budget(budget);
    let error = fails(&mut start.start().unwrap(), "often");
    assert!(
        matches!(error, RunError::Resource { resource: Resource::BrokerCalls, limit: 50, .. }),
        "{error:?}"
    );
    assert!(asked.load(Ordering::SeqCst) <= 50);
}

#[test]
fn each_plugin_computes_in_a_process_of_its_own() {
    let host = Host::new();
    let one = module("(func (export \"one\") (result i32) (i32.const 1))");
    let (first, second) =
        (host.plugin(&one, "").start().unwrap(), host.plugin(&one, "").start().unwrap());
    let pids = [std::process::id(), first.host_pid(), second.host_pid()];
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2], "{pids:?}");
}
