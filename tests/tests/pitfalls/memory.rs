//! Pitfalls 1, 18, 19: limits of memory that hold for a part.

use crate::alone::alone;
use crate::naive;
use crate::plugin::{Host, call, module};
use ringfence::{Preset, Resource, RunError};
use rustix::process::{Resource as Limited, Rlimit, setrlimit};
use serde_json::Value;
use wasmtime::{
    Engine, Instance, InstanceAllocationStrategy, Module, PoolingAllocationConfig, Store,
    StoreLimits, StoreLimitsBuilder,
};

/// What a plugin of these tests may use, in bytes.
const LIMIT: usize = 16 << 20;

/// A plugin whose action `take` grows each of `many` things of the engine until it
/// is refused, and gives how much it has of all of them together.
fn greedy(many: usize, thing: &str, grow: &str, size: &str, step: &str) -> Vec<u8> {
    let things: String = (0..many)
        .map(|number| format!("({thing})").replace("NAME", &format!("$thing{number}")))
        .collect();
    let each: String = (0..many)
        .map(|number| {
            let name = format!("$thing{number}");
            format!(
                "(loop $more{number} (br_if $more{number}
                    (i32.ne ({} {step}) (i32.const -1))))
                 (local.set $all (i32.add (local.get $all) ({})))",
                grow.replace("NAME", &name),
                size.replace("NAME", &name)
            )
        })
        .collect();
    module(&format!(
        "{things} (func (export \"take\") (result i32) (local $all i32) {each} (local.get $all))"
    ))
}

fn take_naively(wasm: &[u8], limits: StoreLimits) -> usize {
    let engine = naive::engine(&mut naive::config());
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let take = instance.get_typed_func::<(), i32>(&mut store, "take").unwrap();
    usize::try_from(take.call(&mut store, ()).unwrap()).unwrap()
}

fn take_here(wasm: &[u8], limit: usize) -> usize {
    let mut budget = Preset::Production.budget();
    budget.memory_bytes = u64::try_from(limit).unwrap();
    let host = Host::new();
    let mut plugin = host.plugin(wasm, "").budget(budget).start().unwrap();
    let taken = call(&mut plugin, "take", &Value::Null).as_u64().unwrap();
    usize::try_from(taken).unwrap()
}

#[test]
fn a_plugin_of_many_memories_has_no_more_than_one_limit_over_all_of_them() {
    let wasm = greedy(8, "memory NAME 0", "memory.grow NAME", "memory.size NAME", "(i32.const 16)");
    let limits = StoreLimitsBuilder::new().memory_size(LIMIT).build();
    let naive = take_naively(&wasm, limits) << 16;
    assert_eq!(naive, 8 * LIMIT, "each memory had the whole limit");
    let here = take_here(&wasm, LIMIT) << 16;
    assert!(here <= LIMIT, "{here}");
    assert!(here >= LIMIT - 2 * (16 << 16), "the limit can be used: {here}");
}

#[test]
fn a_small_file_of_many_memories_is_refused_when_it_begins_and_harms_nobody() {
    let many = (0..16).map(|_| "(memory 128)").collect::<String>();
    let wasm = wat::parse_str(format!("(module {many} (func (export \"one\")))")).unwrap();
    assert!(wasm.len() < 578);
    let engine = naive::engine(&mut naive::config());
    let loaded = Module::new(&engine, &wasm).unwrap();
    let limits = StoreLimitsBuilder::new().memory_size(LIMIT).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &loaded, &[]);
    assert!(instance.is_ok(), "128 MiB under a limit of 16");
    let mut budget = Preset::Production.budget();
    budget.memory_bytes = u64::try_from(LIMIT).unwrap();
    let host = Host::new();
    let mut plugin = host.plugin(&wasm, "").budget(budget).start().unwrap();
    let error = plugin.initialise().unwrap_err();
    assert!(matches!(error, RunError::Resource { resource: Resource::Memory, .. }), "{error:?}");
    let one = module("(func (export \"one\") (result i32) (i32.const 1))");
    assert_eq!(call(&mut host.plugin(&one, "").start().unwrap(), "one", &Value::Null), 1);
}

#[test]
fn entries_of_all_tables_are_memory_of_the_same_limit() {
    let tables = |many| {
        greedy(
            many,
            "table NAME 0 funcref",
            "table.grow NAME (ref.null func)",
            "table.size NAME",
            "(i32.const 1000)",
        )
    };
    let limits = StoreLimitsBuilder::new().table_elements(20_000).build();
    let naive = take_naively(&tables(16), limits);
    assert_eq!(naive, 16 * 20_000, "each table had the whole limit");
    // One page is the memory that the module begins with.
    let here = take_here(&tables(16), (1 << 20) + (1 << 16));
    assert!(here * 8 <= 1 << 20, "{here}");
    // A whole language in a plugin has 7,690 entries in one table.
    assert!(take_here(&tables(1), LIMIT) > 7_690);
}

#[test]
fn a_host_with_few_addresses_runs_plugins() {
    // A limit for a whole process, so in one of its own; 256 GiB are a container's.
    let inside = alone("memory::a_host_with_few_addresses_runs_plugins");
    if !inside {
        return;
    }
    let few = Some(256_u64 << 30);
    setrlimit(Limited::As, Rlimit { current: few, maximum: few }).unwrap();
    let mut config = naive::config();
    let pool = PoolingAllocationConfig::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    assert!(Engine::new(&config).is_err(), "1,000 slots of 4 GiB each");
    let host = Host::new();
    let mut plugin =
        host.module("(func (export \"one\") (result i32) (i32.const 1))").start().unwrap();
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
}
