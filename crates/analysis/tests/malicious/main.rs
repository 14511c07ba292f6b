//! Small packages that harm whoever installs or loads them, in the ways that were seen
//! in registries: each must be blocked without a policy. Every host is one that cannot
//! be there.

mod install;
mod javascript;
mod python;
mod python_install;
mod variants;

use ringfence_analysis::{Limits, Policy, Question, Report, SourceFile, Tree, assess, facts};

/// What a package does, and its files.
pub(crate) type Package = (&'static str, &'static [(&'static str, &'static str)]);

fn judge(files: &[(&str, &str)]) -> Report {
    let own = |(path, text): &(&str, &str)| SourceFile {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec().into(),
    };
    let tree = Tree::new(files.iter().map(own).collect());
    let facts = facts(&tree, &Limits::default());
    let policy = Policy::default();
    let question = Question {
        subject: "a package",
        declared: None,
        policy: &policy,
        today: Some("2026-11-20"),
    };
    assess(&tree, &facts, &question)
}

/// Those of the packages that are not blocked, with what was found in them.
pub(crate) fn let_through(packages: &[Package]) -> Vec<String> {
    let mut passed = Vec::new();
    for (what, files) in packages {
        let report = judge(files);
        if report.outcome.word() != "blocked" {
            let found: Vec<String> = report
                .findings
                .iter()
                .map(|one| format!("{} {}", one.severity.word(), one.code))
                .collect();
            passed.push(format!("{what}: {} {found:?}", report.score));
        }
    }
    passed
}

#[test]
fn every_package_that_harms_is_blocked() {
    let all = [
        install::PACKAGES,
        javascript::PACKAGES,
        python::PACKAGES,
        python_install::PACKAGES,
        variants::PACKAGES,
    ];
    let passed: Vec<String> = all.iter().flat_map(|packages| let_through(packages)).collect();
    assert!(passed.is_empty(), "{}", passed.join("\n"));
    assert!(all.iter().map(|packages| packages.len()).sum::<usize>() >= 60);
}

#[test]
fn the_same_package_without_the_harm_is_not_blocked() {
    let harmless: &[Package] = &[
        (
            "a hook that builds",
            &[
                (
                    "package.json",
                    r#"{"name":"a","version":"1.0.0","scripts":{"install":"node-gyp rebuild"}}"#,
                ),
                ("index.js", "module.exports = require('./build/Release/a.node');"),
            ],
        ),
        (
            "a client that is given an address and a key",
            &[
                ("package.json", r#"{"name":"a","version":"1.0.0"}"#),
                (
                    "index.js",
                    "exports.send = (url, body) => fetch(url, { method: 'POST', body, headers: { authorization: process.env.ACME_KEY } });",
                ),
            ],
        ),
        (
            "a setup that reads its own version",
            &[
                (
                    "setup.py",
                    "from setuptools import setup\nmeta = {}\nexec(open('a/about.py').read(), meta)\nsetup(name='a', version=meta['__version__'])\n",
                ),
                ("a/about.py", "__version__ = '1.0.0'\n"),
            ],
        ),
        (
            "a command of its own that starts git",
            &[(
                "a/__init__.py",
                "import subprocess\n\ndef revision(folder):\n    return subprocess.check_output(['git', 'rev-parse', 'HEAD'], cwd=folder)\n",
            )],
        ),
        (
            "a parser that finds where text begins by a module of WebAssembly, and reads it",
            &[
                ("package.json", r#"{"name":"a","version":"1.0.0"}"#),
                (
                    "index.js",
                    r"
const bytes = Buffer.from('AGFzbQEAAAA=', 'base64');
const found = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
const read = (source) => (0, eval)(source.slice(found.start(), found.end()));
require('fs').readFile(process.argv[2], 'utf8', (error, text) => console.log(read(text)));
",
                ),
            ],
        ),
        (
            "a settings argument in base64 that names a file to run",
            &[
                ("package.json", r#"{"name":"a","version":"1.0.0","bin":"run.js"}"#),
                (
                    "run.js",
                    r"
const settings = JSON.parse(Buffer.from(process.argv[2], 'base64').toString());
const text = require('fs').readFileSync(settings.file, 'utf8');
new (require('vm').Script)(text, { filename: settings.file }).runInThisContext();
",
                ),
            ],
        ),
        (
            "a client of a registry that a setting names, with the key for it",
            &[
                ("package.json", r#"{"name":"a","version":"1.0.0","bin":"run.js"}"#),
                (
                    "run.js",
                    r"
const fs = require('fs');
const os = require('os');
const key = fs.readFileSync(os.homedir() + '/.npmrc', 'utf8').split('=')[1];
fetch(process.env.npm_config_registry + 'a', { headers: { authorization: 'Bearer ' + key } });
",
                ),
            ],
        ),
    ];
    for (what, files) in harmless {
        let report = judge(files);
        assert_ne!(report.outcome.word(), "blocked", "{what}: {:?}", report.threats);
    }
    assert_eq!(judge(harmless.first().unwrap().1).outcome.word(), "clean");
}
