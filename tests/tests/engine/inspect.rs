//! Where the time of a call goes, and what a trap leaves: for who asks, of the call that
//! was asked about, and never more than there is room for.

use crate::log::records;
use crate::plugin::{Host, call, fails, module, times};
use ringfence::{Inspect, Inspected, Instance, RunError};
use serde_json::{Value, json};
use wasmparser::{Data, DataKind, KnownCustom, Parser, Payload};

const BOTH: Inspect = Inspect { profile: true, core_dump: true };

const PLUGIN: &str = r#"
    (data (i32.const 512) "a secret that the plugin was told")
    (func $hot_loop (param $left i64)
        (loop $again
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br_if $again (i64.ne (local.get $left) (i64.const 0)))))
    (func $caller (call $hot_loop (i64.const 400000000)))
    (func $work (export "work") (result i32) (call $caller) (i32.const 7))
    (func $gives_up unreachable)
    (func $trap (export "trap") (call $gives_up))
    (func (export "spin") (loop $again (br $again)))
    (func (export "fill") (local $at i32)
        (drop (memory.grow (i32.const 800)))
        (memory.fill (i32.const 65536) (i32.const 1) (i32.const 52428800))
        unreachable)
"#;

fn inspect(plugin: &mut Instance, action: &str, inspect: Inspect) -> Inspected {
    plugin.inspect(action, &Value::Null, inspect).unwrap()
}

/// The innermost function of each sample, with its callers behind it.
fn samples(inspected: &Inspected) -> Vec<Vec<String>> {
    let file: Value = serde_json::from_slice(&inspected.profile.as_ref().unwrap().bytes).unwrap();
    assert_eq!(file["meta"]["preprocessedProfileVersion"], 55);
    let thread = &file["threads"][0];
    let at = |table: &str, column: &str, row: usize| thread[table][column][row].clone();
    let number = |value: Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let stacks = thread["samples"]["stack"].as_array().unwrap();
    assert_eq!(stacks.len(), number(thread["samples"]["length"].clone()));
    let walk = |stack: &Value| {
        let mut names = Vec::new();
        let mut next = stack.clone();
        while !next.is_null() {
            let row = number(next);
            let function = number(at("frameTable", "func", number(at("stackTable", "frame", row))));
            let name = &thread["stringArray"][number(at("funcTable", "name", function))];
            names.push(name.as_str().unwrap().to_owned());
            next = at("stackTable", "prefix", row);
        }
        names
    };
    stacks.iter().map(walk).collect()
}

/// Functions on the stack of a core dump, from the innermost, and its memory's texts.
fn dumped(bytes: &[u8]) -> (Vec<u32>, Vec<u8>) {
    let (mut stack, mut memory) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::CustomSection(section) => {
                if let KnownCustom::CoreDumpStack(found) = section.as_known() {
                    stack = found.frames.iter().map(|frame| frame.funcidx).collect();
                }
            }
            Payload::DataSection(data) => {
                for Data { kind, data, .. } in data.into_iter().map(Result::unwrap) {
                    assert!(matches!(kind, DataKind::Active { .. }));
                    memory.extend_from_slice(data);
                }
            }
            _ => {}
        }
    }
    (stack, memory)
}

#[test]
fn a_profile_names_the_function_that_takes_the_time_and_its_callers() {
    let host = Host::new();
    for state in ["", "stateful: true\n"] {
        let plugin = host.plugin(&module(PLUGIN), state).budget(times(60_000, 60_000));
        let mut plugin = plugin.start().unwrap();
        let inspected = inspect(&mut plugin, "work", BOTH);
        assert_eq!(inspected.result.as_ref().unwrap().value(), Some(&json!(7)));
        assert_eq!(inspected.core_dump, None);
        let samples = samples(&inspected);
        let whole = ["hot_loop", "caller", "work"];
        assert!(samples.iter().any(|stack| *stack == whole), "{samples:?}");
        for stack in &samples {
            // One may fall on the beginning of a function on the way there.
            assert!(whole.ends_with(&stack.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        // The next one is not asked about, and costs and gives nothing.
        assert_eq!(call(&mut plugin, "work", &Value::Null), 7);
        let nothing = inspect(&mut plugin, "work", Inspect::default());
        assert_eq!((nothing.profile, nothing.core_dump), (None, None));
    }
}

#[test]
fn a_call_that_was_stopped_by_its_time_has_a_profile_and_no_core_dump() {
    let host = Host::new();
    let mut plugin = host.module(PLUGIN).budget(times(300, 60_000)).start().unwrap();
    let inspected = inspect(&mut plugin, "spin", BOTH);
    assert!(matches!(inspected.result, Err(RunError::Timeout { .. })), "{inspected:?}");
    assert!(!samples(&inspected).is_empty());
    assert_eq!(inspected.core_dump, None);
    assert!(matches!(fails(&mut plugin, "trap"), RunError::Trap { .. }));
}

#[test]
fn a_core_dump_shows_where_it_trapped_and_the_memory_it_had() {
    let host = Host::new();
    let mut plugin = host.module(PLUGIN).start().unwrap();
    for _ in 0..2 {
        let inspected = inspect(&mut plugin, "trap", BOTH);
        assert!(matches!(inspected.result, Err(RunError::Trap { .. })));
        let dump = inspected.core_dump.unwrap();
        assert_eq!(dump.left_out, 0);
        let (stack, memory) = dumped(&dump.bytes);
        // `alloc` is function 0, and they are numbered in the order of the text.
        assert_eq!(stack, [4, 5]);
        let secret = b"a secret that the plugin was told";
        assert!(memory.windows(secret.len()).any(|window| window == secret));
    }
    let not_asked = inspect(&mut plugin, "trap", Inspect { core_dump: false, ..BOTH });
    assert_eq!(not_asked.core_dump, None);
}

#[test]
fn memory_that_has_no_room_in_a_core_dump_is_left_out_and_counted() {
    let host = Host::new();
    let mut plugin = host.module(PLUGIN).budget(times(60_000, 60_000)).start().unwrap();
    let inspected = inspect(&mut plugin, "fill", BOTH);
    assert!(matches!(inspected.result, Err(RunError::Trap { .. })), "{inspected:?}");
    let dump = inspected.core_dump.unwrap();
    assert!(dump.bytes.len() < 20 << 20, "{}", dump.bytes.len());
    let (stack, memory) = dumped(&dump.bytes);
    assert_eq!(stack.len(), 1);
    let left_out = usize::try_from(dump.left_out).unwrap();
    // All that was written is in it or counted, to the edge of a page.
    assert!((50 << 20..(50 << 20) + 8192).contains(&(memory.len() + left_out)), "{left_out}");
    assert!(memory.len() <= 16 << 20);
    assert!(matches!(fails(&mut plugin, "trap"), RunError::Trap { .. }));
}

#[test]
fn a_hostile_name_is_cut_and_moves_no_cursor_in_the_file() {
    let host = Host::new();
    let evil = format!("\\1b[2J\\e2\\80\\ae\\22}}],{}", "x".repeat(1 << 20));
    let text = PLUGIN.replace("(func $hot_loop", &format!("(func $hot_loop (@name \"{evil}\")"));
    let plugin = host.plugin(&module(&text), "").budget(times(60_000, 60_000));
    let inspected = inspect(&mut plugin.start().unwrap(), "work", BOTH);
    let file = &inspected.profile.as_ref().unwrap().bytes;
    assert!(file.iter().all(|byte| !byte.is_ascii_control()));
    assert!(!String::from_utf8_lossy(file).contains('\u{202e}'));
    let samples = samples(&inspected);
    // One may fall on the beginning of a function on the way there.
    let whole: Vec<_> = samples.iter().filter(|stack| stack.len() == 3).collect();
    assert!(!whole.is_empty(), "{samples:?}");
    for stack in whole {
        let [name, caller, _] = stack.as_slice() else { panic!("{stack:?}") };
        assert!(name.contains("[2J") && name.ends_with('x'), "{name}");
        assert!(name.len() < 1024, "{}", name.len());
        assert_eq!(caller, "caller");
    }
}

/// A component of the world `ringfence:plugin` with the actions `work` and `trap`.
fn component() -> Vec<u8> {
    let text = r#"(component
        (core module $inside
            (memory (export "memory") 1)
            (data (i32.const 16) "\20\00\00\00\04\00\00\00\24\00\00\00\04\00\00\00")
            (data (i32.const 32) "worktrap7")
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "list") (result i32)
                (i32.store (i32.const 0) (i32.const 16))
                (i32.store (i32.const 4) (i32.const 2))
                (i32.const 0))
            (func $hot_loop (local $left i64)
                (local.set $left (i64.const 400000000))
                (loop $again
                    (local.set $left (i64.sub (local.get $left) (i64.const 1)))
                    (br_if $again (i64.ne (local.get $left) (i64.const 0)))))
            (func $gives_up unreachable)
            (func $call (export "call") (param i32 i32 i32 i32) (result i32)
                ;; The input overwrites the action's name, which the call does not need.
                (if (i32.eq (local.get 3) (i32.const 4)) (then (call $gives_up)))
                (call $hot_loop)
                (i32.store (i32.const 64) (i32.const 0))
                (i32.store (i32.const 68) (i32.const 40))
                (i32.store (i32.const 72) (i32.const 1))
                (i32.const 64)))
        (core instance $core (instantiate $inside))
        (alias core export $core "memory" (core memory $memory))
        (alias core export $core "realloc" (core func $realloc))
        (alias core export $core "list" (core func $core_list))
        (alias core export $core "call" (core func $core_call))
        (type $error (record (field "name" (option string)) (field "message" string)))
        (func $list (result (list string))
            (canon lift (core func $core_list) (memory $memory)))
        (func $call (param "action" string) (param "input" string)
            (result (result string (error $error)))
            (canon lift (core func $core_call) (memory $memory) (realloc $realloc)))
        (component $named
            (type $plain (record (field "name" (option string)) (field "message" string)))
            (import "error" (type $error (eq $plain)))
            (import "list" (func $list (result (list string))))
            (import "call" (func $call (param "action" string) (param "input" string)
                (result (result string (error $error)))))
            (export $out "error" (type $error))
            (export "list" (func $list))
            (export "call" (func $call) (func (param "action" string) (param "input" string)
                (result (result string (error $out))))))
        (instance $actions (instantiate $named
            (with "error" (type $error)) (with "list" (func $list)) (with "call" (func $call))))
        (export "ringfence:plugin/actions@0.1.0" (instance $actions)))"#;
    wat::parse_str(text).unwrap()
}

#[test]
fn a_component_has_profiles_and_core_dumps_as_a_module_has() {
    let host = Host::new();
    let plugin = host.plugin(&component(), "").budget(times(60_000, 60_000));
    let mut plugin = plugin.start().unwrap();
    let inspected = plugin.inspect("work", &json!(1), BOTH).unwrap();
    assert_eq!(inspected.result.as_ref().unwrap().value(), Some(&json!(7)));
    let samples = samples(&inspected);
    assert!(samples.iter().any(|stack| stack[0] == "hot_loop"), "{samples:?}");
    let inspected = plugin.inspect("trap", &json!(null), BOTH).unwrap();
    assert!(matches!(inspected.result, Err(RunError::Trap { .. })), "{inspected:?}");
    let (stack, memory) = dumped(&inspected.core_dump.unwrap().bytes);
    assert_eq!(stack[..2], [3, 4]);
    assert!(memory.windows(8).any(|window| window == b"worktrap"));
}

#[test]
fn what_is_no_webassembly_with_actions_is_not_called_when_it_shall_be_inspected() {
    let host = Host::new();
    let mut program = host.ringfence.command(["true"]).start().unwrap();
    for inspect in [BOTH, Inspect { profile: false, ..BOTH }] {
        let error = program.inspect("run", &Value::Null, inspect).unwrap_err();
        assert!(matches!(error, RunError::NotInspected { .. }), "{error}");
        assert!(error.to_string().contains("this plugin runs as `command`"), "{error}");
        assert!(error.help().unwrap().contains("--json"));
    }
    assert!(records(&host, "action_called").is_empty());
    program.execute("run", &Value::Null).unwrap();
    assert_eq!(records(&host, "action_called").len(), 1);
}
