//! Components that ask for more than a core module can, written as text.

use crate::plugin::{Host, call};
use ringfence::Preset;
use serde_json::Value;
use std::time::Duration;

/// What a component's one action, `act`, is made of.
struct Action<'a> {
    /// Imports of the component.
    imports: &'a str,
    /// Core functions made of these, as `$first` and `$second`.
    lowered: &'a str,
    /// Their types, and data.
    core: &'a str,
    /// Leaves the answer's address and length on the stack.
    body: &'a str,
}

/// A component with that action. Its first 4 KiB of memory are the action's.
fn component(action: &Action<'_>) -> Vec<u8> {
    let Action { imports, lowered, core, body } = action;
    let failure = r#"(record (field "name" (option string)) (field "message" string))"#;
    let takes = r#"(param "action" string) (param "input" string)"#;
    wat::parse_str(format!(
        r#"(component $root
        {imports}
        (core module $memory
            (memory (export "memory") 1)
            (global $top (mut i32) (i32.const 4096))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
                (local.set $at (global.get $top))
                (global.set $top (i32.and (i32.const -8)
                    (i32.add (i32.const 7) (i32.add (local.get $at) (local.get 3)))))
                (local.get $at)))
        (core instance $m (instantiate $memory))
        (alias core export $m "memory" (core memory $all))
        (alias core export $m "realloc" (core func $realloc))
        {lowered}
        (core module $plugin
            (import "m" "memory" (memory 1))
            {core}
            (data (i32.const 4000) "act")
            (func (export "list") (result i32)
                (i32.store (i32.const 3984) (i32.const 3992))
                (i32.store (i32.const 3988) (i32.const 1))
                (i32.store (i32.const 3992) (i32.const 4000))
                (i32.store (i32.const 3996) (i32.const 3))
                (i32.const 3984))
            (func (export "call") (param i32 i32 i32 i32) (result i32)
                (local $at i32) (local $bytes i32)
                {body}
                (local.set $bytes)
                (local.set $at)
                (i32.store8 (i32.const 3904) (i32.const 0))
                (i32.store (i32.const 3908) (local.get $at))
                (i32.store (i32.const 3912) (local.get $bytes))
                (i32.const 3904)))
        (core instance $host (export "first" (func $first)) (export "second" (func $second)))
        (core instance $p (instantiate $plugin
            (with "m" (instance $m)) (with "w" (instance $host))))
        (alias core export $p "list" (core func $lists))
        (alias core export $p "call" (core func $calls))
        (type $failure {failure})
        (func $list (result (list string))
            (canon lift (core func $lists) (memory $all)))
        (func $call {takes} (result (result string (error $failure)))
            (canon lift (core func $calls) (memory $all)
                (realloc $realloc)))
        (component $named
            (type $given {failure})
            (import "import-error" (type $error (eq $given)))
            (import "import-list" (func $list (result (list string))))
            (import "import-call" (func $call {takes} (result (result string (error $error)))))
            (type $made {failure})
            (export $exported "error" (type $made))
            (export "list" (func $list))
            (export "call" (func $call)
                (func {takes} (result (result string (error $exported))))))
        (instance $actions (instantiate $named
            (with "import-error" (type $failure))
            (with "import-list" (func $list)) (with "import-call" (func $call))))
        (export "ringfence:plugin/actions@0.1.0" (instance $actions)))"#
    ))
    .unwrap()
}

/// Makes the folder `mark` in the first folder that WASI shows, which is `/tmp`, and
/// answers 0 if it was not there.
fn marks_its_temporary_folder() -> Vec<u8> {
    let codes = "access would-block already bad-descriptor busy deadlock quota exist \
        file-too-large illegal-byte-sequence in-progress interrupted invalid io is-directory \
        loop too-many-links message-size name-too-long no-device no-entry no-lock \
        insufficient-memory insufficient-space not-directory not-empty not-recoverable \
        unsupported no-tty no-such-device overflow not-permitted pipe read-only invalid-seek \
        text-file-busy cross-device";
    let codes: String = codes.split_whitespace().map(|code| format!("\"{code}\" ")).collect();
    component(&Action {
        imports: &format!(
            r#"(import "wasi:filesystem/types@0.2.0" (instance $types
                (export "descriptor" (type $descriptor (sub resource)))
                (type $codes (enum {codes}))
                (export "error-code" (type $code (eq $codes)))
                (export "[method]descriptor.create-directory-at" (func
                    (param "self" (borrow $descriptor)) (param "path" string)
                    (result (result (error $code)))))))
            (alias export $types "descriptor" (type $descriptor))
            (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
                (alias outer $root $descriptor (type $outer))
                (export "descriptor" (type $inner (eq $outer)))
                (export "get-directories" (func (result (list (tuple (own $inner) string)))))))"#
        ),
        lowered: r#"(alias export $types "[method]descriptor.create-directory-at" (func $one))
            (alias export $preopens "get-directories" (func $two))
            (core func $first (canon lower (func $one) (memory $all)))
            (core func $second (canon lower (func $two)
                (memory $all) (realloc $realloc)))"#,
        core: r#"(import "w" "first" (func $make (param i32 i32 i32 i32)))
            (import "w" "second" (func $folders (param i32)))
            (data (i32.const 16) "mark")"#,
        body: r"(call $folders (i32.const 64))
            (call $make (i32.load (i32.load (i32.const 64)))
                (i32.const 16) (i32.const 4) (i32.const 72))
            (i32.store8 (i32.const 32) (i32.add (i32.const 48) (i32.load8_u (i32.const 72))))
            (i32.const 32) (i32.const 1)",
    })
}

#[test]
fn what_a_call_leaves_in_the_temporary_folder_is_gone_with_its_state() {
    let host = Host::new();
    let wasm = marks_its_temporary_folder();
    let mut fresh = host.plugin(&wasm, "").start().unwrap();
    for _ in 0..3 {
        assert_eq!(call(&mut fresh, "act", &Value::Null), 0);
    }
    let mut kept = host.plugin(&wasm, "stateful: true\n").start().unwrap();
    assert_eq!(call(&mut kept, "act", &Value::Null), 0);
    assert_eq!(call(&mut kept, "act", &Value::Null), 1);
}

/// Asks the host for `sh -c "ulimit -t"` and answers with what that printed.
fn asks_a_program_for_its_limit() -> Vec<u8> {
    component(&Action {
        imports: r#"(import "ringfence:plugin/types@0.1.0" (instance $types
                (type $fields (record (field "code" string) (field "message" string)
                    (field "kind" (option string)) (field "object" (option string))
                    (field "withheld-by" (option string)) (field "repair" (option string))))
                (export "failure" (type (eq $fields)))))
            (alias export $types "failure" (type $refused))
            (import "ringfence:plugin/process@0.1.0" (instance $process
                (alias outer $root $refused (type $outer))
                (export "failure" (type $inner (eq $outer)))
                (type $fields (record (field "exit-code" s32) (field "stdout" (list u8))
                    (field "stderr" (list u8)) (field "truncated" bool)))
                (export "ended" (type $ended (eq $fields)))
                (export "execute" (func (param "program" string) (param "args" (list string))
                    (param "stdin" (list u8)) (result (result $ended (error $inner)))))))"#,
        lowered: r#"(alias export $process "execute" (func $one))
            (core func $first (canon lower (func $one)
                (memory $all) (realloc $realloc)))
            (alias core export $m "realloc" (core func $second))"#,
        core: r#"(import "w" "first" (func $execute (param i32 i32 i32 i32 i32 i32 i32)))
            (data (i32.const 16) "sh-culimit -t\"denied\"")
            (data (i32.const 48) "\12\00\00\00\02\00\00\00\14\00\00\00\09\00\00\00")"#,
        body: r"(call $execute (i32.const 16) (i32.const 2) (i32.const 48) (i32.const 2)
                (i32.const 0) (i32.const 0) (i32.const 128))
            (select (i32.const 29) (i32.load (i32.const 136)) (i32.load8_u (i32.const 128)))
            (select (i32.const 8) (i32.load (i32.const 140)) (i32.load8_u (i32.const 128)))",
    })
}

#[test]
fn a_program_that_a_component_starts_has_the_plugins_limits_and_not_those_of_the_worker() {
    let host = Host::new();
    let wasm = asks_a_program_for_its_limit();
    let mut budget = Preset::Production.budget();
    budget.cpu_time = Duration::from_millis(1500);
    let manifest = "permissions: [{capability: process.execute, scope: sh}]\n";
    let plugin = host.plugin(&wasm, manifest).budget(budget.clone());
    let mut allowed = plugin.grant("process.execute=sh").start().unwrap();
    // The kernel counts in whole seconds and is the wall behind: one more than begun.
    assert_eq!(call(&mut allowed, "act", &Value::Null), 2);
    let mut denied = host.plugin(&wasm, "").budget(budget).start().unwrap();
    assert_eq!(call(&mut denied, "act", &Value::Null), "denied");
}
