//! After a call, an instance is what it was: every byte of memory and every global,
//! whatever the guest did. Held with programs that nobody wrote.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]

mod support;

use ringfence_worker::javascript::{Base, Resettable, verify};
use support::{below, engine, next};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction as I, MemArg,
    MemorySection, MemoryType, Module as Wasm, RefType, TableSection, TableType, TypeSection,
    ValType,
};
use wasmtime::{Caller, Linker, Memory, Module, Store};

const PAGES: u64 = 3;
const BYTES: u64 = PAGES * 65536;
/// What the host adds when it freezes.
const ALL: u64 = BYTES + 2 * 65536;
const GLOBALS: [ValType; 5] =
    [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, memory_index: 0 }
}

/// An address: mostly inside, often at the edge of a page, sometimes outside.
fn address(seed: &mut u64) -> i32 {
    let page = below(seed, ALL / 4096) * 4096;
    let inside = match below(seed, 4) {
        0 => page + 4096 - below(seed, 9),
        1 => page,
        2 => below(seed, ALL),
        _ => page + below(seed, 4096),
    };
    let outside = below(seed, 400) == 0;
    i32::try_from(if outside { ALL - 4 + below(seed, 5000) } else { inside }).expect("small")
}

/// One random thing to do.
fn act(seed: &mut u64, body: &mut Vec<I<'static>>) {
    let value = next(seed).cast_signed();
    match below(seed, 13) {
        0 => body.extend([I::I32Const(address(seed)), I::I64Const(value), I::I64Store(at(0))]),
        1 => body.extend([I::I32Const(address(seed)), I::I64Const(value), I::I64Store8(at(3))]),
        2 => body.extend([
            I::I32Const(address(seed)),
            I::V128Const(i128::from(value)),
            I::V128Store(at(0)),
        ]),
        3 => body.extend([
            I::I32Const(address(seed)),
            I::I32Const(7),
            I::I32Const(i32::try_from(below(seed, 20_000)).expect("small")),
            I::MemoryFill(0),
        ]),
        4 => body.extend([
            I::I32Const(address(seed)),
            I::I32Const(address(seed)),
            I::I32Const(i32::try_from(below(seed, 20_000)).expect("small")),
            I::MemoryCopy { src_mem: 0, dst_mem: 0 },
        ]),
        5 => body.extend([I::I32Const(7), I::GlobalSet(0)]),
        6 => body.extend([I::I64Const(value), I::GlobalSet(1)]),
        7 => body.extend([I::F32Const(f32::from_bits(0x7fc1_2345).into()), I::GlobalSet(2)]),
        8 => body.extend([I::F64Const((-0.0_f64).into()), I::GlobalSet(3)]),
        9 => body.extend([I::V128Const(i128::from(value)), I::GlobalSet(4)]),
        10 => body.extend([I::I32Const(1), I::MemoryGrow(0), I::Drop]),
        11 => body.extend([
            // The host writes, as it does for an answer.
            I::I32Const(address(seed)),
            I::I32Const(i32::try_from(below(seed, 9000)).expect("small")),
            I::Call(0),
        ]),
        _ => sweep(seed, body),
    }
    if below(seed, 300) == 0 {
        body.push(I::Unreachable);
    }
}

/// Writes through memory in steps, upwards.
fn sweep(seed: &mut u64, body: &mut Vec<I<'static>>) {
    let step = i32::try_from(1 + below(seed, 6000)).expect("small");
    let end = i32::try_from(below(seed, ALL - 8)).expect("small");
    body.extend([I::I32Const(address(seed)), I::LocalSet(0)]);
    body.extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
    body.extend([I::LocalGet(0), I::I32Const(end), I::I32GeU, I::BrIf(1)]);
    body.extend([I::LocalGet(0), I::I64Const(next(seed).cast_signed()), I::I64Store(at(0))]);
    body.extend([I::LocalGet(0), I::I32Const(step), I::I32Add, I::LocalSet(0), I::Br(0)]);
    body.extend([I::End, I::End]);
}

/// A module with three random functions.
fn program(seed: &mut u64) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32, ValType::I32], []);
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import("host", "write", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for index in 0..3_u32 {
        functions.function(1);
        exports.export(&format!("run{index}"), ExportKind::Func, index + 1);
        let mut body = Vec::new();
        for _ in 0..=below(seed, 12) {
            act(seed, &mut body);
        }
        let mut function = Function::new([(1, ValType::I32)]);
        body.iter().for_each(|instruction| {
            function.instruction(instruction);
        });
        function.instruction(&I::End);
        code.function(&function);
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: 4,
        maximum: Some(4),
        table64: false,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: PAGES,
        maximum: Some(ALL / 65536 + 3),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    for (index, val_type) in GLOBALS.into_iter().enumerate() {
        let first = match val_type {
            ValType::I32 => ConstExpr::i32_const(1),
            ValType::I64 => ConstExpr::i64_const(2),
            ValType::F32 => ConstExpr::f32_const(3.0.into()),
            ValType::F64 => ConstExpr::f64_const(4.0.into()),
            _ => ConstExpr::v128_const(5),
        };
        globals.global(GlobalType { val_type, mutable: true, shared: false }, &first);
        let index = u32::try_from(index).expect("few");
        exports.export(&format!("global{index}"), ExportKind::Global, index);
    }
    exports.export("memory", ExportKind::Memory, 0);
    let mut module = Wasm::new();
    module.section(&types).section(&imports).section(&functions).section(&tables);
    module.section(&memories).section(&globals).section(&exports).section(&code);
    // What the module begins with is shared and not copied: it must be put back, too.
    let mut data = DataSection::new();
    for _ in 0..below(seed, 4) {
        let length = below(seed, 9000);
        let start = i32::try_from(below(seed, BYTES - length)).expect("small");
        let bytes = (0..length).map(|_| u8::try_from(below(seed, 3)).expect("a byte"));
        data.active(0, &ConstExpr::i32_const(start), bytes.collect::<Vec<u8>>());
    }
    module.section(&data);
    module.finish()
}

struct State {
    memory: Option<Memory>,
    guard: ringfence_worker::javascript::Guard,
    limit: usize,
}

impl wasmtime::ResourceLimiter for State {
    fn memory_growing(&mut self, _: usize, to: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(to <= self.limit)
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// An instance of a module, and what it is put back with.
fn instance(module: &Module) -> (Store<State>, Resettable, wasmtime::Instance) {
    let state = State {
        memory: None,
        guard: ringfence_worker::javascript::Guard::default(),
        limit: usize::try_from(ALL).expect("small"),
    };
    let mut store = Store::new(engine(), state);
    store.set_epoch_deadline(u64::MAX / 2);
    store.limiter(|state| state);
    let mut linker = Linker::new(engine());
    let write = |mut caller: Caller<'_, State>, start: u32, length: u32| {
        let (start, length) = (start as usize, length as usize);
        let memory = caller.data().memory.expect("a memory");
        if !caller.data().guard.writable(start, length) {
            return Err(wasmtime::Error::msg("outside"));
        }
        let data = memory.data_mut(&mut caller).get_mut(start..start + length);
        data.ok_or_else(|| wasmtime::Error::msg("outside")).map(|data| data.fill(0xEE))
    };
    linker.func_wrap("host", "write", write).expect("an import");
    let instance = linker.instantiate(&mut store, module).expect("an instance");
    let resettable = Resettable::of(&mut store, module, &instance).expect("one memory");
    store.data_mut().memory = Some(resettable.memory());
    (store, resettable, instance)
}

fn frozen(store: &mut Store<State>, resettable: &Resettable) {
    store.data_mut().guard = resettable.guard();
    store.data_mut().limit = 0;
}

#[test]
fn thousands_of_random_programs_leave_nothing_behind() {
    // Programs, calls and traps are counted, so that the test cannot turn hollow.
    let (mut calls, mut traps, mut changed) = (0, 0, 0);
    for number in 0..3000_u64 {
        let mut seed = number;
        let wasm = program(&mut seed);
        verify(&wasm).expect("it has no other state");
        let module = Module::new(engine(), &wasm).expect("a module");
        let (mut store, mut resettable, mut guest) = instance(&module);
        // A state that is not the first: what the first function leaves.
        let first = guest.get_typed_func::<(), ()>(&mut store, "run0").expect("run0");
        let _ = first.call(&mut store, ());
        let snapshot =
            resettable.freeze(&mut store, Base::of(&module).expect("a base"), ALL).expect("frozen");
        frozen(&mut store, &resettable);
        assert!(resettable.equals(&mut store, &snapshot), "program {number}: at first");
        // Beside what the snapshot believes, what was there.
        let copy = resettable.memory().data(&store).to_vec();
        for call in 0..4 {
            let name = format!("run{}", 1 + below(&mut seed, 2));
            let run = guest.get_typed_func::<(), ()>(&mut store, &name).expect("a function");
            let outcome = run.call(&mut store, ());
            calls += 1;
            changed += u32::from(!resettable.equals(&mut store, &snapshot));
            assert!(resettable.reset(&mut store, &snapshot), "program {number}");
            let same = resettable.equals(&mut store, &snapshot);
            let same = same && resettable.memory().data(&store) == copy;
            assert!(same, "program {number}, call {call} of {name}, {outcome:?}");
            if outcome.is_err() {
                traps += 1;
                resettable.release();
                (store, resettable, guest) = instance(&module);
                resettable.adopt(&mut store, &snapshot).expect("adopted");
                frozen(&mut store, &resettable);
                let same = resettable.equals(&mut store, &snapshot)
                    && resettable.memory().data(&store) == copy;
                assert!(same, "program {number}: adopted");
            }
        }
        resettable.release();
    }
    assert!(calls == 12_000 && traps > 500 && changed > 10_000, "{calls} {traps} {changed}");
}

#[test]
fn a_guest_that_writes_to_every_page_and_global_is_put_back_and_its_pages_are_forgotten() {
    let mut body = Vec::new();
    for page in 0..ALL / 4096 {
        let address = i32::try_from(page * 4096 + 8).expect("small");
        body.extend([I::I32Const(address), I::I64Const(-1), I::I64Store(at(0))]);
    }
    let wasm = one_function(&body);
    verify(&wasm).expect("it has no other state");
    let module = Module::new(engine(), &wasm).expect("a module");
    let (mut store, mut resettable, guest) = instance(&module);
    let snapshot =
        resettable.freeze(&mut store, Base::of(&module).expect("a base"), ALL).expect("frozen");
    frozen(&mut store, &resettable);
    let run = guest.get_typed_func::<(), ()>(&mut store, "run").expect("run");
    for _ in 0..200 {
        run.call(&mut store, ()).expect("no trap");
        let (written, all) = resettable.pages();
        assert_eq!(written, all, "every page was written");
        assert!(!resettable.equals(&mut store, &snapshot));
        assert!(resettable.reset(&mut store, &snapshot));
        assert!(resettable.equals(&mut store, &snapshot));
    }
    // Within 64 calls that write nothing, none of them is copied any more.
    for _ in 0..64 {
        assert!(resettable.reset(&mut store, &snapshot));
    }
    assert_eq!(resettable.pages().0, 0);
    resettable.release();
}

/// A module with one function, `run`, and the memory of the others.
fn one_function(body: &[I<'_>]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    let (minimum, maximum) = (PAGES, Some(ALL / 65536));
    memories.memory(MemoryType {
        minimum,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("run", ExportKind::Func, 0);
    let mut function = Function::new([]);
    body.iter().for_each(|instruction| {
        function.instruction(instruction);
    });
    function.instruction(&I::End);
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Wasm::new();
    module.section(&types).section(&functions).section(&memories).section(&exports);
    module.section(&code);
    module.finish()
}
