//! What a plugin finds in the built-in engine, and what it does not.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]

mod support;

use ringfence_protocol::worker::Stopped;
use ringfence_worker::javascript::{Error, Stop};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{Fake, Options, module_of, on_a_large_stack, plugin};

fn run(text: &str, input: &Value) -> Value {
    let mut js = module_of(text);
    let outcome = js.call("default", &input.to_string());
    serde_json::from_str(&outcome.unwrap_or_else(|error| panic!("{error:?}"))).expect("JSON")
}

fn js(body: &str) -> Value {
    run(&format!("export default async (input, ringfence) => {{ {body} }}"), &json!({"a": 1}))
}

#[test]
fn every_shape_of_a_plugin_that_node_plugins_have_is_understood() {
    on_a_large_stack(|| {
        let shapes = [
            ("/p/i.mjs", "export function act(x) { return [x, 1] }"),
            ("/p/i.js", "export const act = async (x) => [x, 1]"),
            ("/p/i.js", "exports.act = (x) => [x, 1]"),
            ("/p/i.cjs", "module.exports = { act: (x) => [x, 1] }"),
            ("/p/i.mjs", "export default { actions: { act: (x) => [x, 1] } }"),
            (
                "/p/i.mjs",
                "export default { actions: { act: { one: 1, run(x) { return [x, this.one] } } } }",
            ),
            ("/p/i.cjs", "class P { act(x) { return [x, 1] } } module.exports = { P }"),
            (
                "/p/i.mjs",
                "export const eliza = { name: 'e', actions: [{ name: 'act',
                 handler: async (runtime, message, state, options) => [options, 1] }] }",
            ),
        ];
        for (path, text) in shapes {
            let class = text.contains("class P").then_some("P");
            let options = Options { class, ..Options::default() };
            let (mut js, names) = plugin(&[(path, text)], &options).expect(text);
            assert_eq!(names, ["act"], "{text}");
            assert_eq!(js.call("act", "{\"k\":2}").expect(text), "[{\"k\":2},1]", "{text}");
        }
        let (mut js, names) =
            plugin(&[("/p/i.cjs", "module.exports = (x) => x")], &Options::default()).expect("fn");
        assert_eq!(names, ["default", "run"]);
        assert_eq!(js.call("run", "5").expect("runs"), "5");
        assert!(matches!(js.call("other", "5"), Err(Error::NoAction(_))));
    });
}

#[test]
fn files_of_the_package_are_found_and_nothing_else_is() {
    on_a_large_stack(|| {
        let entry = "import data from './data.json' with { type: 'json' };
            import eight, { seven } from './lib/module.js';
            import script, { three, five } from './lib/script.cjs';
            export default () => [data.d, eight, seven, three, five(), script.three, import.meta.url]";
        let files = [
            ("/p/index.js", entry),
            ("/p/package.json", "{\"type\":\"module\"}"),
            ("/p/data.json", "{\"d\":5}"),
            ("/p/lib/module.js", "export { seven } from '../seven.mjs'; export default 8"),
            ("/p/seven.mjs", "export const seven = 7"),
            ("/p/lib/script.cjs", "exports.three = 3; exports.five = () => require('../data').d"),
        ];
        let (mut js, _) = plugin(&files, &Options::default()).expect("a plugin");
        let result = js.call("default", "null").expect("runs");
        assert_eq!(result, "[5,8,7,3,5,3,\"file:///p/index.js\"]");
        for (name, word) in [
            ("node:fs", "no API of Node.js"),
            ("fs", "packages must be bundled"),
            ("left-pad", "packages must be bundled"),
            ("./missing.js", "there is no file /p/missing.js"),
        ] {
            for text in
                [format!("import '{name}'; export const a = 1"), format!("require('{name}')")]
            {
                let made = plugin(&[("/p/index.js", &text)], &Options::default());
                let error = made.err().expect("refused").to_string();
                let said = error.contains(word) || error.contains("there is no such file");
                assert!(said && error.contains(name.trim_start_matches("./")), "{error}");
            }
        }
    });
}

#[test]
fn text_does_not_become_code_in_strict_mode() {
    const WAYS: [&str; 9] = [
        "eval('1')",
        "(0, eval)('1')",
        "new Function('return 1')()",
        "Function('return 1')()",
        "(() => {}).constructor('return 1')()",
        "(async () => {}).constructor('return 1')()",
        "(function* () {}).constructor('yield 1')().next()",
        "(async function* () {}).constructor('yield 1')().next()",
        "Reflect.construct(Function, ['return 1'])()",
    ];
    on_a_large_stack(|| {
        for way in WAYS {
            let text = format!("let top; try {{ top = String({way}) }} catch (e) {{ top = e.name }}
                export default () => {{ try {{ return [top, String({way})] }} catch (e) {{ return [top, e.name] }} }}");
            assert_eq!(run(&text, &json!(0)), json!(["EvalError", "EvalError"]), "{way}");
            let options = Options { strict: false, ..Options::default() };
            let (mut js, _) = plugin(&[("/p/i.mjs", &text)], &options).expect("a plugin");
            assert!(!js.call("default", "0").expect(way).contains("Error"), "{way}");
        }
        let load = "export default () => import('./o.mjs').then((o) => o.o, (e) => e.message)";
        let files = [("/p/i.mjs", load), ("/p/o.mjs", "export const o = 'loaded'")];
        let (mut js, _) = plugin(&files, &Options::default()).expect("a plugin");
        assert!(js.call("default", "0").expect("runs").contains("refused in strict mode"));
        let options = Options { strict: false, ..Options::default() };
        let (mut js, _) = plugin(&files, &options).expect("a plugin");
        assert_eq!(js.call("default", "0").expect("runs"), "\"loaded\"");
    });
}

#[test]
fn what_a_late_require_loads_cannot_be_replaced_by_text() {
    on_a_large_stack(|| {
        // Everything that the loader could be fooled with answers with other text.
        let text = "const evil = 'module.exports = \"evil\"';
            exports.act = () => {
              for (const kind of [String, Array, Map, Object, RegExp, Function]) {
                for (const at of [kind, kind.prototype]) {
                  for (const name of Object.getOwnPropertyNames(at)) {
                    if (['constructor', 'prototype', 'getOwnPropertyNames'].includes(name)) continue;
                    try { const old = at[name]; if (typeof old === 'function')
                      at[name] = (...a) => a.includes('./late.cjs') || a.some((x) => String(x).includes('late')) ? evil : evil } catch {}
                  }
                }
              }
              try { return require('./late.cjs') } catch (e) { return 'refused' }
            }";
        let files = [("/p/i.cjs", text), ("/p/late.cjs", "module.exports = 'good'")];
        let (mut js, _) = plugin(&files, &Options::default()).expect("a plugin");
        let outcome = format!("{:?}", js.call("act", "0"));
        assert!(!outcome.contains("evil"), "{outcome}");
    });
}

#[test]
fn a_call_begins_with_what_the_start_left_and_with_its_own_clock_and_chance() {
    on_a_large_stack(|| {
        let text = "let n = 0; const started = Date.now();
            export const act = () => [++n, Math.random(), Date.now() - started, crypto.randomUUID()]";
        let mut js = module_of(text);
        let mut seen: Vec<Value> = Vec::new();
        for _ in 0..50 {
            js.host().expect("a host").clock += 1000.0;
            let value = serde_json::from_str(&js.call("act", "0").expect("runs")).expect("JSON");
            seen.push(value);
        }
        for (index, pair) in seen.windows(2).enumerate() {
            assert_eq!(pair[0][0], 1, "{index}");
            assert_ne!(pair[0][1], pair[1][1], "the same chance");
            assert_ne!(pair[0][3], pair[1][3], "the same chance");
            assert!(pair[0][2].as_f64() < pair[1][2].as_f64(), "the clock stood still");
        }
    });
}

#[test]
fn errors_come_with_their_names_and_denials_with_their_words() {
    on_a_large_stack(|| {
        let text = "export const thrown = () => { null.x };
            export const text = () => { throw 'plain' };
            export const denied = async (x, r) => r.storage.get('k');
            export const caught = async (x, r) => { try { await r.storage.get('k') } catch (e) {
              return [e instanceof r.RingfenceError, e.code, e.kind, e.object, e.withheldBy, e.repair] } };
            export const never = () => new Promise(() => {});
            export const alone = async () => { Promise.reject(new TypeError('alone'));
              await new Promise((r) => setTimeout(r, 5)) };
            export const micro = async () => { queueMicrotask(() => { throw new RangeError('micro') });
              await new Promise((r) => setTimeout(r, 5)) };
            export const cycle = () => { const a = {}; a.a = a; return a };
            export const bigint = () => 5n;";
        let mut js = module_of(text);
        let mut thrown = |name: &str| match js.call(name, "0") {
            Err(Error::Plugin(error)) => error,
            other => panic!("{name}: {other:?}"),
        };
        let error = thrown("thrown");
        assert_eq!(error.name, "TypeError");
        assert!(error.stack.expect("a stack").contains("/plugin/index.mjs:1:"));
        assert_eq!(thrown("text").to_string(), "Error: plain");
        assert_eq!(thrown("denied").code.as_deref(), Some("not_granted"));
        assert!(thrown("never").message.contains("can no longer happen"));
        assert_eq!(thrown("alone").to_string(), "TypeError: alone");
        assert_eq!(thrown("micro").to_string(), "RangeError: micro");
        assert!(thrown("cycle").message.contains("not JSON"));
        assert!(thrown("bigint").message.contains("not JSON"));
        assert_eq!(
            js.call("caught", "0").expect("runs"),
            "[true,\"not_granted\",\"storage.read\",\"k\",\"declared\",\"--allow storage.read=k\"]"
        );
    });
}

#[test]
fn a_call_ends_when_the_host_says_so_and_the_next_one_does_not_notice() {
    on_a_large_stack(|| {
        let text = "let n = 0; export const count = () => ++n;
            export const spin = () => { for (;;) n += 1 };
            export const regex = () => /(a*)*$/.test('a'.repeat(40) + 'b');
            export const sleep = () => new Promise((r) => setTimeout(r, 1e6));
            export const stop = (x, r) => r.call('test.stop');
            export const hoard = () => { const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1)) }";
        let mut js = module_of(text);
        for name in ["spin", "regex", "sleep"] {
            let soon = Instant::now() + Duration::from_millis(30);
            js.host().expect("a host").deadline = Some(soon);
            let outcome = loop {
                // A sleep of the fake host is over at once.
                let outcome = js.call(name, "0");
                if outcome.is_err() || Instant::now() > soon + Duration::from_secs(5) {
                    break outcome;
                }
            };
            assert!(
                matches!(outcome, Err(Error::Stopped(Stop::Limit(Stopped::Time)))),
                "{name}: {outcome:?}"
            );
            assert!(Instant::now() < soon + Duration::from_secs(2), "{name} ran on");
            js.host().expect("a host").deadline = None;
            assert_eq!(js.call("count", "0").expect("runs"), "1");
            assert!(js.is_reset());
        }
        assert!(matches!(js.call("stop", "0"), Err(Error::Stopped(Stop::Gone))));
        for _ in 0..3 {
            let outcome = js.call("hoard", "0");
            assert!(matches!(outcome, Err(Error::Memory)), "{outcome:?}");
            assert!(js.is_reset());
        }
        assert_eq!(js.call("count", "0").expect("runs"), "1");
    });
}

#[test]
fn the_globals_that_plugins_expect_are_there() {
    on_a_large_stack(|| {
        let bytes = "new Uint8Array([0xe2,0x82,0x41,0xff,0xf0,0x9f,0x98,0x80])";
        assert_eq!(js(&format!("return new TextDecoder().decode({bytes})")), "\u{fffd}A\u{fffd}😀");
        assert_eq!(
            js("return [...new TextEncoder().encode('é😀\\ud800')]"),
            json!([195, 169, 240, 159, 152, 128, 239, 191, 189])
        );
        assert_eq!(js("return atob(btoa('abc'))"), "abc");
        assert_eq!(
            js("const a = { m: new Map([[1, new Set([2])]]), d: new Date(5) }; a.a = a;
            const b = structuredClone(a); return [b !== a, b.a === b, b.m.get(1).has(2), +b.d]"),
            json!([true, true, true, 5])
        );
        assert_eq!(
            js("const u = new URL('../x y?q=ä b#h', 'HTTPS://User@Example.com:443/a/b/c');
            u.searchParams.append('z', '1 2'); return [u.href, u.host, u.origin]"),
            json!([
                "https://User@example.com/a/x%20y?q=%C3%A4+b&z=1+2#h",
                "example.com",
                "https://example.com"
            ])
        );
        assert_eq!(
            js("const out = []; const i = setInterval(() => out.push('i'), 10);
            const t = setTimeout(() => out.push('no'), 5); clearTimeout(t);
            await new Promise((r) => setTimeout(r, 35)); clearInterval(i);
            setTimeout(() => out.push('late'), 1e9); return out"),
            json!(["i", "i", "i"])
        );
        assert_eq!(js("return ['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'Worker', 'process', 'require',
            'Buffer', 'std', 'os', 'bjson'].filter((name) => name in globalThis)"), json!([]));
        assert_eq!(
            js("return [ringfence.plugin, ringfence.config.initial.colour, input.a]"),
            json!(["test", "red", 1])
        );
        assert_eq!(
            js("return await ringfence.host.call('s', 'm', [1])"),
            json!({"method": "host.call", "params": {"service": "s", "method": "m", "params": [1]}})
        );
        assert_eq!(js("return (await ringfence.call('test.large')).length"), 300_000);
    });
}

#[test]
fn fetch_asks_the_broker_for_every_hop() {
    on_a_large_stack(|| {
        let text = "export default async () => { const r = await fetch('https://a.example/moved',
            { method: 'POST', body: 'x', headers: { Authorization: 's' } });
            return [r.status, r.ok, r.headers.get('content-type'), await r.json(), r.url, r.redirected] }";
        let mut js = module_of(text);
        let result = js.call("default", "0").expect("runs");
        assert_eq!(
            result,
            "[200,true,\"application/json\",{\"a\":[1,2,3]},\"https://a.example/there?x=1\",true]"
        );
        let requests = &js.host().expect("a host").requests;
        assert_eq!(requests.len(), 2);
        assert!(
            requests[1].contains("\"method\":\"GET\"")
                && requests[1].contains("\"authorization\":\"s\"")
        );
    });
}

#[test]
fn lines_reach_the_host_with_their_level() {
    on_a_large_stack(|| {
        let mut js = module_of(
            "export default (x, r) => { console.log('a %s', 'b', { x: [1, { y: {} }] });
            console.error(new Error('boo')); r.log.warning('w'); console.log({ toString: null }) }",
        );
        js.call("default", "0").expect("runs");
        let Fake { log, .. } = js.host().expect("a host");
        assert_eq!(log[0], (1, "a b { x: [ 1, { y: {} } ] }".to_owned()));
        assert_eq!(log[1].0, 3);
        assert!(log[1].1.starts_with("Error: boo\n    at"));
        assert_eq!(log[2], (2, "w".to_owned()));
    });
}

#[test]
fn a_small_plugin_has_few_pages_of_its_own_and_shares_the_engines() {
    on_a_large_stack(|| {
        let js = module_of("export default (x) => x");
        // 230 hold what the engine begins with.
        assert!((1..100).contains(&js.changed_pages()), "{}", js.changed_pages());
    });
}

#[test]
fn what_refers_to_itself_is_freed_within_a_call_and_between_calls_that_keep_their_state() {
    on_a_large_stack(|| {
        // Each needs several times the memory that there is, if nothing is freed.
        let text = "let kept = [], begun = Array.from({ length: 20_000 }, (_, i) => ({ i }));
            export const rings = () => { for (let i = 0; i < 300_000; i++) {
                const a = { i }, b = { a }; a.b = b; Array.prototype.last = b } return 1 };
            export const replace = () => { begun = null; kept = Array.from({ length: 50_000 },
                (_, i) => ({ i })); return kept.length }";
        for keep in [false, true] {
            let options = Options { keep, ..Options::default() };
            let (mut js, _) = plugin(&[("/p/i.mjs", text)], &options).expect("a plugin");
            assert_eq!(js.call("rings", "0").expect("rings are freed"), "1");
            for _ in 0..20 {
                assert_eq!(js.call("replace", "0").expect("the old is freed"), "50000");
            }
        }
    });
}
