//! Slots for a plugin's instances, used again and put back by the engine.

use crate::settings::{RESERVED, shared};
use std::num::NonZeroUsize;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Most core instances, memories and tables that one component may have. What
/// `wit-component` makes of a program needs up to 20 instances.
const CORE_INSTANCES: u32 = 64;
const MEMORIES: u32 = 16;
const TABLES: u32 = 32;
/// Most entries of one table. StarlingMonkey has 7,690.
const TABLE_ELEMENTS: usize = 100_000;
/// Bytes of a component's bookkeeping.
const INSTANCE_BYTES: usize = 4 << 20;
/// Bytes of a slot that are put back by copying instead of being given back to
/// the kernel: page faults cost more than copies.
const KEPT: usize = 64 << 20;

/// Frames of a stack that a profile and a core dump show, from the innermost.
const FRAMES: usize = 128;

/// Slots for one instance at a time, each memory of at most `memory_bytes`.
pub(crate) fn pooled(memory_bytes: usize, pagemap: bool) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(2)
        .total_core_instances(2 * CORE_INSTANCES)
        .total_memories(MEMORIES)
        .total_tables(2 * TABLES)
        .total_stacks(4)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_module(TABLES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_memory_size(memory_bytes.min(usize::try_from(RESERVED).unwrap_or(usize::MAX)))
        .max_unused_warm_slots(2)
        .linear_memory_keep_resident(KEPT.min(memory_bytes))
        .table_keep_resident(1 << 20)
        .pagemap_scan(if pagemap { Enabled::Yes } else { Enabled::No });
    if !pagemap {
        // Without knowing what was written, everything kept is copied.
        pool.linear_memory_keep_resident(64 << 10);
    }
    let mut config = shared();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // Takes something at a trap alone: a list of what there is, no copy of it.
        .coredump_on_trap(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES));
    config
}
