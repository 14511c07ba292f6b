//! Ways around a reader of text, and around a reader who follows less than the
//! language does. Each is harmless, and each must be found.

use ringfence_analysis::Effect::{
    Connect, DynamicCode, EndlessLoop, FileDelete, FileRead, FileWrite, Mining, NativeCode,
    Request, Shell, Spawn,
};

use super::{Case, case, check};

const EXEC: &str = "node:child_process.exec";

#[test]
fn text_becomes_code_in_unusual_ways() {
    check(CODE);
}

const CODE: &[Case] = &[
    case(
        "a getter gives eval",
        DynamicCode,
        "js:eval",
        "x1",
        "const o = { get e() { return eval } }; o.e('x1')",
    ),
    case("a default parameter is eval", DynamicCode, "js:eval", "x1", "((f = eval) => f('x1'))()"),
    case(
        "a generator gives eval",
        DynamicCode,
        "js:eval",
        "x1",
        "const [e] = (function* () { yield eval })(); e('x1')",
    ),
    case(
        "a symbol's method is eval",
        DynamicCode,
        "js:eval",
        "x1",
        "const s = Symbol(); const o = { [s]: eval }; o[s]('x1')",
    ),
    case(
        "a map holds eval",
        DynamicCode,
        "js:eval",
        "x1",
        "const m = new Map([['a', eval]]); m.get('a')('x1')",
    ),
    case(
        "a map is given eval",
        DynamicCode,
        "js:eval",
        "x1",
        "const m = new Map(); m.set('a', eval); m.get('a')('x1')",
    ),
    case(
        "a set holds eval",
        DynamicCode,
        "js:eval",
        "x1",
        "for (const f of new Set([eval])) f('x1')",
    ),
    case("a callback of a list is eval", DynamicCode, "js:eval", "x1", "['x1'].forEach(eval)"),
    case("a callback of map is eval", DynamicCode, "js:eval", "x1", "['x1'].map(x => x).map(eval)"),
    case("replace calls Function", DynamicCode, "js:eval", "x1", "'x1'.replace(/.+/, eval)"),
    case("a promise calls eval", DynamicCode, "js:eval", "x1", "Promise.resolve('x1').then(eval)"),
    case(
        "an entry of the global object is eval",
        DynamicCode,
        "js:eval",
        "x1",
        "Object.entries({ a: eval })[0][1]('x1')",
    ),
    case(
        "Reflect gets eval",
        DynamicCode,
        "js:eval",
        "x1",
        "Reflect.get(globalThis, 'eval')('x1')",
    ),
    case("Reflect applies eval", DynamicCode, "js:eval", "x1", "Reflect.apply(eval, null, ['x1'])"),
    case("a bound eval", DynamicCode, "js:eval", "x1", "eval.bind(null, 'x1')()"),
    case(
        "call of call",
        DynamicCode,
        "js:eval",
        "x1",
        "Function.prototype.call.call(eval, null, 'x1')",
    ),
    case(
        "a class extends Function",
        DynamicCode,
        "js:Function",
        "x1",
        "class F extends Function {} new F('x1')()",
    ),
    case(
        "a class's static block",
        DynamicCode,
        "js:eval",
        "x1",
        "class A { static { eval('x1') } }",
    ),
    case("a class's field", DynamicCode, "js:eval", "x1", "class A { a = eval('x1') } new A()"),
    case("an optional call", DynamicCode, "js:eval", "x1", "globalThis?.eval?.('x1')"),
    case("a logical assignment", DynamicCode, "js:eval", "x1", "let f; f ??= eval; f('x1')"),
    case(
        "a label and a comma",
        DynamicCode,
        "js:eval",
        "x1",
        "a: (1, 2, globalThis)['eval']('x1')",
    ),
    case("an escaped name", DynamicCode, "js:eval", "x1", "\\u0065val('x1')"),
    case(
        "the constructor of a generator",
        DynamicCode,
        "js:GeneratorFunction",
        "x1",
        "(function* () {}).constructor('x1')().next()",
    ),
    case(
        "a descriptor's value",
        DynamicCode,
        "js:eval",
        "x1",
        "Object.getOwnPropertyDescriptor(globalThis, 'eval').value('x1')",
    ),
    case(
        "an error's handler",
        DynamicCode,
        "js:eval",
        "x1",
        "try { throw eval } catch (f) { f('x1') }",
    ),
    case("a tagged template", DynamicCode, "js:Function", "x1", "Function`x1```"),
    case("a proxy of eval", DynamicCode, "js:eval", "x1", "new Proxy(eval, {})('x1')"),
    case("a spread of a list", DynamicCode, "js:eval", "x1", "eval(...['x1'])"),
    case(
        "text of a function",
        DynamicCode,
        "js:eval",
        "x1",
        "eval((function () { /*x1*/ }).toString())",
    ),
    case(
        "a worker from a data address",
        DynamicCode,
        "node:worker_threads.Worker",
        "x1",
        "new (require('worker_threads').Worker)(new URL('data:text/javascript,x1'))",
    ),
    case(
        "vm's compiled function",
        DynamicCode,
        "node:vm.compileFunction",
        "x1",
        "require('vm').compileFunction('x1')()",
    ),
    case(
        "a module from text",
        DynamicCode,
        "node:vm.SourceTextModule",
        "x1",
        "new (require('vm').SourceTextModule)('x1')",
    ),
];

#[test]
fn programs_start_in_unusual_ways() {
    check(PROCESS);
}

const PROCESS: &[Case] = &[
    case(
        "nested destructuring",
        Shell,
        EXEC,
        "id1",
        "const { a: { exec } } = { a: require('child_process') }; exec('id1')",
    ),
    case(
        "destructuring of a parameter",
        Shell,
        EXEC,
        "id1",
        "(({ exec }) => exec('id1'))(require('child_process'))",
    ),
    case(
        "Object.assign copies it",
        Shell,
        EXEC,
        "id1",
        "const o = Object.assign({}, require('child_process')); o.exec('id1')",
    ),
    case(
        "a spread copies it",
        Shell,
        EXEC,
        "id1",
        "const o = { ...require('child_process') }; o.exec('id1')",
    ),
    case(
        "Object.values finds it",
        Shell,
        EXEC,
        "id1",
        "Object.values({ e: require('child_process').exec })[0]('id1')",
    ),
    case("with", Shell, EXEC, "id1", "with (require('child_process')) exec('id1')"),
    case(
        "promisify",
        Shell,
        EXEC,
        "id1",
        "require('util').promisify(require('child_process').exec)('id1')",
    ),
    case(
        "an internal binding",
        NativeCode,
        "node:process.binding",
        "spawn_sync",
        "process.binding('spawn_sync').spawn({ file: '/bin/id', args: ['id'] })",
    ),
    case(
        "a built-in by its getter",
        Shell,
        EXEC,
        "id1",
        "process.getBuiltinModule('child_process').exec('id1')",
    ),
    case(
        "the cache of require",
        Shell,
        EXEC,
        "id1",
        "require('module').createRequire('/x.js')('child_process').exec('id1')",
    ),
    case(
        "a dynamic import of a computed name",
        Shell,
        EXEC,
        "id1",
        "import(['child', 'process'].join('_')).then(({ default: c }) => c.exec('id1'))",
    ),
    case(
        "a switch chooses the name",
        Shell,
        EXEC,
        "id1",
        "let n; switch (1 + 1) { case 2: n = 'exec'; break; default: n = 'x' } require('child_process')[n]('id1')",
    ),
    case(
        "a loop over the module's names",
        Shell,
        EXEC,
        "id1",
        "const c = require('child_process'); for (const k in c) if (k.length === 4 && k[1] === 'x') c[k]('id1')",
    ),
    case(
        "find among the module's names",
        Shell,
        EXEC,
        "id1",
        "const c = require('child_process'); c[Object.keys(c).find(k => /^ex.c$/.test(k))]('id1')",
    ),
    case(
        "a recursive function makes the name",
        Shell,
        EXEC,
        "id1",
        "const f = (s, i) => i < 0 ? '' : s[i] + f(s, i - 1); require('child_process')[f('cexe', 3)]('id1')",
    ),
    case(
        "parseInt of base 36 makes the name",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[(693741..toString(36), 'exec')]('id1')",
    ),
    case(
        "numbers of base 36 are letters",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[(681384).toString(36) + '']?.('id1'); require('child_process')['ex' + (14).toString(36) + (12).toString(36)]('id1')",
    ),
    case(
        "TextDecoder makes the name",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[new TextDecoder().decode(new Uint8Array([101, 120, 101, 99]))]('id1')",
    ),
    case(
        "a raw template makes the name",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[String.raw`exec`]('id1')",
    ),
    case(
        "padding makes the name",
        Shell,
        EXEC,
        "id1",
        "require('child_process')['c'.padStart(4, 'exe')]('id1')",
    ),
    case(
        "an iterator makes the name",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[[...'cexe'].reverse().join('')]('id1')",
    ),
    case(
        "JSON holds the name",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[JSON.parse('[\"exec\"]')[0]]('id1')",
    ),
    case(
        "the name is in a closure",
        Shell,
        EXEC,
        "id1",
        "const mk = a => b => require('child_process')[a + b]; mk('ex')('ec')('id1')",
    ),
    case(
        "a method of a class",
        Shell,
        EXEC,
        "id1",
        "class R { #c = require('child_process'); go(x) { this.#c.exec(x) } } new R().go('id1')",
    ),
    case(
        "a setter",
        Shell,
        EXEC,
        "id1",
        "const o = { set x(v) { require('child_process').exec(v) } }; o.x = 'id1'",
    ),
    case(
        "toString of an object",
        Shell,
        EXEC,
        "id1",
        "const o = { toString() { require('child_process').exec('id1'); return '' } }; `${o}`",
    ),
    case(
        "an event's handler",
        Shell,
        EXEC,
        "id1",
        "process.on('exit', () => require('child_process').exec('id1'))",
    ),
    case(
        "a list sorted by a function",
        Shell,
        EXEC,
        "id1",
        "[1, 2].sort(() => require('child_process').exec('id1'))",
    ),
    case(
        "spawn through a shell by name",
        Spawn,
        "node:child_process.spawn",
        "-c",
        "require('child_process').spawn('/bin/sh', ['-c', 'id1'])",
    ),
];

#[test]
fn networks_files_loops_and_miners_are_found() {
    check(REST);
}

const REST: &[Case] = &[
    case(
        "a request by another global",
        Request,
        "js:fetch",
        "a.example",
        "self['fet' + 'ch']('http://a.example')",
    ),
    case(
        "a request in a reader's method",
        Request,
        "js:fetch",
        "a.example",
        "globalThis[Object.keys({ fetch: 1 })[0]]('http://a.example')",
    ),
    case(
        "an address with a joined host",
        Request,
        "node:https.get",
        "a.example",
        "require('https').get({ host: ['a', 'example'].join('.'), path: '/' })",
    ),
    case(
        "an address that URL puts together",
        Request,
        "js:fetch",
        "a.example",
        "fetch(new URL('/x', 'http://a.example'))",
    ),
    case(
        "an address whose host is set",
        Request,
        "js:fetch",
        "a.example",
        "const u = new URL('http://b.example'); u.hostname = 'a.example'; fetch(u)",
    ),
    case(
        "a beacon",
        Request,
        "js:navigator.sendBeacon",
        "a.example",
        "navigator.sendBeacon('http://a.example', 'x')",
    ),
    case(
        "a picture",
        Request,
        "js:Image.src",
        "a.example",
        "new Image().src = 'http://a.example/?x'",
    ),
    case(
        "a stream of events",
        Connect,
        "js:EventSource",
        "a.example",
        "new EventSource('http://a.example')",
    ),
    case(
        "a request object",
        Request,
        "js:fetch",
        "a.example",
        "fetch(new Request('http://a.example'))",
    ),
    case(
        "a datagram",
        Connect,
        "node:dgram.Socket.send",
        "a.example",
        "require('dgram').createSocket('udp4').send('x', 53, 'a.example')",
    ),
    case(
        "a file through a handle",
        FileRead,
        "node:fs/promises.open",
        "/etc/passwd",
        "require('fs').promises.open('/etc/passwd').then(h => h.readFile())",
    ),
    case(
        "a file through openSync",
        FileRead,
        "node:fs.openSync",
        "/etc/passwd",
        "const fs = require('fs'); fs.readSync(fs.openSync('/etc/passwd'), Buffer.alloc(9))",
    ),
    case(
        "a file by an address",
        FileRead,
        "node:fs.readFileSync",
        "/etc/passwd",
        "require('fs').readFileSync(new URL('file:///etc/passwd'))",
    ),
    case(
        "a file by bytes",
        FileRead,
        "node:fs.readFileSync",
        "/etc/passwd",
        "require('fs').readFileSync(Buffer.from('/etc/passwd'))",
    ),
    case(
        "a file that is copied",
        FileRead,
        "node:fs.copyFileSync",
        "/etc/passwd",
        "require('fs').copyFileSync('/etc/passwd', '/tmp/x')",
    ),
    case(
        "a folder that is removed",
        FileDelete,
        "node:fs.rmSync",
        "/tmp/x",
        "require('fs')['rm' + 'Sync']('/tmp/x', { recursive: true })",
    ),
    case(
        "a file through a stream",
        FileWrite,
        "node:fs.createWriteStream",
        "/tmp/x",
        "require('fs').createWriteStream('/tmp/x').end('y')",
    ),
    case("a loop behind a label", EndlessLoop, "js:loop", "", "a: for (;;) { continue a }"),
    case(
        "a loop that only catches",
        EndlessLoop,
        "js:loop",
        "",
        "while (1) { try { JSON.parse('x') } catch {} }",
    ),
    case(
        "a loop over an endless generator",
        EndlessLoop,
        "js:loop",
        "",
        "function* g() { while (true) { } } for (const x of g()) { }",
    ),
    case(
        "functions that call each other",
        EndlessLoop,
        "js:recursion",
        "",
        "function a() { b() } function b() { a() } a()",
    ),
    case(
        "an endless loop whose condition is an assignment",
        EndlessLoop,
        "js:loop",
        "",
        "let x; while (x = 1) { }",
    ),
    case(
        "a promise that starts itself again",
        EndlessLoop,
        "js:Promise.prototype.then",
        "",
        "const f = () => Promise.resolve().then(f); f()",
    ),
    case(
        "a pool is spoken to",
        Mining,
        "node:net.Socket.write",
        "mining.subscribe",
        "require('net').connect(3333, 'pool.example').write('{\"method\":\"mining.subscribe\"}')",
    ),
    case(
        "a pool is spoken to by whoever is connected",
        Mining,
        "node:net.Socket.write",
        "mining.subscribe",
        "require('net').connect(3333, 'pool.example', function () { this.write(JSON.stringify({ id: 1, method: 'mining.subscribe', params: [] }) + '\\n') })",
    ),
    case(
        "a pool's protocol",
        Mining,
        "js:WebSocket",
        "stratum",
        "new WebSocket('stratum+tcp://pool.example:3333')",
    ),
];

#[test]
fn names_are_found_in_what_patterns_match() {
    check(PATTERNS);
}

const PATTERNS: &[Case] = &[
    case(
        "a group of a match",
        Shell,
        EXEC,
        "id1",
        "require('child_process')['<exec>'.match(/<(.*)>/)[1]]('id1')",
    ),
    case(
        "a group of exec",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[/<(.*)>/.exec('<exec>')[1]]('id1')",
    ),
    case(
        "groups change places",
        Shell,
        EXEC,
        "id1",
        "require('child_process')['ecex'.replace(/(..)(..)/, '$2$1')]('id1')",
    ),
    case(
        "a pattern without case",
        Shell,
        EXEC,
        "id1",
        "require('child_process')['eXxxec'.replace(/XX/i, '')]('id1')",
    ),
    case(
        "a brace that counts nothing",
        Shell,
        EXEC,
        "id1",
        "require('child_process')['ex{ec'.replace(/{/, '')]('id1')",
    ),
    case(
        "all matches",
        Shell,
        EXEC,
        "id1",
        "require('child_process')[[...'1e2x3e4c'.matchAll(/\\d(.)/g)].map(m => m[1]).join('')]('id1')",
    ),
];

#[test]
fn a_file_is_found_under_the_name_that_its_package_gives_it() {
    let package = r##"{"name": "own", "imports": {"#run": "./inner/run.js"}, "exports": {"./x": "./inner/run.js"}}"##;
    for name in ["#run", "own/x"] {
        let index = format!("require('{name}')('id1')");
        let trace = super::trace_of(&[
            ("package.json", package),
            ("index.js", &index),
            ("inner/run.js", "module.exports = x => require('child_process').exec(x)"),
        ]);
        assert!(super::does(&trace, Shell, EXEC, "id1"), "{name}: {:#?}", trace.events);
    }
}
