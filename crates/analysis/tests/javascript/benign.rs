//! Programs that look like something and are not.

use ringfence_analysis::Effect;

use super::trace_one;

/// Effects that describe nothing a person has to look at.
fn is_quiet(effect: Effect) -> bool {
    matches!(effect, Effect::Import)
}

#[test]
fn what_only_looks_like_it_is_not_found() {
    for (what, source) in [
        (
            "a function of one's own that is called exec",
            "function exec(x) { return x } exec('rm -rf /')",
        ),
        (
            "a method that is called exec",
            "const r = /a/; r.exec('rm'); const o = { exec(x) {} }; o.exec('id')",
        ),
        ("a module of another name", "const cp = { exec() {} }; cp.exec('id')"),
        ("a comment", "// require('child_process').exec('id')\n/* eval('x') */"),
        (
            "a text",
            "const s = \"require('child_process').exec('id'); while(true){}\"; module.exports = s",
        ),
        ("a shadowed eval", "function f(eval_) { const e = x => x; return e('1') } f()"),
        (
            "a shadowed require",
            "function g(require) { return require('child_process').exec('id') } g(x => ({ exec() {} }))",
        ),
        ("a shadowed fetch", "const fetch = u => u; fetch('http://a.example')"),
        ("a loop that ends", "let i = 0; while (true) { if (i++ > 10) break }"),
        ("a loop that returns", "module.exports = s => { for (;;) { if (s.next().done) return } }"),
        ("a loop that waits", "module.exports = async q => { while (true) { await q.pop() } }"),
        ("a loop that yields", "module.exports = function* () { while (true) yield 1 }"),
        (
            "a loop that throws",
            "module.exports = x => { while (1) { x.read(); throw new Error('end') } }",
        ),
        ("a loop whose condition changes", "let go = true; while (go) { go = false }"),
        ("a recursion that ends", "const f = n => n ? f(n - 1) : 0; f(3)"),
        ("a recursion behind a condition", "function f(n) { if (n > 3) return; f(n + 1) } f(0)"),
        (
            "a timer that arms itself later",
            "function poll() { check(); setTimeout(poll, 1000) } poll()",
        ),
        ("a timer with a function", "setTimeout(() => 1, 10)"),
        (
            "a path of names with a guard",
            "module.exports = function set(o, keys, value) { let at = o; for (const key of keys) { if (key === '__proto__') return; at = at[key] } at[keys[0]] = value }",
        ),
        (
            "a tree of letters",
            "module.exports = function add(root, word) { let at = root; for (const letter of word) { at[letter] = at[letter] || {}; at = at[letter] } at.end = true }",
        ),
        (
            "a list of lists",
            "module.exports = [[[], []], [[], [], []], [[!1, !0], [+1]], [[], []], [[], []], [[], []]]",
        ),
        (
            "a merge with a guard",
            "function merge(a, b) { for (const k in b) { if (k === '__proto__') continue; if (b[k]) merge(a[k], b[k]); a[k] = b[k] } } module.exports = merge",
        ),
        (
            "a class's prototype",
            "function A() {} A.prototype.go = function () {}; module.exports = A",
        ),
        ("a polyfill that is not needed", "const a = {}; a.push = function () {}"),
        (
            "a text that is put together",
            "const a = 'he' + 'llo'; module.exports = a.split('').reverse().join('')",
        ),
        (
            "base64 that nothing runs",
            "module.exports = Buffer.from('aGVsbG8=', 'base64').toString()",
        ),
        ("a constructor", "class A {} const b = new A(); module.exports = b.constructor.name"),
        (
            "a name in the environment of one's own",
            "const process_ = { env: { A: 1 } }; module.exports = process_.env.A",
        ),
        ("a path put together", "module.exports = require('path').join(__dirname, '.ssh')"),
        ("a regular expression with a quote", "module.exports = /[\"'`(]/.test('x')"),
        ("dead code", "if (false) { require('child_process').exec('id') }"),
    ] {
        let trace = trace_one(source);
        let found: Vec<_> = trace.events.iter().filter(|event| !is_quiet(event.effect)).collect();
        assert!(found.is_empty(), "{what}: {found:#?}");
    }
}
