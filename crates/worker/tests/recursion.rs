//! Recursion of every kind that the language and its library know ends in an error of
//! the plugin and not in a trap of the engine.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]

mod support;

use support::{Options, module_of, on_a_large_stack, plugin};

const KINDS: &str = r#"
const t = (f) => { try { f(); return 'none' } catch (e) { return e === null ? 'InternalError' : e.name } };
const nest = (wrap, n = 100000) => { let o = wrap(null); for (let i = 0; i < n; i++) o = wrap(o); return o };
export const plain = () => t(() => { const f = () => 1 + f(); f() });
export const parseArrays = () => t(() => JSON.parse('['.repeat(300000)));
export const parseObjects = () => t(() => JSON.parse('{"a":'.repeat(300000)));
export const stringify = () => t(() => JSON.stringify(nest((o) => [o])));
export const join = () => t(() => String(nest((o) => [o])));
export const flat = () => t(() => nest((o) => [o]).flat(Infinity));
export const map = () => t(() => { const f = () => [1].map(f); f() });
export const sort = () => t(() => { const f = () => [2, 1].sort(f); f() });
export const getter = () => t(() => { const o = { get x() { return this.x } }; o.x });
export const proxyTrap = () => t(() => { const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x });
export const proxies = () => t(() => nest((o) => new Proxy(o || {}, {})).x);
export const groups = () => t(() => new RegExp('('.repeat(200000)));
export const groupsClosed = () => t(() => new RegExp('(?:'.repeat(200000) + ')'.repeat(200000)));
export const bound = () => t(() => nest((f) => (f || (() => 1)).bind(null))());
export const boundInstance = () => t(() => ({}) instanceof nest((f) => (f || class {}).bind(null)));
export const construct = () => t(() => { class A { constructor() { new A() } } new A() });
export const replace = () => t(() => { const f = () => 'a'.replace(/a/, f); f() });
export const generators = () => t(() => { function* g() { yield* g() } [...g()] });
export const toText = () => t(() => { const o = { toString() { return `${this}` } }; `${o}` });
export const toNumber = () => t(() => { const o = { [Symbol.toPrimitive]() { return +o } }; +o });
export const spread = () => t(() => { const f = (...a) => f(...a, 1); f() });
export const prototypes = () => t(() => { const p = nest((o) => Object.create(o)); 'x' in p });
export const freed = () => t(() => { let o = nest((h) => ({ h })); o = null });
export const cycle = () => t(() => { const s = {}; s.h = nest((h) => ({ h: h || s })); });
export const clone = () => t(() => structuredClone(nest((m) => new Map([[1, m]]))));
export const revive = () => t(() => JSON.parse('[1]', function f() { return JSON.parse('[1]', f) }));
export const apply = () => t(() => { const f = () => Reflect.apply(f, null, []); f() });
export const call = () => t(() => { const f = () => f.call(); f() });
export const from = () => t(() => { const f = () => Array.from({ length: 1 }, f); f() });
export const promise = () => t(() => { const f = () => { new Promise(f) }; f() });
export const causes = () => t(() => { throw nest((e) => new Error('x', { cause: e })) });
export const logged = () => t(() => console.log(nest((o) => [o])));
export const asynchronous = async () => { const f = async () => { await f() }; try { await f() } catch (e) { return e.name } };
export const uncaught = () => { const f = () => f() + 1; return f() };
export const returned = () => nest((o) => [o]);
"#;

#[test]
fn recursion_at_run_time_is_an_error_of_the_plugin() {
    on_a_large_stack(|| {
        let (mut js, names) =
            plugin(&[("/p/index.mjs", KINDS)], &Options::default()).expect("a plugin");
        let (mut errors, mut kinds) = (0, 0);
        for name in names {
            let outcome = js.call(&name, "null");
            kinds += 1;
            match outcome {
                Ok(text) if text == "\"RangeError\"" => errors += 1,
                // Some are loops where other engines recurse.
                Ok(text) => assert!(
                    ["\"none\"", "\"Error\"", "\"InternalError\"", "\"SyntaxError\""]
                        .contains(&text.as_str()),
                    "{name}: {text}"
                ),
                Err(error) => {
                    assert!(["uncaught", "returned"].contains(&name.as_str()), "{name}: {error}");
                    assert!(error.to_string().contains("Maximum call stack"), "{name}: {error}");
                    errors += 1;
                }
            }
            assert!(js.is_reset(), "{name}");
        }
        assert!(kinds == 35 && errors >= 24, "{kinds} {errors}");
    });
}

#[test]
fn input_that_is_nested_deeply_is_an_error_of_the_plugin() {
    on_a_large_stack(|| {
        let mut js = module_of("export const echo = (x) => x");
        let input = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let error = js.call("echo", &input).expect_err("too deep");
        assert!(error.to_string().starts_with("RangeError"), "{error}");
    });
}

#[test]
fn source_that_is_nested_deeply_is_an_error_of_the_plugin() {
    on_a_large_stack(|| {
        let nested = |open: &str, close: &str| {
            format!("export const x = {}1{}", open.repeat(30_000), close.repeat(30_000))
        };
        let arrows = format!("export const x = {}1{}", "() => {".repeat(3000), "}".repeat(3000));
        let blocks = format!("{}{}", "{".repeat(30_000), "}".repeat(30_000));
        for text in [nested("(", ")"), nested("[", "]"), nested("-(", ")"), arrows, blocks] {
            let made = plugin(&[("/p/index.mjs", &text)], &Options::default());
            let error = made.err().expect("too deep").to_string();
            let known = ["RangeError", "SyntaxError"].iter().any(|name| error.starts_with(name));
            assert!(known, "{error}");
        }
    });
}
