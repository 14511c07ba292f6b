//! Plugins in JavaScript without Node.js: what they can do, and what they cannot
//! however they try.

use crate::plugin::{Host, call, fails, times};
use ringfence::{Phase, Preset, Resource, RunError, Start};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

/// A plugin of these files; the first is its entry.
fn javascript(host: &Host, files: &[(&str, &str)], manifest: &str) -> Start {
    let plugin = host.folder.path().join("plugin");
    for (path, text) in files {
        let path = plugin.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (entry, _) = files.first().unwrap();
    let manifest =
        format!("name: example\nversion: 1.0.0\nruntime: javascript\nentry: {entry}\n{manifest}");
    fs::write(plugin.join("plugin.yaml"), manifest).unwrap();
    host.ringfence.plugin(plugin)
}

fn script(host: &Host, text: &str) -> Start {
    javascript(host, &[("plugin.js", text)], "")
}

/// Why the plugin did not become ready.
fn refusal(start: Start) -> String {
    match start.start() {
        Ok(mut instance) => instance.initialise().unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

/// The name of what the plugin threw; none when it ended in another way.
fn name_of(error: &RunError) -> &str {
    match error {
        RunError::Plugin(error) => error.name.as_deref().unwrap_or_default(),
        _ => "",
    }
}

#[test]
fn the_example_greets_and_the_engine_is_compiled_once_for_all_plugins() {
    let host = Host::new();
    let example =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/examples/hello-javascript");
    let mut plugin = host.ringfence.plugin(example).start().unwrap();
    assert_eq!(plugin.actions().unwrap(), ["greet"]);
    let answer = call(&mut plugin, "greet", &json!({"name": "Ada"}));
    assert_eq!(answer, json!({"greeting": "Hello, Ada!", "runtime": "javascript"}));
    let error = plugin.execute("other", &Value::Null).unwrap_err();
    assert!(matches!(error, RunError::NoSuchAction { .. }), "{error:?}");
    call(&mut script(&host, "export const one = () => 1").start().unwrap(), "one", &Value::Null);
    assert_eq!(fs::read_dir(host.home().join("compiled")).unwrap().count(), 1);
}

#[test]
fn what_runs_a_plugin_that_leaves_it_open_is_told_by_what_its_files_ask_for() {
    let host = Host::new();
    let text = "import { kind } from './kind.mjs'; export const act = () => kind();";
    let open = |kind: &str| {
        let plugin = host.folder.path().join("plugin");
        fs::create_dir_all(&plugin).unwrap();
        let manifest = "name: example\nversion: 1.0.0\nruntime: auto\nentry: plugin.mjs\n";
        for (name, text) in [("plugin.yaml", manifest), ("plugin.mjs", text), ("kind.mjs", kind)] {
            fs::write(plugin.join(name), text).unwrap();
        }
        host.ringfence.plugin(plugin)
    };
    // Node.js has a global of this name, and the engine has none.
    let here = "export const kind = () => typeof globalThis['proc' + 'ess'];";
    let review = open(here).review().unwrap();
    assert_eq!(review.package.runtime.word(), "javascript");
    assert!(review.card.notes.iter().any(|note| note.contains("asks for nothing of Node.js")));
    assert_eq!(call(&mut open(here).start().unwrap(), "act", &Value::Null), "undefined");

    let there = "import os from 'node:os';\nexport const kind = () => typeof os.cpus;";
    let review = open(there).review().unwrap();
    assert_eq!(review.package.runtime.word(), "node");
    let wanted = "runs on Node.js: /plugin/kind.mjs line 1 imports `node:os`";
    assert!(review.card.notes.iter().any(|note| note == wanted), "{:?}", review.card.notes);
    assert_eq!(call(&mut open(there).start().unwrap(), "act", &Value::Null), "function");
}

#[test]
fn files_of_the_package_are_imported_by_their_relative_names() {
    let host = Host::new();
    let files = [
        ("plugin.js", "import { two } from './lib/two.mjs'; import data from './data.json' with { type: 'json' };
            import three from './lib/three.cjs'; export const sum = (n) => n + two + data.one + three;"),
        ("lib/two.mjs", "export const two = 2;"),
        ("lib/three.cjs", "module.exports = require('./four') - 1;"),
        ("lib/four.js", "module.exports = 4;"),
        ("data.json", "{\"one\": 1}"),
    ];
    assert_eq!(call(&mut javascript(&host, &files, "").start().unwrap(), "sum", &json!(10)), 16);
}

#[test]
fn what_was_granted_is_done_and_what_was_not_is_refused_with_its_reason() {
    let host = Host::new();
    let secret = host.folder.path().join("secret.txt");
    fs::write(&secret, "the content").unwrap();
    let path = secret.to_str().unwrap();
    let text = "export const read = async (path, ringfence) => {
        try { return await ringfence.files.read(path) } catch (e) { return [e.code, e.kind, e.object] } };
        export const uncaught = (path, ringfence) => ringfence.files.read(path);
        export const keep = async (x, ringfence) => { await ringfence.storage.set('k', x); return ringfence.storage.get('k') };";
    let mut alone = script(&host, text).start().unwrap();
    let answer = call(&mut alone, "read", &json!(path));
    assert_eq!(answer[0], "not_granted", "{answer}");
    assert_eq!(answer[1], "files.read");
    let error = alone.execute("uncaught", &json!(path)).unwrap_err();
    assert!(!format!("{error:?}").contains("the content"));
    let usage = alone.terminate();
    assert_eq!(usage.denials.iter().map(|denial| denial.count).sum::<u64>(), 2);

    let folder = host.folder.path().to_str().unwrap();
    let manifest = format!(
        "permissions:\n  - files.read: '{folder}/secret.txt'\n  - storage.read: k\n  - storage.write: k\n"
    );
    let granted = javascript(&host, &[("plugin.js", text)], &manifest)
        .grant(format!("files.read {path}"))
        .grant("storage.read k")
        .grant("storage.write k");
    let mut granted = granted.start().unwrap();
    assert_eq!(call(&mut granted, "read", &json!(path)), "the content");
    assert_eq!(call(&mut granted, "keep", &json!({"a": [1, "ü"]})), json!({"a": [1, "ü"]}));
    assert_eq!(call(&mut granted, "read", &json!("/etc/passwd"))[0], "not_granted");
}

#[test]
fn nothing_of_one_call_is_there_in_the_next_and_stateful_keeps_it() {
    let host = Host::new();
    let text = "let n = 0; const map = new Map();
        export const next = () => { n += 1; map.set(n, n); globalThis.left = (globalThis.left ?? 0) + 1;
            Object.prototype.poison = (Object.prototype.poison ?? 0) + 1;
            setTimeout(() => { n += 100 }, 0); return [n, map.size, left, ({}).poison] };
        export const big = (x) => { n += 1; return [n, x.length] };
        export const fail = () => { n += 1; throw new TypeError('no') };
        export const spin = () => { n += 1; for (;;); };
        export const chance = () => [Math.random(), crypto.randomUUID(), Date.now()];";
    let budget = times(300, 5_000);
    let mut fresh = script(&host, text).budget(budget.clone()).start().unwrap();
    for _ in 0..5 {
        assert_eq!(call(&mut fresh, "next", &Value::Null), json!([1, 1, 1, 1]));
        assert_eq!(name_of(&fails(&mut fresh, "fail")), "TypeError");
    }
    assert!(matches!(fails(&mut fresh, "spin"), RunError::Timeout { .. }));
    assert_eq!(call(&mut fresh, "next", &Value::Null), json!([1, 1, 1, 1]));
    // The state that every call begins with freezes neither chance nor the clock.
    let seen: Vec<Value> = (0..20).map(|_| call(&mut fresh, "chance", &Value::Null)).collect();
    for (index, one) in seen.iter().enumerate() {
        let others = || seen.iter().skip(index + 1);
        assert!(others().all(|other| other[0] != one[0] && other[1] != one[1]), "{seen:?}");
        assert!(others().all(|other| other[2].as_f64() >= one[2].as_f64()), "{seen:?}");
    }

    let files = [("plugin.js", text)];
    let mut kept = javascript(&host, &files, "stateful: true\n").budget(budget).start().unwrap();
    for number in 1..=5 {
        assert_eq!(call(&mut kept, "next", &Value::Null), json!([number, number, number, number]));
    }
    assert_eq!(name_of(&fails(&mut kept, "fail")), "TypeError");
    assert_eq!(call(&mut kept, "next", &Value::Null)[0], 7);
    // What one call leaves for the next is its state and not its input.
    let input = json!("x".repeat(1 << 20));
    for number in 8..=400 {
        assert_eq!(call(&mut kept, "big", &input), json!([number, 1 << 20]));
    }
    // What was stopped is never used again: the state begins anew.
    assert!(matches!(fails(&mut kept, "spin"), RunError::Timeout { .. }));
    assert_eq!(call(&mut kept, "next", &Value::Null), json!([1, 1, 1, 1]));
}

#[test]
fn a_loop_without_end_is_stopped_in_every_form_and_the_plugin_answers_again() {
    let host = Host::new();
    let text = "export const one = () => 1;
        export const spin = () => { for (;;); };
        export const spinInPromise = async () => { for (;;) await null; };
        export const spinInTimer = () => new Promise(() => setInterval(() => {}, 1));
        export const spinInPattern = () => /^(a+)+$/.test('a'.repeat(60) + 'b');
        export const spinInSort = () => [3, 1, 2].sort(() => { for (;;); });
        export const spinInFinally = () => { for (;;) { try { for (;;); } finally { continue; } } };
        export const spinInGetter = () => ({ get a() { for (;;); } });
        export const wait = () => new Promise((done) => setTimeout(done, 1e9));";
    let mut plugin = script(&host, text).budget(times(200, 5_000)).start().unwrap();
    for action in plugin.actions().unwrap().to_vec() {
        if action == "one" {
            continue;
        }
        let error = fails(&mut plugin, &action);
        let RunError::Timeout { phase: Phase::Call, limit } = error else {
            panic!("{action}: {error:?}")
        };
        assert_eq!(limit, Duration::from_millis(200), "{action}");
        assert_eq!(call(&mut plugin, "one", &Value::Null), 1, "{action}");
    }
    let mut plugin = script(&host, text).budget(times(30_000, 100)).start().unwrap();
    let error = fails(&mut plugin, "spin");
    assert!(
        matches!(error, RunError::Resource { resource: Resource::CpuTime, limit: 100, .. }),
        "{error:?}"
    );
    assert_eq!(call(&mut plugin, "one", &Value::Null), 1);
}

#[test]
fn a_plugin_that_spins_while_it_is_evaluated_is_stopped_and_nothing_of_it_is_called() {
    let host = Host::new();
    let mut budget = Preset::Production.budget();
    budget.timeouts.initialise = Duration::from_millis(300);
    let text = "export const one = () => 1; for (;;);";
    let mut plugin = script(&host, text).budget(budget).start().unwrap();
    let error = plugin.initialise().unwrap_err();
    let RunError::Timeout { phase: Phase::Initialise, limit } = error else { panic!("{error:?}") };
    assert_eq!(limit, Duration::from_millis(300));
}

#[test]
fn memory_has_an_end_in_a_call_and_while_it_is_evaluated_the_copy_included() {
    let host = Host::new();
    let mut budget = times(20_000, 20_000);
    budget.memory_bytes = 48 << 20;
    let text = "export const one = () => 1;
        export const objects = () => { const all = []; for (;;) all.push({ a: [all.length] }) };
        export const text = () => { let t = 'x'; for (;;) t += t };
        export const bytes = () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)) };
        export const caught = () => { const all = [];
            try { for (;;) all.push(new Uint8Array(1 << 20).fill(1)) } catch (e) { return all.length } };";
    let mut plugin = script(&host, text).budget(budget.clone()).start().unwrap();
    for action in ["objects", "bytes"] {
        let error = fails(&mut plugin, action);
        assert!(
            matches!(error, RunError::Resource { resource: Resource::Memory, .. }),
            "{action}: {error:?}"
        );
        assert_eq!(call(&mut plugin, "one", &Value::Null), 1, "{action}");
    }
    fails(&mut plugin, "text");
    let mebibytes = call(&mut plugin, "caught", &Value::Null).as_u64().unwrap();
    assert!((16..48).contains(&mebibytes), "{mebibytes}");
    // 30 MiB and the copy that every call begins with are more than 48 MiB.
    for (bytes, fits) in [(12, true), (30, false), (100, false)] {
        let text = format!(
            "const all = new Uint8Array({bytes} << 20).fill(1); export const one = () => all[7];"
        );
        let mut plugin = script(&host, &text).budget(budget.clone()).start().unwrap();
        match plugin.initialise() {
            Ok(_) => assert!(fits && call(&mut plugin, "one", &Value::Null) == 1, "{bytes}"),
            Err(RunError::Resource { resource: Resource::Memory, .. }) => assert!(!fits, "{bytes}"),
            Err(error) => panic!("{bytes}: {error:?}"),
        }
    }
}

#[test]
fn recursion_without_end_is_the_plugins_own_error() {
    let host = Host::new();
    let text = "export const one = () => 1; export const deep = () => deep();
        export const json = () => { let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a };
        export const getter = () => ({ get a() { return this.a } }).a;";
    let mut plugin = script(&host, text).start().unwrap();
    // What is too deep for JSON is no JSON.
    for (action, name) in [("deep", "RangeError"), ("json", "TypeError"), ("getter", "RangeError")]
    {
        assert_eq!(name_of(&fails(&mut plugin, action)), name, "{action}");
        assert_eq!(call(&mut plugin, "one", &Value::Null), 1, "{action}");
    }
}

#[test]
fn answers_lines_and_requests_are_counted_and_cannot_flood() {
    let host = Host::new();
    let text = "export const one = () => 1;
        export const long = () => 'x'.repeat(3 << 20);
        export const lines = () => { for (;;) console.log('x') };
        export const requests = async (x, ringfence) => { for (;;) await ringfence.storage.get('k').catch(() => {}) };";
    let mut budget = Preset::Production.budget();
    budget.output_bytes = 1 << 20;
    budget.broker_calls = 50;
    let mut plugin = script(&host, text).budget(budget).start().unwrap();
    for (action, limited) in [
        ("long", Resource::Output),
        ("lines", Resource::BrokerCalls),
        ("requests", Resource::BrokerCalls),
    ] {
        let error = fails(&mut plugin, action);
        let RunError::Resource { resource, .. } = error else { panic!("{action}: {error:?}") };
        assert_eq!(resource, limited, "{action}");
        assert_eq!(call(&mut plugin, "one", &Value::Null), 1, "{action}");
    }
    assert!(plugin.terminate().denials.iter().map(|denial| denial.count).sum::<u64>() <= 50);
}

#[test]
fn text_becomes_code_only_where_the_manifest_says_so() {
    let host = Host::new();
    let text = "const tried = (f) => { try { return String(f()) } catch (e) { return e.name } };
        const ways = () => [tried(() => eval('1')), tried(() => (0, eval)('1')), tried(() => Function('return 1')()),
            tried(() => (async () => {}).constructor('return 1')() && 1), tried(() => new (class extends Function {})('return 1')())];
        const early = ways();
        export const act = async () => [early, ways(), await import('./other.mjs').then((o) => o.default, (e) => e.name)];";
    let files = [("plugin.js", text), ("other.mjs", "export default 1")];
    let no = ["EvalError"; 5];
    let mut strict = javascript(&host, &files, "").start().unwrap();
    assert_eq!(call(&mut strict, "act", &Value::Null), json!([no, no, "TypeError"]));
    let yes = ["1"; 5];
    let mut lax = javascript(&host, &files, "strictMode: false\n").start().unwrap();
    assert_eq!(call(&mut lax, "act", &Value::Null), json!([yes, yes, 1]));
}

#[test]
fn a_plugin_that_needs_node_is_told_the_way_out() {
    let host = Host::new();
    for text in [
        "import fs from 'node:fs'; export const read = () => fs.readFileSync('/etc/passwd', 'utf8');",
        "const fs = require('node:fs'); exports.read = () => 1;",
        "import { readFile } from 'fs/promises'; export const read = () => 1;",
        "import _ from 'lodash'; export const read = () => 1;",
    ] {
        let said = refusal(script(&host, text));
        assert!(said.contains("runtime: node"), "{text}: {said}");
    }
}

#[test]
fn a_file_outside_of_the_package_is_not_handed_over_whatever_leads_there() {
    let host = Host::new();
    fs::write(host.folder.path().join("outside.js"), "export default 'outside'").unwrap();
    for text in [
        "import o from '../outside.js'; export const o2 = () => o;",
        "import o from './lib/../../outside.js'; export const o2 = () => o;",
        "module.exports = { o: () => require('../outside') };",
    ] {
        let said = refusal(script(&host, text));
        assert!(said.contains("lies outside of the package"), "{said}");
    }
    // Hidden from whoever looks for names, and not there for the engine.
    for text in [
        "import o from /* */ '../outside.js'; export const o2 = () => o;",
        "import o from '..\\x2foutside.js'; export const o2 = () => o;",
        "const o = require('.' + './outside.js'); exports.o2 = () => o;",
        "import o from '/outside.js'; export const o2 = () => o;",
        "import o from 'file:///outside.js'; export const o2 = () => o;",
    ] {
        let said = refusal(script(&host, text));
        assert!(said.contains("no such file") || said.contains("there is no file"), "{said}");
    }
    symlink(host.folder.path().join("outside.js"), host.folder.path().join("plugin/link.js"))
        .unwrap();
    symlink(host.folder.path(), host.folder.path().join("plugin/folder")).unwrap();
    for name in ["./link.js", "./folder/outside.js", "./folder/outside"] {
        let text = format!("import o from '{name}'; export const o2 = () => o;");
        let said = refusal(script(&host, &text));
        assert!(said.contains("out of the package through a symbolic link"), "{said}");
    }
}

#[test]
fn nothing_of_a_network_a_process_or_a_file_is_there_to_be_found() {
    let host = Host::new();
    let text = "export const found = () => ['process', 'require', 'Buffer', 'WebSocket', 'XMLHttpRequest', 'Worker',
            'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'Deno', 'Bun', 'std', 'os'].filter((n) => n in globalThis);
        export const reach = async (url) => { try { return (await fetch(url)).status } catch (e) { return [e.name, e.code] } };";
    let mut plugin = script(&host, text).start().unwrap();
    assert_eq!(call(&mut plugin, "found", &Value::Null), json!([]));
    let answer = call(&mut plugin, "reach", &json!("https://127.0.0.1:9/"));
    assert_eq!(answer, json!(["RingfenceError", "not_granted"]));
}

#[test]
fn typescript_runs_without_its_types() {
    let host = Host::new();
    let files = [
        ("plugin.ts", "import { Two, two } from './lib/two.js'; import type { None } from './missing.js';
            enum Colour { Red = 'red', Blue = 'blue' }
            class Point { constructor(private x: number, readonly y: number) {} sum(): number { return this.x + this.y } }
            interface Input { n: number } abstract class A<T> { declare t: T; abstract f(): void }
            export const act = <T extends Input>(input: T): unknown => {
                const t: Two = two; return [input!.n + t, Colour.Blue, new Point(1, 2).sum(), (input as any).none ?? null] };"),
        ("lib/two.ts", "export type Two = 2; export const two: Two = 2 satisfies number;"),
    ];
    let mut plugin = javascript(&host, &files, "").start().unwrap();
    assert_eq!(call(&mut plugin, "act", &json!({"n": 1})), json!([3, "blue", 3, null]));
}

#[test]
fn typescript_that_is_none_or_too_deep_is_a_clear_error_and_the_host_goes_on() {
    let host = Host::new();
    let said = refusal(javascript(&host, &[("plugin.ts", "\n\nexport const a: = 1;")], ""));
    assert!(said.contains("/plugin/plugin.ts:3"), "{said}");
    for text in [
        format!("export const a = {}1{};", "(".repeat(400_000), ")".repeat(400_000)),
        format!("export const a = {}", "[".repeat(1_000_000)),
        format!("let a: {}1{};", "Array<".repeat(300_000), ">".repeat(300_000)),
        "a => ".repeat(300_000),
    ] {
        let said = refusal(javascript(&host, &[("plugin.ts", &text)], ""));
        assert!(!said.is_empty());
    }
    let files = [("plugin.ts", "export const one = (): number => 1;")];
    assert_eq!(call(&mut javascript(&host, &files, "").start().unwrap(), "one", &Value::Null), 1);
}

#[test]
fn in_strict_mode_text_never_becomes_code_whatever_a_plugin_replaces() {
    let host = Host::new();
    // Functions of the engine that frames of a stack would hand out.
    let frames = "let start;
        Error.prepareStackTrace = (e, frames) => frames.map((frame) => frame.getFunction());
        const stack = new Error('x').stack;
        if (Array.isArray(stack)) start = stack.find((f) => f && f.name === 'start');
        exports.act = async () => start === undefined ? 'refused'
            : (await start({ sources: { '/x.cjs': 'exports.x = () => 42' }, entry: '/x.cjs' })).handlers[0]();";
    // What the engine calls while it compiles another file.
    let pattern = "let got = 'refused'; const real = RegExp.prototype.exec;
        RegExp.prototype.exec = function (text) {
            if (got === 'refused') { try { got = eval('42') } catch {} }
            return real.call(this, text);
        };
        try { require('./other.mjs') } catch {}
        RegExp.prototype.exec = real;
        exports.act = () => got;";
    // What it calls to describe a mistake in that file.
    let mistake = "let got = 'refused';
        Error.prepareStackTrace = () => { try { got = eval('42') } catch {} return 'x' };
        try { require('./mistake.cjs') } catch {}
        exports.act = () => got;";
    for text in [frames, pattern, mistake] {
        let files = [
            ("plugin.cjs", text),
            ("other.mjs", "import './mistake.cjs'; export default 1;"),
            ("mistake.cjs", "let let = ;"),
        ];
        let mut plugin = javascript(&host, &files, "").start().unwrap();
        assert_eq!(call(&mut plugin, "act", &Value::Null), "refused", "{text}");
    }
}
