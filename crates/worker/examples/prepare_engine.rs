//! Runs `prepare` of the engine of JavaScript once and writes the module as it is
//! afterwards: what every plugin begins with is then part of the file, which is mapped
//! and shared, and no start pays for it again.
//!
//! `prepare_engine <module> <prepared module>`. The same module gives the same bytes:
//! there is no clock and no chance in it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool, run on code of our own"
)]

use ringfence_worker::javascript::{STACK, configuration};
use wasm_encoder::{
    ConstExpr, DataSection, DataSegment, DataSegmentMode, MemorySection, Module as Encoded,
    RawSection, SectionId,
};
use wasmparser::{Parser, Payload};
use wasmtime::{Engine, Linker, Module, Store};

/// Zeros that are shorter than this are written out: a new segment takes as much.
const GAP: usize = 16;

fn main() {
    let thread = std::thread::Builder::new().stack_size(STACK + (1 << 20));
    thread.spawn(prepare).unwrap().join().unwrap();
}

fn prepare() {
    let [from, to] = [1, 2].map(|number| std::env::args().nth(number).unwrap());
    let wasm = std::fs::read(from).unwrap();
    let (memory, pages) = after_prepare(&wasm);
    std::fs::write(to, rewritten(&wasm, &memory, pages)).unwrap();
}

/// The memory after `prepare`, and its size in pages of WebAssembly.
fn after_prepare(wasm: &[u8]) -> (Vec<u8>, u64) {
    let engine = Engine::new(&configuration()).unwrap();
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let mut linker = Linker::new(&engine);
    // Time stands still; whoever asks for anything else is not ready to be kept.
    linker.func_wrap("ringfence", "now", || 0.0_f64).unwrap();
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let stack = instance.get_global(&mut store, "__stack_pointer").unwrap();
    let before = stack.get(&mut store).unwrap_i32();
    let prepare = instance.get_typed_func::<(), i32>(&mut store, "prepare").unwrap();
    assert_eq!(prepare.call(&mut store, ()).unwrap(), 0, "the prelude fails");
    assert_eq!(stack.get(&mut store).unwrap_i32(), before, "something is left on the stack");
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let mut bytes = memory.data(&store).to_vec();
    // What calls that are over left there.
    bytes[..usize::try_from(before).unwrap()].fill(0);
    (bytes, memory.size(&store))
}

/// The module with this memory instead of the one it began with.
fn rewritten(wasm: &[u8], memory: &[u8], pages: u64) -> Vec<u8> {
    let mut module = Encoded::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.unwrap();
        match &payload {
            Payload::MemorySection(reader) => {
                let mut memories = MemorySection::new();
                for memory in reader.clone() {
                    let memory = memory.unwrap();
                    memories.memory(wasm_encoder::MemoryType {
                        minimum: pages,
                        maximum: memory.maximum,
                        memory64: false,
                        shared: false,
                        page_size_log2: None,
                    });
                }
                module.section(&memories);
            }
            Payload::DataCountSection { .. } => {
                panic!("it may use its data again, which is no longer what it was")
            }
            Payload::DataSection(_) => {
                module.section(&segments(memory));
            }
            _ => {
                if let Some((id, range)) = payload.as_section()
                    && id != u8::from(SectionId::Custom)
                {
                    module.section(&RawSection { id, data: &wasm[range] });
                }
            }
        }
    }
    module.finish()
}

/// What is not zero, as data.
fn segments(memory: &[u8]) -> DataSection {
    let mut data = DataSection::new();
    let mut at = 0;
    while let Some(start) = memory.iter().skip(at).position(|&byte| byte != 0) {
        let start = at + start;
        let rest = &memory[start..];
        let mut length = 0;
        for (offset, &byte) in rest.iter().enumerate() {
            if byte != 0 {
                length = offset + 1;
            } else if offset >= length + GAP {
                break;
            }
        }
        data.segment(DataSegment {
            mode: DataSegmentMode::Active {
                memory_index: 0,
                offset: &ConstExpr::i32_const(i32::try_from(start).unwrap()),
            },
            data: rest[..length].iter().copied(),
        });
        at = start + length;
    }
    data
}
