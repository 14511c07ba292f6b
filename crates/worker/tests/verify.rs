//! A module is put back only if memory and exported globals are all it can change.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]

use ringfence_worker::javascript::{ENGINE, Reason, verify};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, HeapType,
    ImportSection, Instruction as I, MemorySection, MemoryType, Module, RefType, TableSection,
    TableType, TypeSection, ValType,
};

/// What differs from a module that passes.
struct Wish {
    body: Vec<I<'static>>,
    memory: Option<MemoryType>,
    exported: bool,
    import: Option<EntityType>,
}

const MEMORY: MemoryType = MemoryType {
    minimum: 1,
    maximum: Some(2),
    memory64: false,
    shared: false,
    page_size_log2: None,
};

const TABLE: TableType = TableType {
    element_type: RefType::FUNCREF,
    minimum: 2,
    maximum: Some(2),
    table64: false,
    shared: false,
};

fn fine() -> Wish {
    Wish { body: Vec::new(), memory: Some(MEMORY), exported: true, import: None }
}

fn check(wish: &Wish) -> Result<(), Reason> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    if let Some(import) = wish.import {
        imports.import("a", "b", import);
    }
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut tables = TableSection::new();
    tables.table(TABLE);
    let mut memories = MemorySection::new();
    wish.memory.into_iter().for_each(|memory| {
        memories.memory(memory);
    });
    let mut globals = GlobalSection::new();
    let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(global, &ConstExpr::i32_const(0));
    let mut exports = ExportSection::new();
    if wish.exported {
        exports.export("global", ExportKind::Global, 0);
    }
    let mut elements = ElementSection::new();
    elements.passive(Elements::Functions([0].as_slice().into()));
    let mut data = DataSection::new();
    data.passive([1, 2, 3]);
    let mut function = Function::new([]);
    wish.body.iter().for_each(|instruction| {
        function.instruction(instruction);
    });
    function.instruction(&I::End);
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables);
    module.section(&memories).section(&globals).section(&exports).section(&elements);
    module.section(&DataCountSection { count: 1 }).section(&code).section(&data);
    verify(&module.finish())
}

#[test]
fn the_engine_passes_and_asks_for_nothing_but_ringfence() {
    verify(ENGINE).expect("the engine can be put back");
    for payload in wasmparser::Parser::new(0).parse_all(ENGINE) {
        if let wasmparser::Payload::ImportSection(imports) = payload.expect("a module") {
            for import in imports.into_imports() {
                assert_eq!(import.expect("an import").module, "ringfence");
            }
        }
    }
}

#[test]
fn a_module_that_changes_memory_and_globals_passes() {
    let body = vec![
        I::I32Const(0),
        I::I32Const(0),
        I::I32Const(8),
        I::MemoryFill(0),
        I::I32Const(1),
        I::GlobalSet(0),
        I::I32Const(0),
        I::TableGet(0),
        I::Drop,
    ];
    assert_eq!(check(&Wish { body, ..fine() }), Ok(()));
}

#[test]
fn instructions_whose_effect_cannot_be_put_back_are_refused() {
    let null = I::RefNull(HeapType::FUNC);
    let three = [I::I32Const(0), I::I32Const(0), I::I32Const(0)];
    let with = |last: I<'static>| three.iter().cloned().chain([last]).collect::<Vec<_>>();
    let bodies = [
        ("TableSet", vec![I::I32Const(0), null.clone(), I::TableSet(0)]),
        ("TableGrow", vec![null.clone(), I::I32Const(1), I::TableGrow(0), I::Drop]),
        ("TableFill", vec![I::I32Const(0), null, I::I32Const(1), I::TableFill(0)]),
        ("TableCopy", with(I::TableCopy { src_table: 0, dst_table: 0 })),
        ("TableInit", with(I::TableInit { elem_index: 0, table: 0 })),
        ("ElemDrop", vec![I::ElemDrop(0)]),
        ("DataDrop", vec![I::DataDrop(0)]),
        ("MemoryInit", with(I::MemoryInit { mem: 0, data_index: 0 })),
    ];
    for (name, body) in bodies {
        let refused = check(&Wish { body, ..fine() });
        assert_eq!(refused, Err(Reason::Instruction(name.into())), "{name}");
    }
}

#[test]
fn state_that_is_not_the_modules_own_or_not_in_reach_is_refused() {
    assert_eq!(check(&fine()), Ok(()));
    assert_eq!(check(&Wish { exported: false, ..fine() }), Err(Reason::Global(0)));
    assert_eq!(check(&Wish { memory: None, ..fine() }), Err(Reason::Memories(0)));
    let endless = Some(MemoryType { maximum: None, ..MEMORY });
    assert_eq!(check(&Wish { memory: endless, ..fine() }), Err(Reason::Memory));
    let shared = Some(MemoryType { shared: true, ..MEMORY });
    assert!(matches!(check(&Wish { memory: shared, ..fine() }), Err(Reason::Invalid(_))));
    let long = Some(MemoryType { memory64: true, ..MEMORY });
    assert!(matches!(check(&Wish { memory: long, ..fine() }), Err(Reason::Invalid(_))));
    let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    for import in [EntityType::Memory(MEMORY), EntityType::Table(TABLE), EntityType::Global(global)]
    {
        let refused = check(&Wish { import: Some(import), ..fine() });
        assert!(matches!(refused, Err(Reason::Import(_) | Reason::Invalid(_))), "{refused:?}");
    }
}
