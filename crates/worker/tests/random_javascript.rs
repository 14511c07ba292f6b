//! No call can tell what calls came before it: random programs of what plugins do to
//! their state, each called in random orders.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]

mod support;

use support::{Options, below, on_a_large_stack, plugin};

/// What changes state, and what reads it.
const DEEDS: [&str; 28] = [
    "n += 1",
    "list.push({ n, text: 'x'.repeat(n * 37) })",
    "map.set(`k${n}`, list.length)",
    "set.add(map)",
    "text += String(n) + text.length",
    "globalThis.leak = (globalThis.leak || 0) + 1",
    "Array.prototype.extra = n",
    "Object.prototype.toJSON = function () { return 'changed' }",
    "delete Object.prototype.toJSON",
    "JSON.parse = () => 'changed'",
    "Math.random = () => 4",
    "String.prototype.slice = () => 'changed'",
    "buffer[n % buffer.length] = 255",
    "big = new Uint8Array(1 << (10 + (n % 11))).fill(n)",
    "list.length = 0",
    "map.clear()",
    "globalThis[`g${n}`] = { n }",
    "delete globalThis.leak",
    "re.lastIndex = n; re.test('aaa')",
    "gen.next()",
    "setTimeout(() => { n += 1000 }, 1)",
    "Promise.resolve().then(() => { n += 100 })",
    "for (let i = 0; i < 2000; i++) list.push([i])",
    "weak.set(map, n)",
    "symbols[Symbol(n)] = n",
    "class C { static count = (C.count || 0) + 1; #p = n }; kinds.push(new C())",
    "Object.freeze(list)",
    "date.setTime(n)",
];

const BEGIN: &str = "
let n = 0, text = '', big = null;
const list = [], map = new Map(), set = new Set(), buffer = new Uint8Array(5000), re = /a/g;
const weak = new WeakMap(), symbols = {}, kinds = [], date = new Date(0);
const gen = (function* () { let i = 0; for (;;) yield i++ })();
const { stringify } = JSON, { keys, getOwnPropertySymbols } = Object;
function state() {
  return stringify([n, text.length, list.length, [...map].length, set.size, buffer[1], re.lastIndex,
    big === null ? 0 : big.length, keys(globalThis).length, typeof leak, [].extra, gen.next().value,
    getOwnPropertySymbols(symbols).length, kinds.length, +date, `${Math.random}`.length, 'abc'.slice(1)]);
}
";

fn program(seed: &mut u64) -> String {
    let mut text = String::from(BEGIN);
    for action in 0..4 {
        let kind = if below(seed, 2) == 0 { "async " } else { "" };
        text += &format!("export {kind}function a{action}(x) {{ const before = state();\n");
        for _ in 0..1 + below(seed, 8) {
            let deed = DEEDS[usize::try_from(below(seed, DEEDS.len() as u64)).expect("few")];
            text += &match below(seed, 8) {
                0 => format!("for (let i = 0; i < {}; i++) {{ {deed}; }}\n", below(seed, 40)),
                1 => format!(
                    "try {{ {deed}; throw new Error('x'); }} catch (e) {{ n += e.stack.length; }}\n"
                ),
                2 if kind == "async " => format!("await null; {{ {deed}; }}\n"),
                3 if kind == "async " => {
                    format!("await new Promise((r) => setTimeout(r, 1)); {{ {deed}; }}\n")
                }
                _ => format!("{{ {deed}; }}\n"),
            };
        }
        text += match below(seed, 12) {
            0 => "throw new Error(state()) }\n",
            1 => "const f = () => f() + n++; f() }\n",
            2 => "const hoard = []; for (;;) hoard.push(new Uint8Array(1 << 20).fill(1)) }\n",
            3 => "return new Promise(() => {}) }\n",
            _ => "return [before, state()] }\n",
        };
    }
    text
}

#[test]
fn calls_of_random_programs_begin_alike_and_leave_nothing_behind() {
    on_a_large_stack(|| {
        let (mut calls, mut results, mut errors) = (0, 0, 0);
        for number in 0..150_u64 {
            let mut seed = number;
            let text = program(&mut seed);
            let options = Options { memory: 6 * 1024 * 1024, ..Options::default() };
            let files = [("/p/index.mjs", text.as_str())];
            let (mut js, _) = plugin(&files, &options).expect("a plugin");
            let mut known: [Option<String>; 4] = [None, None, None, None];
            for _ in 0..16 {
                let index = usize::try_from(below(&mut seed, 4)).expect("few");
                let outcome = js.call(&format!("a{index}"), "{\"some\":[\"input\"]}");
                calls += 1;
                assert!(js.is_reset(), "program {number}, a{index}:\n{text}");
                match &outcome {
                    Ok(_) => results += 1,
                    Err(_) => errors += 1,
                }
                let outcome = format!("{outcome:?}");
                assert!(!outcome.contains("Trap"), "program {number}, a{index}: {outcome}\n{text}");
                let first = known[index].get_or_insert_with(|| outcome.clone());
                assert_eq!(*first, outcome, "program {number}, a{index}:\n{text}");
            }
        }
        assert!(calls == 2400 && results > 1000 && errors > 300, "{calls} {results} {errors}");
    });
}
