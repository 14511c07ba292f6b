//! Files that are made to hurt the one who reads them.

use proptest::prelude::*;
use ringfence_analysis::{Coverage, Effect};

use super::{does, trace_of, trace_one};

fn is_unparsed(source: &str) -> bool {
    matches!(trace_one(source).coverage.as_slice(), [(_, Coverage::Unparsed { .. })])
}

#[test]
fn nesting_a_hundred_thousand_deep_is_refused() {
    for piece in [
        "(",
        "[",
        "{",
        "!",
        "- ",
        "typeof ",
        "a=>",
        "a?b:",
        "`${",
        "new ",
        "if(a)",
        "a=",
        "a**",
        "while(1)",
        "x:\n",
        "async()=>",
    ] {
        assert!(is_unparsed(&piece.repeat(100_000)), "{piece}");
    }
}

#[test]
fn nesting_just_below_the_bound_is_read() {
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("{", "}"), ("a=>", "")] {
        let middle = if open == "{" { "" } else { "1" };
        let source = format!("{}{middle}{}", open.repeat(5_000), close.repeat(5_000));
        let trace = trace_one(&source);
        assert!(!matches!(trace.coverage[0].1, Coverage::Unparsed { .. }), "{open}");
    }
}

#[test]
fn a_chain_of_a_hundred_thousand_operators_is_read_to_its_end() {
    let source = format!("let a = 1; a = {}1;", "1 + ".repeat(100_000));
    let end = format!("{source} require('child_process').exec('id')");
    let trace = trace_one(&end);
    let refused = matches!(trace.coverage[0].1, Coverage::Unparsed { .. });
    assert!(refused || does(&trace, Effect::Shell, "node:child_process.exec", "id"));
}

#[test]
fn lists_that_hold_the_same_lists_are_looked_through_once() {
    // Two hundred ways to each of two hundred, five times: more than can be walked.
    let mut source = format!("const a0 = [{}];\n", "{}, ".repeat(200));
    for level in 1..6 {
        let inner = format!("a{}, ", level - 1).repeat(200);
        source.push_str(&format!("const a{level} = [{inner}];\n"));
    }
    source.push_str("unknown(a5); require('child_process').exec('id');");
    assert!(does(&trace_one(&source), Effect::Shell, "node:child_process.exec", "id"));
}

#[test]
fn a_recursion_does_not_use_up_what_the_payload_behind_it_needs() {
    let hidden =
        |text: &str| -> String { text.bytes().map(|byte| format!("{:02x}", byte ^ 7)).collect() };
    let source = format!(
        "function walk(node, options) {{
           if (node.left) walk(node.left, options);
           if (node.right) walk(node.right, options);
           if (node.list) node.list.forEach(inner => walk(inner, options));
           for (const key in node) walk(node[key], options);
           return options;
         }}
         walk(process.env, {{ deep: () => 1 }});
         walk(process.env, {{ deep: () => 2 }});
         function read(text) {{
           let out = '';
           for (let at = 0; at < text.length; at += 2)
             out += String.fromCharCode(parseInt(text.slice(at, at + 2), 16) ^ 7);
           return out;
         }}
         read('61');
         require(read('{}')).exec(read('{}'));",
        hidden("child_process"),
        hidden("id")
    );
    assert!(does(&trace_one(&source), Effect::Shell, "node:child_process.exec", "id"));
}

#[test]
fn chains_of_members_and_calls_are_bounded() {
    for piece in [".a", "()", "[0]", ".then(x => x)"] {
        let source = format!("a{}", piece.repeat(100_000));
        let trace = trace_one(&source);
        assert_eq!(trace.coverage.len(), 1, "{piece}");
    }
}

#[test]
fn a_file_larger_than_the_bound_is_refused_by_its_size() {
    assert!(is_unparsed(&"a;".repeat(20 << 20)));
}

#[test]
fn loops_that_never_end_end_here() {
    for source in [
        "let s = 'x'; while (true) s += s;",
        "let i = 0; for (;;) i++;",
        "const a = []; for (;;) a.push(a.concat(a));",
        "function f(n) { return f(n + 1) + f(n + 2) } f(0)",
        "const f = s => f(s + s); f('x')",
        "let s = 'x'; for (let i = 0; i < 1e9; i++) { s = s.repeat(2).slice(0, 100) }",
        "let o = {}; for (let i = 0; i < 1e9; i++) { o['k' + i] = { o } }",
        "eval('eval(s)'.replace('s', '\"x\"')); let s = 'eval(s)'; eval(s)",
        "class A extends A {} new A()",
        "const a = {}; a.__proto__ = a; a.x; const b = Object.create(a); Object.setPrototypeOf(a, b); b.y",
        "const a = []; a.push(a); fetch(a + ''); JSON.stringify(a)",
        "const o = { get x() { return this.x } }; o.x",
        "'x'.replace(/x/g, function r() { return 'x'.replace(/x/g, r) })",
        "Promise.resolve().then(function f() { return Promise.resolve().then(f) })",
        "new Proxy({}, {}).a.b.c; [].concat(...Array(1e9))",
        "'x'.padEnd(1e9); 'x'.repeat(1e9); new Array(1e9).fill(0); Buffer.alloc(1e12)",
        "const m = require('./index.js'); m.x()",
    ] {
        let trace = trace_one(source);
        assert_eq!(trace.coverage.len(), 1, "{source}");
    }
}

#[test]
fn modules_that_ask_for_each_other_are_read_once() {
    let trace = trace_of(&[
        (
            "a.js",
            "const b = require('./b'); b.go(); exports.x = () => require('child_process').exec('id')",
        ),
        ("b.js", "const a = require('./a'); exports.go = () => a.x()"),
    ]);
    assert!(does(&trace, Effect::Shell, "node:child_process.exec", "id"));
}

#[test]
fn bytes_that_are_no_text_are_read_as_far_as_they_go() {
    let files = vec![ringfence_analysis::SourceFile {
        path: "index.js".to_owned(),
        bytes: std::borrow::Cow::Borrowed(
            b"const a = '\xff\xfe'; require('child_process').exec('id')",
        ),
    }];
    let tree = ringfence_analysis::Tree::new(files);
    let ids: Vec<_> = tree.files().map(|(id, _)| id).collect();
    let trace = ringfence_analysis::javascript::trace(&tree, &ids);
    assert!(does(&trace, Effect::Shell, "node:child_process.exec", "id"));
}

#[test]
fn what_is_no_javascript_is_said_to_be_none() {
    assert!(is_unparsed("this is no program"));
    assert!(!is_unparsed("return 1"));
    assert!(!is_unparsed("#!/usr/bin/env node\nimport a from 'a'; await a"));
    assert!(!is_unparsed("const a = <div>{x}</div>"));
}

const PIECES: &[&str] = &[
    "a",
    "b",
    "x",
    "'s'",
    "1",
    "-1",
    "1e400",
    "[]",
    "{}",
    "[a, b]",
    "({ a, b: 1 })",
    "=",
    "+=",
    "**",
    ">>>",
    "^",
    ",",
    ";",
    ".",
    "?.",
    "[",
    "]",
    "(",
    ")",
    "`${",
    "}`",
    "=>",
    "...",
    "function f(a, b) {",
    "}",
    "class A extends B {",
    "constructor() { super(); }",
    "return",
    "while (a)",
    "for (;;)",
    "for (const a of b)",
    "for (var k in a)",
    "if (a)",
    "else",
    "switch (a) { case 1: default: }",
    "try {",
    "} catch (e) {",
    "} finally {",
    "await",
    "async",
    "yield",
    "function* g() {",
    "new",
    "delete",
    "typeof",
    "void",
    "let a =",
    "const { a, ...b } =",
    "[a, b] =",
    "eval(",
    "Function(",
    "require('fs')",
    "process.env",
    "a.__proto__ = b",
    "Object.assign(a, b)",
    "a.push(a)",
    "a.length = 1e9",
    "a.splice(-5, 9, a)",
    "'x'.repeat(a)",
    "'\u{10ffff}'.substr(-9, a)",
    "Buffer.from(a, 'hex')",
    "a.slice(a, b)",
    "String.fromCharCode(a, 1e9, -1)",
    "parseInt(a, b)",
    "a.map(f)",
    "a.reduce(f)",
    "Promise.all(a)",
    "a.then(f)",
    "JSON.parse('{\"a\":[1]}')",
    "a++",
    "--b",
    "a.b = a",
    "import('./x')",
    "export default a",
    "Reflect.apply(f, a, [a])",
    "f.bind(a, b)",
    "a.replace(/x/g, f)",
    "new Proxy(a, b)",
    "\n",
    "this",
    "super.a",
    "arguments[0]",
    "Object.create(a)",
    "Object.defineProperty(a, 'b', { get: f })",
    "f(a, b)",
    "new A()",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_program_stops_the_evaluator(pieces in prop::collection::vec(prop::sample::select(PIECES), 1..60)) {
        let source = pieces.join(" ");
        // Every piece on its own, so that one that does not parse hides no other.
        let apart: Vec<String> = pieces
            .chunks(4)
            .map(|some| format!("try {{ {} }} catch {{}}", some.join(" ")))
            .filter(|one| !is_unparsed(one))
            .collect();
        for source in [source, apart.join("\n")] {
            let trace = trace_one(&source);
            if let [(_, Coverage::Unparsed { why })] = trace.coverage.as_slice() {
                prop_assert!(!why.contains("defect"), "{source}");
            }
        }
    }
}

#[test]
fn loops_in_loops_cost_what_they_are_long_and_not_twice_as_much_for_each() {
    for head in ["for(;;)", "while(a)", "do ", "for(let i=0;i<9;i++)", "for(k in a)"] {
        let tail = if head == "do " { "while(a);" } else { "" };
        let nest = format!("{}{{}}{}", head.repeat(400), tail.repeat(400));
        assert_eq!(trace_one(&nest).coverage.len(), 1, "{head}");
    }
}
