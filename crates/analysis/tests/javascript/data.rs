//! What is computed is what the language computes.

use super::{does, trace_one};
use ringfence_analysis::Effect::DynamicCode;

#[test]
fn constants_are_folded_as_the_language_folds_them() {
    for (expression, result) in [
        ("'a' + 1 + 2", "a12"),
        ("1 + 2 + 'a'", "3a"),
        ("`${1 + 1}${'x'}`", "2x"),
        ("[1, 2, [3]] + ''", "1,2,3"),
        ("'' + {}", "[object Object]"),
        ("(![] + [])[1]", "a"),
        ("([][[]] + [])[0]", "u"),
        ("'abc'.at(1) + 'abc'.charAt(2)", "bc"),
        ("'abc'.substring(2, 0)", "ab"),
        ("'abc'.substr(-2, 1)", "b"),
        ("'abcdef'.slice(-3, -1)", "de"),
        ("(255).toString(16) + (35).toString(36)", "ffz"),
        ("'a,b;c'.split(/[,;]/).join('-')", "a-b-c"),
        ("'x'.padStart(3, 'ab') + 'y'.padEnd(3)", "abxy  "),
        ("parseInt('0x1f') + '|' + parseInt('12px') + '|' + parseInt('z', 36)", "31|12|35"),
        ("'abc'.replace(/b/, c => c.toUpperCase())", "aBc"),
        ("[3, 1, 2].map((x, i) => x * i).filter(x => x).join()", "1,4"),
        ("JSON.parse('{\"a\":[\"b\"]}').a[0]", "b"),
        ("Object.keys({ q: 1, w: 2 }).concat(Object.values({ a: 3 })).join('')", "qw3"),
        ("Array.from({ length: 3 }, (_, i) => i * 2).join('')", "024"),
        ("Array.from('abc').reverse().join('')", "cba"),
        ("[...'abc'].map(c => c.charCodeAt(0) ^ 1).join()", "96,99,98"),
        ("Buffer.from([104, 105]).toString()", "hi"),
        ("Buffer.from('hi').toString('hex') + btoa('hi')", "6869aGk="),
        ("Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString()", "ab"),
        ("new TextDecoder().decode(new Uint8Array([104, 105]))", "hi"),
        ("((a, ...b) => a + b.length)('x', 1, 2)", "x2"),
        ("(function () { return arguments[1] })('a', 'b')", "b"),
        (
            "(() => { let s = ''; for (let i = 0; i < 5; i++) { if (i == 1) continue; if (i == 4) break; s += i } return s })()",
            "023",
        ),
        (
            "(() => { let i = 0, s = ''; while (true) { if (i++ > 2) break; s += i } return s })()",
            "123",
        ),
        (
            "(() => { const o = {}; o['a' + 1] = 'v'; const { a1: { length } } = o; return 'l' + length })()",
            "l1",
        ),
        ("(() => { switch ('b') { case 'a': return 'x'; case 'b': return 'y' } })()", "y"),
        ("(() => { try { throw 1 } catch { return 'caught' } })()", "caught"),
        ("(n => { const f = n => n < 2 ? n : f(n - 1) + f(n - 2); return 'f' + f(n) })(7)", "f13"),
        (
            "typeof 'x' + typeof 1 + typeof undefined + typeof (() => 1)",
            "stringnumberundefinedfunction",
        ),
        ("(x => x?.y?.z ?? 'none')({})", "none"),
        ("1 << 3 | 5 & 4 ^ 1", "13"),
        ("(() => { const a = [1, 2, 3, 4]; a.splice(1, 2, 9); return a.join('') })()", "194"),
        (
            "(() => { class A { static k = 'v'; #p = 'p'; get() { return A.k + this.#p } } return new A().get() })()",
            "vp",
        ),
    ] {
        let trace = trace_one(&format!("eval(String({expression}))"));
        assert!(
            does(&trace, DynamicCode, "js:eval", result),
            "{expression} is not {result}: {:#?}",
            trace.events
        );
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    for expression in [
        "Math.random() + ''",
        "Date.now() > 5 ? 'a' : x()",
        "module.exports.x",
        "require('fs').readFileSync('x')",
        "(n => { let s = 0; for (let i = 0; i < n; i++) s += i; return s })(unknown())",
    ] {
        let trace = trace_one(&format!("eval({expression})"));
        let event = trace.events.iter().find(|event| event.effect == DynamicCode).unwrap();
        let shape = &event.arguments[0].value.shape;
        assert!(
            !matches!(shape, ringfence_analysis::Shape::Number(_)),
            "{expression} was guessed: {shape:?}"
        );
    }
}
