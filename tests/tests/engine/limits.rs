//! Hostile code against every limit. The instance answers afterwards, unless it is
//! said otherwise, and so do its neighbours.

use crate::plugin::{Host, call, fails, module, times};
use ringfence::{Phase, Preset, Resource, RunError};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const HOSTILE: &str = r#"
    (func (export "spin") (loop $again (br $again)))
    (func (export "one") (result i32) (i32.const 1))
    (func (export "grow") (result i32)
        (loop $more
            (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (memory.size))
    (func $deep (export "deep") (call $deep))
    (table $table 1 funcref)
    (func (export "table") (result i32)
        (loop $more
            (br_if $more
                (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1))))
        (table.size $table))
    (func (export "long") (param i32 i32) (result i64)
        (drop (memory.grow (i32.const 1000)))
        (i64.const 0x3ff0000))
"#;

#[test]
fn a_loop_without_end_is_stopped_by_time_and_the_instance_answers_again() {
    let host = Host::new();
    let mut plugin = host.module(HOSTILE).budget(times(200, 5_000)).start().unwrap();
    plugin.initialise().unwrap();
    for _ in 0..3 {
        let begin = Instant::now();
        let RunError::Timeout { phase: Phase::Call, limit } = fails(&mut plugin, "spin") else {
            panic!("no time-out")
        };
        assert_eq!(limit, Duration::from_millis(200));
        assert!(begin.elapsed() >= limit);
        assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
    }
}

#[test]
fn a_loop_without_end_is_stopped_by_processor_time_before_its_time_is_over() {
    let host = Host::new();
    let mut plugin = host.module(HOSTILE).budget(times(30_000, 100)).start().unwrap();
    let error = fails(&mut plugin, "spin");
    let RunError::Resource { resource: Resource::CpuTime, limit: 100, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
}

#[test]
fn one_plugin_that_spins_takes_no_time_of_anothers_call() {
    let host = Host::new();
    let mut spinning = host.module(HOSTILE).budget(times(100, 5_000)).start().unwrap();
    let mut patient = host.module(HOSTILE).budget(times(2_000, 5_000)).start().unwrap();
    spinning.initialise().unwrap();
    patient.initialise().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..5 {
                assert!(matches!(fails(&mut spinning, "spin"), RunError::Timeout { .. }));
            }
        });
        // Its deadline is its own: it is stopped by that and not by the other's.
        let begin = Instant::now();
        assert!(matches!(fails(&mut patient, "spin"), RunError::Timeout { .. }));
        assert!(begin.elapsed() >= Duration::from_secs(2));
    });
}

#[test]
fn memory_over_all_memories_and_tables_of_a_component_is_one_limit() {
    let host = Host::new();
    let mut budget = Preset::Production.budget();
    budget.memory_bytes = 32 << 20;
    let mut plugin = host.module(HOSTILE).budget(budget.clone()).start().unwrap();
    // It asks until it is refused, and is told no as the engine tells it.
    let pages = call(&mut plugin, "grow", &Value::Null).as_u64().unwrap();
    assert!((256..=512).contains(&pages), "{pages}");
    let entries = call(&mut plugin, "table", &Value::Null).as_u64().unwrap();
    assert!(entries <= 100_000, "{entries}");
    // Many memories, each below the limit and together above it.
    let many = (0..16).map(|_| "(memory 128)").collect::<String>();
    let wasm = wat::parse_str(format!("(module {many} (func (export \"one\")))")).unwrap();
    let mut plugin = host.plugin(&wasm, "").budget(budget).start().unwrap();
    let error = plugin.initialise().unwrap_err();
    assert!(matches!(error, RunError::Resource { resource: Resource::Memory, .. }), "{error:?}");
}

#[test]
fn recursion_without_end_is_a_trap() {
    let host = Host::new();
    let mut plugin = host.module(HOSTILE).start().unwrap();
    let RunError::Trap { reason } = fails(&mut plugin, "deep") else { panic!("no trap") };
    assert!(reason.contains("stack"), "{reason}");
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
}

#[test]
fn an_answer_beyond_the_limit_is_refused_before_it_is_copied() {
    let host = Host::new();
    let mut budget = Preset::Production.budget();
    budget.output_bytes = 1 << 20;
    let mut plugin = host.module(HOSTILE).budget(budget).start().unwrap();
    let error = plugin.execute("long", &json!("x")).unwrap_err();
    assert!(
        matches!(error, RunError::Resource { resource: Resource::Output, limit: 1_048_576, .. }),
        "{error:?}"
    );
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
}

#[test]
fn calls_of_the_host_are_counted_for_each_call_and_cannot_flood() {
    let host = Host::new();
    let flood = r#"
        (import "env" "lifeos_send_event" (func $send (param i32 i32) (result i32)))
        ---
        (func (export "flood") (loop $again
            (drop (call $send (i32.const 0) (i32.const 15))) (br $again)))
        (func (export "one") (result i32) (i32.const 1))
        (data (i32.const 0) "{\"subject\":\"a\"}")
    "#;
    let mut budget = Preset::Production.budget();
    budget.broker_calls = 50;
    let mut plugin = host.plugin(&module(flood), "").budget(budget).start().unwrap();
    let error = fails(&mut plugin, "flood");
    assert!(
        matches!(error, RunError::Resource { resource: Resource::BrokerCalls, limit: 50, .. }),
        "{error:?}"
    );
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
    assert!(plugin.terminate().denials.iter().map(|denial| denial.count).sum::<u64>() <= 50);
}

#[test]
fn code_that_is_no_code_or_too_much_of_it_is_a_clear_error() {
    let host = Host::new();
    let good = module("");
    let says = |wasm: &[u8]| {
        let started = host.plugin(wasm, "").start().map(drop);
        started.unwrap_err().to_string()
    };
    assert!(says(&good[..good.len() - 3]).contains("valid"), "{}", says(&good[..good.len() - 3]));
    // Valid as a file, and not as a program.
    let mistyped = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b";
    assert!(says(mistyped).contains("it is not valid"), "{}", says(mistyped));
    // A thousand functions with a thousand nested blocks and locals each.
    let function = format!(
        "(func (local {}) {} {})",
        "i64 ".repeat(40_000),
        "(block ".repeat(5_000),
        ")".repeat(5_000)
    );
    let bomb = wat::parse_str(format!("(module {})", function.repeat(200))).unwrap();
    let begin = Instant::now();
    // It is compiled in its own time or refused; either way the host goes on.
    let _ = host.plugin(&bomb, "").start().map(drop);
    assert!(begin.elapsed() < Duration::from_secs(130));
    assert_eq!(call(&mut host.module(HOSTILE).start().unwrap(), "one", &Value::Null), 1);
}

#[test]
fn a_question_or_answer_that_the_host_does_not_take_costs_the_call_and_not_the_instance() {
    let host = Host::new();
    let plugin = r#"
        (import "env" "lifeos_send_event" (func $send (param i32 i32) (result i32)))
        ---
        (func $text (param $fill i32)
            (drop (memory.grow (i32.const 250)))
            (memory.fill (i32.const 65536) (local.get $fill) (i32.const 12000000))
            (i32.store8 (i32.const 65536) (i32.const 34))
            (i32.store8 (i32.const 12065535) (i32.const 34)))
        (func (export "ask") (call $text (i32.const 97))
            (drop (call $send (i32.const 65536) (i32.const 12000000))))
        (func (export "deep") (param i32 i32) (result i64)
            (memory.fill (i32.const 32768) (i32.const 91) (i32.const 500))
            (memory.fill (i32.const 33268) (i32.const 93) (i32.const 500))
            (i64.const 0x8000000003e8))
        (func (export "one") (result i32) (i32.const 1))
    "#;
    let mut plugin = host.plugin(&module(plugin), "").start().unwrap();
    let error = fails(&mut plugin, "ask");
    assert!(matches!(error, RunError::Resource { resource: Resource::Output, .. }), "{error:?}");
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
    let error = plugin.execute("deep", &json!("x")).unwrap_err();
    assert!(matches!(error, RunError::Trap { .. }), "{error:?}");
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
    assert!(plugin.terminate().denials.is_empty());
}
