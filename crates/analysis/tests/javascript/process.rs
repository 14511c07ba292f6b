//! Programs that start, however their names are reached.

use ringfence_analysis::Effect::{DynamicImport, Import, NativeCode, Opaque, Shell, Spawn};

use super::{Case, case, check, trace_of, does};

const EXEC: &str = "node:child_process.exec";
const SPAWN: &str = "node:child_process.spawn";

const CASES: &[Case] = &[
    case("exec is called", Shell, EXEC, "id", "require('child_process').exec('id')"),
    case("exec is called through an alias", Shell, EXEC, "id", "const c = require('child_process'); const e = c.exec; e('id')"),
    case("exec is destructured", Shell, EXEC, "id", "const { exec: run } = require('node:child_process'); run('id')"),
    case("exec is imported by name", Shell, EXEC, "id", "import { exec as run } from 'child_process'; run('id')"),
    case("exec is imported with everything", Shell, EXEC, "id", "import * as c from 'child_process'; c.exec('id')"),
    case("exec is imported by default", Shell, EXEC, "id", "import c from 'child_process'; c.exec('id')"),
    case("exec is imported when needed", Shell, EXEC, "id", "import('child_process').then(c => c.exec('id'))"),
    case("exec is awaited", Shell, EXEC, "id", "(async () => { const { exec } = await import('child_process'); exec('id') })()"),
    case("a member is computed from pieces", Shell, EXEC, "id", "require('child_process')['ex' + 'ec']('id')"),
    case("a member is joined", Shell, EXEC, "id", "require('child_process')[['ex', 'ec'].join('')]('id')"),
    case("a member is reversed", Shell, EXEC, "id", "require('child_process')['cexe'.split('').reverse().join('')]('id')"),
    case("a member is made of character codes", Shell, EXEC, "id", "require('child_process')[String.fromCharCode(101, 120, 101, 99)]('id')"),
    case("a member is base64", Shell, EXEC, "id", "require('child_process')[atob('ZXhlYw==')]('id')"),
    case("a member is base64 in a buffer", Shell, EXEC, "id", "require('child_process')[Buffer.from('ZXhlYw==', 'base64').toString()]('id')"),
    case("a member is hexadecimal", Shell, EXEC, "id", "require('child_process')[Buffer.from('65786563', 'hex').toString('utf8')]('id')"),
    case("a member is escaped", Shell, EXEC, "id", "require('child_process')['\\x65\\x78\\x65\\x63']('id')"),
    case("a member is percent-encoded", Shell, EXEC, "id", "require('child_process')[decodeURIComponent('%65%78%65%63')]('id')"),
    case("a member is unescaped", Shell, EXEC, "id", "require('child_process')[unescape('%65%78%65%63')]('id')"),
    case("a member is in a template", Shell, EXEC, "id", "const a = 'ex'; require('child_process')[`${a}ec`]('id')"),
    case("a member is replaced together", Shell, EXEC, "id", "require('child_process')['eXXxec'.replace('XX', '')]('id')"),
    case("a member is replaced by a pattern", Shell, EXEC, "id", "require('child_process')['e1x2e3c'.replace(/[0-9]/g, '')]('id')"),
    case("a member is sliced out", Shell, EXEC, "id", "require('child_process')['notexecnot'.slice(3, 7)]('id')"),
    case("a member is taken from a table", Shell, EXEC, "id", "const t = ['spawn', 'exec']; require('child_process')[t[1]]('id')"),
    case("a member is taken from a table by number", Shell, EXEC, "id", "const t = { a: 'exec' }; require('child_process')[t.a]('id')"),
    case("a member is mapped", Shell, EXEC, "id", "require('child_process')[[101,120,101,99].map(c => String.fromCharCode(c)).join('')]('id')"),
    case("a member is reduced", Shell, EXEC, "id", "require('child_process')[['e','x','e','c'].reduce((a, b) => a + b, '')]('id')"),
    case("a member is built in a loop", Shell, EXEC, "id", "let s = ''; for (const c of [101,120,101,99]) s += String.fromCharCode(c); require('child_process')[s]('id')"),
    case("a member is built by exclusive or", Shell, EXEC, "id", "const k = 7, d = [98, 127, 98, 100]; let s = ''; for (let i = 0; i < d.length; i++) s += String.fromCharCode(d[i] ^ k); require('child_process')[s]('id')"),
    case("a member is built by a function", Shell, EXEC, "id", "function r(s) { return s.split('').map(c => String.fromCharCode(c.charCodeAt(0) - 1)).join('') } require('child_process')[r('fyfd')]('id')"),
    case("a module's name is put together", Shell, EXEC, "id", "require('child' + '_' + 'process').exec('id')"),
    case("a module's name is base64", Shell, EXEC, "id", "require(Buffer.from('Y2hpbGRfcHJvY2Vzcw==', 'base64').toString()).exec('id')"),
    case("require has another name", Shell, EXEC, "id", "const r = require; r('child_process').exec('id')"),
    case("require is made", Shell, EXEC, "id", "import { createRequire } from 'module'; const require = createRequire(import.meta.url); require('child_process').exec('id')"),
    case("require is the main module's", Shell, EXEC, "id", "process.mainModule.require('child_process').exec('id')"),
    case("require is the module's", Shell, EXEC, "id", "module.require('child_process').exec('id')"),
    case("a module is loaded by the loader", Shell, EXEC, "id", "module.constructor._load('child_process').exec('id')"),
    case("a module is loaded by the loader's own module", Shell, EXEC, "id", "require('module')._load('child_process').exec('id')"),
    case("require is reached through the global object", Shell, EXEC, "id", "globalThis['require']('child_process').exec('id')"),
    case("a built-in module is asked of the process", Shell, EXEC, "id", "process.getBuiltinModule('child_process').exec('id')"),
    case("the process is asked of the global object", Shell, EXEC, "id", "global['process']['mainModule']['require']('child_process')['exec']('id')"),
    case("Reflect gets a member", Shell, EXEC, "id", "Reflect.get(require('child_process'), 'exec')('id')"),
    case("Reflect applies a function", Shell, EXEC, "id", "Reflect.apply(require('child_process').exec, null, ['id'])"),
    case("a descriptor gives a member", Shell, EXEC, "id", "Object.getOwnPropertyDescriptor(require('child_process'), 'exec').value('id')"),
    case("a member is found among the names", Shell, EXEC, "id", "const c = require('child_process'); c[Object.keys(c).find(k => k === 'exec')]('id')"),
    case("a member is filtered out of the names", Shell, EXEC, "id", "const c = require('child_process'); c[Object.keys(c).filter(k => k.length === 4 && k.startsWith('ex'))[0]]('id')"),
    case("a member is found among the values", Spawn, SPAWN, "id", "const c = require('child_process'); Object.entries(c).find(e => e[0] === 'spawn')[1]('id')"),
    case("a function is called with call", Shell, EXEC, "id", "require('child_process').exec.call(null, 'id')"),
    case("a function is called with apply", Shell, EXEC, "id", "require('child_process').exec.apply(null, ['id'])"),
    case("a function is bound", Shell, EXEC, "id", "const e = require('child_process').exec.bind(null, 'id'); e()"),
    case("call is called", Shell, EXEC, "id", "Function.prototype.call.call(require('child_process').exec, null, 'id')"),
    case("a sequence hides the callee", Shell, EXEC, "id", "(0, require('child_process').exec)('id')"),
    case("an optional call", Shell, EXEC, "id", "require('child_process')?.exec?.('id')"),
    case("the callee is one of two", Shell, EXEC, "id", "const c = require('child_process'); (Math.random() > 2 ? c.fork : c.exec)('id')"),
    case("the callee comes from an assignment in a branch", Shell, EXEC, "id", "let e; if (process.platform === 'linux') e = require('child_process').exec; e('id')"),
    case("the callee is a property of an object", Shell, EXEC, "id", "const o = { run: require('child_process').exec }; o.run('id')"),
    case("the callee is in an array", Shell, EXEC, "id", "const o = [require('child_process').exec]; o[0]('id')"),
    case("the callee is in a class", Shell, EXEC, "id", "class A { constructor() { this.e = require('child_process').exec } go() { this.e('id') } } new A().go()"),
    case("the callee is in a class that nothing makes", Shell, EXEC, "id", "class A { constructor() { this.e = require('child_process').exec } go() { this.e('id') } } module.exports = A"),
    case("the callee comes from a getter", Shell, EXEC, "id", "const o = { get e() { return require('child_process').exec } }; o.e('id')"),
    case("the callee is handed over", Shell, EXEC, "id", "function go(f, x) { f(x) } go(require('child_process').exec, 'id')"),
    case("the callee is returned", Shell, EXEC, "id", "function get() { return require('child_process') } get().exec('id')"),
    case("the callee is promised", Shell, EXEC, "id", "const e = require('util').promisify(require('child_process').exec); (async () => { await e('id') })()"),
    case("the callee is a promise's value", Shell, EXEC, "id", "Promise.resolve(require('child_process')).then(c => c.exec('id'))"),
    case("the callee goes through a new promise", Shell, EXEC, "id", "new Promise(r => r(require('child_process'))).then(({ exec }) => exec('id'))"),
    case("the command goes through a timer", Shell, EXEC, "id", "setTimeout(() => require('child_process').exec('id'), 1000)"),
    case("the names have escapes", Shell, EXEC, "id", "require('child_process').\\u0065xec('id')"),
    case("spawn with a list", Spawn, SPAWN, "-la", "require('child_process').spawn('ls', ['-la'])"),
    case("spawn with a shell is a shell", Shell, SPAWN, "ls", "require('child_process').spawn('ls', { shell: true })"),
    case("spawnSync", Spawn, "node:child_process.spawnSync", "ls", "require('child_process').spawnSync('ls')"),
    case("execFileSync", Spawn, "node:child_process.execFileSync", "ls", "require('child_process').execFileSync('ls')"),
    case("fork", Spawn, "node:child_process.fork", "x.js", "require('child_process').fork('x.js')"),
    case("execSync in TypeScript's manner", Shell, "node:child_process.execSync", "id", "var c = __importStar(require('child_process')); function __importStar(m) { return m && m.__esModule ? m : Object.assign({}, m, { default: m }) } c.default.execSync('id')"),
    case("execa", Spawn, "npm:execa", "ls", "const execa = require('execa'); execa('ls', ['-a'])"),
    case("cross-spawn", Spawn, "npm:cross-spawn", "ls", "require('cross-spawn')('ls')"),
    case("shelljs", Shell, "npm:shelljs.exec", "id", "require('shelljs').exec('id')"),
    case("the process's own binding", NativeCode, "node:process.binding", "spawn_sync", "process.binding('spawn_sync')"),
    case("a native module", NativeCode, "node:process.dlopen", "x.node", "process.dlopen(module, 'x.node')"),
    case("a worker from a file", Spawn, "node:worker_threads.Worker", "x.js", "new (require('worker_threads').Worker)('x.js')"),
    case("the module's name is not known", DynamicImport, "js:require", "", "module.exports = n => require(n)"),
    case("the function's name is not known", Opaque, "node:child_process.?", "id", "module.exports = n => require('child_process')[n]('id')"),
    case("a library is imported", Import, "npm:left-pad", "left-pad", "require('left-pad')"),
    case("a command that is partly known", Shell, EXEC, "git clone ", "module.exports = u => require('child_process').exec('git clone ' + u)"),
    case("a comment cannot switch this off", Shell, EXEC, "id", "const g = 'src/*.js';\nrequire('child_process').exec('id') // */"),
    case("a default parameter", Shell, EXEC, "id", "function go(c = require('child_process')) { c.exec('id') } go()"),
    case("a tagged template", Shell, EXEC, "id", "const c = require('child_process'); const t = (s) => c.exec(s[0]); t`id`"),
    case("the catch of a failure", Shell, EXEC, "id", "try { JSON.parse('x') } catch (e) { require('child_process').exec('id') }"),
    case("the last of a switch", Shell, EXEC, "id", "switch (process.platform) { case 'win32': break; default: require('child_process').exec('id') }"),
    case("a destructured parameter", Shell, EXEC, "id", "function go({ exec }) { exec('id') } go(require('child_process'))"),
    case("the rest of an object", Shell, EXEC, "id", "const { spawn, ...rest } = require('child_process'); rest.exec('id')"),
    case("a copy of the module", Shell, EXEC, "id", "const c = { ...require('child_process') }; c.exec('id')"),
    case("a prototype of the module", Shell, EXEC, "id", "const c = Object.create(require('child_process')); c.exec('id')"),
    case("a proxy of the module", Shell, EXEC, "id", "const c = new Proxy(require('child_process'), {}); c.exec('id')"),
    case("a name kept on the global object", Shell, EXEC, "id", "global.foo = require('child_process'); foo.exec('id')"),
];

#[test]
fn programs_that_start_are_seen_however_they_are_reached() {
    check(CASES);
}

#[test]
fn what_one_file_exports_is_followed_into_another() {
    let trace = trace_of(&[
        ("lib/run.js", "exports.go = (c) => require('child_process').exec(c);"),
        ("package.json", "{\"main\": \"index.js\"}"),
        ("index.js", "const { go } = require('./lib/run'); go('id');"),
    ]);
    assert!(does(&trace, Shell, EXEC, "id"), "{:#?}", trace.events);
    let trace = trace_of(&[
        ("a.mjs", "import run, { name } from './b.mjs'; run[name]('id');"),
        ("b.mjs", "import c from 'child_process'; export default c; export const name = 'exec';"),
    ]);
    assert!(does(&trace, Shell, EXEC, "id"), "{:#?}", trace.events);
    let trace = trace_of(&[
        ("index.ts", "import { names } from './names'; import cp = require('child_process'); (cp as any)[names.a as string]!('id');"),
        ("names.ts", "export const names: Record<string, string> = { a: 'exec' };"),
    ]);
    assert!(does(&trace, Shell, EXEC, "id"), "{:#?}", trace.events);
}
